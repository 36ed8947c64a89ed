"""Ask -> statements: the stages of the pipeline that read no rows, remembered for questions that come again."""

import asyncio
import time
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import partial
from typing import TypeVar
from zoneinfo import ZoneInfo

from cachetools import TTLCache

from semantic_layer.access.permit import PermittedQuery, permit
from semantic_layer.access.principal import Principal
from semantic_layer.definitions.published import PublishedCatalog
from semantic_layer.errors import ErrorCode, Issue, SemanticLayerError
from semantic_layer.plan.build import Plans, build
from semantic_layer.plan.draft import ColumnsNeeded, RelationKey, SourceColumns, ValuesNeeded
from semantic_layer.plan.nodes import Plan
from semantic_layer.query.ask import Ask
from semantic_layer.query.bind import bind
from semantic_layer.query.bound import BoundQuery
from semantic_layer.query.last_filters import has_last_filter, recorded_keys
from semantic_layer.query.world import RecordedKey, World
from semantic_layer.serving.answer import DimensionFingerprint
from semantic_layer.serving.ports import Catalogs
from semantic_layer.serving.provenance import dimension_fingerprints
from semantic_layer.serving.shares import Share, plans_by_source
from semantic_layer.serving.sources import COLUMNS_FOR, Sources
from semantic_layer.sql.statement import Statement
from semantic_layer.sql.write import statement

LONG_QUESTION = 5_000  # characters of its value; compiling a longer one would hold the event loop for over 50 ms
MOST_COMPILED = 1_000  # questions whose statements are remembered, for as long as their columns are believed


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Limits:
    """What one question may take: rows by default and at most, seconds, and how long `minRevision` waits."""

    default_rows: int = 10_000
    max_rows: int = 100_000
    seconds: float = 30.0
    revision_wait: float = 2.0


@dataclass(frozen=True, slots=True)
class Compiled:
    """A question up to its statements: the rows' first, then one per set of totals.

    With one source, its share has them. With several, each share has parts of them, and `combining` puts these
    together.
    """

    query: BoundQuery
    plans: Plans
    shares: tuple[Share, ...]
    combining: tuple[Statement, ...]
    dimensions: tuple[DimensionFingerprint, ...]
    missing: frozenset[str] = frozenset()
    mark: object = field(default_factory=object, compare=False)  # another one for each that is compiled
    known_as: Hashable = None  # under which it is remembered; None: it speaks of this moment, or a part is missing

    @property
    def statements(self) -> tuple[Statement, ...]:
        """Everything that is run, in order."""
        return (*(one for share in self.shares for one in share.statements), *self.combining)


class NewerCatalogServed(SemanticLayerError):
    """The question needs a revision newer than the one that its request began with; it is served by now.

    A request that begins anew, on the newer catalog, is answered.
    """

    def __init__(self, needed: int, began_with: int) -> None:
        message = f"the request began with revision {began_with}, and revision {needed} is served by now: send it again"
        super().__init__([Issue(ErrorCode.REVISION_NOT_LOADED, message, ("minRevision",))])


class Compiler:
    """Compiles questions against the catalogs in service and the sources' columns."""

    def __init__(self, catalogs: Catalogs, sources: Sources, limits: Limits, combining_dialect: str) -> None:
        self._combining_dialect = combining_dialect
        self._catalogs = catalogs
        self._sources = sources
        self._limits = limits
        self._known: TTLCache[Hashable, Compiled] = TTLCache(MOST_COMPILED, COLUMNS_FOR, time.monotonic)
        self._newest = 0  # the newest revision asked

    def forget(self) -> None:
        """The sources' columns may have changed: they are asked again, and questions compiled again."""
        self._known.clear()
        self._sources.forget_columns()

    async def compile(
        self,
        ask: Ask,
        principal: Principal,
        deadline: float,
        given: PublishedCatalog | None = None,
        missing: frozenset[str] = frozenset(),
    ) -> Compiled:
        """`given` is the catalog to ask, None the current one; `missing` are connections that do not answer.

        Raises SemanticLayerError with all issues, SourceDown when a source must be asked for its columns and is down.
        """
        published = await self._pinned_catalog(ask, given)
        if given is not None and given.draft is not None:
            # Not remembered: another draft, or what is published some day, may have the same number.
            return await self._compile_anew(ask, published, principal, deadline, missing)
        if published.revision > self._newest:
            self._newest = published.revision
            self._known.clear()  # what was compiled holds whole catalogs, and is hardly asked of the old ones again
        key = (repr(ask), published.revision, principal, missing)
        known = self._known.get(key)
        if known is not None:
            return known
        compiled = await self._compile_anew(ask, published, principal, deadline, missing)
        if not has_last_filter(ask):
            # of two that were compiled at the same time the first is the one that is remembered
            known_as = None if missing else key  # who asks again tries the missing source again
            return self._known.setdefault(key, replace(compiled, known_as=known_as))
        return compiled

    def remembers(self, known_as: Hashable, mark: object) -> bool:
        """Whether compiling the question again, on the same catalog, would give the very one of this mark."""
        known = self._known.get(known_as)
        return known is not None and known.mark is mark

    async def _compile_anew(
        self, ask: Ask, published: PublishedCatalog, principal: Principal, deadline: float, missing: frozenset[str]
    ) -> Compiled:
        world = await self._world(ask, published, deadline)
        is_long = len(repr(ask)) > LONG_QUESTION
        query = await _run(is_long, lambda: bind(ask, world))
        plans = await self._plans(permit(query, principal), missing, is_long)
        return await _run(is_long, lambda: self._compiled(query, plans, missing))

    def _compiled(self, query: BoundQuery, plans: Plans, missing: frozenset[str]) -> Compiled:
        shares = tuple(self._share(source, asked) for source, asked in plans_by_source(plans).items())
        combined = [plan for plan in (plans.rows, *plans.totals) if plan.parts]
        combining = tuple(statement(plan, self._combining_dialect) for plan in combined)
        return Compiled(query, plans, shares, combining, dimension_fingerprints(query), missing)

    def _share(self, source: str, plans: tuple[Plan, ...]) -> Share:
        dialect = self._sources.engine(source).dialect
        return Share(source, plans, tuple(statement(plan, dialect) for plan in plans))

    async def _pinned_catalog(self, ask: Ask, given: PublishedCatalog | None) -> PublishedCatalog:
        """The one catalog of the question's whole life. Raises NewerCatalogServed when `given` is older than asked."""
        if ask.min_revision is not None and (given is None or given.revision < ask.min_revision):
            await self._catalogs.wait_for(ask.min_revision, self._limits.revision_wait)
            if given is not None and ask.as_of is None:
                raise NewerCatalogServed(ask.min_revision, given.revision)
        if ask.as_of is None:
            return self._catalogs.current if given is None else given
        try:
            if ask.as_of.revision is not None:
                same = given is not None and given.draft is None and given.revision == ask.as_of.revision
                return given if given is not None and same else await self._catalogs.at_revision(ask.as_of.revision)
            assert ask.as_of.recorded_at is not None
            return await self._catalogs.recorded_at(ask.as_of.recorded_at)
        except SemanticLayerError as error:
            raise SemanticLayerError((replace(one, path=("asOf",)) for one in error.issues), error.detail) from error

    async def _world(self, ask: Ask, published: PublishedCatalog, deadline: float) -> World:
        zone = ask.time_zone or published.catalog.settings.time_zone
        now = datetime.now(UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
        pinned = await self._pinned_versions(ask, published)
        bare = World(published, now, self._limits.default_rows, self._limits.max_rows, pinned)
        recorded: dict[RecordedKey, tuple[datetime, datetime] | None] = {}
        for (revision, dataset), times in _by_dataset(recorded_keys(ask, bare)).items():
            catalog = published if revision == published.revision else pinned[revision]
            left = deadline - time.monotonic()
            fresh = await self._sources.freshness(catalog, dataset, times, ask.time_zone, left)
            recorded |= {(revision, dataset, one): fresh.spans.get(one) for one in times}
        return World(published, now, self._limits.default_rows, self._limits.max_rows, pinned, recorded)

    async def _pinned_versions(self, ask: Ask, published: PublishedCatalog) -> dict[int, PublishedCatalog]:
        """The catalogs of pinned versions: each the one in which its version came in force."""
        pins: dict[int, PublishedCatalog] = {}
        for metric in ask.metrics:
            versions = published.versions.get(metric.name, ())
            version = next((one for one in versions if one.number == metric.version), None)
            if version is not None and version.revision not in pins:
                same = version.revision == published.revision
                pins[version.revision] = published if same else await self._catalogs.at_revision(version.revision)
        return pins

    async def _plans(self, permitted: PermittedQuery, missing: frozenset[str], is_long: bool) -> Plans:
        declared: dict[RelationKey, SourceColumns] = {}
        while True:
            columns = {**self._sources.columns(missing), **declared}
            try:
                return await _run(is_long, partial(build, permitted, columns, missing))
            except ColumnsNeeded as needed:
                if needed.key[0] in missing:  # never heard of: its columns are null, of the types that are declared
                    declared[needed.key] = needed.declared
                else:
                    await self._sources.learn(needed)
            except ValuesNeeded as needed:
                await self._sources.learn_values(needed)


def _by_dataset(keys: Iterable[RecordedKey]) -> dict[tuple[int, str], set[str]]:
    """The time dimensions asked for, by revision and dataset."""
    found: dict[tuple[int, str], set[str]] = {}
    for revision, dataset, dimension in keys:
        found.setdefault((revision, dataset), set()).add(dimension)
    return found


async def _run(in_thread: bool, work: Callable[[], T]) -> T:
    return await asyncio.to_thread(work) if in_thread else work()
