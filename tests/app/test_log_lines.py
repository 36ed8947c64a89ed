import json
import logging

import pytest
import structlog

from semantic_layer.app.log_lines import start_log
from semantic_layer.settings import fixed_settings

pytestmark = pytest.mark.usefixtures("log_put_back")


def test_each_line_is_one_json_object_for_machines(capsys: pytest.CaptureFixture[str]) -> None:
    start_log(fixed_settings(log_format="json"))
    structlog.get_logger("ours").info("question answered", rows=3)
    logging.getLogger("theirs").warning("odd %s", "thing")
    logging.getLogger("theirs").debug("not asked for")
    out, err = capsys.readouterr()
    assert out == ""
    first, second = map(json.loads, err.splitlines())
    assert (first["event"], first["rows"], first["level"]) == ("question answered", 3, "info")
    assert (second["event"], second["level"]) == ("odd thing", "warning")


def test_a_fault_is_logged_with_its_traceback_and_without_local_variables(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for form in ("json", "console"):
        start_log(fixed_settings(log_format=form))
        secret = "hunter" + str(2)
        try:
            raise ValueError(len(secret))
        except ValueError:
            structlog.get_logger().exception("fault")
        err = capsys.readouterr().err
        assert "ValueError: 7" in err
        assert secret not in err


def test_libraries_are_quiet_below_a_warning(capsys: pytest.CaptureFixture[str]) -> None:
    start_log(fixed_settings(log_format="json", log_level="info"))
    logging.getLogger("uvicorn.error").info("Started server process")
    assert capsys.readouterr().err == ""
