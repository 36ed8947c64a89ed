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
from semantic_layer.serving.ports import RelationColumns

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
SELECT c.name, t.typname::text AS type, c.modifier
FROM columns c JOIN pg_type t ON t.oid = c.type WHERE t.typtype = 'b' ORDER BY c.attnum
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
    types = {name: kind for name, type_, modifier in columns if (kind := column_type(type_, modifier))}
    unique = await reader.fetch(_UNIQUE, found)
    return RelationColumns(types, tuple(tuple(names) for (names,) in unique))


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
