"""`export`: a revision of the registry as definition files."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from semantic_layer.cli.outcome import counted, told
from semantic_layer.cli.pipeline import run_once, settings_of_command
from semantic_layer.cli.place import Registry
from semantic_layer.cli.registry_backend import open_registry_application
from semantic_layer.cli.written_files import write_all
from semantic_layer.definitions.export import files_of
from semantic_layer.definitions.published import PublishedCatalog
from semantic_layer.errors import CannotRun
from semantic_layer.settings import Settings

Out = Annotated[Path, typer.Option("--out", "-o", metavar="FOLDER", show_default=False, help="Where the files go.")]
Revision = Annotated[
    int | None, typer.Option("--revision", min=1, show_default="the newest", metavar="N", help="Which revision.")
]
Force = Annotated[bool, typer.Option("--force", help="Writes over files of the same names.")]


def export(out: Out, registry: Registry = None, revision: Revision = None, force: Force = False) -> None:
    """Writes the registry's definitions as files: the same revision always gives the same bytes.

    Published again, they change nothing. Comments of the files that were published are not in the registry.

    [bold]Examples[/]

    semantic-layer export --registry .demo --out definitions

    semantic-layer export --revision 41 --out as_it_was

    [bold]Exit codes[/]: 0 written, 1 no such revision, no registry, or files that are in the way, 2 the command itself
    cannot be read.
    """
    with told():
        published = run_once(_published(settings_of_command(registry), revision))
        files = files_of(published.catalog)
        _check_alone(out, files)
        write_all(out, files, force=force)
        print(f"revision {published.revision}: {counted(len(files), 'file')} in {out}")


async def _published(settings: Settings, revision: int | None) -> PublishedCatalog:
    """Raises NOT_READY for an empty registry, UNKNOWN_REVISION."""
    async with open_registry_application(settings) as application:
        if revision is None:
            return application.catalogs.current
        return await application.catalogs.at_revision(revision)


def _check_alone(folder: Path, files: Mapping[str, str]) -> None:
    """Other definitions in the folder would be read together with these, and be more than the registry has."""
    if not folder.is_dir():
        return
    others = sorted(
        one
        for one in folder.rglob("*")
        if one.suffix in (".yaml", ".yml") and str(one.relative_to(folder)) not in files
    )
    if others:
        raise CannotRun(f"{others[0]} is no file of this export and would be read with it; --out names another folder")
