"""The text of a semantic_manifest.json as a Manifest, or all that is wrong with it and where."""

from collections.abc import Iterator, Mapping
from typing import TypeVar

import orjson

from semantic_layer.definitions.problem import near_names
from semantic_layer.errors import ErrorCode, Issue, SemanticLayerError
from semantic_layer.interchange.dbt.json_place import Found, ObjectPlace, Problems
from semantic_layer.interchange.dbt.manifest import (
    Dimension,
    DimensionKind,
    Entity,
    EntityKind,
    Extra,
    Manifest,
    Metric,
    Relation,
    SavedQuery,
    SemanticModel,
    TimeSpine,
    Validity,
)
from semantic_layer.interchange.dbt.read_filters import filters_of
from semantic_layer.interchange.dbt.read_metrics import Measure, MetricReader, measures_of
from semantic_layer.interchange.dbt.reference import GRANULARITIES

Named = TypeVar("Named")
_SECTIONS = ("semantic_models", "metrics", "project_configuration")


class ManifestErrors(SemanticLayerError):
    """The document is no semantic manifest that can be read; one issue of MANIFEST_INVALID for each place."""


def read_manifest(document: bytes | str) -> Manifest:
    """The manifest of a file's bytes. Raises ManifestErrors with everything that is wrong, each with its JSON path."""
    try:
        found = orjson.loads(document)
    except orjson.JSONDecodeError as error:
        message = f"this is no JSON: {error.msg} in line {error.lineno}, column {error.colno}"
        raise ManifestErrors([Issue(ErrorCode.MANIFEST_INVALID, message)]) from None
    if not isinstance(found, Mapping) or not any(section in found for section in _SECTIONS):
        known = ", ".join(_SECTIONS)
        message = f"this is no semantic manifest: an object with {known} was expected (target/semantic_manifest.json)"
        raise ManifestErrors([Issue(ErrorCode.MANIFEST_INVALID, message)])
    problems = Problems()
    manifest = _manifest(ObjectPlace(found, (), problems))
    if problems.issues:
        raise ManifestErrors(problems.issues)
    return manifest


def _manifest(root: ObjectPlace) -> Manifest:
    models: dict[str, SemanticModel] = {}
    measures: dict[str, Measure] = {}
    for place in root.objects("semantic_models"):
        model = _model(place)
        _add(models, model.name, model, place, "semantic model")
        measures.update(measures_of(place, model))
    reader = MetricReader(models, measures)
    metrics: dict[str, Metric] = {}
    for place in root.objects("metrics"):
        metric = reader.metric(place)
        if metric is not None:
            _add(metrics, metric.name, metric, place, "metric")
    for measure in measures.values():
        if measure.is_metric and measure.name not in metrics:
            metrics[measure.name] = measure.metric
    reader.check_inputs(metrics, root.problems)
    saved: dict[str, SavedQuery] = {}
    for place in root.objects("saved_queries"):
        query = _saved_query(place)
        _add(saved, query.name, query, place, "saved query")
    configuration = root.inner("project_configuration")
    spines = _time_spines(configuration) if configuration is not None else ()
    return Manifest(models, metrics, spines, saved, tuple(_extras(root.fields)))


def _add(found: dict[str, Named], name: str, one: Named, place: ObjectPlace, noun: str) -> None:
    if name in found:
        place.problems.note((*place.at, "name"), f'{noun} "{name}" is defined twice')
    elif name:
        found[name] = one


# --- semantic models ---------------------------------------------------------------------------------------------


def _model(place: ObjectPlace) -> SemanticModel:
    defaults = place.inner("defaults")
    model = SemanticModel(
        name=place.text("name"),
        relation=_relation(place.required("node_relation")),
        at=place.at,
        entities=tuple(_entity(one) for one in place.objects("entities")),
        dimensions=tuple(_dimension(one) for one in place.objects("dimensions")),
        primary_entity=place.some_text("primary_entity"),
        time=None if defaults is None else defaults.some_text("agg_time_dimension"),
        label=place.some_text("label"),
        description=place.some_text("description"),
    )
    times = [one.name for one in model.dimensions if one.kind is DimensionKind.TIME]
    if model.time is not None and model.time not in times:
        message = f'"{model.time}" is no time dimension of semantic model "{model.name}"'
        place.problems.note((*place.at, "defaults", "agg_time_dimension"), message, near_names(model.time, times))
    return model


def _relation(place: ObjectPlace) -> Relation:
    alias, schema, database = place.text("alias"), place.text("schema_name"), place.some_text("database")
    name = place.some_text("relation_name") or ".".join(part for part in (database, schema, alias) if part)
    return Relation(name, alias, schema, database)


def _entity(place: ObjectPlace) -> Entity:
    name = place.text("name")
    return Entity(
        name=name,
        kind=place.choice("type", EntityKind) or EntityKind.FOREIGN,
        expression=place.some_text("expr") or name,
        at=place.at,
        label=place.some_text("label"),
        description=place.some_text("description"),
    )


def _dimension(place: ObjectPlace) -> Dimension:
    name = place.text("name")
    kind = place.choice("type", DimensionKind) or DimensionKind.CATEGORICAL
    params = place.inner("type_params")
    validity = None if params is None else params.inner("validity_params")
    is_time = kind is DimensionKind.TIME
    return Dimension(
        name=name,
        kind=kind,
        expression=place.some_text("expr") or name,
        at=place.at,
        granularity=_granularity(params) if is_time else None,
        is_partition=place.flag("is_partition"),
        validity=None if validity is None else _validity(validity),
        label=place.some_text("label"),
        description=place.some_text("description"),
    )


def _granularity(place: ObjectPlace | None) -> str:
    """The granularity under `time_granularity`, a day where none is said."""
    found = "day" if place is None else (place.some_text("time_granularity") or "day").lower()
    if place is not None and found not in GRANULARITIES:
        message = f'"{found}" is none of {", ".join(GRANULARITIES)}'
        place.problems.note((*place.at, "time_granularity"), message, near_names(found, GRANULARITIES))
    return found


def _validity(place: ObjectPlace) -> Validity | None:
    if place.flag("is_start"):
        return Validity.START
    return Validity.END if place.flag("is_end") else None


# --- what projects made up themselves ----------------------------------------------------------------------------

_NOUNS = {"semantic_models": "semantic model", "metrics": "metric", "saved_queries": "saved query"}
_PARTS = {"dimensions": "dimension", "entities": "entity", "measures": "measure"}


def _extras(document: Mapping[str, Found]) -> Iterator[Extra]:
    root = ObjectPlace(document, (), Problems())  # what is wrong with the document was told when it was read
    for section, noun in _NOUNS.items():
        for place in root.objects(section):
            subject = f'{noun} "{place.fields.get("name")}"'
            yield from _meta(place, subject)
            for part, what in _PARTS.items():
                for inner in place.objects(part) if section == "semantic_models" else ():
                    yield from _meta(inner, f'{what} "{inner.fields.get("name")}" of {subject}')


def _meta(place: ObjectPlace, subject: str) -> Iterator[Extra]:
    config = place.inner("config")
    meta = None if config is None else config.inner("meta")
    if meta is not None and meta.fields:
        yield Extra(subject, meta.at, tuple(meta.fields))


# --- the rest of a project ---------------------------------------------------------------------------------------


def _time_spines(place: ObjectPlace) -> tuple[TimeSpine, ...]:
    """The spines; those of the older form (a table's name and a column) where there is no other of their grain."""
    spines = [_time_spine(one) for one in place.objects("time_spines")]
    known = {one.granularity for one in spines}
    for one in place.objects("time_spine_table_configurations"):
        grain = (one.some_text("grain") or "day").lower()
        if grain not in known:
            name = one.text("location")
            *_, schema, alias = ("", *name.split("."))
            spines.append(TimeSpine(Relation(name, alias, schema), one.text("column_name"), grain, one.at, {}))
    return tuple(spines)


def _time_spine(place: ObjectPlace) -> TimeSpine:
    primary = place.required("primary_column")
    custom = {}
    for one in place.objects("custom_granularities"):
        name = one.text("name")
        custom[name.lower()] = one.some_text("column_name") or name
    return TimeSpine(
        relation=_relation(place.required("node_relation")),
        column=primary.text("name"),
        granularity=_granularity(primary),
        at=place.at,
        custom=custom,
    )


def _saved_query(place: ObjectPlace) -> SavedQuery:
    params = place.required("query_params")
    return SavedQuery(
        name=place.text("name"),
        at=place.at,
        metrics=params.texts("metrics"),
        group_by=params.texts("group_by"),
        order_by=params.texts("order_by"),
        where=filters_of(params, "where"),
        limit=params.whole("limit"),
        exports=tuple(one.text("name") for one in place.objects("exports")),
        label=place.some_text("label"),
        description=place.some_text("description"),
    )
