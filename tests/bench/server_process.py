"""The server that is measured, in a process of its own: `python -m tests.bench.server_process floor|product …`.

It says on standard output where it listens. For each line on standard input it tells what it has used so far; when
standard input ends, it stops.
"""

import json
import os
import resource
import signal
import sys
import threading
import time
from pathlib import Path
from urllib.parse import quote

from semantic_layer.app.application import answer_requests, open_application
from semantic_layer.app.listening import serve, server_loop_factory
from semantic_layer.app.log_lines import start_log
from semantic_layer.app.port import claim_port
from semantic_layer.app.registry_place import running_registry
from semantic_layer.app.stopping import run_until_stopped, stop_requests
from semantic_layer.definitions.reader import read_files
from semantic_layer.settings import fixed_settings
from tests.bench.floor import floor_app

HOST = "127.0.0.1"


def main(kind: str, data: str = "", state: str = "", definitions: str = "") -> None:
    threading.Thread(target=_tell, daemon=True).start()
    with stop_requests() as stop, claim_port(HOST, 0) as claimed:

        async def greet() -> None:
            print(json.dumps({"port": claimed.getsockname()[1]}), flush=True)

        if kind == "floor":
            run_until_stopped(
                stop, serve(floor_app, claimed, stop, drain_seconds=1, greet=greet), server_loop_factory()
            )
            return
        settings = fixed_settings(
            connections={"RETAIL": f"duckdb://{quote(data)}"},
            anonymous_viewer=True,
            log_level="warning",
            drain_seconds=1,
        )
        start_log(settings)
        with running_registry(None, Path(state)) as url:

            async def product() -> None:
                async with open_application(settings, url) as application:
                    applied = await application.registry.publisher.publish(read_files([definitions]), actor="bench")
                    await application.catalogs.wait_for(applied.record.number, 60)
                    await answer_requests(application, claimed, stop, greet=greet)

            run_until_stopped(stop, product(), server_loop_factory())


def _tell() -> None:
    for _ in sys.stdin:
        used = resource.getrusage(resource.RUSAGE_SELF)
        print(json.dumps({"cpu": time.process_time(), "peak": used.ru_maxrss}), flush=True)
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main(*sys.argv[1:])
