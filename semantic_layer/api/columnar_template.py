"""A selection on rows as the template of one row's JSON, where every value certainly reads as its column is written."""

from collections.abc import Iterator
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.compute as pc
from graphql import (
    GRAPHQL_MAX_INT,
    GRAPHQL_MIN_INT,
    GraphQLBoolean,
    GraphQLError,
    GraphQLField,
    GraphQLFloat,
    GraphQLInt,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLString,
    TypeNameMetaFieldDef,
)
from graphql.execution import Executor, get_argument_values
from graphql.execution.collect_fields import FieldDetails, FieldDetailsList

from semantic_layer.api.columnar_rows import ColumnarRows, ResponseKeys, cell, inner_object
from semantic_layer.api.json_values import RowTemplate, Values
from semantic_layer.serving.answer import OutputType

READ_BY_BUILT_IN = {
    GraphQLInt: (OutputType.INTEGER,),
    GraphQLFloat: (OutputType.FLOAT,),
    GraphQLBoolean: (OutputType.BOOLEAN,),
    GraphQLString: (
        OutputType.TEXT,
        OutputType.BIGINT,
        OutputType.DECIMAL,
        OutputType.DATE,
        OutputType.TIMESTAMP,
    ),
}


class NotColumnar(Exception):
    """Something is selected, or a column holds something, that only completing cell by cell knows how to tell."""


def row_template(
    executor: Executor[Any], rows: ColumnarRows, item_type: object, selected: FieldDetailsList
) -> RowTemplate:
    """How each of the rows reads, a list's item of `item_type`; raises NotColumnar."""
    if executor.middleware_manager is not None or executor.abort_signal is not None:
        raise NotColumnar
    return tuple(_object_pieces(executor, rows, item_type, selected, ()))


def _object_pieces(
    executor: Executor[Any], rows: ColumnarRows, declared: object, selected: FieldDetailsList, keys: ResponseKeys
) -> Iterator[str | int]:
    type_ = _nullable(declared)
    if not isinstance(type_, GraphQLObjectType) or type_.is_type_of is not None:
        raise NotColumnar
    before = "{"
    for key, details in _collected(executor, type_, selected):
        yield f"{before}{orjson.dumps(key).decode()}:"
        yield from _field_pieces(executor, rows, type_, details, (*keys, key))
        before = ","
    yield "{}" if before == "{" else "}"


def _field_pieces(
    executor: Executor[Any],
    rows: ColumnarRows,
    parent: GraphQLObjectType,
    details: FieldDetailsList,
    keys: ResponseKeys,
) -> Iterator[str | int]:
    first = details[0]
    field = executor.schema.get_field(parent, first.node.name.value)
    if field is TypeNameMetaFieldDef:
        yield f'"{parent.name}"'
        return
    if field is None or not _takes(executor, field, first):
        raise NotColumnar
    if field.resolve is inner_object:
        yield from _object_pieces(executor, rows, field.type, details, keys)
    elif field.resolve is cell and keys in rows.places:
        place = rows.places[keys]
        if not _reads_as(field.type, rows.columns[place].type, rows.rows.column(place)):
            raise NotColumnar
        yield place
    else:
        raise NotColumnar


def _collected(
    executor: Executor[Any], type_: GraphQLObjectType, selected: FieldDetailsList
) -> list[tuple[str, FieldDetailsList]]:
    try:
        return list(executor.collect_subfields(type_, selected).grouped_field_set.items())
    except GraphQLError:
        raise NotColumnar from None


def _takes(executor: Executor[Any], field: GraphQLField, first: FieldDetails) -> bool:
    """Whether the arguments are what the field takes: a variable may hold null where none is allowed."""
    if not (field.args or first.node.arguments):
        return True
    try:
        get_argument_values(
            field, first.node, executor.variable_values, first.fragment_variable_values, executor.hide_suggestions
        )
    except GraphQLError:
        return False
    return True


def _reads_as(declared: object, written: OutputType, values: Values) -> bool:
    """Whether a field of this type takes every value of the column as it is written."""
    type_ = _nullable(declared)
    if type_ is not declared and not _is_everywhere(written, values):
        return False
    if type_ in READ_BY_BUILT_IN:
        is_read = written in READ_BY_BUILT_IN[type_]
        return is_read and (written is not OutputType.INTEGER or _fits_int(values))
    return isinstance(type_, GraphQLScalarType) and type_.coerce_output_value is GraphQLScalarType.serialize


def _is_everywhere(written: OutputType, values: Values) -> bool:
    """Whether no value is missing; what is no finite number is."""
    if values.null_count:
        return False
    return written is not OutputType.FLOAT or bool(pc.all(pc.is_finite(values)).as_py())


def _fits_int(values: Values) -> bool:
    if pa.types.is_integer(values.type) and values.type.bit_width <= 32:
        return True
    found: Any = pc.min_max(values).as_py()
    return found["min"] is None or (found["min"] >= GRAPHQL_MIN_INT and found["max"] <= GRAPHQL_MAX_INT)


def _nullable(type_: object) -> Any:
    return type_.of_type if isinstance(type_, GraphQLNonNull) else type_
