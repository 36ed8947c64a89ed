"""The question that the demo asks itself over HTTP, and that GraphiQL shows when it is opened."""

from collections.abc import Mapping
from typing import Any

import httpx

from semantic_layer.demo.mistake import DemoMistake

IN_WORDS = "What did the departments sell in 2017, what was a basket worth, and how much of it was private label?"

ASK: dict[str, object] = {
    "metrics": [{"name": "sales"}, {"name": "average_basket_value"}, {"name": "private_label_share"}],
    "by": [{"dimension": "product.department"}],
    "where": {"dimension": "transaction_date", "op": "IN_RANGE", "values": ["2017-01-01", "2018-01-01"]},
    "having": {"key": "sales", "op": "GT", "values": [100000]},
    "orderBy": [{"key": "sales", "descending": True}],
    "totals": [[]],
}

SECONDS = 60.0


async def first_answer(address: str, document: str) -> Mapping[str, Any]:
    """`data.query` of the server's reply. Raises DemoMistake with the server's own words."""
    async with httpx.AsyncClient(timeout=SECONDS, trust_env=False) as client:
        try:
            response = await client.post(f"{address}/graphql", json={"query": document, "variables": {"ask": ASK}})
            reply = response.json()
        except (httpx.HTTPError, ValueError) as error:
            raise DemoMistake(f"The server does not answer its own question: {error!r}") from error
    if reply.get("errors"):
        raise DemoMistake("The first question was refused: " + "; ".join(one["message"] for one in reply["errors"]))
    answer: Mapping[str, Any] = reply["data"]["query"]
    return answer
