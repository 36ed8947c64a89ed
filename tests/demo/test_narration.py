import io
import os
import pty
import re
import time
from contextlib import suppress

import pytest

from semantic_layer.demo import narration
from semantic_layer.demo.narration import CLEAR, Narrator


def test_plain_lines_where_there_is_no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(narration, "PLAIN_EVERY", 0.01)
    out = io.StringIO()
    with Narrator(out).step("data", "Fetching", 36_000_000) as step:
        step.arrived(12_300_000)
        for _ in range(3000):  # half a minute
            if "12.3 of" in out.getvalue():
                break
            time.sleep(0.01)
        step.result = "8 files"
    first, *_, told, last = out.getvalue().splitlines()
    assert first == "  Fetching ..."
    assert re.fullmatch(r"    12\.3 of 36\.0 MB, \d+ s", told)
    assert re.fullmatch(r"  data         8 files \(\d+\.\d s\)", last)


def test_a_live_line_in_a_terminal_that_leaves_nothing_behind() -> None:
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "w") as terminal, Narrator(terminal).step("program", "Loading") as step:
        time.sleep(0.35)
        step.result = "loaded"
    shown = _all_that_was_written(ours)
    assert "Loading: 0 s" in shown
    assert re.fullmatch(r"  program      loaded \(\d\.\d s\)\r\n", shown.rpartition(CLEAR)[2])


def _all_that_was_written(ours: int) -> str:
    """One read may bring a part only. Linux tells the end of a closed terminal by an error, macOS by nothing."""
    parts = []
    with os.fdopen(ours, "rb", buffering=0) as terminal, suppress(OSError):
        while part := terminal.read(10_000):
            parts.append(part)
    return b"".join(parts).decode()


def test_a_step_that_fails_is_not_said_to_be_done() -> None:
    out = io.StringIO()
    with pytest.raises(ValueError), Narrator(out).step("data", "Fetching"):
        raise ValueError
    assert out.getvalue() == "  Fetching ...\n"


def test_a_reader_who_has_gone_stops_nothing() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as out:
        narrator = Narrator(out)
        narrator.say("anybody?")
        narrator.say("nobody")  # and closing the file, which writes what is left, is no error either
