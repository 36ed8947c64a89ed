"""Where the registry is: the url of the settings, or the embedded PostgreSQL in the data folder."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from semantic_layer.store.embedded import EmbeddedPostgres, url_of_running

EMBEDDED = "registry"  # below the data folder


@contextmanager
def running_registry(url: str | None, data_dir: Path, *, join: bool = False) -> Iterator[str]:
    """The registry's url. Where there is none (None), the embedded server runs as our child until the end.

    `join` uses the one that another process of ours runs over the same folder, if there is one: so that `apply` works
    beside a running server. Raises EmbeddedPostgresError.
    """
    if url is not None:
        yield url
        return
    folder = embedded_folder(data_dir)
    running = url_of_running(folder) if join else None
    if running is not None:
        yield running
        return
    with EmbeddedPostgres(folder) as server:
        yield server.url()


def embedded_folder(data_dir: Path) -> Path:
    return data_dir / EMBEDDED
