"""Names in SQL: quoted only where a dialect needs it, so that statements stay readable."""

import re

from sqlglot import exp

_PLAIN = re.compile(r"[a-z_][a-z0-9_]*")

# Words that PostgreSQL 18 or DuckDB 2.0 does not take everywhere as a name (reserved, type, function and column words).
_RESERVED = frozenset(
    """
    all analyse analyze and anti any array as asc asof asymmetric at authorization between bigint binary bit
    boolean both by case cast char character check coalesce collate collation column columns concurrently
    constraint create cross current_catalog current_date current_role current_schema current_time
    current_timestamp current_user dec decimal default deferrable desc describe distinct do else end except
    exists extract false fetch filter float for foreign freeze from full generated glob grant greatest group
    grouping grouping_id having ilike in initially inner inout int integer intersect interval into is isnull
    join json json_array json_arrayagg json_exists json_object json_objectagg json_query json_scalar
    json_serialize json_table json_value lambda lateral leading least left like limit localtime localtimestamp
    map merge_action national natural nchar none normalize not notnull null nullif numeric offset on only or
    order out outer over overlaps overlay partition pivot pivot_longer pivot_wider placing position positional
    precision primary qualify range real references returning right row rows select semi session_user setof show
    similar smallint some struct substring summarize symmetric system_user table tablesample then time timestamp
    to trailing treat trim true try_cast tuple union unique unpack unpivot user using values varchar variadic
    verbose when where window with within xmlattributes xmlconcat xmlelement xmlexists xmlforest xmlnamespaces
    xmlparse xmlpi xmlroot xmlserialize xmltable
    """.split()  # noqa: SIM905 a list of words reads better as text
)


def identifier(name: str) -> exp.Identifier:
    plain = _PLAIN.fullmatch(name) is not None and name not in _RESERVED
    return exp.Identifier(this=name, quoted=not plain)


def column(relation: str, name: str) -> exp.Column:
    return exp.Column(this=identifier(name), table=identifier(relation))


def table(name: str, alias: str) -> exp.Table:
    """A table as a source names it: `schema.table`, or a file (`orders.parquet`), whose dot is part of its name."""
    *qualifiers, last = [name] if name.endswith((".parquet", ".csv")) else name.split(".")
    parts = {"db": identifier(qualifiers[-1])} if qualifiers else {}
    if len(qualifiers) > 1:
        parts["catalog"] = identifier(qualifiers[-2])
    node = exp.Table(this=identifier(last), **parts)
    if alias != last or qualifiers:
        node.set("alias", exp.TableAlias(this=identifier(alias)))
    return node
