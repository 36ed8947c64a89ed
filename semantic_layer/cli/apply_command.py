"""`apply`: definitions become the registry's next revision, and what that changes is printed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

import typer
from rich.text import Text

from semantic_layer.app.registry_place import running_registry
from semantic_layer.cli import late
from semantic_layer.cli.change_lines import all_change_lines, console
from semantic_layer.cli.definition_commands import Paths, existing_files
from semantic_layer.cli.outcome import counted, told
from semantic_layer.cli.pipeline import person, run_once, settings_of_command
from semantic_layer.cli.place import Registry
from semantic_layer.definitions.change import Change, changes
from semantic_layer.definitions.model import Catalog
from semantic_layer.definitions.published import PublishedCatalog
from semantic_layer.definitions.reader import read_with_places
from semantic_layer.registry.catalogs import CatalogService
from semantic_layer.registry.publication import NewVersion, prepare
from semantic_layer.settings import Settings
from semantic_layer.store.publishing import conflict
from semantic_layer.store.registry_database import RegistryDatabase

ExpectRevision = Annotated[
    int | None,
    typer.Option("--expect-revision", min=0, show_default=False, metavar="N",
                 help="Publishes only if the registry is still at revision N (0: empty)."),
]  # fmt: skip
Actor = Annotated[str | None, typer.Option("--actor", show_default="you", help="Who publishes; it is recorded.")]
Message = Annotated[str, typer.Option("--message", "-m", show_default=False, help="Why; it is recorded.")]
CheckData = Annotated[
    bool, typer.Option("--data", help="First counts keys and joins in the sources, as validate does; errors stop it.")
]
Despite = Annotated[
    str | None,
    typer.Option("--despite", show_default=False, metavar="REASON",
                 help="Beside --data: publishes despite errors in the data; the reason and the errors are recorded."),
]  # fmt: skip
DryRun = Annotated[bool, typer.Option("--dry-run", help="Prints what would change, and records nothing.")]
SECONDS_A_STATEMENT = 300.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was, or would be, published; `versions` are the new ones by metric. No changes: nothing to publish."""

    revision: str
    changes: Sequence[Change]
    versions: Mapping[str, NewVersion]


def apply(
    paths: Paths,
    registry: Registry = None,
    expect_revision: ExpectRevision = None,
    actor: Actor = None,
    message: Message = "",
    dry_run: DryRun = False,
    data: CheckData = False,
    despite: Despite = None,
) -> None:
    """Publishes definitions: all of them become the registry's next revision, or none.

    The paths are the whole catalog: what is in the registry and not in them is removed. Running servers serve the
    new revision within a second. Definitions that are published already make no new revision.

    [bold]Examples[/]

    semantic-layer apply schema/demo --dry-run

    semantic-layer apply schema/demo --registry .demo --message 'Sales without fuel'

    semantic-layer apply definitions --expect-revision 41 --actor release-pipeline

    semantic-layer apply definitions --data --despite 'Duplicates of product 7 are removed tonight'

    [bold]Exit codes[/]: 0 published or nothing to publish, 1 mistakes, errors in the data, another revision than
    expected, or no registry, 2 the command itself cannot be read.
    """
    with told():
        reading = read_with_places(existing_files(paths))
        catalog = reading.catalog
        if data:
            module = late.module("cli.data_checks")
            message = f"{message} {module.checked_for_publishing(reading, SECONDS_A_STATEMENT, despite)}".lstrip()
        settings = settings_of_command(registry)
        who = actor if actor is not None and actor.strip() else person()
        out = console()
        for line in lines_of(run_once(_applied(settings, catalog, expect_revision, who, message, dry_run))):
            out.print(line)


async def _applied(
    settings: Settings, catalog: Catalog, expected: int | None, actor: str, message: str, dry_run: bool
) -> Outcome:
    with running_registry(settings.registry, settings.data_dir, join=True) as url:
        database = RegistryDatabase(url)
        try:
            await database.migrate()
            head = await _head(database)
            if dry_run:
                return await _dry(database, head, catalog, expected)
            applied = await database.publisher.publish(
                catalog, actor=actor, message=message, expected_revision=expected
            )
            record = applied.record
            when = f"{record.recorded_at:%Y-%m-%d %H:%M:%S} UTC by {record.actor}"
            if applied.publication is None:
                return Outcome(f"nothing to publish: revision {record.number}, recorded {when}, is the same", (), {})
            before = await _before(database, head, record.number)
            versions = {version.metric: version for version in applied.publication.versions}
            return Outcome(f"revision {record.number}, recorded {when}", changes(before, catalog), versions)
        finally:
            await database.close()


async def _head(database: RegistryDatabase) -> PublishedCatalog | None:
    """The registry's newest catalog, None when it is empty. Raises REGISTRY_UNAVAILABLE."""
    service = CatalogService(database.revisions)
    if await database.revisions.newest() == 0:
        return None
    await service.refresh()
    return service.current


async def _before(database: RegistryDatabase, head: PublishedCatalog | None, published: int) -> Catalog:
    """The catalog that the published one followed: the head that was read, unless somebody was faster."""
    if head is not None and head.revision != published - 1:
        service = CatalogService(database.revisions)
        await service.refresh()
        head = await service.at_revision(published - 1)
    return Catalog() if head is None else head.catalog


async def _dry(
    database: RegistryDatabase, head: PublishedCatalog | None, catalog: Catalog, expected: int | None
) -> Outcome:
    revision = 0 if head is None else head.revision
    if expected is not None and expected != revision:
        raise conflict(expected, await database.revisions.revision(revision))
    publication = prepare(head, catalog)
    if publication is None:
        return Outcome(f"nothing to publish: revision {revision} is the same", (), {})
    before = Catalog() if head is None else head.catalog
    versions = {version.metric: version for version in publication.versions}
    return Outcome(f"would be revision {revision + 1}; nothing is recorded", changes(before, catalog), versions)


def lines_of(outcome: Outcome) -> Iterator[Text]:
    """The revision, each changed definition with its class and what differs, and each new version with its cause."""
    yield Text(outcome.revision)
    yield from all_change_lines(outcome.changes, outcome.versions)
    if outcome.changes:
        yield Text(f"{counted(len(outcome.changes), 'change')}, {counted(len(outcome.versions), 'new version')}")
