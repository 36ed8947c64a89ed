"""`usage`: who asks a metric, by what was recorded."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Annotated, Any

import typer

from semantic_layer.cli.columns import columns
from semantic_layer.cli.consumer_rows import CONSUMER_HEAD, consumer_row
from semantic_layer.cli.outcome import print_json, told
from semantic_layer.cli.place import Key, Place, Registry, Url, place_of, send

PAGE = 100
FIELDS = """name usage { calls30Days calls90Days lastAt
  consumers { client principal version calls30Days calls90Days lastAt p95Milliseconds shapes } }"""
ONE = f"query ($name: String!) {{ metric(name: $name) {{ {FIELDS} }} }}"
ALL = f"""query ($first: Int!, $after: String) {{ metricsCatalog(first: $first, after: $after) {{
  edges {{ node {{ {FIELDS} }} }} pageInfo {{ hasNextPage endCursor }} }} }}"""
Entry = Mapping[str, Any]

Metrics = Annotated[
    list[str] | None, typer.Argument(metavar="[METRIC...]", show_default=False, help="All metrics if none is named.")
]
AsJson = Annotated[bool, typer.Option("--json", help="For machines: also how each was cut and filtered.")]


def usage(
    metrics: Metrics = None, url: Url = None, key: Key = None, registry: Registry = None, as_json: AsJson = False
) -> None:
    """Shows who asks which metric: client, version, calls in 30 and 90 days, the last one, how fast.

    [bold]Examples[/]

    semantic-layer usage sales --url http://127.0.0.1:8000

    semantic-layer usage --registry .demo --json

    [bold]Exit codes[/]: 0 shown, 1 no such metric, or no registry, 2 the command itself cannot be read.
    """
    with told():
        place = place_of(url, key, registry, None)
        found = [send(place, ONE, {"name": name})["metric"] for name in metrics or ()] or list(_all(place))
        if as_json:
            print_json(found)
            return
        for line in usage_lines(found):
            print(line)


def usage_lines(found: list[Entry]) -> Iterator[str]:
    rows = [_row(one["name"], consumer) for one in found for consumer in (one["usage"] or {}).get("consumers", ())]
    if rows:
        yield from columns([CONSUMER_HEAD, *rows], right=[1, 4, 5, 7])
    unused = [one["name"] for one in found if one["usage"] is not None and not one["usage"]["consumers"]]
    if unused:
        yield f"no recorded use in 90 days: {', '.join(unused)}"


def _row(metric: str, consumer: Entry) -> tuple[str, ...]:
    last = datetime.fromisoformat(consumer["lastAt"])
    who = consumer["version"], consumer["client"], consumer["principal"]
    return consumer_row(
        metric, *who, consumer["calls30Days"], consumer["calls90Days"], last, consumer["p95Milliseconds"]
    )


def _all(place: Place) -> Iterator[Entry]:
    after = None
    while True:
        page = send(place, ALL, {"first": PAGE, "after": after})["metricsCatalog"]
        yield from (edge["node"] for edge in page["edges"])
        if not page["pageInfo"]["hasNextPage"]:
            return
        after = page["pageInfo"]["endCursor"]
