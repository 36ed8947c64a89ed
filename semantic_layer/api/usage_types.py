"""Who uses a metric, by what was recorded."""

from collections.abc import Sequence
from datetime import datetime

import strawberry
from strawberry.dataloader import DataLoader

from semantic_layer.api.request import Info
from semantic_layer.impact.consumers import Consumer, UsageHistory


@strawberry.type(name="Consumer", description="One program's use of one version of a metric.")
class ConsumerShown:
    client: str = strawberry.field(description="`X-Client-Name`, else the product of `User-Agent`; nobody checks it.")
    principal: str = strawberry.field(description="Whose key it was.")
    version: int
    calls_30_days: int = strawberry.field(name="calls30Days")
    calls_90_days: int = strawberry.field(name="calls90Days")
    last_at: datetime
    p95_milliseconds: int | None = strawberry.field(
        name="p95Milliseconds", description="95 of 100 calls took less: the next power of two."
    )
    shapes: list[str] = strawberry.field(
        description="How it was cut and filtered: names without values, most asked first."
    )


@strawberry.type(description="Recorded use of a metric: answers in which it was asked, in the last 90 days (UTC).")
class MetricUsage:
    calls_30_days: int = strawberry.field(name="calls30Days")
    calls_90_days: int = strawberry.field(name="calls90Days")
    last_at: datetime | None
    consumers: list[ConsumerShown] = strawberry.field(description="Most calls first.")


async def usage_of(info: Info, metric: str) -> MetricUsage | None:
    """None where nothing is recorded of use; all metrics of a request are read at once."""
    context = info.context
    history = context.backend.consumers
    if history is None:
        return None
    loader = context.loaders.get(USAGE)
    if loader is None:
        loader = context.loaders[USAGE] = _loader(history)
    return usage_shown(await loader.load(metric))


USAGE = "usage"


def _loader(history: UsageHistory) -> DataLoader[str, list[Consumer]]:
    async def load(metrics: list[str]) -> Sequence[list[Consumer]]:
        found = await history.consumers(metrics)
        return [[one for one in found if one.metric == metric] for metric in metrics]

    return DataLoader(load)


def usage_shown(consumers: Sequence[Consumer]) -> MetricUsage:
    return MetricUsage(
        calls_30_days=sum(one.calls_30_days for one in consumers),
        calls_90_days=sum(one.calls_90_days for one in consumers),
        last_at=max((one.last_at for one in consumers), default=None),
        consumers=[
            ConsumerShown(
                client=one.client,
                principal=one.principal,
                version=one.version,
                calls_30_days=one.calls_30_days,
                calls_90_days=one.calls_90_days,
                last_at=one.last_at,
                p95_milliseconds=one.p95_milliseconds,
                shapes=list(one.shapes),
            )
            for one in consumers
        ],
    )
