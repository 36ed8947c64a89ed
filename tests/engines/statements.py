"""Statements as the room `sql` would make them, written short."""

from collections.abc import Mapping

from semantic_layer.definitions.types import ColumnType
from semantic_layer.sql.statement import BoundValue, Statement, StatementColumn


def statement(dialect: str, text: str, columns: Mapping[str, ColumnType], *values: BoundValue) -> Statement:
    declared = tuple(StatementColumn(name, kind) for name, kind in columns.items())
    return Statement("shop", dialect, text, values, declared)
