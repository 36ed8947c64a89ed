"""Who asks. Made by the HTTP door or the command line, used by access alone to decide."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Principal:
    """`name` is what the log and the registry record; `anonymous` is the demo's viewer on the loopback address."""

    name: str
    anonymous: bool = False


ANONYMOUS = Principal("anonymous", anonymous=True)
