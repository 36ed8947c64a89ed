"""The executor of the doors: rows that are columns become bytes at once, everything else is graphql-core's own way.

The bytes are those of the stock executor. Whoever reads `ExecutionResult.data` in this process finds an
`orjson.Fragment` where a list of rows stands: it is for writing, with orjson, and not for looking into.
"""

import asyncio
from typing import Any

import orjson
from graphql import GraphQLList, GraphQLOutputType, GraphQLResolveInfo
from graphql.execution import Executor
from graphql.execution.collect_fields import FieldDetailsList
from graphql.pyutils import AwaitableOrValue, Path

from semantic_layer.api.columnar_rows import ColumnarRows
from semantic_layer.api.columnar_template import NotColumnar, row_template
from semantic_layer.api.json_values import RowTemplate, takes_long, written_rows


class ColumnarExecutor(Executor[Any]):
    """Completes a list whose value is `ColumnarRows` without a look at single values, where that can be."""

    def complete_list_value(
        self,
        return_type: GraphQLList[GraphQLOutputType],
        field_details_list: FieldDetailsList,
        info: GraphQLResolveInfo[Any],
        path: Path,
        result: Any,
        position_context: Any,
    ) -> AwaitableOrValue[Any]:
        if isinstance(result, ColumnarRows):
            try:
                return _written(result, self._template(result, return_type, field_details_list))
            except NotColumnar:
                pass
        return super().complete_list_value(return_type, field_details_list, info, path, result, position_context)

    def _template(
        self, rows: ColumnarRows, return_type: GraphQLList[GraphQLOutputType], selected: FieldDetailsList
    ) -> RowTemplate:
        if not len(rows.rows):
            return ()  # of no rows, nothing is collected
        return row_template(self, rows, return_type.of_type, selected)


def _written(rows: ColumnarRows, template: RowTemplate) -> AwaitableOrValue[orjson.Fragment]:
    """Many rows are written in a thread: other questions go on, and a caller who leaves need not be waited for."""
    if takes_long(rows.rows, template):
        return asyncio.to_thread(written_rows, rows.columns, rows.rows, template)
    return written_rows(rows.columns, rows.rows, template)
