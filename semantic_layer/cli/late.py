"""Modules that are imported only when a command needs them, by their names.

Everything that the product imports takes seconds; `validate` and a question to a running server need a tenth of it.
This is the only place of the command line and the demo that imports late.
"""

import gc
import importlib
from types import ModuleType


def module(name: str) -> ModuleType:
    """`cli.server_commands` of this package.

    What is imported stays until the end. Looking through it again and again while it grows finds no garbage and
    takes a tenth of the start, so the collector rests, and leaves these objects out from then on.
    """
    gc.disable()
    try:
        return importlib.import_module(f"semantic_layer.{name}")
    finally:
        gc.freeze()
        gc.enable()
