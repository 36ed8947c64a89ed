"""`python -m tests.house.error_codes` writes schema/errors.json: the error codes as machines read them."""

import json

from semantic_layer.errors import CODES
from tests.house.tree import ROOT

LISTED = ROOT / "schema/errors.json"


def printed() -> str:
    codes = {
        code.value: {"text": entry.text, "status": entry.status, "retryable": entry.retryable}
        for code, entry in CODES.items()
    }
    return json.dumps(codes, indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    LISTED.write_text(printed(), encoding="utf-8")
