"""How far a command is, beside its results: one live line in a terminal, a line per step in a file or pipe."""

import shutil
from contextlib import suppress
from typing import Self, TextIO

CLEAR = "\r\x1b[2K"


class Progress:
    """Writes to standard error, so that standard output holds results only."""

    def __init__(self, out: TextIO, verb: str) -> None:
        self._out = out
        self._verb = verb
        self._is_live = out.isatty()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if self._is_live:
            self._write(CLEAR)

    def told(self, what: str, done: int, total: int) -> None:
        """One more step is done."""
        line = f"{done} of {total} {self._verb}: {what}"
        if self._is_live:
            width = shutil.get_terminal_size().columns
            self._write(f"{CLEAR}{line[: width - 1]}")
        else:
            self._write(f"{line}\n")

    def _write(self, text: str) -> None:
        with suppress(OSError, ValueError):
            self._out.write(text)
            self._out.flush()
