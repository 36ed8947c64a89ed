"""Files that a command writes into a folder: all of them or none."""

from collections.abc import Mapping
from pathlib import Path

from semantic_layer.cli.words import Unreadable
from semantic_layer.errors import CannotRun


def write_all(folder: Path, files: Mapping[str, str], *, force: bool) -> None:
    """Each is written beside its place first. Raises CannotRun where one is there already, unless forced."""
    if folder.exists() and not folder.is_dir():
        raise Unreadable(f"--out {folder} is a file, and a folder was expected")
    there = [folder / name for name in files if (folder / name).exists()]
    if there and not force:
        more = f" and {len(there) - 1} more" if len(there) > 1 else ""
        raise CannotRun(f"{there[0]}{more} is there already; --force writes over it, --out names another folder")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (folder / f".{name}.new").write_text(text, encoding="utf-8")
        for name in files:
            (folder / f".{name}.new").replace(folder / name)
    except OSError as error:
        raise CannotRun(f"{folder} cannot be written: {error.strerror}") from None
