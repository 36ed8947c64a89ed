"""Definitions in, a Catalog out: the one way from files or registry documents to the model, all mistakes at once."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path as FilePath

from semantic_layer.definitions import grammar
from semantic_layer.definitions.builder import calendar_of, domain_of, settings_of, source_of
from semantic_layer.definitions.checks import check
from semantic_layer.definitions.dataset_builder import DatasetBuilder
from semantic_layer.definitions.grammar import Keyed
from semantic_layer.definitions.metric_builder import MetricBuilder
from semantic_layer.definitions.model import Catalog, CatalogSettings
from semantic_layer.definitions.problem import DefinitionErrors, Place, Problem, ProblemCode
from semantic_layer.definitions.shape_reader import Fields, Path, Places, ShapeReader
from semantic_layer.definitions.yaml_text import Json, MapNode, Node, ScalarNode, read_json, read_yaml

# The kind of a registry document -> the section of a file in which such a definition stands.
SECTIONS = {
    "domain": "domains",
    "source": "sources",
    "calendar": "calendars",
    "dataset": "datasets",
    "metric": "metrics",
}
CATALOG_KEY = ("catalog", "catalog")


@dataclass(frozen=True, slots=True)
class Reading:
    """A readable catalog with the places of its definitions; `validate` adds what only a source can tell by them."""

    catalog: Catalog
    places: Places


def read_files(paths: Iterable[FilePath | str]) -> Catalog:
    """The checked catalog of these files (a folder stands for its YAML files, at any depth).

    Raises DefinitionErrors with all mistakes, sorted by place.
    """
    return read_with_places(paths).catalog


def read_with_places(paths: Iterable[FilePath | str]) -> Reading:
    """Like read_files, and where each definition stands."""
    problems: list[Problem] = []
    texts: dict[str, str] = {}
    for file in definition_files(paths):
        try:
            texts[str(file)] = file.read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            problems.append(
                Problem(Place(str(file), 1, 1), ProblemCode.YAML, f"this is no UTF-8 text (byte {error.start})")
            )
        except OSError as error:
            problems.append(Problem(Place(str(file)), ProblemCode.YAML, f"cannot be read: {error.strerror}"))
    return read_texts(texts, problems)


def read_texts(texts: Mapping[str, str], problems: list[Problem] | None = None) -> Reading:
    """The checked catalog of YAML texts by file name. Raises DefinitionErrors."""
    problems = [] if problems is None else problems
    trees: list[MapNode] = []
    complete = not problems
    for file, text in texts.items():
        before = len(problems)
        tree = read_yaml(file, text, problems)
        if tree is not None:
            trees.append(tree)
        elif len(problems) > before:
            complete = False  # what this file defines is unknown: nothing is said about names that nothing defines
    if complete and not any("catalog" in tree.entries for tree in trees):
        first = next(iter(texts), "no files")
        message = 'no file has the key "catalog" (time_zone, week_start, languages)'
        problems.append(Problem(Place(first, 1, 1), ProblemCode.MISSING_KEY, message))
    return read_trees(trees, problems, complete=complete)


def read_trees(trees: Sequence[MapNode], problems: list[Problem], *, complete: bool = True) -> Reading:
    """The catalog of files that are trees already; checked if they are all there is. Raises DefinitionErrors."""
    return _read(_merged(trees, problems), problems, check_all=complete)


def read_documents(documents: Mapping[tuple[str, str], Json]) -> Catalog:
    """The catalog of the registry's documents, as canonical.documents made them.

    They were checked when they were published, so only their shape is read here: an old revision stays readable by
    a release whose checks have become stricter. Raises DefinitionErrors.
    """
    sections: dict[str, dict[str, Json]] = {}
    root: dict[str, Json] = {}
    for (kind, name), document in documents.items():
        if (kind, name) == CATALOG_KEY:
            root["catalog"] = document
        else:
            sections.setdefault(SECTIONS[kind], {})[name] = document
    root.update(sections)
    tree = read_json("registry", root)
    assert isinstance(tree, MapNode)
    return _read(tree, [], check_all=False).catalog


def definition_files(paths: Iterable[FilePath | str]) -> list[FilePath]:
    """The files behind paths: a folder stands for its YAML files, at any depth and in order."""
    files: list[FilePath] = []
    for path in map(FilePath, paths):
        if path.is_dir():
            files += sorted(f for f in path.rglob("*") if f.suffix in (".yaml", ".yml") and f.is_file())
        else:
            files.append(path)
    return files


def _merged(trees: Sequence[MapNode], problems: list[Problem]) -> MapNode:
    """One tree of all files: the same name twice is an error that shows both places."""
    entries: dict[str, Node] = {}
    keys = {}
    for tree in trees:
        for name, node in tree.entries.items():
            section = grammar.FILE.keys.get(name)
            if name == "language":
                _check_language(node, problems)
            elif section is None or name not in entries:
                entries[name], keys[name] = node, tree.keys[name]
            elif isinstance(section.shape, Keyed):
                entries[name] = _union(section.shape.noun, entries[name], node, problems)
            else:
                message = f'"{name}" is already written in {keys[name].place}'
                problems.append(Problem(tree.keys[name].place, ProblemCode.DUPLICATE, message))
    origin = trees[0].origin if trees else MapNode({}, {}, read_json("no files", None).origin).origin
    return MapNode(entries, keys, origin)


def _union(noun: str, first: Node, second: Node, problems: list[Problem]) -> Node:
    """Two files' definitions of one kind. What is no map is told once, by the reader or here."""
    if not isinstance(second, MapNode):
        if not isinstance(second, ScalarNode) or second.value is not None:
            problems.append(Problem(second.origin.place, ProblemCode.BAD_VALUE, f"expected a map of {noun} names"))
        return first
    if not isinstance(first, MapNode):
        return second if isinstance(first, ScalarNode) and first.value is None else first
    entries, keys = dict(first.entries), dict(first.keys)
    for name, node in second.entries.items():
        if name in entries:
            message = f'{noun} "{name}" is already defined in {keys[name].place}'
            problems.append(Problem(second.keys[name].place, ProblemCode.DUPLICATE, message))
        else:
            entries[name], keys[name] = node, second.keys[name]
    return MapNode(entries, keys, first.origin)


def _check_language(node: Node, problems: list[Problem]) -> None:
    version = node.value if isinstance(node, ScalarNode) else None
    if version != grammar.LANGUAGE_VERSION or isinstance(version, bool):
        message = f"this program reads language: {grammar.LANGUAGE_VERSION}"
        problems.append(Problem(node.origin.place, ProblemCode.LANGUAGE_VERSION, message))


def _read(tree: MapNode, problems: list[Problem], *, check_all: bool) -> Reading:
    places = Places()
    catalog, broken = _build(tree, problems, places)
    if check_all:
        problems += check(catalog, places, broken)
    if problems:
        raise DefinitionErrors(problems)
    return Reading(catalog, places)


def _build(tree: MapNode, problems: list[Problem], places: Places) -> tuple[Catalog, frozenset[Path]]:
    """The catalog of all that can be read, and the paths of the keys that could not be read."""
    settings_fields = _settings(tree, problems, places)
    settings = settings_of(settings_fields) if settings_fields is not None else CatalogSettings()
    reader = ShapeReader(problems, places, settings.languages if settings_fields is not None else None)
    for name in tree.entries:
        if name not in grammar.FILE.keys:
            reader.read(
                MapNode({name: tree.entries[name]}, {name: tree.keys[name]}, tree.origin),
                grammar.FILE,
                (),
                "a file",
            )
    calendars = {name: calendar_of(name, fields) for name, fields in _definitions(tree, "calendars", reader).items()}
    sections: dict[str, dict[str, object]] = {"calendars": {**calendars}}
    for section, build in (
        ("domains", domain_of),
        ("sources", source_of),
        ("datasets", DatasetBuilder(problems, places).dataset),
        ("metrics", MetricBuilder(problems, places, calendars).metric),
    ):
        sections[section] = {name: build(name, fields) for name, fields in _definitions(tree, section, reader).items()}
    return Catalog(settings=settings, **sections), frozenset(reader.broken)  # type: ignore[arg-type]


def _settings(tree: MapNode, problems: list[Problem], places: Places) -> Fields | None:
    node = tree.entries.get("catalog")
    if node is None:
        return None
    places.record(("catalog",), node, tree.keys["catalog"])
    fields = ShapeReader(problems, places, None).read(node, grammar.CATALOG, ("catalog",), '"catalog"')
    return fields if isinstance(fields, dict) and "languages" in fields else None


def _definitions(tree: MapNode, section: str, reader: ShapeReader) -> dict[str, Fields]:
    """The readable fields of each definition of a section; none of one that is no map at all."""
    node = tree.entries.get(section)
    if node is None:
        return {}
    read = reader.read(node, grammar.FILE.keys[section].shape, (section,), f'"{section}"')
    found = read if isinstance(read, dict) else {}
    names = node.entries if isinstance(node, MapNode) else ()
    return {name: found.get(name, {}) for name in names}
