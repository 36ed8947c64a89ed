"""Where a server may listen, and which names it answers to."""

import ipaddress
from collections.abc import Collection

from semantic_layer.errors import CannotRun

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})


class UnsafeAddress(CannotRun):
    """The address must not be served like this; the text says why and what to do."""


def is_loopback(host: str) -> bool:
    """Whether only programs of this machine can reach the address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def check_exposure(host: str, keys: Collection[str], *, anonymous_viewer: bool = False) -> None:
    """Raises UnsafeAddress where anybody on the network could ask: beyond loopback every caller needs a key."""
    if is_loopback(host):
        return
    if anonymous_viewer:
        raise UnsafeAddress(
            f"{host} can be reached from other machines, and the anonymous viewer needs no key: "
            "serve 127.0.0.1, or set SEMANTIC_LAYER_ANONYMOUS_VIEWER=false and a key."
        )
    if not keys:
        raise UnsafeAddress(
            f"{host} can be reached from other machines, and no key is set: "
            "serve 127.0.0.1, or set SEMANTIC_LAYER_API_KEYS__NAME to a long random text."
        )


def answered_hosts(host: str, configured: Collection[str]) -> frozenset[str] | None:
    """The host names that requests may be for; None for any.

    On a loopback address only its own names and the configured ones: otherwise a web page anywhere could have its
    name point to 127.0.0.1 and read from here. Elsewhere the keys protect, and names are checked if any are set.
    """
    names = frozenset(name.lower() for name in configured)
    if is_loopback(host):
        return names | LOOPBACK_NAMES
    return names or None


def host_name(header: str) -> str:
    """The name in a Host header, without its port: `localhost:8000` is `localhost`, `[::1]:80` is `[::1]`."""
    name = header.strip().lower()
    head, colon, port = name.rpartition(":")
    return head if colon and port.isdigit() and not (name.startswith("[") and not head.endswith("]")) else name
