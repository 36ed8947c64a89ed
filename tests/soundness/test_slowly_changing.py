"""Traps of slowly changing rows: what holds now, all rows of a key, the day of a change. Rule 3.

The history is `loyalty` of tests/golden/kinds.
"""

import pytest

from tests.oracle.product import AskFunction, Refused
from tests.soundness.conftest import Trap

HISTORY = """history as (
    select household_id, date '2017-01-01' as since, date '2017-05-01' as till, 'new' as tier from demographics
    union all
    select household_id, date '2017-05-01', date '2017-10-01', 'known' from demographics where household_id % 2 = 0
    union all
    select household_id, date '2017-11-01', cast(null as date), 'loyal' from demographics where household_id % 3 = 0)"""
BY_TIER = {"metrics": [{"name": "till_sales"}], "by": [{"dimension": "loyalty.tier"}]}
RIGHT = f"""
    with {HISTORY}
    select h.tier, sum(c.sales_value)
    from lines c left join history h on h.household_id = c.household_id and h.since <= c.day
                                    and (h.till is null or c.day < h.till) group by 1"""


async def test_a_line_is_not_of_the_tier_of_today(kinds_trap: Trap) -> None:
    """Everything that a household ever bought under the tier that it has now."""
    await kinds_trap(
        BY_TIER,
        right=RIGHT,
        naive=f"""
            with {HISTORY}
            select h.tier, sum(c.sales_value)
            from lines c left join history h on h.household_id = c.household_id and h.till is null group by 1""",
    )


async def test_a_line_is_not_counted_under_every_tier(kinds_trap: Trap) -> None:
    """The rows of a household's history joined by its number alone: the sales are multiplied."""
    await kinds_trap(
        BY_TIER,
        right=RIGHT,
        naive=f"""
            with {HISTORY}
            select h.tier, sum(c.sales_value)
            from lines c left join history h on h.household_id = c.household_id group by 1""",
    )


async def test_the_day_of_the_change_is_not_counted_twice(kinds_trap: Trap) -> None:
    """`between` takes the end in: the first of May is then of both tiers."""
    days = "c.day >= date '2017-04-30' and c.day < date '2017-05-02'"
    await kinds_trap(
        {**BY_TIER, "where": {"dimension": "sold_on", "op": "IN_RANGE", "values": ["2017-04-30", "2017-05-02"]}},
        right=RIGHT.removesuffix("group by 1") + f" where {days} group by 1",
        naive=f"""
            with {HISTORY}
            select h.tier, sum(c.sales_value)
            from lines c left join history h on h.household_id = c.household_id
                 and c.day between h.since and coalesce(h.till, date '9999-12-31')
            where {days} group by 1""",
    )


async def test_a_gap_loses_no_line(kinds_trap: Trap) -> None:
    """An inner join: October has no tier, and its sales would be gone."""
    await kinds_trap(
        {
            "metrics": [{"name": "till_sales"}],
            "by": [{"dimension": "sold_on", "grain": "MONTH"}, {"dimension": "loyalty.tier"}],
        },
        right=f"""
            with {HISTORY}
            select date_trunc('month', c.day)::date, h.tier, sum(c.sales_value)
            from lines c left join history h on h.household_id = c.household_id and h.since <= c.day
                                            and (h.till is null or c.day < h.till) group by 1, 2""",
        naive=f"""
            with {HISTORY}
            select date_trunc('month', c.day)::date, h.tier, sum(c.sales_value)
            from lines c join history h on h.household_id = c.household_id and h.since <= c.day
                                       and (h.till is null or c.day < h.till) group by 1, 2""",
    )


async def test_rows_that_hold_at_one_time_are_refused(engine: str, ask_kinds: AskFunction) -> None:
    """One day of two tiers would double its sales; without the join nothing is refused."""
    question = {"metrics": [{"name": "till_sales"}], "by": [{"dimension": "doubtful_loyalty.tier"}]}
    with pytest.raises(Refused) as refused:
        await ask_kinds(engine, question)
    assert refused.value.codes == ["JOIN_NOT_UNIQUE"]
    assert "hold at one time" in str(refused.value) and "till_line.doubtful_loyalty" in str(refused.value)
    assert (await ask_kinds(engine, {"metrics": [{"name": "till_sales"}]}))["rows"]
