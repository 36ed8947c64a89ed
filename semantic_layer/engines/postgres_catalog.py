"""What PostgreSQL's own catalog says of a relation: its columns' types, and which of them it keeps unique."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from semantic_layer.definitions.types import (
    BIGINT,
    BOOLEAN,
    DATE,
    FLOAT,
    INTEGER,
    MAX_PRECISION,
    TEXT,
    TIMESTAMP,
    TIMESTAMPTZ,
    ColumnType,
    Kind,
    decimal,
)
from semantic_layer.engines.refusals import refused
from semantic_layer.serving.ports import ForeignKey, RelationColumns, SourceTable

# Not enum, uuid, citext: they compare or sort otherwise than their text does, by rules that no other engine has.
# A dataset that is a SELECT casts them.
_TYPES: dict[str, ColumnType] = {
    "bool": BOOLEAN,
    "int2": INTEGER,
    "int4": INTEGER,
    "int8": BIGINT,
    "float4": FLOAT,
    "float8": FLOAT,
    "text": TEXT,
    "varchar": TEXT,
    "bpchar": TEXT,
    "name": TEXT,
    "date": DATE,
    "timestamp": TIMESTAMP,
    "timestamptz": TIMESTAMPTZ,
}

# Domains are looked through to the type they are made of.
_COLUMNS = """
WITH RECURSIVE columns AS (
    SELECT a.attnum, a.attname::text AS name, a.atttypid AS type, a.atttypmod AS modifier
    FROM pg_attribute a WHERE a.attrelid = $1::oid AND a.attnum > 0 AND NOT a.attisdropped
    UNION ALL
    SELECT c.attnum, c.name, t.typbasetype, CASE WHEN t.typtypmod = -1 THEN c.modifier ELSE t.typtypmod END
    FROM columns c JOIN pg_type t ON t.oid = c.type WHERE t.typtype = 'd'
)
SELECT c.name, t.typname::text AS type, c.modifier, t.typtype = 'b' AS is_plain
FROM columns c JOIN pg_type t ON t.oid = c.type WHERE t.typtype <> 'd' ORDER BY c.attnum
"""

# Not partitions, whose rows are those of the table above them.
_TABLES = """
SELECT n.nspname::text, c.relname::text, pg_table_is_visible(c.oid)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition AND c.relpersistence <> 't'
  AND n.nspname <> 'information_schema' AND n.nspname NOT LIKE 'pg\\_%'
  AND has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')
ORDER BY pg_table_is_visible(c.oid) DESC, n.nspname COLLATE "C", c.relname COLLATE "C"
"""

_FOREIGN_KEYS = """
SELECT array_agg(mine.attname::text ORDER BY k.place) AS columns, n.nspname::text, c.relname::text,
       pg_table_is_visible(c.oid), array_agg(theirs.attname::text ORDER BY k.place) AS theirs
FROM pg_constraint f
CROSS JOIN LATERAL unnest(f.conkey, f.confkey) WITH ORDINALITY AS k(here, there, place)
JOIN pg_attribute mine ON mine.attrelid = f.conrelid AND mine.attnum = k.here
JOIN pg_attribute theirs ON theirs.attrelid = f.confrelid AND theirs.attnum = k.there
JOIN pg_class c ON c.oid = f.confrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE f.contype = 'f' AND f.conrelid = $1::oid AND f.conparentid = 0
GROUP BY f.oid, n.nspname, c.relname, c.oid ORDER BY columns, theirs
"""

# Not with children by inheritance: their rows are read too, and are outside the index.
_UNIQUE = """
SELECT array_agg(a.attname::text ORDER BY k.place) AS names
FROM pg_index i
CROSS JOIN LATERAL unnest(i.indkey::int2[]) WITH ORDINALITY AS k(attnum, place)
JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
WHERE i.indrelid = $1::oid AND i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL
  AND k.place <= i.indnkeyatts
  AND NOT EXISTS (SELECT FROM pg_inherits h JOIN pg_class c ON c.oid = h.inhparent
                  WHERE h.inhparent = i.indrelid AND c.relkind = 'r')
GROUP BY i.indexrelid, i.indisprimary HAVING bool_and(a.attnotnull)
ORDER BY i.indisprimary DESC, names
"""


class Reader(Protocol):
    """A connection inside a read-only transaction."""

    async def fetchval(self, query: str, *args: object) -> Any: ...

    async def fetch(self, query: str, *args: object) -> Sequence[Any]: ...


async def describe_table(reader: Reader, name: str) -> RelationColumns:
    """`name` is `table` or `schema.table`, in the case it has in the database."""
    found = await reader.fetchval("SELECT to_regclass($1::text)::oid", quoted_name(name))
    if found is None:
        raise refused(None, f"it has no table {name}", "to_regclass gave null")
    columns = await reader.fetch(_COLUMNS, found)
    types = {name: kind for name, type_, modifier, plain in columns if plain and (kind := column_type(type_, modifier))}
    others = {name: type_ for name, type_, *_ in columns if name not in types}
    unique = await reader.fetch(_UNIQUE, found)
    foreign = await reader.fetch(_FOREIGN_KEYS, found)
    keys = (
        ForeignKey(tuple(mine), named, tuple(theirs))
        for mine, schema, table, visible, theirs in foreign
        if (named := _name(schema, table, visible)) is not None
    )
    return RelationColumns(types, tuple(tuple(names) for (names,) in unique), others, tuple(keys))


async def list_tables(reader: Reader) -> tuple[SourceTable, ...]:
    """Those of the search path by their names alone, then the others with their schema."""
    found = await reader.fetch(_TABLES)
    return tuple(
        SourceTable(_name(schema, table, visible), table if visible else f"{schema}.{table}")
        for schema, table, visible in found
    )


def _name(schema: str, table: str, visible: bool) -> str | None:
    parts = [table] if visible else [schema, table]
    return None if any("." in part for part in parts) else ".".join(parts)


def column_type(name: str, modifier: int) -> ColumnType | None:
    """None for types the language has not.

    A numeric without precision (or with more than 38 digits) is FLOAT: it has no scale, and any that we chose
    would round some value. A definition that declares the column `decimal(p,s)` keeps it exact.
    """
    if name != "numeric":
        return _TYPES.get(name)
    precision, scale = (modifier - 4) >> 16 & 0xFFFF, ((modifier - 4) & 0x7FF ^ 0x400) - 0x400
    if modifier < 0 or scale < 0 or max(precision, scale) > MAX_PRECISION:
        return FLOAT
    return decimal(max(precision, scale), scale)


def impossible_text(rows: str, columns: Mapping[str, ColumnType]) -> str:
    """A SELECT of one truth per column: whether a value stands in it that is none (rule 9).

    Comparisons that an index answers; NaN is the greatest number there, infinity the last day.
    """

    def stands(name: str, kind: ColumnType) -> str:
        column = '"' + name.replace('"', '""') + '"'
        if not kind.is_time:
            return f"{column} >= 'Infinity' OR {column} <= '-Infinity'"
        ends = ("0001-01-01", "9999-12-31" if kind.kind is Kind.DATE else "9999-12-31 23:59:59.999999")
        return f"{column} < '{ends[0]}' OR {column} > '{ends[1]}'"

    found = (f"EXISTS (SELECT FROM {rows} AS r WHERE {stands(name, kind)})" for name, kind in columns.items())
    return f"SELECT {', '.join(found)}"


def quoted_name(name: str) -> str:
    return ".".join('"' + part.replace('"', '""') + '"' for part in name.split("."))
