"""Where the registry is: the url of the settings, or the embedded PostgreSQL in the data folder."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from semantic_layer.settings import Settings
from semantic_layer.store.embedded import EmbeddedPostgres, url_of_running

EMBEDDED = "registry"  # below the data folder


@contextmanager
def registry_url(settings: Settings, *, join: bool = False) -> Iterator[str]:
    """The registry's url. Without one in the settings, the embedded server runs as our child until the end.

    `join` uses the one that another process of ours runs over the same folder, if there is one: so that `apply` works
    beside a running server. Raises EmbeddedPostgresError.
    """
    if settings.registry_url is not None:
        yield settings.registry_url.get_secret_value()
        return
    folder = embedded_folder(settings.data_dir)
    running = url_of_running(folder) if join else None
    if running is not None:
        yield running
        return
    with EmbeddedPostgres(folder) as server:
        yield server.url()


def embedded_folder(data_dir: Path) -> Path:
    return data_dir / EMBEDDED
