"""Small questions to a catalog that the dictionary's types share: languages, words, names that exist."""

from collections.abc import Mapping

from semantic_layer.definitions.model import Catalog, Metric, Words
from semantic_layer.definitions.types import ColumnType, Kind
from semantic_layer.errors import ErrorCode, Issue, SemanticLayerError, refuse
from semantic_layer.query.ask import Path
from semantic_layer.query.problems import did_you_mean, listed, near_names
from semantic_layer.serving.answer import OutputType

_OUTPUT_TYPES = {
    Kind.TEXT: OutputType.TEXT,
    Kind.BOOLEAN: OutputType.BOOLEAN,
    Kind.INTEGER: OutputType.INTEGER,
    Kind.BIGINT: OutputType.BIGINT,
    Kind.DECIMAL: OutputType.DECIMAL,
    Kind.FLOAT: OutputType.FLOAT,
    Kind.DATE: OutputType.DATE,
    Kind.TIMESTAMP: OutputType.TIMESTAMP,
    Kind.TIMESTAMPTZ: OutputType.TIMESTAMP,
    Kind.NULL: OutputType.TEXT,
}


def output_type(type_: ColumnType) -> OutputType:
    return _OUTPUT_TYPES[type_.kind]


def asked_language(catalog: Catalog, language: str | None) -> str:
    """The asked language; if none is asked, the catalog's usual one. Raises UNKNOWN_LANGUAGE."""
    settings = catalog.settings
    if language is None:
        return settings.usual_language
    found = settings.language_for(language)
    if found is None:
        message = f"the catalog has no language {language[:100]}; it has {listed(settings.languages)}"
        raise refuse(ErrorCode.UNKNOWN_LANGUAGE, message, path=("language",), near=settings.languages)
    return found


def said(words: Words, language: str) -> str | None:
    """The text in a language, else in the first one that there is."""
    return words.get(language) or next(iter(words.values()), None)


def existing_metrics(catalog: Catalog, names: Mapping[Path, str]) -> list[Metric]:
    """The metrics of the names at these paths of the input. Raises UNKNOWN_METRIC for every name that is none."""
    issues = []
    for path, name in names.items():
        if name not in catalog.metrics:
            near = near_names(name, catalog.metrics)
            issues.append(Issue(ErrorCode.UNKNOWN_METRIC, f"no metric {name[:100]}{did_you_mean(near)}", path, near))
    if issues:
        raise SemanticLayerError(issues)
    return [catalog.metrics[name] for name in names.values()]
