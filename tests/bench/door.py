"""The whole way of a request over HTTP, beside the least that a server of this kind can do."""

import tempfile
import time
from collections.abc import Callable, Mapping

from semantic_layer.serving.usage import Usage, UsageKey, UsageRecorder, Use
from tests.bench.bench import DEFINITIONS, Bench
from tests.bench.client import Server, asked, running
from tests.bench.questions import BY_MONTH, by_name, typed, until
from tests.bench.section import Section
from tests.bench.timing import WARM, Cost, shown, times

Request = Callable[[int], bytes]
COUNTED = 20_000
READING = (
    "One caller, one request after the other, the caller in another process. CPU is what the server used for "
    "one request, in all its threads. The floor reads the same body and sends as many ready bytes, on the same "
    "uvicorn."
)


def measure(bench: Bench) -> Section:
    with (
        tempfile.TemporaryDirectory(prefix="sl-bench-") as state,
        running("floor") as floor,
        running("product", str(bench.data), state, str(DEFINITIONS)) as product,
    ):
        every = {name: (floor, request, bench.requests) for name, request in _floor(floor).items()}
        every |= {name: (product, request, bench.requests) for name, request in _kept(product).items()}
        every |= {name: (product, request, max(bench.requests // 40, 2)) for name, request in _new(product).items()}
        costs = _in_turns(every, bench.rounds)
    least = costs[FLOOR]
    rows = [
        (name, shown(cost.cpu.median), times(cost.cpu.median, least.cpu.median), str(cost.wall))
        for name, cost in costs.items()
    ]
    counting = _counting()
    rows.append(
        ("in each of these: counting the use of three metrics", shown(counting), times(counting, least.cpu.median), "")
    )
    return Section("A request over HTTP", READING, ("request", "CPU", "of the floor", "by the clock"), rows)


def _counting() -> float:
    """CPU seconds of what each answered request adds for the recorded use, in this process; writing is not in it."""

    class Nowhere:
        async def add(self, rows: Mapping[UsageKey, Usage]) -> None: ...

    recorder = UsageRecorder(Nowhere())
    uses = [Use(name, 1, "transaction_date:MONTH | transaction_date") for name in ("sales", "baskets", "units")]
    began = time.process_time()
    for _ in range(COUNTED):
        recorder.record(uses, "bench", "anonymous", 3.0)
    return (time.process_time() - began) / COUNTED


FLOOR = "the floor: a bare ASGI application"


def _floor(server: Server) -> dict[str, Request]:
    request = server.post(by_name(BY_MONTH))
    return {FLOOR: lambda _place: request}


def _kept(server: Server) -> dict[str, Request]:
    """Requests that came before, and questions that did: other bytes (here of `extensions`), the same question."""
    healthy, named, as_fields = server.get("/healthz"), server.post(by_name(BY_MONTH)), server.post(typed())
    return {
        "/healthz": lambda _place: healthy,
        "a request that came before, by name": lambda _place: named,
        "a request that came before, typed": lambda _place: as_fields,
        "another request for the same, by name": lambda place: server.post(_other_bytes(by_name(BY_MONTH), place)),
        "another request for the same, typed": lambda place: server.post(_other_bytes(typed(), place)),
    }


def _new(server: Server) -> dict[str, Request]:
    return {
        "a new question, by name": lambda place: server.post(by_name(BY_MONTH, until(2 * place))),
        "a new question, typed": lambda place: server.post(typed(until(2 * place + 1))),
    }


def _other_bytes(body: dict[str, object], place: int) -> dict[str, object]:
    return {**body, "extensions": {"place": place}}


def _in_turns(every: dict[str, tuple[Server, Request, int]], rounds: int) -> dict[str, Cost]:
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in every}
    for place in range(-1, rounds):
        for name, (server, request, count) in every.items():
            found = asked(server, request, (place + WARM) * count, count)
            if place >= 0:
                taken[name].append(found)
    return {name: Cost.of(rounds_) for name, rounds_ in taken.items()}
