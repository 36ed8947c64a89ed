"""Ctrl-C, `kill` and a closed terminal as one thing: a request to stop in order."""

import asyncio
import signal
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, TypeVar

T = TypeVar("T")
LoopFactory = Callable[[], asyncio.AbstractEventLoop] | None

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(BaseException):
    """Somebody asked to stop. Like KeyboardInterrupt it is no Exception, so nobody handles it by mistake."""


class StopRequests:
    """How often a stop was asked for, and who hears of it.

    While a listener is set (an event loop runs), it is told the count. Otherwise the first request raises Stopped
    in the main thread, and later ones are only counted: the clean-up that runs by then is not to be interrupted.
    """

    def __init__(self) -> None:
        self.count = 0
        self._listener: Callable[[int], None] | None = None

    @contextmanager
    def told_to(self, listener: Callable[[int], None]) -> Iterator[None]:
        """Within, requests go to `listener` instead; one that came before is told at once."""
        before, self._listener = self._listener, listener
        try:
            if self.count:
                listener(self.count)
            yield
        finally:
            self._listener = before

    def heard(self, _number: int, _frame: FrameType | None) -> None:
        """The signals' handler; Python runs it in the main thread."""
        self.count += 1
        if self._listener is not None:
            self._listener(self.count)
        elif self.count == 1:
            raise Stopped


@contextmanager
def stop_requests() -> Iterator[StopRequests]:
    """Hears the signals while it lasts. They are set even when the caller's shell had told us to ignore them."""
    requests = StopRequests()
    before = {number: signal.signal(number, requests.heard) for number in SIGNALS}
    try:
        yield requests
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def run_until_stopped(stop: StopRequests, main: Coroutine[Any, Any, T], loop_factory: LoopFactory = None) -> T:
    """Runs `main` in an event loop of its own. A request to stop cancels it, and Stopped is raised afterwards."""

    async def cancellable() -> T:
        task = asyncio.current_task()
        assert task is not None
        loop = asyncio.get_running_loop()

        def cancel(_count: int) -> None:
            loop.call_soon_threadsafe(task.cancel)

        with stop.told_to(cancel):
            return await main

    with asyncio.Runner(loop_factory=loop_factory) as runner:
        try:
            return runner.run(cancellable())
        except asyncio.CancelledError:
            raise Stopped from None
