"""Names of the language made from whatever a source calls its tables and columns."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from itertools import count

from semantic_layer.definitions.formula_words import KEYWORDS
from semantic_layer.definitions.typed_names import METRIC_WORDS, PART, ROW_WORDS, camel_case

LONGEST = 48
_ID = re.compile(r"(.+?)_?(id|key|code|sk|fk|no|nr|num|number|uuid|guid|upc|sku)")


def name_like(text: str, otherwise: str) -> str:
    """`Order Details` and `OrderDetails` are order_details, `Größe` is grosse; `otherwise` where no letter is left."""
    plain = unicodedata.normalize("NFKD", text.replace("ß", "ss").replace("ẞ", "SS"))
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", plain)
    slug = re.sub(r"[^a-z0-9]+", "_", words.lower()).strip("_")[:LONGEST].strip("_")
    if re.search(r"[a-z]", slug) is None:
        return f"{otherwise}_{slug}" if slug else otherwise
    slug = slug if slug[0].isalpha() else f"{otherwise}_{slug}"
    return f"{slug}_{otherwise.partition('_')[0]}" if slug in KEYWORDS else slug


def stem_of(name: str) -> str | None:
    """What an id is of: product_id is an id of product; None for what is named otherwise, or for `id` alone."""
    found = _ID.fullmatch(name)
    return None if found is None else found[1]


def looks_like_id(name: str) -> bool:
    return stem_of(name) is not None or _ID.fullmatch(f"x_{name}") is not None


def singular(name: str) -> str:
    """As far as English spelling tells: categories, boxes, orders."""
    for ending, instead in (("ies", "y"), ("sses", "ss"), ("xes", "x"), ("ches", "ch"), ("shes", "sh")):
        if name.endswith(ending):
            return name.removesuffix(ending) + instead
    return name if name.endswith(("ss", "us", "is", "_s")) or name == "s" else name.removesuffix("s")


class Names:
    """Names that stand side by side in the typed schema: each is given once, whatever it names."""

    def __init__(self) -> None:
        self._owners: dict[str, object] = {word: None for word in (*ROW_WORDS, *METRIC_WORDS)}

    def is_free(self, name: str, *, is_time: bool = False) -> bool:
        return all(camel_case(one) not in self._owners for one in _with_part(name, is_time))

    def take(self, candidates: Iterable[str], owner: object, *, is_time: bool = False) -> str:
        """The first candidate that is free, or that its owner has already; else the last one with a number."""
        last = ""
        for last in candidates:
            if self._owners.get(camel_case(last), _NOBODY) == owner or self.is_free(last, is_time=is_time):
                return self._given(last, owner, is_time)
        numbered = (f"{last}_{number}" for number in count(2))
        return self._given(next(one for one in numbered if self.is_free(one, is_time=is_time)), owner, is_time)

    def _given(self, name: str, owner: object, is_time: bool) -> str:
        for one in _with_part(name, is_time):
            self._owners[camel_case(one)] = owner
        return name


_NOBODY = object()


def _with_part(name: str, is_time: bool) -> Iterator[str]:
    yield name
    if is_time:
        yield name + PART
