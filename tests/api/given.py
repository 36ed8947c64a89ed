"""A pipeline that answers what it is told to, over the demo's own definitions: the doors are what is tested here."""

import asyncio
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa

from semantic_layer.access.principal import Principal
from semantic_layer.api.documents import PreparedSchema
from semantic_layer.api.execution import GraphqlRequest, run
from semantic_layer.api.request import Backend, RequestContext
from semantic_layer.api.schema import build_schema
from semantic_layer.definitions.published import MetricVersion, PublishedCatalog, VersionCause
from semantic_layer.definitions.reader import read_files
from semantic_layer.errors import ErrorCode, refuse
from semantic_layer.query.ask import Ask
from semantic_layer.serving.answer import (
    Answer,
    AnswerColumn,
    AnswerWarning,
    ColumnVersion,
    DatasetFreshness,
    DimensionFingerprint,
    Limit,
    Meta,
    OutputType,
    ParameterValue,
    ResolvedRange,
    TotalsSet,
)
from semantic_layer.serving.answers import Answers

DEMO = Path(__file__).parents[2] / "schema" / "demo"
RECORDED = datetime(2026, 11, 24, 8, 30, tzinfo=UTC)

COLUMNS = (
    AnswerColumn("month", "Month", OutputType.DATE),
    AnswerColumn("department", "Department", OutputType.TEXT),
    AnswerColumn("sales", "Sales", OutputType.DECIMAL, unit="USD", scale=2, is_metric=True),
    AnswerColumn("baskets", "Baskets", OutputType.INTEGER, is_metric=True),
    AnswerColumn("discount_rate", "Discount rate", OutputType.FLOAT, unit="percent", is_metric=True),
)
ROWS = pa.table(
    {
        "month": pa.array([date(2017, 1, 1), date(2017, 2, 1)], pa.date32()),
        "department": pa.array(["GROCERY", None]),
        "sales": pa.array([Decimal("370886.93"), Decimal("0.50")], pa.decimal128(38, 2)),
        "baskets": pa.array([12721, 0], pa.int32()),
        "discount_rate": pa.array([0.125, None], pa.float64()),
    }
)
ANSWER = Answer(
    columns=COLUMNS,
    rows=ROWS,
    totals=(TotalsSet((), COLUMNS[2:], ROWS.select(["sales", "baskets", "discount_rate"]).slice(0, 1)),),
    meta=Meta(
        revision=3,
        semantics=1,
        truncated=False,
        limit=Limit(50, "question"),
        sql="SELECT 1",
        recorded_at=RECORDED,
        warnings=(AnswerWarning("PARTIAL", "a month is partial"),),
        versions=(ColumnVersion("sales", "sales", 1, "f1:abc"),),
        dimensions=(DimensionFingerprint("department", "f1:dep"),),
        freshness=(DatasetFreshness("transactions", "2018-01-01", "t1"),),
        time_to_live=60,
        resolved=(ResolvedRange("transaction_date", "2017-01-01", None),),
        parameters=(ParameterValue("sales", "floor", "5"),),
        partial_periods=("2018-01-01",),
    ),
)


@cache
def published() -> PublishedCatalog:
    """The demo's definitions as revision 3; `sales` has had two versions."""
    catalog = read_files([DEMO])
    versions: dict[str, tuple[MetricVersion, ...]] = {name: (_version(name, 1, 1),) for name in catalog.metrics}
    versions["sales"] = (_version("sales", 1, 1), _version("sales", 2, 3))
    return PublishedCatalog(3, RECORDED, "ann", catalog, versions)


def _version(metric: str, number: int, revision: int) -> MetricVersion:
    return MetricVersion(metric, number, f"f1:{metric}{number}", revision, 2, VersionCause.OWN_CHANGE, RECORDED, "ann")


class GivenAnswers(Answers):
    """Gives `answer`, or raises `failure`; keeps what was asked, and who asked."""

    def __init__(self) -> None:
        self.result = ANSWER
        self.failure: Exception | None = None
        self.delay = 0.0
        self.asked: list[Ask] = []
        self.timeouts: list[float | None] = []
        self.principals: list[Principal] = []
        self.cancelled = 0

    async def answer(
        self,
        ask: Ask,
        principal: Principal,
        *,
        timeout: float | None = None,
        published: PublishedCatalog | None = None,
    ) -> Answer:
        self.asked.append(ask)
        self.timeouts.append(timeout)
        self.principals.append(principal)
        try:
            await asyncio.sleep(self.delay)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        if self.failure is not None:
            raise self.failure
        return self.result


class GivenCatalogs:
    """One catalog, or none yet."""

    def __init__(self, catalog: PublishedCatalog | None) -> None:
        self.catalog = catalog

    @property
    def current(self) -> PublishedCatalog:
        if self.catalog is None:
            raise refuse(ErrorCode.NOT_READY, "nothing is published yet")
        return self.catalog

    async def at_revision(self, revision: int) -> PublishedCatalog:
        if revision != self.current.revision:
            raise refuse(ErrorCode.UNKNOWN_REVISION, f"there is no revision {revision}")
        return self.current

    async def recorded_at(self, moment: datetime) -> PublishedCatalog:
        return self.current

    async def wait_for(self, revision: int, timeout: float) -> PublishedCatalog:
        if revision > self.current.revision:
            raise refuse(ErrorCode.REVISION_NOT_LOADED, f"revision {revision} is not served here yet")
        return self.current


@cache
def schema() -> PreparedSchema:
    return build_schema(published())


class Door:
    """The GraphQL door with nothing in front: `ask` runs a document and gives the response's JSON."""

    def __init__(self) -> None:
        self.answers = GivenAnswers()
        self.schema = schema()
        self.backend = Backend(self.answers, GivenCatalogs(published()))

    async def ask(self, query: str, variables: dict[str, Any] | None = None, name: str | None = None) -> Any:
        context = RequestContext(self.backend, published(), Principal("test"), "request-1")
        reply = await run(self.schema, GraphqlRequest(query, variables or {}, name), context)
        return orjson.loads(reply.body)

    async def refused(self, query: str, variables: dict[str, Any] | None = None) -> list[dict[str, Any]]:
        """The errors' extensions of a request that must have no data."""
        reply = await self.ask(query, variables)
        assert not any((reply.get("data") or {}).values()), reply
        return [error["extensions"] for error in reply["errors"]]
