"""A foretold change for machines (docs/governance.md has its form). Exact numbers are texts, as in an answer."""

from collections.abc import Mapping
from decimal import Decimal

from semantic_layer.cli.plan_words import APPROVAL
from semantic_layer.definitions.change import Change, Leaf
from semantic_layer.impact.consumers import Consumer
from semantic_layer.impact.numeric_diff import Cell, Cut, MetricNumbers, NumericDiff, Value
from semantic_layer.impact.preview import ChangePreview

Json = Mapping[str, object]


def preview_json(found: ChangePreview) -> Json:
    return {
        "revision": None if found.before is None else found.before.revision,
        "class": found.change_class,
        "needsApproval": found.needs_approval,
        "approval": APPROVAL[found.change_class] if found.changes else None,
        "changes": [_change(found, one) for one in found.changes],
        "consumers": None if found.consumers is None else [_consumer(one) for one in found.consumers],
    }


def _consumer(consumer: Consumer) -> Json:
    return {
        "metric": consumer.metric,
        "version": consumer.version,
        "client": consumer.client,
        "principal": consumer.principal,
        "calls30Days": consumer.calls_30_days,
        "calls90Days": consumer.calls_90_days,
        "lastAt": consumer.last_at,
        "p95Milliseconds": consumer.p95_milliseconds,
        "shapes": list(consumer.shapes),
    }


def _change(found: ChangePreview, change: Change) -> Json:
    version = found.versions.get(change.name) if change.kind == "metric" else None
    numbers = found.numbers.get(change.name) if change.kind == "metric" else None
    return {
        "kind": change.kind,
        "name": change.name,
        "how": str(change.how),
        "class": found.class_of(change),
        "computedClass": change.change_class,
        "cause": None if change.cause is None else str(change.cause),
        "because": list(found.because.get(change.name, ())) if change.kind == "metric" else [],
        "version": None if version is None else version.number,
        "before": change.before,
        "after": change.after,
        "lines": [_leaf(leaf) for leaf in change.leaves],
        "numbers": None if numbers is None else _numbers(numbers),
    }


def _leaf(leaf: Leaf) -> Json:
    return {"path": list(leaf.path), "class": leaf.change_class, "before": leaf.before, "after": leaf.after}


def _numbers(numbers: MetricNumbers) -> Json:
    return {
        "unit": numbers.unit,
        "milliseconds": round(numbers.milliseconds, 1),
        "leftOut": numbers.left_out,
        "issues": [{"code": str(one.code), "message": one.message, "path": list(one.path)} for one in numbers.issues],
        "diff": None if numbers.diff is None else _diff(numbers.diff),
    }


def _diff(diff: NumericDiff) -> Json:
    relative = diff.relative
    return {
        "cut": _cut(diff.cut),
        "complete": diff.complete,
        "leftOut": list(diff.left_out),
        "cells": diff.counts.cells,
        "changed": diff.counts.changed,
        "appeared": diff.counts.appeared,
        "vanished": diff.counts.vanished,
        "total": None if diff.total is None else _cell(diff.total),
        "relative": None
        if relative is None
        else {"p50": relative.p50, "p95": relative.p95, "max": relative.largest},
        "periods": [_cell(one) for one in diff.periods],
        "members": [
            {"dimension": one.dimension, "member": _value(one.member), "before": _value(one.before),
             "after": _value(one.after)} for one in diff.members
        ],
        "samples": [_cell(one) for one in diff.samples],
        "lookedCloser": None if diff.looked_closer is None else _cut(diff.looked_closer),
        "watermarks": dict(diff.watermarks),
    }  # fmt: skip


def _cut(cut: Cut) -> Json:
    return {
        "time": cut.time,
        "grain": cut.grain,
        "dimensions": list(cut.dimensions),
        "from": cut.window.start,
        "until": cut.window.end,
        "said": list(cut.said),
    }


def _cell(cell: Cell) -> Json:
    return {"place": [_value(one) for one in cell.place], "before": _value(cell.before), "after": _value(cell.after)}


def _value(value: Value) -> object:
    return format(value, "f") if isinstance(value, Decimal) else value
