"""A port that is claimed first and answered on last."""

import errno
import socket

from semantic_layer.errors import CannotRun

LOOK_SECONDS = 0.5  # for finding out whether somebody listens on this machine


class PortBusy(CannotRun):
    """The port cannot be had; the text, for the command line, says why."""


def claim_port(host: str, port: int) -> socket.socket:
    """A socket that is bound and does not listen yet: the port is ours, and nobody is answered before we are ready.

    Raises PortBusy, or OSError for an address that is not this machine's.
    """
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    claimed = socket.socket(family, kind, protocol)
    try:
        # Some systems let two programs bind one port when one of them does so for all addresses: so ask first.
        with socket.socket(family, kind, protocol) as caller:
            caller.settimeout(LOOK_SECONDS)
            if caller.connect_ex(address) == 0:
                raise PortBusy(f"Port {port} of {host} is in use by another program.")
        claimed.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        claimed.bind(address)
    except OSError as error:
        claimed.close()
        if error.errno in (errno.EADDRINUSE, errno.EACCES):
            raise PortBusy(f"Port {port} of {host} cannot be used: {error.strerror}.") from None
        raise
    except PortBusy:
        claimed.close()
        raise
    return claimed
