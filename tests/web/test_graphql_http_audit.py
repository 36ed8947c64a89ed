"""The audits of the npm package graphql-http (GraphQL over HTTP), against the real server."""

import asyncio
import json
from pathlib import Path

from tests.node.tools import NodeTools

SCRIPT = Path(__file__).with_name("graphql_http_audit.cjs")
NOT_DONE: set[str] = set()  # of what a server MAY do; docs/graphql.md lists it


async def test_every_audit_passes(served: str, node_tools: NodeTools) -> None:
    ran = await asyncio.to_thread(node_tools.node_runs, SCRIPT, f"http://{served}/graphql")
    assert ran.returncode == 0, ran.stderr
    results = [json.loads(line) for line in ran.stdout.splitlines()]
    levels = {level: [one for one in results if one["name"].startswith(f"{level} ")] for level in ("MUST", "SHOULD")}
    assert len(results) > 50 and all(len(found) > 10 for found in levels.values())
    failed = {one["name"]: one["reason"] for one in results if one["status"] != "ok"}
    assert {name for name in failed if name.startswith("MAY")} == NOT_DONE, failed
    assert [name for name in failed if not name.startswith("MAY")] == [], failed
