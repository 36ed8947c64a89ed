"""Tiny tables with everything that goes wrong in real ones, made from a seed; written as Parquet and to PostgreSQL."""

import math
import random
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import asyncpg
import pyarrow as pa
import pyarrow.parquet as pq

Record = dict[str, Any]

# The first and the last moment stand for infinities: so PostgreSQL's driver sends them, and so the files are written.
NO_DAY = (date.min, date.max)
NO_MOMENT = (datetime.min, datetime.max)
NO_NUMBER = (math.nan, math.inf, -math.inf)

# table -> column -> (Arrow type, PostgreSQL type). Money of lines is a binary float in the files, as in real ones.
TABLES: dict[str, dict[str, tuple[pa.DataType, str]]] = {
    "line_rows": {
        "line_id": (pa.int64(), "bigint"),
        "order_id": (pa.int64(), "bigint"),
        "store_id": (pa.int32(), "integer"),
        "ship_store_id": (pa.int32(), "integer"),
        "customer_id": (pa.int32(), "integer"),
        "product_id": (pa.int32(), "integer"),
        "promo_week": (pa.int32(), "integer"),
        "qty": (pa.int32(), "integer"),
        "amount": (pa.float64(), "double precision"),
        "big": (pa.decimal128(20, 4), "numeric(20,4)"),
        "huge": (pa.int64(), "bigint"),
        "weight": (pa.float64(), "double precision"),
        "note": (pa.string(), "text"),
        "gift": (pa.bool_(), "boolean"),
        "sold_at": (pa.timestamp("us"), "timestamp"),
    },
    "refund_rows": {
        "refund_id": (pa.int32(), "integer"),
        "product_id": (pa.int32(), "integer"),
        "customer_id": (pa.int32(), "integer"),
        "refund": (pa.decimal128(10, 3), "numeric(10,3)"),
        "returned_on": (pa.date32(), "date"),
    },
    "plan_rows": {
        "plan_id": (pa.int32(), "integer"),
        "store_id": (pa.int32(), "integer"),
        "planned": (pa.int32(), "integer"),
    },
    "product_rows": {
        "product_id": (pa.int32(), "integer"),
        "department": (pa.string(), "text"),
        "brand": (pa.string(), "text"),
        "price": (pa.decimal128(8, 2), "numeric(8,2)"),
    },
    "store_rows": {
        "store_id": (pa.int32(), "integer"),
        "city": (pa.string(), "text"),
        "region_id": (pa.int32(), "integer"),
    },
    "region_rows": {"region_id": (pa.int32(), "integer"), "country": (pa.string(), "text")},
    "staff_rows": {
        "staff_id": (pa.int32(), "integer"),
        "store_id": (pa.int32(), "integer"),
        "role": (pa.string(), "text"),
    },
    "customer_rows": {
        "customer_id": (pa.int32(), "integer"),
        "level": (pa.string(), "text"),
        "joined_on": (pa.date32(), "date"),
    },
    "offer_rows": {
        "product_id": (pa.int32(), "integer"),
        "promo_week": (pa.int32(), "integer"),
        "kind": (pa.string(), "text"),
    },
    "product_tag_rows": {"product_id": (pa.int32(), "integer"), "tag_id": (pa.int32(), "integer")},
    "tag_rows": {
        "tag_id": (pa.int32(), "integer"),
        "theme": (pa.string(), "text"),
        "color": (pa.string(), "text"),
    },
    "membership_rows": {"customer_id": (pa.int32(), "integer"), "club_id": (pa.int32(), "integer")},
    "meeting_rows": {
        "meeting_id": (pa.int32(), "integer"),
        "club_id": (pa.int32(), "integer"),
        "place": (pa.string(), "text"),
    },
    "stock_rows": {
        "store_id": (pa.int32(), "integer"),
        "product_id": (pa.int32(), "integer"),
        "pieces": (pa.int32(), "integer"),
        "counted_on": (pa.date32(), "date"),
    },
    "meter_rows": {
        "customer_id": (pa.int32(), "integer"),
        "level": (pa.decimal128(10, 2), "numeric(10,2)"),
        "read_at": (pa.timestamp("us"), "timestamp"),
    },
    "tier_rows": {
        "customer_id": (pa.int32(), "integer"),
        "tier": (pa.string(), "text"),
        "since": (pa.date32(), "date"),
        "till": (pa.date32(), "date"),
    },
    "price_rows": {
        "product_id": (pa.int32(), "integer"),
        "listed": (pa.decimal128(8, 2), "numeric(8,2)"),
        "from_at": (pa.timestamp("us"), "timestamp"),
        "until_at": (pa.timestamp("us"), "timestamp"),
    },
    "visit_rows": {
        "visit_id": (pa.int32(), "integer"),
        "customer_id": (pa.int32(), "integer"),
        "channel": (pa.string(), "text"),
        "visited_at": (pa.timestamp("us"), "timestamp"),
    },
    "wrapping_rows": {"line_id": (pa.int64(), "bigint"), "paper": (pa.string(), "text")},
    "club_rows": {"club_id": (pa.int32(), "integer"), "title": (pa.string(), "text")},
}

# Leap day, month ends, weeks over new year, midnights, the last second of a year.
MOMENTS = [
    datetime(2023, 1, 31, 23, 59, 59),
    datetime(2023, 2, 28, 12),
    datetime(2023, 3, 1),
    datetime(2023, 12, 25, 8, 30),
    datetime(2023, 12, 31, 23, 59, 59),
    datetime(2024, 1, 1),
    datetime(2024, 1, 7, 23, 59, 59),
    datetime(2024, 1, 8),
    datetime(2024, 1, 29, 9),
    datetime(2024, 1, 30, 9),
    datetime(2024, 1, 31, 9),
    datetime(2024, 2, 28, 7, 5, 3),
    datetime(2024, 2, 29, 0, 0, 1),
    datetime(2024, 2, 29, 23),
    datetime(2024, 3, 1, 0, 0, 0),
    datetime(2024, 3, 29, 10),
    datetime(2024, 3, 30, 10),
    datetime(2024, 3, 31, 10, 15),
    datetime(2024, 4, 1, 1),
    datetime(2024, 6, 30, 22),
    datetime(2024, 12, 30, 6),
    datetime(2025, 1, 1, 5),
]
NOTES = ["a", "B", "é", "100%", "a_b", "it's", 'say "x"', "back\\slash", "商品", "😀", "", " ", "Z", "ab", "A"]


def make_tables(seed: int) -> dict[str, list[Record]]:
    """All tables of one world; seed 0 has no rows at all, seed 1 only facts without partners."""
    dice = random.Random(seed)
    size = 0 if seed == 0 else dice.choice([6, 24, 40])
    few = seed == 1
    tables: dict[str, list[Record]] = {
        "region_rows": [{"region_id": n, "country": c} for n, c in enumerate(["NL", "DE", None], 1)],
        "store_rows": [
            {"store_id": n, "city": city, "region_id": region}
            for n, city, region in [(1, "Delft", 1), (2, "Bonn", 2), (3, None, 1), (4, "Delft", None), (5, "Far", 9)]
        ],
        "staff_rows": [
            {"staff_id": n, "store_id": store, "role": role}
            for n, (store, role) in enumerate(
                [(1, "till"), (1, "till"), (1, "boss"), (2, None), (7, "till"), (3, "boss")]
            )
        ],
        "customer_rows": [
            {"customer_id": n, "level": level, "joined_on": joined}
            for n, level, joined in [
                (1, "gold", date(2023, 1, 31)),
                (2, "iron", date(2024, 2, 29)),
                (3, None, None),
                (4, "gold", date(2024, 12, 31)),
                (6, "void", date(2022, 5, 5)),
                *([(5, "odd", date.max)] if seed == 3 else []),
            ]
        ],
        "product_rows": [
            {"product_id": n, "department": department, "brand": brand, "price": price}
            for n, department, brand, price in [
                (1, "A", "Own", Decimal("1.50")),
                (2, "A", "Other", Decimal("10.00")),
                (3, "B", "Own", None),
                (4, None, None, Decimal("0.00")),
                (5, "b", "Own", Decimal("999999.99")),
                (6, "Ä", "Other", Decimal("-1.00")),
            ]
        ],
        "offer_rows": [
            {"product_id": p, "promo_week": w, "kind": k}
            for p, w, k in [
                (1, 1, "display"),
                (1, 1, "display"),
                (1, 1, "mailer"),
                (2, 1, "mailer"),
                (3, 2, None),
                (9, 1, "display"),
            ]
        ],
        "tag_rows": [
            {"tag_id": n, "theme": theme, "color": color}
            for n, theme, color in [
                (1, "summer", "warm"),
                (2, "winter", "cold"),
                (3, "summer", "cold"),
                (4, None, "warm"),
                (5, "none", None),
            ]
        ],
        "product_tag_rows": [
            {"product_id": p, "tag_id": t}
            for p, t in [(1, 1), (1, 1), (1, 2), (1, 3), (2, 1), (3, 2), (3, 4), (4, 77), (5, None), (None, 1), (2, 5)]
        ],
        "club_rows": [{"club_id": n, "title": title} for n, title in [(1, "chess"), (2, "go"), (3, "chess")]],
        "membership_rows": [
            {"customer_id": c, "club_id": k} for c, k in [(1, 1), (1, 3), (1, 2), (2, 2), (2, 2), (5, 1), (9, 9)]
        ],
        "meeting_rows": [
            {"meeting_id": n, "club_id": club, "place": place}
            for n, (club, place) in enumerate([(1, "hall"), (1, "pub"), (1, "pub"), (2, None), (3, "hall"), (8, "sea")])
        ],
        "wrapping_rows": [{"line_id": n, "paper": dice.choice(["red", "blue", None])} for n in range(0, size + 4, 2)],
        "line_rows": [_line(number, dice) for number in range(size)],
        "refund_rows": [_refund(number, dice) for number in range(size // 2)],
        "plan_rows": [
            {
                "plan_id": n,
                "store_id": dice.choice([1, 1, 2, 5, 8, None]),
                "planned": dice.choice([None, -3, 0, 7, 2**31 - 1]),
            }
            for n in range(size // 3)
        ],
        "tier_rows": [
            {"customer_id": customer, "tier": tier, "since": since, "till": till}
            for customer, tier, since, till in [
                (1, "iron", None, date(2023, 12, 31)),
                (1, "gold", date(2023, 12, 31), date(2024, 2, 29)),
                (1, "iron", date(2024, 3, 1), None),
                (2, "never", date(2024, 1, 31), date(2024, 1, 31)),
                (2, "gold", date(2024, 1, 31), date(2024, 6, 30)),
                (3, "backwards", date(2024, 3, 31), date(2024, 1, 1)),
                (3, None, date(2023, 1, 31), date(2025, 1, 1)),
                (4, "gold", None, None),
                (None, "nobody", None, None),
                (None, "nobody", None, None),
            ]
        ],
        "price_rows": [
            {"product_id": product, "listed": listed, "from_at": start, "until_at": end}
            for product, listed, start, end in [
                (1, Decimal("1.00"), None, datetime(2024, 1, 30, 9)),
                (1, Decimal("2.00"), datetime(2024, 1, 30, 9), datetime(2024, 2, 29, 0, 0, 1)),
                (1, Decimal("1.00"), datetime(2024, 2, 29, 0, 0, 1), None),
                (2, None, datetime(2024, 1, 1), datetime(2024, 12, 30, 6)),
                (3, Decimal("5.50"), datetime(2024, 3, 31, 10, 15), None),
            ]
        ],
        "stock_rows": [_count(dice) for _ in range(size * 2)],
        "meter_rows": [_reading(dice) for _ in range(size)],
        "visit_rows": [_visit(number, dice) for number in range(size)],
    }
    if seed == 0 or few:
        for name in tables:
            if seed == 0 or not name.startswith(("line", "refund", "plan", "stock", "meter", "visit")):
                tables[name] = []
    return tables


def _moment(dice: random.Random) -> datetime | None:
    if dice.random() < 0.06:
        return None
    if dice.random() < 0.04:
        return dice.choice(NO_MOMENT)
    if dice.random() < 0.6:
        return dice.choice(MOMENTS)
    return datetime(2023, 11, 1) + timedelta(seconds=dice.randrange(0, 200 * 86_400))


def _line(number: int, dice: random.Random) -> Record:
    cents = dice.choice([0, 1, 10, 999, 1000, 10_000, 12_345, -500, -1, 9_999_999, dice.randrange(-20_000, 50_000)])
    return {
        "line_id": number,
        "order_id": dice.choice([None, 1, 2, 3, 4, 5, 2**53 + 1]),
        "store_id": dice.choice([1, 1, 2, 3, 4, 5, 8, None]),
        "ship_store_id": dice.choice([1, 2, 4, None]),
        "customer_id": dice.choice([1, 1, 2, 3, 4, 5, None]),
        "product_id": dice.choice([1, 1, 2, 3, 4, 5, 6, 77, None]),
        "promo_week": dice.choice([1, 1, 2, None]),
        "qty": dice.choice([None, 0, 1, 1, 2, -3, 2**31 - 1]),
        "amount": None if dice.random() < 0.1 else cents / 100,
        "big": dice.choice([None, Decimal("9999999999999999.9999"), Decimal("-0.0001"), Decimal("1234567890123.4500")]),
        "huge": dice.choice([None, 2**62, 2**62, -(2**62), 2**53 + 1, 7]),
        "weight": dice.choice([None, 0.1, 0.2, 2.5, -1.25, 1e15, 0.1, 2.5, dice.choice(NO_NUMBER)]),
        "note": dice.choice([None, *NOTES]),
        "gift": dice.choice([None, True, False]),
        "sold_at": _moment(dice),
    }


def _refund(number: int, dice: random.Random) -> Record:
    at = _moment(dice)
    return {
        "refund_id": number,
        "product_id": dice.choice([1, 2, 3, 77, None]),
        "customer_id": dice.choice([1, 2, 4, 5, None]),
        "refund": dice.choice([None, Decimal("0.000"), Decimal("1.005"), Decimal("-2.500"), Decimal("1234567.891")]),
        "returned_on": None if at is None else at.date(),
    }


# Two months' ends with gaps before them, single days, the turn of a year and a leap day.
COUNTED = [
    date(2023, 12, 25), date(2023, 12, 30), date(2023, 12, 31), date(2024, 1, 1), date(2024, 1, 7), date(2024, 1, 29),
    date(2024, 1, 30), date(2024, 1, 31), date(2024, 2, 28), date(2024, 2, 29), date(2024, 3, 1), date(2024, 3, 30),
    date(2024, 6, 30), date(2025, 1, 1),
]  # fmt: skip


def _count(dice: random.Random) -> Record:
    return {
        "store_id": dice.choice([1, 1, 2, 3, 4, 8, None]),
        "product_id": dice.choice([1, 1, 2, 3, 4, 77, None]),
        "pieces": dice.choice([None, 0, 1, 2, 5, 10, -1, 2**31 - 1]),
        "counted_on": None if dice.random() < 0.05 else dice.choice(COUNTED),
    }


def _reading(dice: random.Random) -> Record:
    return {
        "customer_id": dice.choice([1, 1, 2, 3, 5, None]),
        "level": dice.choice([None, Decimal("0.00"), Decimal("12.50"), Decimal("-3.25"), Decimal("99999999.99")]),
        "read_at": _moment(dice),
    }


def _visit(number: int, dice: random.Random) -> Record:
    return {
        "visit_id": number,
        "customer_id": dice.choice([1, 1, 2, 3, 4, 5, None]),
        "channel": dice.choice(["mail", "shop", "shop", None]),
        "visited_at": _moment(dice),
    }


def declared(tables: dict[str, list[Record]]) -> dict[str, list[Record]]:
    """The rows as the definitions declare their types, without what is no value: the money of lines is exact."""
    known = {name: [_known(record) for record in records] for name, records in tables.items()}
    lines = [
        {**record, "amount": None if record["amount"] is None else Decimal(f"{record['amount']:.2f}")}
        for record in known["line_rows"]
    ]
    return {**known, "line_rows": lines}


def _known(record: Record) -> Record:
    return {column: None if _is_none(value) else value for column, value in record.items()}


def _is_none(value: Any) -> bool:
    """Whether a cell of a source is no value: NaN, an infinity, a day at infinity."""
    return value in (*NO_DAY, *NO_MOMENT) or (isinstance(value, float) and not math.isfinite(value))


def write_parquet(tables: dict[str, list[Record]], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, columns in TABLES.items():
        schema = pa.schema([(column, kind) for column, (kind, _) in columns.items()])
        arrays = [_array([row[column] for row in tables[name]], schema.field(column).type) for column in columns]
        pq.write_table(pa.Table.from_arrays(arrays, schema=schema), folder / f"{name}.parquet")


def _array(cells: list[Any], kind: pa.DataType) -> pa.Array:
    """A column of a file; the largest and smallest numbers are DuckDB's infinities."""
    if not pa.types.is_temporal(kind):
        return pa.array(cells, kind)
    size, most = (pa.int32(), 2**31 - 1) if pa.types.is_date32(kind) else (pa.int64(), 2**63 - 1)
    ends = {
        moment: most * sign for moments in (NO_DAY, NO_MOMENT) for moment, sign in zip(moments, (-1, 1), strict=True)
    }
    usual = pa.array([None if cell in ends else cell for cell in cells], kind).view(size).to_pylist()
    return pa.array([ends.get(cell, number) for cell, number in zip(cells, usual, strict=True)], size).view(kind)


async def write_postgres(tables: dict[str, list[Record]], url: str) -> None:
    """Creates and fills the tables; anybody who can connect may read them."""
    connection = await asyncpg.connect(url)
    try:
        for name, columns in TABLES.items():
            said = ", ".join(f"{column} {kind}" for column, (_, kind) in columns.items())
            await connection.execute(f"create table {name} ({said})")
            records: Sequence[tuple[Any, ...]] = [tuple(row[column] for column in columns) for row in tables[name]]
            await connection.copy_records_to_table(name, records=records, columns=list(columns))
            await connection.execute(f"grant select on {name} to public")
        await connection.execute("analyze")
    finally:
        await connection.close()
