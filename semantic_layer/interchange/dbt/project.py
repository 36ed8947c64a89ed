"""A dbt project that answers questions by dbt's own names, over the one pipeline.

with open_project("target/semantic_manifest.json", source="duckdb:///warehouse.duckdb") as project:
    answer = project.query(metrics=["bookings"], group_by=["metric_time__month"])
    answer.columns, answer.rows
"""

import asyncio
import threading
from collections.abc import Coroutine, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from semantic_layer.access.principal import Principal
from semantic_layer.app.backend import open_backend
from semantic_layer.app.draft import draft_catalogs
from semantic_layer.definitions.model import Table
from semantic_layer.definitions.types import ColumnType
from semantic_layer.engines.opening import open_engine
from semantic_layer.errors import ErrorCode, SemanticLayerError, refuse
from semantic_layer.interchange.dbt.ask_of import Translated, translated
from semantic_layer.interchange.dbt.imported import ImportIssue, table_of
from semantic_layer.interchange.dbt.importer import import_manifest
from semantic_layer.interchange.dbt.join_graph import JoinGraph
from semantic_layer.interchange.dbt.manifest import Manifest
from semantic_layer.interchange.dbt.question import Item, Moment, Question, read_question
from semantic_layer.interchange.dbt.question_names import QuestionNames
from semantic_layer.interchange.dbt.read_manifest import read_manifest
from semantic_layer.query.ask import Ask, OrderKey
from semantic_layer.serving.answer import Answer, OutputType
from semantic_layer.serving.answers import Answers
from semantic_layer.settings import fixed_settings

T = TypeVar("T")
SOURCE = "warehouse"
MOST_ROWS = 1_000_000
_TYPES = {
    OutputType.INTEGER: "integer",
    OutputType.BIGINT: "integer",
    OutputType.DECIMAL: "decimal",
    OutputType.FLOAT: "float",
    OutputType.TEXT: "string",
    OutputType.BOOLEAN: "boolean",
    OutputType.DATE: "timestamp",
    OutputType.TIMESTAMP: "timestamp",
}


@dataclass(frozen=True, slots=True)
class Result:
    """`columns` are named as dbt names them: what is grouped by, then the metrics. `types` are string, boolean,
    integer, decimal, float and timestamp; a day or longer period is a timestamp at its first midnight.
    """

    columns: tuple[str, ...]
    types: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]
    sql: str

    def to_dicts(self) -> list[dict[str, Any]]:
        return [dict(zip(self.columns, row, strict=True)) for row in self.rows]


class Project:
    """Open until `close`. Its methods may be called from any thread; they wait for the answer."""

    def __init__(self, manifest: Manifest, url: str, *, max_rows: int, seconds: float) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="dbt project", daemon=True)
        self._thread.start()
        self._closing = AsyncExitStack()
        self._max_rows = max_rows
        try:
            self._names, self._answers = self._wait(self._open(manifest, url, seconds))
        except BaseException:
            self.close()
            raise

    @property
    def issues(self) -> tuple[ImportIssue, ...]:
        """What of the project could not be imported; a question for it is refused."""
        return self._names.imported.issues

    def query(
        self,
        metrics: Sequence[str] = (),
        group_by: Sequence[Item] = (),
        where: str | Sequence[str] | None = None,
        order_by: Sequence[Item] = (),
        limit: int | None = None,
        time_constraint: Sequence[Moment] | None = None,
        saved_query: str | None = None,
        min_max_only: bool = False,
        apply_group_by: bool = True,
    ) -> Result:
        """The answer to a question by dbt's names. Raises SemanticLayerError for what cannot be answered rightly.

        Without metrics: the distinct values of what is grouped by. `min_max_only`: the least and the greatest of the
        one thing that is grouped by, in columns `…__min` and `…__max`.
        """
        question = read_question(
            self._names.manifest,
            self._names.grains,
            metrics=metrics,
            group_by=group_by,
            where=where,
            order_by=order_by,
            limit=limit,
            time_constraint=time_constraint,
            saved_query=saved_query,
            min_max_only=min_max_only,
        )
        if not apply_group_by:
            message = "rows that are not grouped are not served; leave apply_group_by true"
            raise refuse(ErrorCode.NOT_SUPPORTED, message, path=("apply_group_by",))
        return self._min_max(question) if question.min_max_only else self._result(question)

    def ask_of(self, metrics: Sequence[str] = (), group_by: Sequence[Item] = (), **more: Any) -> Ask:
        """The question as the Ask that the pipeline answers."""
        question = read_question(self._names.manifest, self._names.grains, metrics=metrics, group_by=group_by, **more)
        return translated(question, self._names, self._max_rows).ask

    def close(self) -> None:
        if self._loop.is_closed():
            return
        try:
            self._wait(self._closing.aclose())
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # --- opening -------------------------------------------------------------------------------------------------

    async def _open(self, manifest: Manifest, url: str, seconds: float) -> tuple[QuestionNames, Answers]:
        types = await _types(manifest, url)
        imported = import_manifest(manifest, SOURCE, SOURCE.upper(), types, repeats=True)
        settings = fixed_settings(
            connections={SOURCE: url},
            default_limit=self._max_rows,
            max_limit=self._max_rows,
            question_seconds=seconds,
        )
        backend = await self._closing.enter_async_context(open_backend(settings, draft_catalogs(imported.catalog)))
        return QuestionNames(manifest, imported, JoinGraph(manifest.models)), backend.answers

    # --- asking --------------------------------------------------------------------------------------------------

    def _result(self, question: Question) -> Result:
        asked = translated(question, self._names, self._max_rows)
        answer = self._answer(asked.ask)
        if answer.meta.truncated and question.limit is None:
            message = f"the answer has more than {self._max_rows:,} rows; ask for less, or open with a larger max_rows"
            raise refuse(ErrorCode.LIMIT_TOO_LARGE, message)
        return _result(asked, answer)

    def _min_max(self, question: Question) -> Result:
        """The first and the last of the members in order; nulls stand last both ways."""
        asked = translated(question, self._names, self._max_rows)
        if len(asked.columns) != 1 or question.metrics:
            message = "min_max_only takes one thing to group by, and no metric"
            raise refuse(ErrorCode.BAD_QUESTION, message, path=("min_max_only",))
        [(alias, column)] = asked.columns
        ends = [self._first(asked, alias, down) for down in (False, True)]
        values = tuple(one.rows[0][0] if one.rows else None for one in ends)
        [kind] = ends[0].types
        sql = ";\n\n".join(one.sql for one in ends)
        return Result((f"{column}__min", f"{column}__max"), (kind, kind), (values,), sql)

    def _first(self, asked: Translated, alias: str, descending: bool) -> Result:
        ordered = (OrderKey(alias, descending),)
        ask = Ask(by=asked.ask.by, where=asked.ask.where, order_by=ordered, limit=1)
        return _result(asked, self._answer(ask))

    def _answer(self, ask: Ask) -> Answer:
        return self._wait(self._answers.answer(ask, Principal("dbt")))

    def _wait(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()


def open_project(
    manifest: str | Path | bytes, source: str, *, max_rows: int = MOST_ROWS, seconds: float = 300.0
) -> Project:
    """A project whose tables lie in `source`: a url such as `duckdb:///file.duckdb` or `postgresql://user@host/db`,
    or the path of a DuckDB file. `manifest` is the path of semantic_manifest.json, or its bytes.

    Raises SemanticLayerError: MANIFEST_INVALID with all places, SOURCE_REFUSED for a url of no known form.
    """
    document = manifest if isinstance(manifest, bytes) else Path(manifest).read_bytes()
    url = source if ":" in source else f"duckdb://{Path(source).resolve()}"
    return Project(read_manifest(document), url, max_rows=max_rows, seconds=seconds)


async def _types(manifest: Manifest, url: str) -> dict[str, dict[str, ColumnType]]:
    """The columns of the project's tables as the source types them; a table that is missing is left out."""
    engine = open_engine(url)
    try:
        relations = [
            *(one.relation for one in manifest.models.values()),
            *(one.relation for one in manifest.time_spines),
        ]
        found: dict[str, dict[str, ColumnType]] = {}
        for table in dict.fromkeys(table_of(one) for one in relations):
            try:
                found[table] = dict((await engine.describe(Table(table))).types)
            except SemanticLayerError as error:
                if error.code is ErrorCode.SOURCE_UNAVAILABLE:
                    raise
        return found
    finally:
        await engine.close()


def _result(asked: Translated, answer: Answer) -> Result:
    names = dict(asked.columns)
    columns = tuple(names[one.name] for one in answer.columns)
    types = tuple(_TYPES[one.type] for one in answer.columns)
    values = [column.to_pylist() for column in answer.rows.columns]
    for place, one in enumerate(answer.columns):
        if one.type is OutputType.DATE:
            values[place] = [None if day is None else _midnight(day) for day in values[place]]
    return Result(columns, types, tuple(zip(*values, strict=True)), answer.meta.sql)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day)
