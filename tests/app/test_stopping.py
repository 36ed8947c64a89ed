import asyncio
import os
import signal

import pytest

from semantic_layer.app.stopping import SIGNALS, Stopped, run_until_stopped, stop_requests


@pytest.mark.parametrize("number", SIGNALS)
def test_every_signal_is_one_request_to_stop(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with stop_requests() as stop, pytest.raises(Stopped):
        os.kill(os.getpid(), number)
    assert stop.count == 1
    assert signal.getsignal(number) == before


def test_a_second_request_does_not_break_the_clean_up_of_the_first() -> None:
    cleaned = []
    with stop_requests() as stop, pytest.raises(Stopped):
        try:
            os.kill(os.getpid(), signal.SIGINT)
        finally:
            os.kill(os.getpid(), signal.SIGINT)
            cleaned.append("all")
    assert (cleaned, stop.count) == (["all"], 2)


def test_a_request_cancels_what_runs_and_lets_it_clean_up() -> None:
    cleaned = []

    async def work() -> None:
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0)
            cleaned.append("all")

    with stop_requests() as stop, pytest.raises(Stopped):
        run_until_stopped(stop, work())
    assert cleaned == ["all"]


def test_work_that_ends_by_itself_gives_its_result() -> None:
    async def work() -> int:
        return 42

    with stop_requests() as stop:
        assert run_until_stopped(stop, work()) == 42


def test_a_shell_that_ignores_interrupts_for_us_is_overruled() -> None:
    """`cmd &` in a script starts its programs with SIGINT ignored."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with stop_requests(), pytest.raises(Stopped):
            os.kill(os.getpid(), signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, before)
