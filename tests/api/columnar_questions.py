"""Random selections on the rows of `columnar_schema`, and random tables for them."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import strategies as st

from semantic_layer.api import json_values
from semantic_layer.api.columnar_rows import ColumnarRows, ResponseKeys
from semantic_layer.serving.answer import AnswerColumn, OutputType

VALUES = {
    "MetricsRow": {
        "day": OutputType.DATE,
        "moment": OutputType.TIMESTAMP,
        "sales": OutputType.DECIMAL,
        "baskets": OutputType.INTEGER,
        "rate": OutputType.FLOAT,
    },
    "Product": {"brand": OutputType.TEXT, "sku": OutputType.BIGINT},
    "Department": {"name": OutputType.TEXT, "active": OutputType.BOOLEAN},
}
OBJECTS = {"MetricsRow": {"product": "Product"}, "Product": {"department": "Department"}, "Department": {}}
ARGUMENTS = {
    "day": ("", "(grain: DAY)", "(grain: $grain)"),
    "sales": ("", "(version: 1)", "(version: $version)"),
    "baskets": ("", "(version: 2)", "(version: $version)"),
}
VARIABLES = "($yes: Boolean!, $no: Boolean = false, $grain: Grain = DAY, $version: Int)"
EVERYTHING = """more: rows {
  day_2: day(grain: $grain) @include(if: $yes) sales_2: sales(version: $version) @skip(if: $no)
  ...MetricsRow2 product { ...Product2 department { ...Department2 } }
}"""
"""Uses every variable and fragment, as validation demands."""
DIRECTIVES = (
    *("",) * 6,
    " @include(if: $yes)",
    " @include(if: $no)",
    " @skip(if: $no)",
    " @skip(if: $yes) @include(if: true)",
)


@dataclass(frozen=True)
class Selected:
    """A document, its variables, and the rows that its resolver gives."""

    document: str
    variables: dict[str, Any]
    rows: ColumnarRows


@st.composite
def selections(draw: st.DrawFn, type_: str, depth: int = 2, fragments: bool = True) -> str:
    """A selection set on a type. An alias has one meaning only, as validation demands."""
    chosen = []
    for _ in range(draw(st.integers(1, 2 + depth))):
        kinds = ["value", "value", "value", "typename"]
        kinds += ["object"] if OBJECTS[type_] else []
        kinds += ["inline"] if depth else []
        kinds += ["spread"] if fragments else []
        directive = draw(st.sampled_from(DIRECTIVES))
        match draw(st.sampled_from(kinds)):
            case "value":
                name = draw(st.sampled_from(sorted(VALUES[type_])))
                arguments = ARGUMENTS.get(name, ("",))
                meaning = draw(st.integers(0, len(arguments) - 1))
                alias = draw(st.sampled_from(["", "_", "x"])) if meaning == 0 else f"_{meaning}"
                chosen.append(f"{alias and name + alias + ': '}{name}{arguments[meaning]}{directive}")
            case "object":
                name, inner = draw(st.sampled_from(sorted(OBJECTS[type_].items())))
                alias = draw(st.sampled_from(["", f"{name}_: "]))
                chosen.append(f"{alias}{name}{directive} {draw(selections(inner, max(depth - 1, 0), fragments))}")
            case "typename":
                chosen.append(draw(st.sampled_from(["", "kind: "])) + "__typename" + directive)
            case "inline":
                on = draw(st.sampled_from(["", f" on {type_}"] + [" on Named"] * (type_ == "Department")))
                inside = "{ name kind: __typename }" if "Named" in on else draw(selections(type_, depth - 1, fragments))
                chosen.append(f"...{on}{directive} {inside}")
            case _:
                chosen.append(f"...{type_}{draw(st.integers(1, 2))}{directive}")
    return "{ " + " ".join(chosen) + " }"


@st.composite
def fragment_texts(draw: st.DrawFn) -> str:
    """Two fragments on each type; the second uses the first."""
    texts = []
    for type_ in VALUES:
        texts.append(f"fragment {type_}1 on {type_} {draw(selections(type_, 0, fragments=False))}")
        second = draw(selections(type_, 0, fragments=False))
        texts.append(f"fragment {type_}2 on {type_} {second[:-1]} ...{type_}1 }}")
    return "\n".join(texts)


LETTERS = 'ab"\\/\x00\x1f\x7f\b\n\r\t,:{}[]é销\u2028\ufeff\U0001f600'
FLOATS = (0.0, -0.0, 1.0, 0.1, 1e16, 1e-7, 1.7976931348623157e308, 5e-324, math.nan, math.inf, -math.inf)
VALUE_OF: dict[OutputType, Callable[[Random], Any]] = {
    OutputType.INTEGER: lambda random: random.choice((0, 7, -(2**31), 2**31 - 1)),
    OutputType.BIGINT: lambda random: random.choice((0, -5, 2**53 + 1, -(2**63), 2**63 - 1)),
    OutputType.FLOAT: lambda random: random.choice((*FLOATS, random.uniform(-1e3, 1e3))),
    OutputType.TEXT: lambda random: "".join(random.choices(LETTERS, k=random.choice((0, 1, 3, 30)))),
    OutputType.BOOLEAN: lambda random: random.random() < 0.5,
    OutputType.DATE: lambda random: date.fromordinal(random.randint(1, date.max.toordinal())),
    OutputType.TIMESTAMP: lambda random: datetime.min + timedelta(seconds=random.uniform(0, 315_537_897_599)),
}
ARROW_TYPES: dict[OutputType, Any] = {
    OutputType.INTEGER: pa.int32(),
    OutputType.BIGINT: pa.int64(),
    OutputType.FLOAT: pa.float64(),
    OutputType.TEXT: pa.string(),
    OutputType.BOOLEAN: pa.bool_(),
    OutputType.DATE: pa.date32(),
    OutputType.TIMESTAMP: pa.timestamp("us"),
}


def _decimal(scale: int) -> Callable[[Random], Decimal]:
    return lambda random: Decimal(random.choice((0, 1, -1, 5, random.randint(-(10**20), 10**20)))).scaleb(-scale)


def column(random: Random, type_: OutputType, size: int) -> tuple[AnswerColumn, Any]:
    """A column of an answer: with or without nulls or different values, in one piece or several."""
    scale = random.choice((0, 1, 2, 6, 7, 10, 20, 37)) if type_ is OutputType.DECIMAL else None
    one = VALUE_OF[type_] if scale is None else _decimal(scale)
    missing = random.choice((0.0, 0.0, 0.3, 1.0))
    values = [None if random.random() < missing else one(random) for _ in range(size)]
    cut = random.randint(0, size)
    arrow_type: Any = ARROW_TYPES[type_] if scale is None else pa.decimal128(38, scale)
    return AnswerColumn("c", "C", type_, scale=scale), pa.chunked_array([values[:cut], values[cut:]], arrow_type)


def every_place(type_: str = "MetricsRow", keys: ResponseKeys = ()) -> dict[ResponseKeys, OutputType]:
    """Every response key that a selection can have here, with what its column is."""
    places: dict[ResponseKeys, OutputType] = {}
    for name, written in VALUES[type_].items():
        for alias in ("", "_", "x", "_1", "_2"):
            places[*keys, name + alias] = written
    for name, inner in OBJECTS[type_].items():
        for key in (name, f"{name}_"):
            places |= every_place(inner, (*keys, key))
    return places


def answered(random: Random) -> ColumnarRows:
    """Rows with two columns of each type, of which every selected field is one."""
    size = random.choice((0, 1, 2, 7, 12))
    made = [column(random, type_, size) for type_ in OutputType for _ in range(2)]
    table = pa.table([array for _, array in made], names=[f"c{place}" for place in range(len(made))])
    first = {type_: 2 * place for place, type_ in enumerate(OutputType)}
    places = {keys: first[written] + random.randint(0, 1) for keys, written in every_place().items()}
    return ColumnarRows(tuple(one for one, _ in made), table, places)


@st.composite
def selected(draw: st.DrawFn) -> Selected:
    inside = draw(selections("MetricsRow"))
    document = f"query Q{VARIABLES} {{ metrics {{ rows {inside} {EVERYTHING} }} }}\n"
    variables: dict[str, Any] = {"yes": draw(st.booleans())}
    variables |= draw(
        st.sampled_from([{}, {"no": True}, {"grain": "MONTH"}, {"grain": None}, {"version": 3, "no": False}])
    )
    return Selected(document + draw(fragment_texts()), variables, answered(Random(draw(st.integers(0, 2**32)))))


@contextmanager
def as_if_many() -> Iterator[None]:
    """What is done for many rows is done for a few."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_values, "MANY_PIECES", 60)
        patch.setattr(json_values, "MANY_VALUES", 4)
        patch.setattr(json_values, "ROWS_AT_ONCE", 5)
        yield
