"""What the demo says while it works: a live line in a terminal, plain lines in a file or pipe.

No library does it: importing one would take longer than most of the steps that are told of.
"""

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TextIO

TITLE_WIDTH = 12
LIVE_EVERY = 0.1  # seconds between two looks of a live line
PLAIN_EVERY = 2.0  # seconds between two plain lines about the same step
SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
CLEAR = "\r\x1b[2K"
MEGABYTE = 1_000_000


@dataclass(slots=True)
class Step:
    """One step under way. `result` is what stands behind its title when it is done."""

    doing: str
    total: int | None
    began: float = field(default_factory=time.monotonic)
    count: int = 0
    result: str = ""

    def arrived(self, count: int) -> None:
        """So many bytes are here by now."""
        self.count = count

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.began

    @property
    def progress(self) -> str:
        """`12.3 of 36.5 MB, 4 s`."""
        if self.total is None:
            return f"{self.seconds:.0f} s"
        here = min(self.count, self.total) / MEGABYTE
        return f"{here:.1f} of {self.total / MEGABYTE:.1f} MB, {self.seconds:.0f} s"


def to_nowhere(out: TextIO) -> None:
    """What is still written, also by Python itself at the end, goes nowhere, and is no error any more."""
    with suppress(OSError, ValueError), open(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), out.fileno())


class Narrator:
    """Writes to standard output. A reader who has gone away (a closed terminal or pipe) stops nothing."""

    def __init__(self, out: TextIO | None = None) -> None:
        self._out = out or sys.stdout
        self._is_live = self._out.isatty()

    def say(self, text: str = "") -> None:
        self._write(f"{text}\n")

    def done(self, title: str, result: str) -> None:
        self.say(f"  {title:<{TITLE_WIDTH}} {result}")

    @contextmanager
    def step(self, title: str, doing: str, total: int | None = None) -> Iterator[Step]:
        """A step that may take long: `doing` is shown meanwhile, with the bytes of `total` if there is one."""
        step = Step(doing, total)
        over = threading.Event()
        show = self._live if self._is_live else self._plain
        showing = threading.Thread(target=show, args=(step, over.wait), daemon=True)
        showing.start()
        try:
            yield step
        finally:
            over.set()
            showing.join()
        self.done(title, f"{step.result} ({step.seconds:.1f} s)")

    def _live(self, step: Step, over: Callable[[float], bool]) -> None:
        turn = 0
        while not over(LIVE_EVERY):
            turn += 1
            self._write(f"{CLEAR}  {SPINNER[turn % len(SPINNER)]} {step.doing}: {step.progress}")
        self._write(CLEAR)

    def _plain(self, step: Step, over: Callable[[float], bool]) -> None:
        self.say(f"  {step.doing} ...")
        while not over(PLAIN_EVERY):
            self.say(f"    {step.progress}")

    def _write(self, text: str) -> None:
        try:
            self._out.write(text)
            self._out.flush()
        except OSError:
            to_nowhere(self._out)
