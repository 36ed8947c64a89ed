"""The short forms of a metric, a dimension and an order key on the command line, read into the JSON form."""

import re
from dataclasses import dataclass

Json = str | int | float | bool | None | list["Json"] | dict[str, "Json"]
Node = dict[str, Json]

METRIC = re.compile(
    r"""(?P<name>[^\s@()]+)
        (?:@(?P<version>\d+))?
        (?:\s*\((?P<parameters>[^()]*)\))?
        (?:\s+(?P<periods>\d+)\s+(?P<unit>[A-Za-z][A-Za-z0-9_.]*?)s?\s+ago)?
        (?:\s+as\s+(?P<alias>\S+))?""",
    re.VERBOSE | re.ASCII,
)
DIMENSION = re.compile(r"(?P<cut>\S+)(?:\s+as\s+(?P<alias>\S+))?")
ORDER = re.compile(r"(?P<key>\S+?)(?:(?:\s+|:)(?P<way>asc|desc))?", re.IGNORECASE)
WHOLE = re.compile(r"-?\d{1,38}", re.ASCII)


class Unreadable(ValueError):
    """Words of the command line have no form that is known; the text says where and what was expected."""


@dataclass(frozen=True, slots=True)
class Cut:
    """A dimension with its grain or date part, at most one of the two."""

    name: str
    grain: str | None = None
    part: str | None = None


def split_cut(word: str) -> Cut:
    """`transaction_date:month` and `transaction_date:hour_of_day`; a date part has `_of_` in it."""
    name, colon, cut = word.partition(":")
    if not name or (colon and not cut):
        raise Unreadable(f"{word!r} is no dimension; write it like transaction_date:month")
    if "_of_" in cut.lower():
        return Cut(name, part=cut.upper())
    return Cut(name, grain=cut.upper() or None)


def read_metric(text: str) -> Node:
    """`NAME[@VERSION] [(PARAMETER=VALUE, …)] [N UNIT ago] [as ALIAS]`.

    A pinned or shifted metric without alias gets a name that says so, since it often stands beside the plain one.
    """
    found = METRIC.fullmatch(text.strip())
    if found is None:
        raise Unreadable(f"{text!r} is no metric; write it like sales, sales@1, 'sales 1 year ago as sales_last_year'")
    metric: Node = {"name": found["name"]}
    said = [found["name"]]
    if found["version"]:
        metric["version"] = int(found["version"])
        said.append(f"v{found['version']}")
    if found["parameters"] is not None:
        metric["parameters"] = _parameters(found["parameters"])
    if found["periods"]:
        metric["shift"] = {"periods": int(found["periods"]), "unit": found["unit"].upper()}
        said += [found["periods"], found["unit"].lower(), "ago"]
    if found["alias"] or len(said) > 1:
        metric["alias"] = found["alias"] or "_".join(said)
    return metric


def read_dimension(text: str) -> Node:
    """`NAME[:GRAIN or PART] [as ALIAS]`."""
    found = DIMENSION.fullmatch(text.strip())
    if found is None:
        raise Unreadable(f"{text!r} is no dimension; write it like 'transaction_date:month as month'")
    cut = split_cut(found["cut"])
    given = {"grain": cut.grain, "part": cut.part, "alias": found["alias"]}
    return {"dimension": cut.name, **{key: value for key, value in given.items() if value}}


def read_order(text: str) -> Node:
    """`COLUMN [asc|desc]`."""
    found = ORDER.fullmatch(text.strip())
    if found is None:
        raise Unreadable(f"{text!r} is no order; write it like 'sales desc'")
    return {"key": found["key"], "descending": (found["way"] or "").lower() == "desc"}


def _parameters(text: str) -> Node:
    parameters: Node = {}
    for pair in filter(None, (pair.strip() for pair in text.split(","))):
        name, equals, value = (part.strip() for part in pair.partition("="))
        if not (name and equals and value):
            raise Unreadable(f"{pair!r} is no parameter; write it like days=28")
        parameters[name] = int(value) if WHOLE.fullmatch(value) else value
    return parameters
