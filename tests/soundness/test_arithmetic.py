"""Traps of arithmetic: ratios averaged, counts added, quotients truncated, nulls read as 0. Rules 4, 8, 9 and 10.

The numbers in the texts are those of the whole data.
"""

import inspect
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from tests.oracle.databases import Oracle
from tests.soundness.conftest import Trap

QUARTERS = [{"dimension": "transaction_date", "grain": "QUARTER"}]


async def test_a_ratio_of_sums_is_not_an_average_of_ratios(trap: Trap) -> None:
    """The quarter's average basket as the mean of its months' averages: 29.384 for the first quarter; the
    right number is 29.376.
    """
    await trap(
        {"metrics": [{"name": "average_basket_value"}], "by": QUARTERS},
        right="""select date_trunc('quarter', ts)::date, sum(sales_value)::float8 / count(distinct basket_id)
                 from lines group by 1""",
        naive="""
            with m as (select date_trunc('month', ts)::date as month,
                              sum(sales_value)::float8 / count(distinct basket_id) as v
                       from lines group by 1)
            select date_trunc('quarter', month)::date, avg(v) from m group by 1""",
    )


async def test_a_rate_of_lines_is_not_the_rate(trap: Trap) -> None:
    """The discount rate as the mean of the lines' rates: 0.135 for the brand National; the right rate is
    0.159.
    """
    await trap(
        {"metrics": [{"name": "discount_rate"}], "by": [{"dimension": "product.brand"}]},
        right="""
            select brand, sum(retail_disc + coupon_disc + coupon_match_disc)::float8
                          / sum(sales_value + retail_disc + coupon_disc + coupon_match_disc)::float8
            from cut group by 1""",
        naive="""
            select brand, avg((retail_disc + coupon_disc + coupon_match_disc)::float8
                              / nullif(sales_value + retail_disc + coupon_disc + coupon_match_disc, 0)::float8)
            from cut group by 1""",
    )


async def test_a_years_repeat_rate_is_computed_again(trap: Trap) -> None:
    """The whole's repeat rate as the mean of the months': 0.783; over the whole time it is 0.987."""
    await trap(
        {"metrics": [{"name": "repeat_purchase_rate"}]},
        right="""
            with h as (select household_id, count(distinct basket_id) as n from lines group by 1)
            select count(*) filter (where n >= 2)::float8 / count(*) from h""",
        naive="""
            with h as (select date_trunc('month', ts) as month, household_id, count(distinct basket_id) as n
              from lines group by 1, 2),
                 m as (select month, count(*) filter (where n >= 2)::float8 / count(*) as rate from h group by 1)
            select avg(rate) from m""",
    )


async def test_distinct_counts_do_not_add_up(trap: Trap) -> None:
    """The year's active households as the sum of the months': 24,372 in 2017; there are 2,469 households."""
    await trap(
        {"metrics": [{"name": "active_households"}], "by": [{"dimension": "transaction_date", "grain": "YEAR"}]},
        right="select date_trunc('year', ts)::date, count(distinct household_id) from lines group by 1",
        naive="""
            with m as (select date_trunc('month', ts)::date as month, count(distinct household_id) as n from lines
              group by 1)
            select date_trunc('year', month)::date, sum(n) from m group by 1""",
    )


async def test_integers_divide_as_real_numbers(trap: Trap) -> None:
    """Units over baskets as an integer quotient: every department but FUEL and a few has 1 or 2; COSMETICS
    has 1.558.
    """
    await trap(
        {"metrics": [{"name": "units_per_basket"}], "by": [{"dimension": "product.department"}]},
        right="select department, sum(quantity)::float8 / count(distinct basket_id) from cut group by 1",
        naive="select department, floor(sum(quantity)::float8 / count(distinct basket_id)) from cut group by 1",
    )


async def test_nothing_over_nothing_is_null(trap: Trap) -> None:
    """A discount rate over no sales and no discounts read as 0: CNTRL/STORE SUP in January 2017 has
    neither, so its rate is null.
    """
    await trap(
        {
            "metrics": [{"name": "discount_rate"}],
            "by": [{"dimension": "transaction_date", "grain": "MONTH"}, {"dimension": "product.department"}],
        },
        right="""
            select date_trunc('month', ts)::date, department,
                   sum(retail_disc + coupon_disc + coupon_match_disc)::float8
                   / nullif(sum(sales_value + retail_disc + coupon_disc + coupon_match_disc), 0)::float8
            from cut group by 1, 2""",
        naive="""
            select date_trunc('month', ts)::date, department,
                   coalesce(sum(retail_disc + coupon_disc + coupon_match_disc)::float8
                            / nullif(sum(sales_value + retail_disc + coupon_disc + coupon_match_disc), 0)::float8, 0)
            from cut group by 1, 2""",
    )


async def test_no_private_label_is_null_and_not_zero(trap: Trap) -> None:
    """`sum(case when … else 0)` for a department that sells no private label gives 0 for 14 departments;
    they have no rows to add, so the share is null.
    """
    await trap(
        {"metrics": [{"name": "private_label_share"}], "by": [{"dimension": "product.department"}]},
        right="""
            select department, (sum(sales_value) filter (where brand = 'Private'))::float8
              / nullif(sum(sales_value), 0)::float8
            from cut group by 1""",
        naive="""
            select department, sum(case when brand = 'Private' then sales_value else 0 end)::float8
                               / nullif(sum(sales_value), 0)::float8
            from cut group by 1""",
    )


async def test_a_fact_without_rows_is_null_and_not_zero(trap: Trap) -> None:
    """Redemptions of months without any, read as 0: January 2018 has none recorded, which is null."""
    await trap(
        {
            "metrics": [{"name": "baskets"}, {"name": "coupon_redemptions"}],
            "by": [{"dimension": "transaction_date", "grain": "MONTH"}],
        },
        right="""
            with b as (select date_trunc('month', ts)::date as month, count(distinct basket_id) as n from lines
              group by 1),
                 r as (select date_trunc('month', day)::date as month, count(*) as n from redeemed group by 1)
            select b.month, b.n, r.n from b left join r on r.month = b.month""",
        naive="""
            with b as (select date_trunc('month', ts)::date as month, count(distinct basket_id) as n from lines
              group by 1),
                 r as (select date_trunc('month', day)::date as month, count(*) as n from redeemed group by 1)
            select b.month, b.n, coalesce(r.n, 0) from b left join r on r.month = b.month""",
    )


async def test_money_is_exact(engine: str, oracle: Oracle, ask: Callable[[str, dict[str, Any]], Any]) -> None:
    """The sum of the file's binary floats is 4596039.580028254; the right number is 4596039.58."""
    [(exact,)] = oracle.rows("select sum(sales_value) from lines")
    [(binary,)] = oracle.rows("select sum(sales_value) from transactions")
    assert Decimal(repr(binary)) != Decimal(exact), "the trap is not alive: the binary sum is exact here"
    answer = ask(engine, {"metrics": [{"name": "sales"}]})
    answer = await answer if inspect.isawaitable(answer) else answer
    assert answer["columns"][0]["type"] == "DECIMAL"
    assert answer["rows"] == [[f"{exact:.2f}"]]


async def test_a_median_is_over_baskets(trap: Trap) -> None:
    """The median of the lines: 2.49 for DRUG GM; the median basket holds 4.99 of it."""
    await trap(
        {"metrics": [{"name": "median_basket_value"}], "by": [{"dimension": "product.department"}]},
        right="""
            with b as (select department, basket_id, sum(sales_value)::float8 as v from cut group by 1, 2)
            select department, percentile_cont(0.5) within group (order by v) from b group by 1""",
        naive="select department, percentile_cont(0.5) within group (order by sales_value::float8) from cut group by 1",
    )


async def test_a_median_is_not_a_median_of_medians(trap: Trap) -> None:
    """The quarter's median as the median of its days' medians: 17.26 for the second quarter; the right
    median is 17.40.
    """
    await trap(
        {"metrics": [{"name": "median_basket_value"}], "by": QUARTERS},
        right="""
            with b as (select date_trunc('quarter', ts)::date as q, basket_id, sum(sales_value)::float8 as v
              from lines group by 1, 2)
            select q, percentile_cont(0.5) within group (order by v) from b group by 1""",
        naive="""
            with b as (select day, basket_id, sum(sales_value)::float8 as v from lines group by 1, 2),
                 d as (select day, percentile_cont(0.5) within group (order by v) as m from b group by 1)
            select date_trunc('quarter', day)::date, percentile_cont(0.5) within group (order by m) from d
              group by 1""",
    )


async def test_a_percentile_is_interpolated(trap: Trap) -> None:
    """The 90th percentile as the nearest basket's value: 7.13 for store 45; interpolated it is 7.038."""
    await trap(
        {"metrics": [{"name": "p90_basket_value"}], "by": [{"dimension": "store_id"}], "limit": 50},
        right="""
            with b as (select store_id, basket_id, sum(sales_value)::float8 as v from lines group by 1, 2)
            select store_id, percentile_cont(0.9) within group (order by v) from b group by 1""",
        naive="""
            with b as (select store_id, basket_id, sum(sales_value)::float8 as v from lines group by 1, 2)
            select store_id, percentile_disc(0.9) within group (order by v) from b group by 1""",
    )


async def test_a_decimal_scale_does_not_round_a_percentile(trap: Trap) -> None:
    """A percentile rounded to the scale of its decimals, as DuckDB does by itself: 72.25 for February; the
    right number is 72.254.
    """
    await trap(
        {"metrics": [{"name": "p90_basket_value"}], "by": [{"dimension": "transaction_date", "grain": "MONTH"}]},
        right="""
            with b as (select date_trunc('month', ts)::date as month, basket_id, sum(sales_value) as v from lines
              group by 1, 2)
            select month, percentile_cont(0.9) within group (order by v::float8) from b group by 1""",
        naive={
            "duckdb": """
                with b as (select date_trunc('month', ts)::date as month, basket_id, sum(sales_value) as v from lines
                  group by 1, 2)
                select month, percentile_cont(0.9) within group (order by v) from b group by 1""",
            "postgres": """
                with b as (select date_trunc('month', ts)::date as month, basket_id, sum(sales_value) as v from lines
                  group by 1, 2)
                select month, trunc(percentile_cont(0.9) within group (order by v::float8)::numeric, 2) from b
                  group by 1""",
        },
    )
