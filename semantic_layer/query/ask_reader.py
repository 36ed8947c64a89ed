"""The one reader of a question's JSON form (docs/ask.md), for GraphQL and the command line alike.

It checks the form only: keys, JSON types, sizes. What a word means (a metric, a grain, an operator) is the
binder's, so that all wrong words of a well-formed question are told at once.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from zoneinfo import available_timezones

from semantic_layer.errors import ErrorCode, refuse
from semantic_layer.query.ask import (
    Ask,
    AskDimension,
    AskMetric,
    AskShift,
    AsOf,
    Expectation,
    JsonValue,
    OrderKey,
)
from semantic_layer.query.filter_reader import FilterReader, read_value
from semantic_layer.query.json_object import JsonObject, is_storable, kind_of
from semantic_layer.query.problems import Problems, did_you_mean, near_names

MOST_METRICS = 200
MOST_DIMENSIONS = 50
MOST_ORDER_KEYS = 250
MOST_TOTALS = 50
MOST_PARAMETERS = 50
LONGEST_ALIAS = 63  # what PostgreSQL keeps of a column's name; a longer one could meet another
ALIAS_FORM = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
KEYS = (
    "metrics", "by", "where", "having", "orderBy", "limit", "offset", "totals", "includeEmpty", "fillTime",
    "timeZone", "language", "minRevision", "expect", "asOf", "strict", "partial",
)  # fmt: skip


def read_ask(data: object) -> Ask:
    """The question of a JSON object. Raises SemanticLayerError with all problems of its form at once."""
    if not isinstance(data, Mapping):
        raise refuse(ErrorCode.BAD_QUESTION, f"a question is an object, not {kind_of(data)}")
    problems = Problems()
    question = JsonObject(data, (), problems)
    question.only(*KEYS)
    filters = FilterReader(problems)
    ask = Ask(
        metrics=tuple(_metric(metric) for metric in question.objects("metrics", MOST_METRICS)),
        by=tuple(_dimension(dimension) for dimension in question.objects("by", MOST_DIMENSIONS)),
        where=filters.where(question),
        having=filters.having(question),
        order_by=tuple(_order_key(key) for key in question.objects("orderBy", MOST_ORDER_KEYS)),
        limit=question.whole("limit", 1, ErrorCode.BAD_LIMIT, above=ErrorCode.LIMIT_TOO_LARGE),
        offset=question.whole("offset", 0, ErrorCode.BAD_LIMIT) or 0,
        totals=_totals(question),
        include_empty=question.flag("includeEmpty"),
        fill_time=question.flag("fillTime"),
        time_zone=_time_zone(question),
        language=question.text("language"),
        min_revision=question.whole("minRevision", 0),
        expect=_expectation(question),
        as_of=_as_of(question),
        strict=question.flag("strict"),
        partial=question.flag("partial"),
    )
    problems.raise_if_any()
    return ask


def _metric(metric: JsonObject) -> AskMetric:
    metric.only("name", "alias", "shift", "version", "parameters")
    return AskMetric(
        name=metric.required_text("name"),
        alias=_alias(metric),
        shift=_shift(metric),
        version=metric.whole("version", 1),
        parameters=_parameters(metric),
    )


def _dimension(dimension: JsonObject) -> AskDimension:
    dimension.only("dimension", "grain", "part", "alias")
    name = dimension.required_text("dimension")
    return AskDimension(name, dimension.text("grain"), dimension.text("part"), _alias(dimension))


def _alias(named: JsonObject) -> str | None:
    alias = named.text("alias")
    if alias is not None and not (len(alias) <= LONGEST_ALIAS and ALIAS_FORM.fullmatch(alias)):
        message = f"an alias is 1 to {LONGEST_ALIAS} letters (a-z, A-Z), digits and `_`, and no digit first"
        named.problems.add(ErrorCode.BAD_NAME, message, (*named.path, "alias"))
    return alias


def _shift(metric: JsonObject) -> AskShift | None:
    shift = metric.child("shift")
    if shift is None:
        return None
    shift.only("periods", "unit")
    if not shift.has("periods"):
        shift.wrong("periods", "a whole number")
    periods = shift.whole("periods", 1, ErrorCode.BAD_VALUE, most=100_000)
    return AskShift(periods or 1, shift.required_text("unit"))


def _parameters(metric: JsonObject) -> Mapping[str, JsonValue]:
    given = metric.child("parameters")
    if given is None:
        return {}
    if len(given.data) > MOST_PARAMETERS:
        message = f"a metric takes at most {MOST_PARAMETERS} parameters"
        metric.problems.add(ErrorCode.QUERY_TOO_COMPLEX, message, given.path)
        return {}
    return {name: read_value(value, (*given.path, name), metric.problems) for name, value in given.data.items()}


def _order_key(key: JsonObject) -> OrderKey:
    key.only("key", "descending")
    return OrderKey(key.required_text("key"), key.flag("descending"))


def _totals(question: JsonObject) -> tuple[tuple[str, ...], ...]:
    """`[["product.department"], []]`: the sets of columns kept."""
    return tuple(_kept(kept, path, question) for kept, path in question.items("totals", MOST_TOTALS))


def _kept(kept: object, path: tuple[str | int, ...], question: JsonObject) -> tuple[str, ...]:
    if not isinstance(kept, list | tuple):
        message = f"a member of `totals` must be a list of column names, not {kind_of(kept)}"
        question.problems.add(ErrorCode.BAD_QUESTION, message, path)
        return ()
    if len(kept) > MOST_DIMENSIONS:
        message = f"a question has at most {MOST_DIMENSIONS} dimensions"
        question.problems.add(ErrorCode.QUERY_TOO_COMPLEX, message, path)
        return ()
    for place, name in enumerate(kept):
        if not (isinstance(name, str) and name and is_storable(name)):
            message = f"a column name must be a text, not {kind_of(name)}"
            question.problems.add(ErrorCode.BAD_QUESTION, message, (*path, place))
    return tuple(name for name in kept if isinstance(name, str))


@cache
def _time_zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _time_zone(question: JsonObject) -> str | None:
    zone = question.text("timeZone")
    if zone is not None and zone not in _time_zones():
        near = near_names(zone, sorted(_time_zones()))
        message = f"there is no time zone {zone[:100]}{did_you_mean(near)}"
        question.problems.add(ErrorCode.ZONE_UNKNOWN, message, (*question.path, "timeZone"), near)
    return zone


def _expectation(question: JsonObject) -> Expectation | None:
    expect = question.child("expect")
    if expect is None:
        return None
    expect.only("revision", "fingerprints")
    given = expect.child("fingerprints")
    return Expectation(expect.whole("revision", 0), {} if given is None else _fingerprints(given))


def _fingerprints(given: JsonObject) -> Mapping[str, str]:
    """Column name -> fingerprint."""
    if len(given.data) > MOST_METRICS:
        message = f"a question has at most {MOST_METRICS} metrics"
        given.problems.add(ErrorCode.QUERY_TOO_COMPLEX, message, given.path)
        return {}
    return {column: given.required_text(column) for column in given.data}


def _as_of(question: JsonObject) -> AsOf | None:
    as_of = question.child("asOf")
    if as_of is None:
        return None
    as_of.only("revision", "recordedAt")
    if as_of.has("revision") == as_of.has("recordedAt"):
        message = "`asOf` is exactly one of `revision` and `recordedAt`"
        as_of.problems.add(ErrorCode.BAD_QUESTION, message, as_of.path)
    return AsOf(as_of.whole("revision", 0), _moment(as_of))


def _moment(as_of: JsonObject) -> datetime | None:
    text = as_of.text("recordedAt")
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    message = "`recordedAt` must be a moment with its zone, such as 2026-11-24T08:30:00Z"
    as_of.problems.add(ErrorCode.BAD_VALUE, message, (*as_of.path, "recordedAt"))
    return None
