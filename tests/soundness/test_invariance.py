"""What else is asked never changes a number (selection and root invariance, after rule 7)."""

import inspect
from collections.abc import Callable
from typing import Any

import pytest

MONTHS = [{"dimension": "transaction_date", "grain": "MONTH"}]
BY_MONTH = (
    "sales", "units", "baskets", "active_households", "average_basket_value", "units_per_basket", "discount_rate",
    "private_label_share", "repeat_purchase_rate", "new_households", "sales_ytd", "sales_mom_growth",
    "active_households_28d", "sales_share", "median_basket_value", "p90_basket_value", "promoted_sales_share",
    "coupon_redemptions", "redemptions_per_1000_baskets",
)  # fmt: skip
AskFunction = Callable[[str, dict[str, Any]], Any]


async def rows_of(ask: AskFunction, engine: str, question: dict[str, Any]) -> list[Any]:
    answer = ask(engine, question)
    return list((await answer if inspect.isawaitable(answer) else answer)["rows"])


@pytest.mark.parametrize("where", [None, {"dimension": "product.department", "op": "NE", "values": ["FUEL"]}])
async def test_a_metric_beside_all_others(where: dict[str, Any] | None, engine: str, ask: AskFunction) -> None:
    """A naive engine joins the metrics' inputs: a shift or a second fact beside `sales` then multiplies or
    drops rows.
    """
    names = [n for n in BY_MONTH if where is None or n not in ("coupon_redemptions", "redemptions_per_1000_baskets")]
    asked = {"by": MONTHS} | ({"where": where} if where else {})
    together = await rows_of(ask, engine, asked | {"metrics": [{"name": name} for name in names]})
    for position, name in enumerate(names, start=1):
        alone = {row[0]: row[1] for row in await rows_of(ask, engine, asked | {"metrics": [{"name": name}]})}
        beside = {row[0]: row[position] for row in together}
        assert alone == {month: value for month, value in beside.items() if month in alone}, name
        assert all(value is None for month, value in beside.items() if month not in alone), name


async def test_dimensions_of_another_root_move_no_metric(engine: str, ask: AskFunction) -> None:
    """A naive engine starts at the dimension's table: sales by income would then lose households without
    demographics.
    """
    [[alone]] = await rows_of(ask, engine, {"metrics": [{"name": "sales"}]})
    for dimension in ("household.income", "product.department", "store_id", "product.package_size"):
        rows = await rows_of(ask, engine, {"metrics": [{"name": "sales"}], "by": [{"dimension": dimension}]})
        cents = sum(int(row[1].replace(".", "")) for row in rows)
        assert cents == int(alone.replace(".", "")), dimension
