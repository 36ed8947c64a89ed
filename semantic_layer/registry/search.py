"""Search in the dictionary: names, labels, synonyms and meanings in any language, and Chinese by its pinyin.

The order is total and the same everywhere: by how well a text fits, then by name.
"""

import importlib
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from rapidfuzz import fuzz, process

from semantic_layer.definitions.model import Catalog, Dimension, Metric

LONGEST_QUERY = 100
ALIKE = 72  # of 100; words less alike are different words
SHORT = 4  # a shorter word with one wrong letter is another word
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
        self._words: dict[str, list[_Text]] = {}
        for text in self._texts:
            if text.field is not Field.PROSE:  # look-alikes are looked for in names, not in sentences
                for word in text.plain.split():
                    self._words.setdefault(word, []).append(text)

    def search(self, query: str, *, kind: Found | None = Found.METRIC) -> tuple[Hit, ...]:
        """Everything that fits, best first; an empty query fits nothing. Look-alikes only when little fits surely."""
        plain = folded(query[:LONGEST_QUERY])
        if not plain:
            return ()
        best: dict[tuple[Found, str], Hit] = {}
        for text, score in self._sure(plain):
            _keep_better(best, kind, text, score)
        if len(best) < FEW:
            for text, score in self._alike(plain):
                _keep_better(best, kind, text, score)
        return tuple(sorted(best.values(), key=lambda hit: (-hit.score, hit.kind, hit.name)))

    def _sure(self, query: str) -> Iterator[tuple[_Text, int]]:
        """Texts with the query in them, or with all its words."""
        unspaced, words = query.replace(" ", ""), query.split()
        for text in self._texts:
            plain = text.plain
            if text.field is Field.PINYIN:
                if plain.startswith(unspaced):
                    yield text, _fit(unspaced, text)
            elif query in plain or (len(words) > 1 and all(word in plain for word in words)):
                yield text, _fit(query, text)

    def _alike(self, query: str) -> Iterator[tuple[_Text, int]]:
        """Texts that have a word much like each word of the query: what a typing mistake leaves."""
        likeness: dict[int, list[float]] = {}
        texts: dict[int, _Text] = {}
        words = query.split()
        for word in words:
            best: dict[int, float] = {}
            cutoff = ALIKE if len(word) >= SHORT else 100
            for found, ratio, _ in process.extract(word, self._words.keys(), scorer=fuzz.ratio, score_cutoff=cutoff):
                for text in self._words[found]:
                    texts[id(text)] = text
                    best.setdefault(id(text), ratio)
            for key, ratio in best.items():
                likeness.setdefault(key, []).append(ratio)
        for key, ratios in likeness.items():
            if len(ratios) == len(words):
                yield texts[key], int(4 * sum(ratios) / len(ratios)) * texts[key].field.weight // 100


def folded(text: str) -> str:
    """One form for comparing: width and case do not count, `_`, `-` and spaces are the same."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return " ".join(plain.replace("_", " ").replace("-", " ").split())


@lru_cache(maxsize=100_000)
def pinyin(text: str) -> tuple[str, ...]:
    """`销售额`: `xiaoshoue` and `xse`; nothing for a text without Chinese."""
    if not any("\u4e00" <= character <= "\u9fff" for character in text):
        return ()
    # By its name, because its tables take a third of a second to load and only a search needs them.
    tables = importlib.import_module("pypinyin")
    whole = "".join(tables.lazy_pinyin(text))
    initials = "".join(tables.lazy_pinyin(text, style=tables.Style.FIRST_LETTER))
    return tuple(dict.fromkeys(folded(form).replace(" ", "") for form in (whole, initials)))


def _fit(query: str, text: _Text) -> int:
    """How surely the query, which is in the text, means it. Shorter texts first among equals."""
    plain = text.plain
    longer = min(abs(len(plain) - len(query)), 50)
    if query == plain:
        sure = 1000
    elif plain.startswith(query):
        sure = 900 - longer
    elif f" {query}" in plain:
        sure = 800 - longer
    elif query in plain:
        sure = 700 - longer
    else:
        sure = 600 - longer
    return sure * text.field.weight // 100


def _keep_better(best: dict[tuple[Found, str], Hit], kind: Found | None, text: _Text, score: int) -> None:
    found, name = text.thing
    before = best.get(text.thing)
    if (kind is None or found is kind) and (before is None or score > before.score):
        best[text.thing] = Hit(found, name, score, text.written)


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
