"""Asks a running server one governed question, and prints the rows with the rule that made each column.

    python examples/ask.py http://127.0.0.1:8000

Needs httpx. A server that wants a key gets the one in SEMANTIC_LAYER_KEY.
"""

import os
import sys

import httpx

DOCUMENT = """
query ($ask: AskInput!) {
  query(ask: $ask) {
    columns { name type unit }
    rows
    meta { revision versions { column version fingerprint } }
  }
}
"""
ASK = {
    "metrics": [{"name": "sales"}, {"name": "repeat_purchase_rate"}],
    "by": [{"dimension": "transaction_date", "grain": "QUARTER"}],
    "orderBy": [{"key": "transaction_date"}],
}


def main() -> None:
    url = sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000"
    key = os.environ.get("SEMANTIC_LAYER_KEY")
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    reply = httpx.post(
        f"{url}/graphql", json={"query": DOCUMENT, "variables": {"ask": ASK}}, headers=headers, timeout=35
    ).json()
    if "errors" in reply:
        for issue in reply["errors"][0]["extensions"]["issues"]:
            print(f"{issue['code']}: {issue['message']}", file=sys.stderr)
        sys.exit(1)
    answer = reply["data"]["query"]
    print("\t".join(column["name"] for column in answer["columns"]))
    for row in answer["rows"]:
        print("\t".join("" if value is None else str(value) for value in row))
    for one in answer["meta"]["versions"]:
        print(f"{one['column']}: version {one['version']}, {one['fingerprint'][:15]}…", file=sys.stderr)


if __name__ == "__main__":
    main()
