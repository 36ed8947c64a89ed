"""Which media type a response has, and which a body may have (GraphQL over HTTP)."""

GRAPHQL_RESPONSE = b"application/graphql-response+json; charset=utf-8"
JSON_RESPONSE = b"application/json; charset=utf-8"
HTML = "text/html"

_PRODUCED = {
    "application/graphql-response+json": GRAPHQL_RESPONSE,
    "application/json": JSON_RESPONSE,
    "application/*": JSON_RESPONSE,
    "*/*": JSON_RESPONSE,
}


def response_type(accept: str | None) -> bytes | None:
    """The best that the caller accepts, the first among equals; JSON if it does not say; None if nothing fits."""
    if accept is None or not accept.strip():
        return JSON_RESPONSE
    fitting = [(weight, _PRODUCED[kind]) for kind, weight in _ranges(accept) if kind in _PRODUCED and weight > 0]
    return max(fitting, key=lambda one: one[0])[1] if fitting else None


def wants_page(accept: str | None) -> bool:
    """Whether a browser asks: HTML is named, and nothing of JSON is liked better."""
    liked = weights(accept or "")
    json_weight = max((liked.get(kind, 0.0) for kind in _PRODUCED if kind.endswith("json")), default=0.0)
    return liked.get(HTML, 0.0) > json_weight


def weights(header: str) -> dict[str, float]:
    """What a header of the Accept family lists, in small letters, with how much it is liked (0: not at all)."""
    return dict(_ranges(header))


def is_json(content_type: str | None) -> bool:
    """`application/json`, in UTF-8 if it says an encoding."""
    kind, *parameters = (content_type or "").lower().split(";")
    charsets = [
        value.strip(' "') for name, _, value in (p.partition("=") for p in parameters) if name.strip() == "charset"
    ]
    return kind.strip() == "application/json" and all(charset in ("utf-8", "utf8") for charset in charsets)


def _ranges(accept: str) -> list[tuple[str, float]]:
    ranges = []
    for part in accept[:2_000].lower().split(","):
        kind, *parameters = part.split(";")
        weight = 1.0
        for parameter in parameters:
            name, _, value = parameter.partition("=")
            if name.strip() == "q":
                weight = _weight(value)
        ranges.append((kind.strip(), weight))
    return ranges


def _weight(text: str) -> float:
    try:
        return min(max(float(text), 0.0), 1.0)
    except ValueError:
        return 0.0
