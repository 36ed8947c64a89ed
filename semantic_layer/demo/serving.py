"""The demo's server: publishes the definitions, answers on the claimed port, and asks itself a first question."""

import os
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from semantic_layer.app.application import Application, answer_requests, open_application
from semantic_layer.app.listening import server_loop_factory
from semantic_layer.app.log_lines import start_log
from semantic_layer.app.stopping import LoopFactory
from semantic_layer.definitions.reader import read_files
from semantic_layer.demo.dashboard import ADDRESS as DASHBOARD
from semantic_layer.demo.dashboard import dashboard
from semantic_layer.demo.first_question import DOCUMENT, IN_WORDS, VARIABLES, first_answer
from semantic_layer.demo.supervisor import HOST, DemoOptions, Started
from semantic_layer.settings import Settings, fixed_settings
from semantic_layer.web.graphiql_page import FirstQuestion

ACTOR = "demo"
PUBLISH_SECONDS = 30.0
PAGES = ("http://localhost:*", "http://127.0.0.1:*")  # whoever builds a page on this machine may ask
DRAIN_SECONDS = 3  # of the 5 s in which everything is to be stopped


@dataclass(frozen=True, slots=True)
class Serving:
    """How the command line asks and shows an answer: its GraphQL document, and the lines for the document's data."""

    document: str
    lines: Callable[[Mapping[str, Any]], Iterable[str]]

    @property
    def loop_factory(self) -> LoopFactory:
        return server_loop_factory()

    async def serve(self, started: Started) -> None:
        """Until a stop is asked for. Raises SemanticLayerError, DemoMistake."""
        settings = _settings(started.options, started.data)
        start_log(settings)
        async with open_application(settings, started.registry_url) as application:
            await _publish(application, started)

            async def greet() -> None:
                await self._greet(started)

            first = FirstQuestion(DOCUMENT, VARIABLES)
            await answer_requests(
                application, started.claimed, started.stop, first_question=first, pages=(dashboard(),), greet=greet
            )

    async def _greet(self, started: Started) -> None:
        answer = await first_answer(started.options.address, self.document)
        started.narrator.say(f"\n{IN_WORDS}\n")
        for line in self.lines(answer):
            started.narrator.say(f"  {line}".rstrip())
        started.narrator.say(_what_next(started.options))


async def _publish(application: Application, started: Started) -> None:
    """Definitions that are published already make no new revision."""
    with started.narrator.step("definitions", "Publishing the definitions") as step:
        catalog = read_files([started.options.definitions])
        applied = await application.registry.publisher.publish(catalog, actor=ACTOR, message="make demo")
        number = applied.record.number
        await application.catalogs.wait_for(number, timeout=PUBLISH_SECONDS)
        said = "published as" if applied.publication is not None else "unchanged since"
        step.result = f"{len(catalog.metrics)} metrics of {started.options.definitions}, {said} revision {number}"


def _settings(options: DemoOptions, data: Path) -> Settings:
    """Whatever the environment says: the demo is the same everywhere."""
    return fixed_settings(
        data_dir=options.folder,
        connections={"RETAIL": f"duckdb://{quote(str(data.absolute()))}"},
        host=HOST,
        port=options.port,
        anonymous_viewer=True,
        cors_origins=PAGES,
        drain_seconds=DRAIN_SECONDS,
        log_level="warning",
    )


def _what_next(options: DemoOptions) -> str:
    program = os.path.relpath(sys.argv[0]) if os.path.isfile(sys.argv[0]) else "semantic-layer"
    definitions, registry = options.definitions, options.folder
    return f"""
A dashboard                      {options.address}{DASHBOARD}
GraphQL, with a page to try it   {options.address}/graphql
Ask from a shell                 {program} query --url {options.address} --metric sales --by transaction_date:month
Change a metric                  edit {definitions}, then {program} apply {definitions} --registry {registry}
Stop                             Ctrl-C
"""
