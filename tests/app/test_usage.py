"""Who asks what is recorded over the real application, whatever way a reply came, and shown to those who ask."""

from typing import Any

import httpx

from semantic_layer.app.application import Application, open_application
from semantic_layer.definitions.reader import read_files
from tests.app.test_application import DEMO, with_data
from tests.app.test_schema_lifecycle import serving

ASK = "query ($ask: AskInput!) { query(ask: $ask) { rows } }"
BY_STORE = {"metrics": [{"name": "sales"}], "by": [{"dimension": "store_id"}]}
USAGE = """{ metric(name: "%s") { usage { calls30Days calls90Days lastAt
  consumers { client principal version calls30Days p95Milliseconds shapes } } } }"""


async def post(client: httpx.AsyncClient, question: dict[str, Any], **headers: str | bytes) -> dict[str, Any]:
    reply = await client.post(
        "/graphql", json={"query": ASK, "variables": {"ask": question}}, headers=[*headers.items()]
    )
    found: dict[str, Any] = reply.json()
    return found


async def usage(client: httpx.AsyncClient, application: Application, metric: str = "sales") -> dict[str, Any]:
    assert application.backend.usage is not None
    await application.backend.usage.write()
    reply = await client.post("/graphql", json={"query": USAGE % metric})
    found: dict[str, Any] = reply.json()["data"]["metric"]["usage"]
    return found


async def publish(application: Application) -> None:
    await application.registry.publisher.publish(read_files([DEMO]), actor="tests")
    await application.catalogs.wait_for(1, timeout=60)


async def test_every_answered_metric_is_counted_for_its_client(registry_url: str) -> None:
    async with serving(registry_url) as (application, client):
        await publish(application)
        assert await usage(client, application) == {
            "calls30Days": 0, "calls90Days": 0, "lastAt": None, "consumers": [],
        }  # fmt: skip
        named = {"X-Client-Name": "month-end report"}
        replies = [await post(client, BY_STORE, **named) for _ in range(3)]  # the second and third are kept replies
        assert replies[0] == replies[1] == replies[2]
        await post(client, {"metrics": [{"name": "sales"}, {"name": "units"}]}, **{"User-Agent": "curl/8.5.0 (x)"})
        refused = await post(client, {"metrics": [{"name": "sales"}], "by": [{"dimension": "nowhere"}]}, **named)
        assert refused["errors"]
        typed = "{ metrics { rows { product { brand } sales } } }"
        await client.post("/graphql", json={"query": typed}, headers=named)

        found = await usage(client, application)
        assert (found["calls30Days"], found["calls90Days"]) == (5, 5)
        by_client = {one["client"]: one for one in found["consumers"]}
        assert set(by_client) == {"month-end report", "curl"}
        report = by_client["month-end report"]
        assert (report["principal"], report["version"], report["calls30Days"]) == ("anonymous", 1, 4)
        assert report["shapes"] == ["store_id", "product.brand"]
        assert report["p95Milliseconds"] >= 1
        assert (await usage(client, application, "units"))["calls30Days"] == 1
        assert (await usage(client, application, "baskets"))["calls30Days"] == 0


async def test_what_was_counted_is_written_when_the_application_closes(registry_url: str) -> None:
    async with serving(registry_url) as (application, client):
        await publish(application)
        await post(client, BY_STORE)
    async with open_application(with_data(), registry_url) as again:
        [one] = await again.registry.usage.consumers(["sales"])
        assert (one.client, one.calls_30_days) == ("python-httpx", 1)


async def test_a_client_may_call_itself_anything_and_gets_a_short_name(registry_url: str) -> None:
    async with serving(registry_url) as (application, client):
        await publish(application)
        for name in (b"x" * 500, b"\x7f", b"  padded  ", "月报".encode(), b"\xff\xfeodd"):
            await post(client, BY_STORE, **{"X-Client-Name": name})
        clients = {one["client"] for one in (await usage(client, application))["consumers"]}
        assert clients == {"x" * 64, "unknown", "padded", "月报", "odd"}


async def test_the_registry_going_away_changes_no_answer(registry_url: str) -> None:
    async with serving(registry_url) as (application, client):
        await publish(application)
        recorder = application.backend.usage
        assert recorder is not None
        await application.registry._engine.dispose()
        application.registry.usage._engine = _Down()  # type: ignore[assignment]
        assert "errors" not in await post(client, BY_STORE)
        await recorder.write()
        assert (await client.get("/readyz")).json()["usageLost"] == 0  # it waits
        reply = await client.post("/graphql", json={"query": USAGE % "sales"})
        assert reply.json()["errors"][0]["extensions"]["code"] == "REGISTRY_UNAVAILABLE"
        assert reply.json()["data"]["metric"]["usage"] is None


class _Down:
    def begin(self) -> None:
        raise ConnectionRefusedError

    connect = begin
