"""A manifest of any size, as large projects have them. `python -m tests.interchange.large 1000 > manifest.json`."""

import json
import sys
from collections.abc import Iterator
from typing import Any

from tests.interchange.manifests import metric, model, simple

OF_ONE_MODEL = 100
KINDS = 20


def large_manifest(count: int) -> dict[str, Any]:
    """`count` metrics, a hundred over each model: aggregates, ratios, shifts, windows and filters over joins."""
    models = [_events(place) for place in range(count // OF_ONE_MODEL)]
    metrics = [one for place in range(len(models)) for one in _metrics(place, len(models))]
    for name, dimension in (("user", "state"), ("item_0", "brand"), ("item_1", "brand"), ("item_2", "brand")):
        home = {"name": name, "type": "primary", "expr": f"{name}_id"}
        models.append(
            model(f"{name}s", defaults=None, entities=[home], dimensions=[{"name": dimension, "type": "categorical"}])
        )
    return {"semantic_models": models, "metrics": metrics}


def _events(place: int) -> dict[str, Any]:
    kinds = [{"name": f"kind_{place}_{number}", "type": "categorical"} for number in range(KINDS)]
    entities = [
        {"name": "user", "type": "foreign", "expr": "user_id"},
        {"name": f"item_{place % 3}", "type": "foreign", "expr": "item_id"},
    ]
    events = model(f"events_{place}", primary_entity=f"event_{place}", entities=entities)
    events["dimensions"] += kinds
    return events


def _metrics(place: int, models: int) -> Iterator[dict[str, Any]]:
    for number in range(OF_ONE_MODEL // 5):
        name, other = f"m_{place}_{number}", f"m_{(place + 1) % models}_{number}"
        kind = f"{{{{ Dimension('event_{place}__kind_{place}_{number % KINDS}') }}}} in ('a', 'b')"
        state = "{{ Dimension('user__state') }} = 'CA'"
        month = {"name": name, "alias": "before", "offset_window": {"count": 1, "granularity": "month"}}
        brand = f"{{{{ Dimension('item_{place % 3}__brand') }}}} = 'b'"
        own = {"metric": {"name": name}, "window": {"count": 28, "granularity": "day"}}
        yield simple(name, f"events_{place}", "sum", f"amount_{number} * (1 - discount)", f"{state} and {kind}")
        yield metric(f"{name}_growth", "derived", expr=f"{name} - before", metrics=[{"name": name}, month])
        yield metric(f"{name}_rate", "ratio", numerator={"name": name}, denominator={"name": other})
        yield metric(f"{name}_28d", "cumulative", cumulative_type_params=own)
        yield metric(f"{name}_of_b", "derived", expr="x / 2", metrics=[{"name": name, "alias": "x", "filter": brand}])


if __name__ == "__main__":
    print(json.dumps(large_manifest(int(sys.argv[1]))))
