"""Search in the dictionary: names, labels, synonyms and meanings in any language, and Chinese by its pinyin.

The order is total and the same everywhere: by how well a text fits, then by name.
"""

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from pypinyin import Style, lazy_pinyin
from rapidfuzz import fuzz, process

from semantic_layer.definitions.model import Catalog, Dimension, Metric

LONGEST_QUERY = 100
ALIKE = 72  # of 100: what a typing mistake leaves; below it two words are different words
FEW = 5  # so few sure hits that look-alikes are wanted too


class Found(StrEnum):
    METRIC = "metric"
    DIMENSION = "dimension"


@dataclass(frozen=True, slots=True)
class Hit:
    """`name` is the metric's, or `dataset.dimension`. `text` is what fitted, as it was written; score up to 1000."""

    kind: Found
    name: str
    score: int
    text: str


class Field(StrEnum):
    """Where a text stands; each weighs what a fit in it is worth, in percent."""

    NAME = "name"
    LABEL = "label"
    SYNONYM = "synonym"
    PINYIN = "pinyin"
    PROSE = "prose"

    @property
    def weight(self) -> int:
        return {"name": 100, "label": 100, "synonym": 95, "pinyin": 90, "prose": 50}[self.value]


@dataclass(frozen=True, slots=True)
class _Text:
    """One searchable text of one thing. `plain` is folded; `written` is what a person sees."""

    thing: tuple[Found, str]
    field: Field
    plain: str
    written: str


class Dictionary:
    """The searchable words of one catalog. Make it once per catalog, off the event loop when the catalog is large."""

    def __init__(self, catalog: Catalog) -> None:
        self._texts = [text for text in _texts(catalog) if text.plain]
        # Prose is searched for words only: long texts look a little like everything.
        self._short = [text for text in self._texts if text.field is not Field.PROSE]
        self._choices = [text.plain for text in self._short]

    def search(self, query: str, *, kind: Found | None = Found.METRIC) -> tuple[Hit, ...]:
        """Everything that fits, best first; an empty query fits nothing. Look-alikes only when little fits surely."""
        plain = folded(query[:LONGEST_QUERY])
        if not plain:
            return ()
        best: dict[tuple[Found, str], Hit] = {}
        for text in self._texts:
            if (score := _fit(plain, text)) and (kind is None or text.thing[0] is kind):
                _keep_better(best, Hit(*text.thing, score, text.written))
        if len(best) < FEW:
            for text, score in self._alike(plain):
                if kind is None or text.thing[0] is kind:
                    _keep_better(best, Hit(*text.thing, score, text.written))
        return tuple(sorted(best.values(), key=lambda hit: (-hit.score, hit.kind, hit.name)))

    def _alike(self, plain: str) -> Iterator[tuple[_Text, int]]:
        found = process.extract(plain, self._choices, scorer=fuzz.WRatio, score_cutoff=ALIKE, limit=50)
        for _, likeness, place in found:
            yield self._short[place], int(likeness * 4) * self._short[place].field.weight // 100


def folded(text: str) -> str:
    """One form for comparing: width and case do not count, `_`, `-` and spaces are the same."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(plain.replace("_", " ").replace("-", " ").split())


@lru_cache(maxsize=100_000)
def pinyin(text: str) -> tuple[str, ...]:
    """`销售额`: `xiaoshoue` and `xse`; nothing for a text without Chinese."""
    if not any("\u4e00" <= character <= "\u9fff" for character in text):
        return ()
    whole = "".join(lazy_pinyin(text))
    initials = "".join(lazy_pinyin(text, style=Style.FIRST_LETTER))
    return tuple(dict.fromkeys(folded(form).replace(" ", "") for form in (whole, initials)))


def _fit(query: str, text: _Text) -> int:
    """How surely the query means this text; 0 if it does not. Shorter texts first among equals."""
    plain = text.plain
    if text.field is Field.PINYIN:
        query = query.replace(" ", "")
    if query == plain:
        sure = 1000
    elif plain.startswith(query):
        sure = 900 - min(len(plain) - len(query), 50)
    elif f" {query}" in plain:
        sure = 800 - min(len(plain) - len(query), 50)
    elif query in plain and text.field is not Field.PINYIN:
        sure = 700 - min(len(plain) - len(query), 50)
    elif " " in query and all(word in plain for word in query.split()):
        sure = 600 - min(len(plain) - len(query), 50)
    else:
        return 0
    return sure * text.field.weight // 100


def _keep_better(best: dict[tuple[Found, str], Hit], hit: Hit) -> None:
    before = best.get((hit.kind, hit.name))
    if before is None or hit.score > before.score:
        best[hit.kind, hit.name] = hit


def _texts(catalog: Catalog) -> Iterator[_Text]:
    for metric in catalog.metrics.values():
        yield from _with_pinyin((Found.METRIC, metric.name), _words_of_metric(metric))
    for dataset in catalog.datasets.values():
        for dimension in dataset.dimensions.values():
            thing = (Found.DIMENSION, f"{dataset.name}.{dimension.name}")
            yield from _with_pinyin(thing, _words_of_dimension(dimension))


def _words_of_metric(metric: Metric) -> Iterator[tuple[Field, str]]:
    about = metric.about
    yield Field.NAME, metric.name
    yield from ((Field.LABEL, text) for text in about.label.values())
    yield from ((Field.SYNONYM, text) for texts in about.synonyms.values() for text in texts)
    yield from ((Field.SYNONYM, tag) for tag in about.tags)
    for words in (about.meaning, about.includes, about.excludes, about.how_to_read):
        yield from ((Field.PROSE, text) for text in words.values())


def _words_of_dimension(dimension: Dimension) -> Iterator[tuple[Field, str]]:
    yield Field.NAME, dimension.name
    yield from ((Field.LABEL, text) for text in dimension.label.values())
    yield from ((Field.SYNONYM, text) for texts in dimension.synonyms.values() for text in texts)
    yield from ((Field.PROSE, text) for text in dimension.meaning.values())


def _with_pinyin(thing: tuple[Found, str], words: Iterable[tuple[Field, str]]) -> Iterator[_Text]:
    for field, written in words:
        yield _Text(thing, field, folded(written), written)
        if field in (Field.LABEL, Field.SYNONYM):
            yield from (_Text(thing, Field.PINYIN, form, written) for form in pinyin(written))
