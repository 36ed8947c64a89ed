"""Who a request comes from: the client of its key, or the demo's anonymous viewer."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

from semantic_layer.access.principal import ANONYMOUS, Principal
from semantic_layer.errors import ErrorCode, refuse


@dataclass(frozen=True, slots=True, repr=False)
class Keys:
    """Client name -> digest of its key; the keys themselves are not kept."""

    digests: Mapping[str, bytes]
    anonymous_viewer: bool = False

    @staticmethod
    def of(keys: Mapping[str, str], *, anonymous_viewer: bool = False) -> "Keys":
        return Keys({name: _digest(key.encode()) for name, key in keys.items()}, anonymous_viewer)

    def principal(self, headers: Mapping[bytes, bytes]) -> Principal:
        """Who asks. Raises UNAUTHENTICATED: a wrong key is refused even where none is needed."""
        given = _given_key(headers)
        if given is None:
            if self.anonymous_viewer:
                return ANONYMOUS
            raise refuse(ErrorCode.UNAUTHENTICATED, "send a key: `Authorization: Bearer KEY` or `X-API-Key: KEY`")
        digest = _digest(given)
        # Every key is compared in full, so that the time taken tells nothing about any of them.
        fitting = [name for name, known in self.digests.items() if hmac.compare_digest(known, digest)]
        if not fitting:
            raise refuse(ErrorCode.UNAUTHENTICATED, "this key is not known here")
        return Principal(fitting[0])


def _given_key(headers: Mapping[bytes, bytes]) -> bytes | None:
    scheme, _, credentials = headers.get(b"authorization", b"").partition(b" ")
    if scheme.lower() == b"bearer":
        return credentials.strip()
    return headers.get(b"x-api-key")


def _digest(key: bytes) -> bytes:
    return sha256(key).digest()
