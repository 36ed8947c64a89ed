"""Descriptions of generated fields: the dictionary's words, so that completion in an editor is the documentation."""

from semantic_layer.api.dictionary_words import said
from semantic_layer.definitions.model import Catalog, Dataset, Dimension, Domain, Metric, Words
from semantic_layer.definitions.typed_names import camel_case


def metric_words(catalog: Catalog, metric: Metric) -> str:
    """Labels, meaning, how to read it, unit, owner and parameters."""
    about, governance = metric.about, metric.governance
    domain = catalog.domains.get(governance.domain or "", Domain(""))
    facts = {"Unit": metric.rule.unit, "Owner": governance.owner or domain.owner}
    return _lines(
        _every_label(catalog, about.label) or metric.name,
        _sentence(said(about.meaning, catalog.settings.usual_language)),
        _named("How to read", about.how_to_read, catalog),
        _named("Includes", about.includes, catalog),
        _named("Excludes", about.excludes, catalog),
        " ".join(f"{name}: {value}." for name, value in facts.items() if value),
    )


def deprecation_words(catalog: Catalog, metric: Metric) -> str | None:
    """`@deprecated(reason)`: when it ends, what to use instead, and why."""
    deprecation = metric.deprecated
    if deprecation is None:
        return None
    instead = " or ".join(camel_case(name) for name in deprecation.use)
    reason = _sentence(said(deprecation.reason, catalog.settings.usual_language))
    told = [f"Ends on {deprecation.ends.isoformat()}.", f"Use {instead}." if instead else "", reason]
    return " ".join(part for part in told if part)


def dimension_words(catalog: Catalog, dimension: Dimension) -> str:
    members = "" if dimension.values is None else f"One of {', '.join(str(value) for value in dimension.values)}."
    meaning = _sentence(said(dimension.meaning, catalog.settings.usual_language))
    return _lines(_every_label(catalog, dimension.label) or dimension.name, meaning, members)


def dataset_words(catalog: Catalog, dataset: Dataset) -> str:
    rows = said(dataset.rows, catalog.settings.usual_language)
    return _lines(dataset_label(catalog, dataset), f"A row is {rows}." if rows else "")


def dataset_label(catalog: Catalog, dataset: Dataset) -> str:
    return _every_label(catalog, dataset.label) or dataset.name


def _every_label(catalog: Catalog, label: Words) -> str:
    """The label in each language of the catalog: Sales / 销售额."""
    return " / ".join(dict.fromkeys(label[one] for one in catalog.settings.languages if one in label))


def _named(name: str, words: Words, catalog: Catalog) -> str:
    text = _sentence(said(words, catalog.settings.usual_language))
    return f"{name}: {text}" if text else ""


def _sentence(text: str | None) -> str:
    return "" if not text else text if text.endswith((".", "。", "!", "?")) else text + "."


def _lines(name: str, *said: str) -> str:
    """A line each; the name is a sentence where more follows. (A printed schema would indent empty lines.)"""
    rest = [text for text in said if text]
    return "\n".join([_sentence(name), *rest]) if rest else name
