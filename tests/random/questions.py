"""Random questions over the shop: mostly legal, of every form that the contract has."""

import random
from collections.abc import Sequence
from typing import Any

from tests.oracle.evaluator.catalog import Ago, Catalog, Dataset, Over, homes, nodes
from tests.oracle.evaluator.rows import Reader, Unreachable

Ask = dict[str, Any]

# What may be asked of which dataset, and values that occur (and some that do not).
TEXTS = [
    "A",
    "B",
    "b",
    "Ä",
    "",
    "a",
    "a_b",
    "100%",
    "%",
    "_",
    "it's",
    "back\\slash",
    "\\",
    "商品",
    "😀",
    "Own",
    "gold",
    "summer",
]
DIMENSIONS: dict[str, list[Any]] = {
    "product.department": ["A", "B", "b", "Ä", "a", "x"],
    "product.brand": ["Own", "Other"],
    "product.price": ["1.50", "10", 0, "999999.99", "-1.00", "9.99999999999999999999999", "1.5" + "0" * 36],
    "store.city": ["Delft", "Bonn", "Far"],
    "ship_store.city": ["Delft", "Bonn"],
    "store.region.country": ["NL", "DE"],
    "ship_store.region.country": ["NL"],
    "store.staff.role": ["till", "boss"],
    "customer.level": ["gold", "iron", "void"],
    "customer_id": [1, 2, 3, 5],
    "order_id": [1, 2, "9007199254740993", "9007199254740992"],
    "qty": [0, 1, -3, 2**31 - 1],
    "note": TEXTS,
    "gift": [True, False],
    "weight": [0, 0.1, 2.5, -1.25, "2.5", 1e15],
    "amount": [0, "0.01", "100", "-5.00", "123.45", "99999.99", "0.00000000000000000000000000000001", "1" + "0" * 37],
    "size": ["big", "mid", "small"],
    "tag.theme": ["summer", "winter", "none"],
    "tag.color": ["warm", "cold"],
    "club.title": ["chess", "go"],
    "club.meeting.place": ["hall", "pub"],
    "wrapping.paper": ["red", "blue"],
    "channel": ["mail", "shop"],
    "tier.tier": ["gold", "iron", "never"],
    "price.listed": ["1.00", 2, "5.5"],
    "product.leading_department": ["A", "B", "Others"],
    "product.best_brand": ["Own", "Rest"],
    "product.product_revenue": [0, "100", "174.45"],
    "customer.lifetime": [0, "100", "5.5"],
    "customer.order_count": [0, 1, 2],
    "customer.refunded": [0, "1.005"],
}
TIMES = ["sold_at", "time", "customer.joined_on", "customer.came_on"]
COHORTS = ["customer.came_on", "customer.came_at"]  # the first sale to each
KINDS = {
    "product.price": "number", "price.listed": "number", "customer_id": "number", "order_id": "number",
    "qty": "number", "amount": "number", "weight": "number",
    "gift": "boolean", "product.product_revenue": "number", "customer.lifetime": "number",
    "customer.order_count": "number", "customer.refunded": "number",
}  # fmt: skip
GRAINS = ["HOUR", "DAY", "DAY", "WEEK", "MONTH", "MONTH", "MONTH", "QUARTER", "HALF_YEAR", "YEAR"]
PARTS = [
    "HOUR_OF_DAY",
    "DAY_OF_WEEK",
    "DAY_OF_MONTH",
    "DAY_OF_YEAR",
    "WEEK_OF_YEAR",
    "MONTH_OF_YEAR",
    "QUARTER_OF_YEAR",
]
DAYS = [
    "2023-01-31", "2023-02-28", "2023-12-31", "2024-01-01", "2024-01-07", "2024-01-29", "2024-01-31", "2024-02-01",
    "2024-02-28", "2024-02-29", "2024-03-01", "2024-03-15", "2024-03-31", "2024-04-01", "2024-12-30", "2025-01-01",
]  # fmt: skip
MOMENTS = [
    "2024-01-07T23:59:59",
    "2024-02-29T00:00:01",
    "2024-03-31T10:15:00",
    "2024-01-30T09:00:00",
    "2024-03-01T00:00:00",
]
SEGMENTS = ["gifts", "offered", "shown", "tagged_warm", "loyal", "busy", "spenders"]
ENTITY_METRICS = ["revenue", "lines", "orders", "units", "average_amount", "refunds", "per_order"]


class Asker:
    """Makes questions from a seed."""

    def __init__(self, catalog: Catalog, seed: int, metrics: Sequence[str] = ()) -> None:
        self.metrics = list(metrics or catalog.rules)
        self.catalog, self.dice = catalog, random.Random(seed)
        self.reader = Reader(catalog, {})

    def question(self) -> Ask:
        dice = self.dice
        metrics = [self._metric() for _ in range(dice.choice([1, 1, 1, 2, 2, 3, 5]))]
        found = [home for metric in metrics for home in homes(self.catalog.measure(metric["name"]))]
        self.homes: list[Dataset] = [self.catalog.datasets[home] for home in dict.fromkeys(found)]
        ask: Ask = {"metrics": metrics}
        by = [one for one in (self._key() for _ in range(dice.choice([0, 1, 1, 2, 2, 3]))) if one is not None]
        ask["by"] = by
        self._name_columns(ask)
        if dice.random() < 0.6:
            where = self._where(dice.choice([0, 1, 1, 2]))
            if where is not None:
                ask["where"] = where
        if any(one.get("grain") == "HOUR" for one in by):  # every hour is computed by itself: only of a few days
            ask["where"] = {"and": [self._short_range(), *([ask["where"]] if "where" in ask else [])]}
        elif self._is_shifted(metrics) and not any("grain" in one for one in by) and dice.random() < 0.9:
            ask["where"] = {"and": [self._range(), *([ask["where"]] if "where" in ask else [])]}
        names = [one.get("alias") or one["dimension"] for one in by]
        if by and dice.random() < 0.25:
            sets = [dice.sample(names, dice.randint(0, len(names))) for _ in range(dice.choice([1, 2]))]
            ask["totals"] = sets
        if dice.random() < 0.3:
            self._order(ask, names)
        if dice.random() < 0.15:
            ask["having"] = self._having(ask)
        if by and dice.random() < 0.15:
            ask["includeEmpty"] = True
        if sum(1 for one in by if "grain" in one) == 1 and dice.random() < 0.2:
            ask["fillTime"] = True
        return ask

    # --- columns -------------------------------------------------------------------------------------------------

    def _metric(self) -> Ask:
        metric: Ask = {"name": self.dice.choice(self.metrics)}
        if self.dice.random() < 0.08:
            unit = self.dice.choice(["YEAR", "MONTH", "MONTH", "QUARTER", "HALF_YEAR", "WEEK", "DAY"])
            metric["shift"] = {"periods": self.dice.choice([1, 1, 2, 12]), "unit": unit}
        return metric

    def _reaches(self, words: str) -> bool:
        for home in self.homes:
            try:
                self.reader.find(home.name, words)
            except Unreachable:
                return False
        return True

    def _key(self) -> Ask | None:
        if self.dice.random() < 0.45:
            words = self.dice.choice(["sold_at", "sold_at", "time", "customer.joined_on", *COHORTS])
            if not self._reaches(words):
                return None
            clock = self.reader.find(self.homes[0].name, words).dimension.finest == "SECOND" and len(self.homes) == 1
            if self.dice.random() < 0.25:
                return {"dimension": words, "part": self.dice.choice(PARTS if clock else PARTS[1:])}
            return {"dimension": words, "grain": self.dice.choice(GRAINS if clock else GRAINS[1:])}
        words = self.dice.choice(list(DIMENSIONS))
        return {"dimension": words} if self._reaches(words) else None

    def _name_columns(self, ask: Ask) -> None:
        taken: set[str] = set()
        for one in [*ask["by"], *ask["metrics"]]:
            name = one.get("dimension") or one["name"]
            if name in taken or self.dice.random() < 0.1:
                name = f"c{len(taken)}"
                one["alias"] = name
            taken.add(name)

    # --- filters -------------------------------------------------------------------------------------------------

    def _where(self, depth: int) -> Ask | None:
        if depth and self.dice.random() < 0.8:
            parts = [part for part in (self._where(depth - 1) for _ in range(self.dice.choice([2, 2, 3]))) if part]
            if not parts:
                return None
            joined = self.dice.choice(["and", "and", "or", "not"])
            return {"not": parts[0]} if joined == "not" else {joined: parts}
        form = self.dice.random()
        if form < 0.35:
            return self._time_filter()
        if form < 0.42 and [home.name for home in self.homes] == ["line"]:
            return {"segment": self.dice.choice(SEGMENTS)}
        if form < 0.5 and self._reaches("customer_id"):
            return {
                "metric": self.dice.choice(ENTITY_METRICS), "per": "customer_id",
                "over": self.dice.choice(["ALL_TIME", "RANGE"]),
                **self._operation("number", [0, 1, 2, 100, "0.5"]),
            }  # fmt: skip
        words = self.dice.choice(list(DIMENSIONS))
        if not self._reaches(words):
            return None
        return {"dimension": words, **self._operation(KINDS.get(words, "text"), DIMENSIONS[words])}

    def _operation(self, kind: str, values: list[Any]) -> Ask:
        dice = self.dice
        operators = [
            "EQ",
            "NE",
            "NE",
            "IN",
            "NOT_IN",
            "NOT_IN",
            "IS_NULL",
            "IS_NOT_NULL",
            "IS_NOT_NULL",
            "IS_DISTINCT_FROM",
        ]
        if kind == "number":
            operators += ["GT", "GTE", "LT", "LTE", "IN_RANGE"]
        if kind == "text":
            operators += ["CONTAINS", "STARTS_WITH", "ENDS_WITH", "GT", "LTE"]
        op = dice.choice(operators)
        if op in ("IS_NULL", "IS_NOT_NULL"):
            return {"op": op}
        if op in ("IN", "NOT_IN"):
            return {
                "op": op,
                "values": dice.sample(values, dice.randint(0 if dice.random() < 0.1 else 1, min(3, len(values)))),
            }
        return {"op": op, "values": [dice.choice(values) for _ in range(2 if op == "IN_RANGE" else 1)]}

    def _time_filter(self) -> Ask | None:
        dice = self.dice
        words = dice.choice(["sold_at", "sold_at", "sold_at", "time", "customer.joined_on"])
        if not self._reaches(words):
            return None
        node: Ask = {"dimension": words}
        if dice.random() < 0.15:
            part = dice.choice(PARTS[1:])
            return {**node, "part": part, "op": "IN", "values": dice.sample(range(1, 8), 3)}
        op = dice.choice(
            ["IN_RANGE"] * 6 + ["EQ", "NE", "IN", "NOT_IN", "GT", "GTE", "LT", "LTE", "IS_NULL", "IS_NOT_NULL"]
        )
        if op in ("IS_NULL", "IS_NOT_NULL"):
            return {**node, "op": op}
        if op == "IN_RANGE":
            chosen = [dice.choice(DAYS[:8]), dice.choice(DAYS[8:])]
            return {**node, "op": op, "values": chosen}
        count = dice.choice([1, 2, 3]) if op in ("IN", "NOT_IN") else 1
        return {**node, "op": op, "values": dice.sample(DAYS + MOMENTS, count)}

    # --- what is shown -------------------------------------------------------------------------------------------

    def _is_shifted(self, metrics: list[Ask]) -> bool:
        measures = [node for metric in metrics for node in nodes(self.catalog.measure(metric["name"]))]
        return any("shift" in metric for metric in metrics) or any(isinstance(one, Ago | Over) for one in measures)

    def _range(self) -> Ask:
        values = self.dice.choice(
            [("2024-01-01", "2025-01-01"), ("2024-01-01", "2024-04-01"), ("2023-12-01", "2024-03-01")] * 2
            + [("2024-02-29", "2024-03-31"), ("2024-03-30", "2024-03-31"), ("2024-02-28", "2024-03-01")]
            + [
                ("2024-01-15", "2024-03-16"),
                ("2024-03-29T10:00:00", "2024-03-31T10:15:01"),
                ("2024-01-31", "2024-04-01"),
            ]
        )
        return {"dimension": "time", "op": "IN_RANGE", "values": list(values)}

    def _short_range(self) -> Ask:
        start, end = self.dice.choice(
            [("2024-01-31", "2024-02-01"), ("2024-02-28", "2024-03-02"), ("2023-12-31", "2024-01-02")]
        )
        return {"dimension": "time", "op": "IN_RANGE", "values": [start, end]}

    def _order(self, ask: Ask, names: list[str]) -> None:
        names = names + [one.get("alias") or one["name"] for one in ask["metrics"] if self._is_exact(one["name"])]
        if names:
            chosen = self.dice.sample(names, self.dice.randint(1, min(2, len(names))))
            ask["orderBy"] = [{"key": name, "descending": self.dice.random() < 0.5} for name in chosen]
        if self.dice.random() < 0.6:
            ask["limit"] = self.dice.choice([1, 2, 3, 5])
            ask["offset"] = self.dice.choice([0, 0, 1, 2, 100])

    def _is_exact(self, metric: str) -> bool:
        """Whether the metric is no float, whose order may hang on a last digit."""
        return metric in (
            "revenue",
            "lines",
            "orders",
            "buyers",
            "units",
            "refunds",
            "first_note",
            "last_sold",
            "pairs",
            "on_hand",
            "closing",
            "counted",
            "level",
        )

    def _having(self, ask: Ask) -> Ask:
        parts = []
        for one in self.dice.sample(ask["metrics"], min(2, len(ask["metrics"]))):
            key = one.get("alias") or one["name"]
            if one["name"] == "is_much":
                parts.append({"key": key, **self._operation("boolean", [True, False])})
            elif one["name"] in ("first_note", "highest_note", "top_note"):
                parts.append({"key": key, **self._operation("text", TEXTS)})
            elif one["name"] == "last_sold":
                parts.append({"key": key, "op": "GTE", "values": [self.dice.choice(DAYS)]})
            else:
                parts.append({"key": key, **self._operation("number", [0, 1, 2, 5, 100])})
        return (
            {self.dice.choice(["and", "or"]): parts}
            if len(parts) > 1
            else self.dice.choice([parts[0], {"not": parts[0]}])
        )
