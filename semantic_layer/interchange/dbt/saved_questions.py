"""Saved queries of a project as questions of ours in files: `semantic-layer query --ask questions/NAME.json`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import orjson

from semantic_layer.errors import SemanticLayerError
from semantic_layer.interchange.dbt.ask_of import translated
from semantic_layer.interchange.dbt.imported import Imported, ImportIssue
from semantic_layer.interchange.dbt.join_graph import JoinGraph
from semantic_layer.interchange.dbt.manifest import Manifest
from semantic_layer.interchange.dbt.naming import in_our_form
from semantic_layer.interchange.dbt.question import read_question
from semantic_layer.interchange.dbt.question_names import QuestionNames
from semantic_layer.query.ask import (
    AllOf,
    AnyOf,
    Ask,
    DimensionFilter,
    Filter,
    KeyFilter,
    LastFilter,
    MetricFilter,
    NotThis,
    SegmentFilter,
)
from semantic_layer.query.ask_reader import ALIAS_FORM, LONGEST_ALIAS

FOLDER = "questions"
_NO_LIMIT = 1  # the limit of a question that has none is left out
Words = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class SavedQuestions:
    """File name (in a folder of its own) -> the question in its JSON form; and what could not be asked."""

    files: Mapping[str, str]
    issues: Sequence[ImportIssue]


def saved_questions(manifest: Manifest, imported: Imported) -> SavedQuestions:
    """The saved queries of a manifest; the same manifest always gives the same bytes."""
    names = QuestionNames(manifest, imported, JoinGraph(manifest.models))
    files: dict[str, str] = {}
    issues: list[ImportIssue] = []
    for name, query in manifest.saved_queries.items():
        try:
            question = read_question(manifest, names.grains, saved_query=name)
            found = translated(question, names, _NO_LIMIT)
        except SemanticLayerError as refusal:
            why = f"it cannot be asked here: {refusal}"
            issues.append(ImportIssue(f'saved query "{name}"', query.at, why, "Ask it in other words"))
            continue
        told = _question(found.ask, dict(found.columns), has_limit=question.limit is not None)
        files[f"{FOLDER}/{in_our_form(name, 'question')}.json"] = (
            orjson.dumps(told, option=orjson.OPT_INDENT_2).decode() + "\n"
        )
    return SavedQuestions(files, issues)


def _question(ask: Ask, columns: Mapping[str, str], *, has_limit: bool) -> Words:
    """The question with dbt's names of columns, where they are names here: metric_time_day for metric_time__day."""
    wanted = {alias: name.replace("__", "_") for alias, name in columns.items()}
    fits = len(set(wanted.values())) == len(wanted) and all(map(_is_alias, wanted.values()))
    names = wanted if fits else {alias: alias for alias in columns}
    metrics = [_told(name=one.name, alias=_other(names[str(one.alias)], one.name)) for one in ask.metrics]
    by = [
        _told(
            dimension=one.dimension, grain=one.grain, part=one.part, alias=_other(names[str(one.alias)], one.dimension)
        )
        for one in ask.by
    ]
    order = [_told(key=names[one.key], descending=one.descending or None) for one in ask.order_by]
    return _told(
        metrics=metrics or None,
        by=by or None,
        where=None if ask.where is None else _filter(ask.where),
        orderBy=order or None,
        limit=ask.limit if has_limit else None,
    )


def _told(**fields: object) -> Words:
    return {name: value for name, value in fields.items() if value is not None}


def _other(wanted: str, usual: str) -> str | None:
    return None if wanted == usual else wanted


def _is_alias(name: str) -> bool:
    return len(name) <= LONGEST_ALIAS and ALIAS_FORM.fullmatch(name) is not None


def _filter(node: Filter) -> Words:
    match node:
        case AllOf(nodes):
            return {"and": [_filter(one) for one in nodes]}
        case AnyOf(nodes):
            return {"or": [_filter(one) for one in nodes]}
        case NotThis(inner):
            return {"not": _filter(inner)}
        case DimensionFilter(dimension, op, values, part, _, grain):
            return _told(dimension=dimension, part=part, grain=grain, op=op, values=list(values) or None)
        case LastFilter(dimension, count, unit, anchor):
            return {"dimension": dimension, "last": {"count": count, "unit": unit, "anchor": anchor}}
        case MetricFilter(metric, per, over, op, values, _, by):
            return _told(metric=metric, per=per, by=by, over=over, op=op, values=list(values) or None)
        case SegmentFilter(segment):
            return {"segment": segment}
        case KeyFilter(key, op, values):
            return _told(key=key, op=op, values=list(values) or None)
