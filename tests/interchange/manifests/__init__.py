"""Manifests of MetricFlow's own tests (ORIGIN.md), and the small ones that tests write themselves."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from semantic_layer.interchange.dbt.manifest import Manifest
from semantic_layer.interchange.dbt.read_manifest import read_manifest

FOLDER = Path(__file__).parent
NAMES = tuple(sorted(file.stem for file in FOLDER.glob("*_manifest.json")))


def manifest_bytes(name: str) -> bytes:
    return (FOLDER / f"{name}.json").read_bytes()


def manifest_of(document: Mapping[str, Any]) -> Manifest:
    return read_manifest(json.dumps(document))


def model(name: str, **fields: Any) -> dict[str, Any]:
    """A semantic model over the table shop.NAME, dated by `ds` unless it says otherwise."""
    time = {"name": "ds", "type": "time", "type_params": {"time_granularity": "day"}}
    return {
        "name": name,
        "defaults": {"agg_time_dimension": "ds"},
        "node_relation": {"alias": name, "schema_name": "shop", "relation_name": f"shop.{name}"},
        "entities": [],
        "dimensions": [time],
        "measures": [],
        **fields,
    }


def metric(name: str, kind: str, filter: str | None = None, **params: Any) -> dict[str, Any]:
    where = None if filter is None else {"where_filters": [{"where_sql_template": filter}]}
    return {"name": name, "type": kind, "type_params": params, "filter": where}


def simple(name: str, of: str, agg: str, expr: str, filter: str | None = None, **params: Any) -> dict[str, Any]:
    """A simple metric in the form with its own aggregation."""
    aggregation = {"semantic_model": of, "agg": agg, **params.pop("aggregation", {})}
    return metric(name, "simple", filter, metric_aggregation_params=aggregation, expr=expr, **params)
