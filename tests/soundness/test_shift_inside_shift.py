"""A shift around a metric that has a shift inside: the growth of last month."""

from tests.soundness.conftest import Trap

MONTHS = "select date_trunc('month', day)::date as m, sum(sales_value) as s from lines group by 1"


async def test_the_first_month_of_a_range_keeps_its_shifted_growth(trap: Trap) -> None:
    """March shows the growth of February (-5.61 % on the whole data). Cutting the inner shift by the question's own
    range loses it: the month that March reads, and the one before, lie outside of the range.
    """
    growth = f"""
        with s as ({MONTHS})
        select (now.m + interval '1 month')::date, cast(now.s as double precision) / cast(was.s as double precision) - 1
        from s now join s was on was.m = (now.m - interval '1 month')::date"""
    await trap(
        {
            "metrics": [{"name": "sales_mom_growth", "alias": "growth", "shift": {"periods": 1, "unit": "MONTH"}}],
            "by": [{"dimension": "transaction_date", "grain": "MONTH"}],
            "where": {"dimension": "transaction_date", "op": "IN_RANGE", "values": ["2017-03-01", "2017-06-01"]},
        },
        right=f"{growth} where now.m >= date '2017-02-01' and now.m < date '2017-05-01'",
        naive=f"{growth} where now.m >= date '2017-03-01' and now.m < date '2017-05-01'",
    )
