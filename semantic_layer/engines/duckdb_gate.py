"""The last look at a text before DuckDB runs it: one SELECT that only reads tables.

DuckDB's sandbox keeps files outside the source away, but inside the source's own folder it allows writing
(`COPY ... TO`, even in a WITH of a SELECT, even in a read-only transaction). So DuckDB's own parser reads the
text, and everything in its tree but plain reading is refused. What passed is remembered by its text.
"""

import json
from typing import Any

import duckdb

from semantic_layer.engines.refusals import refused

_REMEMBERED = 4096
_PARSE = "SELECT json_serialize_sql(CAST($1 AS VARCHAR))"

# Kinds of queries, by the names in DuckDB's tree; the others are INSERT_QUERY_NODE, COPY_QUERY_NODE ...
_QUERIES = frozenset({"SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE"})
# Table functions that make rows from their arguments; others read files, settings, or run SQL given as text.
_ROW_MAKERS = frozenset({"unnest", "range", "generate_series"})


class ReadGate:
    """Says which tables a text reads, if reading tables is all that it does."""

    def __init__(self) -> None:
        self._passed: dict[str, frozenset[str]] = {}

    def known(self, text: str) -> frozenset[str] | None:
        """The tables of a text that has passed already."""
        return self._passed.get(text)

    def tables_read(self, cursor: duckdb.DuckDBPyConnection, text: str, source: str | None) -> frozenset[str]:
        """Names as written, parts joined by dots; names of WITH queries are among them. Raises SOURCE_REFUSED."""
        known = self._passed.get(text)
        if known is None:
            known = _tables_read(cursor, text, source)
            if len(self._passed) >= _REMEMBERED:
                self._passed.clear()
            self._passed[text] = known
        return known


def _tables_read(cursor: duckdb.DuckDBPyConnection, text: str, source: str | None) -> frozenset[str]:
    row = cursor.execute(_PARSE, [text]).fetchone()
    try:
        tree = json.loads(row[0]) if row else {}
    except RecursionError:
        raise refused(source, "it is nested too deep", text) from None
    if tree.get("error", True):
        raise refused(source, "it does more than read once", str(tree.get("error_message")))
    if len(tree["statements"]) != 1:
        raise refused(source, "it does more than read once", f"{len(tree['statements'])} statements")
    tables: set[str] = set()
    unseen: list[Any] = [tree["statements"][0]]
    while unseen:
        node = unseen.pop()
        if isinstance(node, list):
            unseen.extend(node)
        elif isinstance(node, dict):
            table = _table_of(node, source)
            if table is not None:
                tables.add(table)
            unseen.extend(node.values())
    return frozenset(tables)


def _table_of(node: dict[str, Any], source: str | None) -> str | None:
    """The table that a node of the tree reads, if it is such a node; raises for nodes that do not only read."""
    kind = node.get("type")
    if not isinstance(kind, str):
        return None
    if kind.endswith("_NODE") and kind not in _QUERIES:
        raise refused(source, "it does more than read", kind)
    if kind == "SHOW_REF":
        raise refused(source, "it does not read a table", kind)
    if kind == "TABLE_FUNCTION":
        name = str(node.get("function", {}).get("function_name", "")).lower()
        if name not in _ROW_MAKERS:
            raise refused(source, "it uses a table function that is not allowed", name)
    if kind == "BASE_TABLE":
        return ".".join(node["qualified_name"]["path"])
    return None
