"""Blocking work in threads that asyncio can stop: at a timeout, or when the waiting task is cancelled."""

import asyncio
import os
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, Protocol, TypeVar

Result = TypeVar("Result")

_INSIST_SECONDS = 0.005


class Interruptible(Protocol):
    """What a job works with; `interrupt` may come from any thread, and ends the work under way soon."""

    def interrupt(self) -> None: ...


class Stopped(Exception):
    """The job was told to stop before it was done."""


Tool = TypeVar("Tool", bound=Interruptible)


class Job(Generic[Tool]):
    """One piece of work in a thread. The thread says what it works with; whoever waits may stop it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tool: Tool | None = None
        self._stopped = False

    @property
    def stopped(self) -> bool:
        return self._stopped

    def uses(self, tool: Tool) -> None:
        with self._lock:
            self._tool = tool
        self.go_on()

    def go_on(self) -> None:
        """Between two steps: raises Stopped when nobody waits any more."""
        if self._stopped:
            raise Stopped

    def released(self) -> None:
        """Before the tool is closed: from now on it is not interrupted."""
        with self._lock:
            self._tool = None

    def stop(self) -> None:
        with self._lock:
            self._stopped = True
            if self._tool is not None:
                self._tool.interrupt()


class Workers(Generic[Tool]):
    """A bounded number of threads, by default one per core: more running queries would only slow each other."""

    def __init__(self, name: str, threads: int | None = None) -> None:
        self._threads = ThreadPoolExecutor(threads or cores(), thread_name_prefix=name)
        self._jobs: set[Job[Tool]] = set()
        self._ending: set[asyncio.Task[None]] = set()

    async def run(self, work: Callable[[Job[Tool]], Result], timeout: float) -> Result:
        """The work's result. Raises TimeoutError when it is not done in time; it does not go on then.

        Raises Stopped when `close` came first.
        """
        job: Job[Tool] = Job()
        try:
            submitted = self._threads.submit(work, job)
        except RuntimeError:
            raise Stopped from None
        self._jobs.add(job)
        submitted.add_done_callback(lambda _: self._jobs.discard(job))
        result = asyncio.wrap_future(submitted)
        try:
            await asyncio.wait({result}, timeout=timeout)
        except asyncio.CancelledError:
            await self._end(job, submitted, result)
            raise
        if not result.done():
            await self._end(job, submitted, result)
            raise TimeoutError
        if result.cancelled():
            raise Stopped
        return result.result()

    async def close(self) -> None:
        """Stops what runs, takes no more work, and comes back when all threads are free."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        while self._jobs:
            for job in list(self._jobs):
                job.stop()
            await asyncio.sleep(_INSIST_SECONDS)

    async def _end(self, job: Job[Tool], submitted: "Future[Result]", result: "asyncio.Future[Result]") -> None:
        """Goes on even if the task that waits here is cancelled once more."""
        ending = asyncio.create_task(_insist(job, submitted, result))
        self._ending.add(ending)
        ending.add_done_callback(self._ending.discard)
        await asyncio.shield(ending)


async def _insist(job: Job[Tool], submitted: "Future[Result]", result: "asyncio.Future[Result]") -> None:
    """An interrupt between two queries hits neither, so it is repeated until the thread is free."""
    if submitted.cancel():  # it had not begun
        return
    while not result.done():
        job.stop()
        await asyncio.wait({result}, timeout=_INSIST_SECONDS)
    if not result.cancelled():
        result.exception()  # nobody else looks at it


def cores() -> int:
    """The cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
