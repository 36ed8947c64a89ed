"""What the demo says while it works: a live line in a terminal, plain lines in a file or pipe."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

TITLE_WIDTH = 12
PLAIN_EVERY = 2.0  # seconds between two lines about the same step when there is no terminal
MEGABYTE = 1_000_000

Arrived = Callable[[int], None]


class Step:
    """One step under way. `result` is what stands behind its title when it is done; without one it is timed."""

    def __init__(self, arrived: Arrived) -> None:
        self.arrived = arrived
        self.result = ""


class Narrator:
    """Writes to standard output. A reader who has gone away (a closed terminal or pipe) stops nothing."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(highlight=False, soft_wrap=True)

    def say(self, text: str = "") -> None:
        with suppress(OSError):
            self._console.print(text, markup=False)

    def done(self, title: str, result: str) -> None:
        self.say(f"  {title:<{TITLE_WIDTH}} {result}")

    @contextmanager
    def step(self, title: str, doing: str, total: int | None = None) -> Iterator[Step]:
        """A step that may take long: `doing` is shown meanwhile, with bytes of `total` if there is one."""
        began = time.monotonic()
        with self._live(doing, total) if self._console.is_terminal else self._plain(doing, total) as arrived:
            step = Step(arrived)
            yield step
        self.done(title, f"{step.result} ({time.monotonic() - began:.1f} s)")

    @contextmanager
    def _live(self, doing: str, total: int | None) -> Iterator[Arrived]:
        columns = [SpinnerColumn(), TextColumn("{task.description}")]
        bar = [BarColumn(), TextColumn("{task.fields[said]}")] if total else []
        with Progress(*columns, *bar, TimeElapsedColumn(), console=self._console, transient=True) as progress:
            task = progress.add_task(doing, total=total, said="")

            def arrived(count: int) -> None:
                progress.update(task, completed=min(count, total or count), said=_megabytes(count, total))

            yield arrived

    @contextmanager
    def _plain(self, doing: str, total: int | None) -> Iterator[Arrived]:
        began = last = time.monotonic()
        self.say(f"  {doing} ...")

        def arrived(count: int) -> None:
            nonlocal last
            now = time.monotonic()
            if now - last >= PLAIN_EVERY:
                last = now
                self.say(f"    {_megabytes(count, total)}, {now - began:.0f} s")

        yield arrived


def _megabytes(count: int, total: int | None) -> str:
    shown = min(count, total) if total else count
    return f"{shown / MEGABYTE:.1f} of {total / MEGABYTE:.1f} MB" if total else f"{shown / MEGABYTE:.1f} MB"
