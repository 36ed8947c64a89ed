"""A real Chromium for tests of pages: the one of this machine, driven by Playwright.

Playwright is large (it brings a Node of its own), so it is no package of the lock that everybody installs: the first
test that wants a browser fetches the wheel of browser.lock into .venv/browser, later ones find it there.
"""

import importlib
import os
import shutil
import subprocess
import sys
from hashlib import sha256
from pathlib import Path
from types import ModuleType

from tests.house.tree import ROOT

LOCK = Path(__file__).with_name("browser.lock")
PLACE = ROOT / ".venv" / "browser"
CHROMIUM = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
# As root, in a container, without a screen; and nothing is fetched but the page.
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


class BrowserMissing(Exception):
    """No Chromium here, or Playwright cannot be had; the text says which."""


def chromium() -> str:
    """The program. Raises BrowserMissing."""
    named = [name for name in (os.environ.get("CHROMIUM"), *CHROMIUM) if name]
    found = next((path for name in named if (path := shutil.which(name))), None)
    if found is None:
        raise BrowserMissing("no Chromium on the PATH (Debian: apt install chromium), and CHROMIUM names none")
    return found


def playwright() -> ModuleType:
    """playwright.async_api. Raises BrowserMissing."""
    folder = PLACE / sha256(LOCK.read_bytes()).hexdigest()[:12]
    if not folder.exists():
        _fetch(folder)
    if str(folder) not in sys.path:
        sys.path.append(str(folder))
    return importlib.import_module("playwright.async_api")


def _fetch(folder: Path) -> None:
    making = folder.with_name(f"{folder.name}.{os.getpid()}")
    uv = Path(sys.prefix) / "bin" / "uv"
    command = [uv, "pip", "install", "--quiet", "--require-hashes", "--no-deps", "--target", making, "-r", LOCK]
    try:
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    except OSError as error:
        raise BrowserMissing(f"{uv} cannot be run: {error}") from None
    if done.returncode:
        raise BrowserMissing(f"Playwright cannot be fetched: {done.stderr.strip().splitlines()[-1]}")
    try:
        making.rename(folder)
    except OSError:  # another run was quicker
        shutil.rmtree(making, ignore_errors=True)
