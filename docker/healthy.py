"""`python healthy.py PATH`: exit code 0 when the server in this container answers PATH with 200.

For Docker's health checks: the slim image has no curl. It asks by a host name that the server answers to.
"""

import os
import sys
from http.client import HTTPConnection

SECONDS = 4


def status(path: str) -> int:
    port = int(os.environ.get("SEMANTIC_LAYER_PORT") or 8000)
    allowed = os.environ.get("SEMANTIC_LAYER_ALLOWED_HOSTS", "").split(",")[0].strip()
    connection = HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    connection.request("GET", path, headers={"Host": allowed or "127.0.0.1"})
    return connection.getresponse().status


if __name__ == "__main__":
    try:
        sys.exit(status(sys.argv[1]) != 200)
    except OSError as error:
        sys.exit(f"no answer: {error}")
