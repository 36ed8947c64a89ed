"""The demo's definitions with a second source, the office, that has every table too and answers some of the metrics.

The data is the same, so a golden question keeps its hand-written rows wherever its metrics lie.
"""

import io
from typing import Any

from ruamel.yaml import YAML

from semantic_layer.definitions.model import Catalog
from semantic_layer.definitions.reader import read_texts
from tests.oracle.data import ROOT

# What is counted in the office; metrics that use these stand on both sources.
OFFICE = ("baskets", "units", "active_households", "coupon_redemptions", "targeted_households", "redeeming_households")


def two_sources() -> Catalog:
    """Dimensions of the office's datasets conform to those of the others, so both answer by the same names."""
    whole = _demo()
    add_office(whole)
    for name in OFFICE:
        whole["metrics"][name]["from"] = f"office_{whole['metrics'][name]['from']}"
    return catalog_of(whole)


def add_office(whole: dict[str, Any]) -> None:
    """Every dataset once more, in the office."""
    whole["sources"]["office"] = {"connection": "OFFICE"}
    for name, dataset in list(whole["datasets"].items()):
        whole["datasets"][f"office_{name}"] = _in_the_office(name, dataset)


def catalog_of(whole: dict[str, Any]) -> Catalog:
    writer, text = YAML(), io.StringIO()
    writer.representer.ignore_aliases = lambda *_: True
    writer.dump(whole, text)
    return read_texts({"two_sources.yaml": text.getvalue()}).catalog


def _demo() -> dict[str, Any]:
    whole: dict[str, Any] = {}
    for path in sorted((ROOT / "schema" / "demo").glob("*.yaml")):
        for key, value in YAML(typ="safe").load(path.read_text("utf-8")).items():
            whole[key] = {**whole.get(key, {}), **value} if isinstance(value, dict) else value
    return whole


def _in_the_office(name: str, dataset: dict[str, Any]) -> dict[str, Any]:
    dimensions = {
        words: {**one, "conforms": f"{name}.{words}"}
        for words, one in dataset.get("dimensions", {}).items()
        if not {"metric", "by"} & one.keys()  # made of metrics of the other source, such as lifetime sales
    }
    joins = {}
    for join, one in dataset.get("joins", {}).items():
        moved = {**one, "to": f"office_{one.get('to', join)}"}
        if "through" in one:
            moved["through"] = f"office_{one['through']}"
        joins[f"office_{join}"] = moved
    more = {"segments": {}} if "segments" in dataset else {}
    return {**dataset, **more, "source": "office", "dimensions": dimensions, "joins": joins}
