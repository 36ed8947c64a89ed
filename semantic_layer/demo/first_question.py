"""The question that the demo asks itself over HTTP, and that GraphiQL shows when it is opened."""

import asyncio
from collections.abc import Mapping
from typing import Any

from semantic_layer.demo.graphql_client import post_graphql
from semantic_layer.demo.mistake import DemoMistake

IN_WORDS = "What did the largest departments sell in 2017, what was a basket worth, and how much was private label?"

ASK: dict[str, object] = {
    "metrics": [{"name": "sales"}, {"name": "average_basket_value"}, {"name": "private_label_share"}],
    "by": [{"dimension": "product.department"}],
    "where": {"dimension": "transaction_date", "op": "IN_RANGE", "values": ["2017-01-01", "2018-01-01"]},
    "orderBy": [{"key": "sales", "descending": True}],
    "limit": 7,
    "totals": [[]],
}

# The same with fields, for the page to try questions on.
VARIABLES: dict[str, object] = {"from": "2017-01-01", "to": "2018-01-01"}
DOCUMENT = """\
# What is selected below `rows` is the question.
# Hover over a field to read what it means.
query LargestDepartments($from: Date!, $to: Date!) {
  metrics(
    where: {transactionDate: {gte: $from, lt: $to}}
    orderBy: [{key: "sales", direction: DESC}]
    limit: 7
  ) {
    rows {
      product { department }
      sales
      averageBasketValue
      privateLabelShare
    }
    totals { sales averageBasketValue privateLabelShare }
    meta {
      revision
      columns { name label type unit }
      versions { column metric version fingerprint }
      freshness { dataset asOf }
      warnings { code message }
      sql
    }
  }
}
"""

SECONDS = 60.0


async def first_answer(address: str, document: str) -> Mapping[str, Any]:
    """`data.query` of the server's reply. Raises DemoMistake with the server's own words."""
    reply = await asyncio.to_thread(post_graphql, address, document, {"ask": ASK}, seconds=SECONDS)
    if reply.get("errors"):
        raise DemoMistake("the first question was refused: " + "; ".join(one["message"] for one in reply["errors"]))
    answer: Mapping[str, Any] = reply["data"]["query"]
    return answer
