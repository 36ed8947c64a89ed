"""Fetches one governed number, in time and by the rule that the caller relies on, or says why not.

    python examples/service/value.py http://127.0.0.1:8000 [FINGERPRINT]

Needs only Python. A server that wants a key gets the one in SEMANTIC_LAYER_KEY.
"""

import json
import os
import sys
from decimal import Decimal
from urllib.error import HTTPError
from urllib.request import Request, urlopen

DOCUMENT = """
query ($from: Date!, $to: Date!, $expect: ExpectInput) {
  metrics(where: {transactionDate: {gte: $from, lt: $to}}, expect: $expect) {
    rows { sales }
    meta { versions { metric version fingerprint } }
  }
}
"""


class Refused(Exception):
    """`code` is stable (docs/errors.md); `retryable`: the same request may succeed later."""

    def __init__(self, error: dict) -> None:
        super().__init__(error["message"])
        self.code = error["extensions"]["code"]
        self.retryable = error["extensions"].get("retryable", False)


def sales(
    url: str, first: str, behind: str, fingerprint: str | None = None, seconds: float = 10
) -> tuple[Decimal, dict]:
    """Sales from a day up to, and not with, another, and their rule. Raises Refused; OSError when nobody answers."""
    expect = {"fingerprints": {"sales": fingerprint}} if fingerprint else None
    body = {"query": DOCUMENT, "variables": {"from": first, "to": behind, "expect": expect}}
    headers = {"Content-Type": "application/json", "X-Timeout-Ms": str(round(seconds * 1000))}
    if "SEMANTIC_LAYER_KEY" in os.environ:
        headers["Authorization"] = f"Bearer {os.environ['SEMANTIC_LAYER_KEY']}"
    try:
        # The server gives up in time and says so; the caller waits a little longer, for a server that cannot.
        with urlopen(Request(f"{url}/graphql", json.dumps(body).encode(), headers), timeout=seconds + 2) as response:
            reply = json.load(response)
    except HTTPError as refused:  # such as no key, or not ready yet: with a code too
        reply = json.load(refused)
    if reply.get("errors"):
        raise Refused(reply["errors"][0])
    answer = reply["data"]["metrics"]
    return Decimal(answer["rows"][0]["sales"]), answer["meta"]["versions"][0]


if __name__ == "__main__":
    try:
        value, rule = sales(sys.argv[1], "2017-01-01", "2018-01-01", *sys.argv[2:])
    except Refused as refused:
        sys.exit(f"{refused.code}: {refused}{' (try again)' if refused.retryable else ''}")
    print(f"{value} by version {rule['version']} of {rule['metric']}, {rule['fingerprint']}")
