"""How a source's failure is told: one public text per kind for every source; the driver's words go to the log.

`source` is the source's name in the definitions, or None where only the engine is known.
"""

from semantic_layer.errors import ErrorCode, SemanticLayerError, refuse


def _the(source: str | None) -> str:
    return f"Source {source}" if source else "The source"


def unavailable(source: str | None, detail: str) -> SemanticLayerError:
    return refuse(ErrorCode.SOURCE_UNAVAILABLE, f"{_the(source)} does not answer; try again.", detail=detail)


def refused(source: str | None, why: str, detail: str) -> SemanticLayerError:
    """`why` is public and ends the sentence "Source x refused the statement: …"."""
    return refuse(ErrorCode.SOURCE_REFUSED, f"{_the(source)} refused the statement: {why}.", detail=detail)


def out_of_range(source: str | None, detail: str) -> SemanticLayerError:
    text = f"{_the(source)} met a number that does not fit its type."
    return refuse(ErrorCode.NUMBER_OUT_OF_RANGE, text, detail=detail)


def late(source: str | None, seconds: float | None = None, detail: str = "") -> SemanticLayerError:
    limit = "its deadline" if seconds is None else f"{seconds:g} s"
    text = f"{_the(source)} took longer than {limit}, and was told to stop."
    return refuse(ErrorCode.DEADLINE_EXCEEDED, text, detail=detail)
