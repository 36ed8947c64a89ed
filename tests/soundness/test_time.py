"""Traps of time: windows trimmed, periods lost, months counted in days. Rules 11 to 15.

The numbers in the texts are those of the whole data.
"""

from tests.soundness.conftest import Trap

MONTHS = [{"dimension": "transaction_date", "grain": "MONTH"}]
DAYS = [{"dimension": "transaction_date", "grain": "DAY"}]


async def test_a_filter_on_days_does_not_trim_the_window(trap: Trap) -> None:
    """Active households of 28 days computed from the filtered days only: 310 on 31 January, the households
    of one day; the right number is 1,952.
    """
    days = "(date '2017-01-31', date '2017-02-28', date '2017-03-31')"
    await trap(
        {
            "metrics": [{"name": "active_households_28d"}],
            "by": DAYS,
            "where": {
                "dimension": "transaction_date",
                "op": "IN",
                "values": ["2017-01-31", "2017-02-28", "2017-03-31"],
            },
        },
        right=f"""
            select c.day, count(distinct l.household_id)
            from calendar c join lines l on l.day between c.day - 27 and c.day where c.day in {days} group by 1""",
        naive=f"select day, count(distinct household_id) from lines where day in {days} group by 1",
    )


async def test_a_range_does_not_trim_the_window(trap: Trap) -> None:
    """The window of 1 May cut off at the start of the range: 355; the right number is 1,972."""
    await trap(
        {
            "metrics": [{"name": "active_households_28d"}],
            "by": DAYS,
            "where": {"dimension": "transaction_date", "op": "IN_RANGE", "values": ["2017-05-01", "2017-05-15"]},
        },
        right="""
            select c.day, count(distinct l.household_id)
            from calendar c join lines l on l.day between c.day - 27 and c.day
            where c.day >= date '2017-05-01' and c.day < date '2017-05-15' group by 1""",
        naive="""
            select c.day, count(distinct l.household_id)
            from calendar c join lines l on l.day between c.day - 27 and c.day and l.day >= date '2017-05-01'
            where c.day >= date '2017-05-01' and c.day < date '2017-05-15' group by 1""",
    )


async def test_households_of_a_window_are_not_added_by_day(trap: Trap) -> None:
    """The days' active households added up over the window: 9,425 in January, counting a household on each
    of its days; the right number is 1,952.
    """
    await trap(
        {
            "metrics": [{"name": "active_households_28d"}],
            "by": MONTHS,
            "where": {"dimension": "transaction_date", "op": "IN_RANGE", "values": ["2017-01-01", "2017-04-01"]},
        },
        right="""
            select date_trunc('month', c.day)::date, count(distinct l.household_id)
            from calendar c join lines l on l.day between c.day - 27 and c.day
            where c.day in (date '2017-01-31', date '2017-02-28', date '2017-03-31') group by 1""",
        naive="""
            with d as (select day, count(distinct household_id) as n from lines group by 1)
            select date_trunc('month', c.day)::date, sum(d.n)
            from calendar c join d on d.day between c.day - 27 and c.day
            where c.day in (date '2017-01-31', date '2017-02-28', date '2017-03-31') group by 1""",
    )


async def test_a_weekday_filter_does_not_reach_into_the_year_to_date(trap: Trap) -> None:
    """Only Sundays added up, because the question shows Sundays: 152,379.42 on 5 March; the right number
    is 789,423.12.
    """
    await trap(
        {
            "metrics": [{"name": "sales_ytd"}],
            "by": DAYS,
            "where": {
                "and": [
                    {"dimension": "transaction_date", "part": "DAY_OF_WEEK", "op": "EQ", "values": [7]},
                    {"dimension": "transaction_date", "op": "IN_RANGE", "values": ["2017-03-01", "2017-04-01"]},
                ]
            },
        },
        right="""
            select c.day, sum(l.sales_value) from calendar c join lines l on l.day between date '2017-01-01' and c.day
            where c.day >= date '2017-03-01' and c.day < date '2017-04-01' and extract(isodow from c.day) = 7
              group by 1""",
        naive="""
            select c.day, sum(l.sales_value) from calendar c join lines l on l.day between date '2017-01-01' and c.day
            where c.day >= date '2017-03-01' and c.day < date '2017-04-01' and extract(isodow from c.day) = 7
              and extract(isodow from l.day) = 7 group by 1""",
    )


async def test_a_range_does_not_start_the_year(trap: Trap) -> None:
    """Year to date counted from the start of the range: 373,512.59 in June; the right number is
    2,249,188.20.
    """
    await trap(
        {
            "metrics": [{"name": "sales_ytd"}],
            "by": MONTHS,
            "where": {"dimension": "transaction_date", "op": "IN_RANGE", "values": ["2017-06-01", "2017-09-01"]},
        },
        right="""
            with m as (select date_trunc('month', ts)::date as month, sum(sales_value) as s from lines group by 1)
            select a.month, sum(b.s) from m a join m b on b.month <= a.month
            where a.month >= date '2017-06-01' and a.month < date '2017-09-01' group by 1""",
        naive="""
            with m as (select date_trunc('month', ts)::date as month, sum(sales_value) as s from lines
                       where day >= date '2017-06-01' and day < date '2017-09-01' group by 1)
            select month, sum(s) over (order by month) from m""",
    )


async def test_the_year_to_date_stays_when_nothing_is_sold(trap: Trap) -> None:
    """A running sum over the months that have sales: PHOTO & VIDEO has no row in May; its year to date
    there is 12.38.
    """
    await trap(
        {
            "metrics": [{"name": "sales_ytd"}],
            "by": [*MONTHS, {"dimension": "product.department"}],
            "where": {"dimension": "transaction_date", "op": "IN_RANGE", "values": ["2017-01-01", "2018-01-01"]},
        },
        right="""
            with ends as (select date_trunc('month', day)::date as month, max(day) as last_day from calendar
                          where day >= date '2017-01-01' and day < date '2018-01-01' group by 1),
                 daily as (select day, department, sum(sales_value) as s from cut where day < date '2018-01-01'
                   group by 1, 2)
            select e.month, d.department, sum(d.s) from ends e join daily d on d.day <= e.last_day group by 1, 2""",
        naive="""
            with m as (select date_trunc('month', ts)::date as month, department, sum(sales_value) as s
                       from cut where day < date '2018-01-01' group by 1, 2)
            select month, department, sum(s) over (partition by department order by month) from m""",
    )


async def test_a_window_ends_with_the_data(trap: Trap) -> None:
    """January 2018 measured on its 31st, four weeks after the data ended: 0 households; on the last
    recorded day it is 2,003.
    """
    await trap(
        {
            "metrics": [{"name": "active_households_28d"}],
            "by": MONTHS,
            "where": {"dimension": "transaction_date", "op": "GTE", "values": ["2017-11-01"]},
        },
        right="""
            select date_trunc('month', c.day)::date, count(distinct l.household_id)
            from calendar c join lines l on l.day between c.day - 27 and c.day
            where c.day in (date '2017-11-30', date '2017-12-31', date '2018-01-01') group by 1""",
        naive="""
            select date_trunc('month', c.day)::date, count(distinct l.household_id)
            from calendar c left join lines l on l.day between c.day - 27 and c.day
            where c.day in (date '2017-11-30', date '2017-12-31', date '2018-01-31') group by 1""",
    )


async def test_the_month_before_is_read_and_then_trimmed(trap: Trap) -> None:
    """Growth of the first month of the range, without the month before it: null in April; the right growth
    is -0.0175.
    """
    await trap(
        {
            "metrics": [{"name": "sales_mom_growth"}],
            "by": MONTHS,
            "where": {"dimension": "transaction_date", "op": "IN_RANGE", "values": ["2017-04-01", "2017-07-01"]},
        },
        right="""
            with m as (select date_trunc('month', ts)::date as month, sum(sales_value)::float8 as s from lines
              group by 1)
            select n.month, n.s / b.s - 1 from m n join m b on (b.month + interval '1 month')::date = n.month
            where n.month >= date '2017-04-01' and n.month < date '2017-07-01'""",
        naive="""
            with m as (select date_trunc('month', ts)::date as month, sum(sales_value)::float8 as s from lines
                       where day >= date '2017-04-01' and day < date '2017-07-01' group by 1)
            select month, s / lag(s) over (order by month) - 1 from m""",
    )


async def test_the_month_before_is_no_row_before(trap: Trap) -> None:
    """`lag()` over the months a department has, which skips the months it has not: PHOTO & VIDEO grows by
    0.5 in June on a month that is not May; the right growth is null.
    """
    await trap(
        {"metrics": [{"name": "sales_mom_growth"}], "by": [*MONTHS, {"dimension": "product.department"}]},
        right="""
            with m as (select date_trunc('month', ts)::date as month, department, sum(sales_value) as s from cut
              group by 1, 2),
            keys as (
              select month, department from m
              union
              select (month + interval '1 month')::date, department from m
              where (month + interval '1 month')::date in (select month from m)
            )
            select k.month, k.department, n.s::float8 / nullif(b.s, 0)::float8 - 1
            from keys k
            left join m n on n.month = k.month and n.department is not distinct from k.department
            left join m b on (b.month + interval '1 month')::date = k.month and b.department is not distinct
              from k.department""",
        naive="""
            with m as (select date_trunc('month', ts)::date as month, department, sum(sales_value) as s from cut
              group by 1, 2)
            select month, department,
                   s::float8 / nullif(lag(s) over (partition by department order by month), 0)::float8 - 1 from m""",
    )


async def test_a_department_of_the_month_before_appears(trap: Trap) -> None:
    """A left join from this month's departments: a department with sales in February only has no row, and
    the null department no value for February.
    """
    await trap(
        {
            "metrics": [
                {"name": "sales"},
                {"name": "sales", "alias": "before", "shift": {"periods": 1, "unit": "MONTH"}},
            ],
            "by": [{"dimension": "product.department"}],
            "where": {"dimension": "transaction_date", "op": "IN_RANGE", "values": ["2017-03-01", "2017-04-01"]},
        },
        right="""
            select department, sum(sales_value) filter (where day >= date '2017-03-01'),
                   sum(sales_value) filter (where day < date '2017-03-01')
            from cut where day >= date '2017-02-01' and day < date '2017-04-01' group by 1""",
        naive="""
            with n as (select department, sum(sales_value) as s from cut
                       where day >= date '2017-03-01' and day < date '2017-04-01' group by 1),
                 b as (select department, sum(sales_value) as s from cut
                       where day >= date '2017-02-01' and day < date '2017-03-01' group by 1)
            select n.department, n.s, b.s from n left join b on b.department = n.department""",
    )


async def test_a_shift_adds_no_period(trap: Trap) -> None:
    """February 2018, which has last month's sales and none of its own, shows as a row with 1,893.26; the
    periods are those with sales.
    """
    await trap(
        {
            "metrics": [
                {"name": "sales"},
                {"name": "sales", "alias": "before", "shift": {"periods": 1, "unit": "MONTH"}},
            ],
            "by": MONTHS,
        },
        right="""
            with m as (select date_trunc('month', ts)::date as month, sum(sales_value) as s from lines group by 1)
            select n.month, n.s, b.s from m n left join m b on (b.month + interval '1 month')::date = n.month""",
        naive="""
            with m as (select date_trunc('month', ts)::date as month, sum(sales_value) as s from lines group by 1)
            select coalesce(n.month, (b.month + interval '1 month')::date), n.s, b.s
            from m n full join m b on (b.month + interval '1 month')::date = n.month""",
    )


async def test_a_month_is_not_thirty_days(trap: Trap) -> None:
    """29 to 31 March, each minus 30 days, read 27 February to 1 March: 11,577.24 for the 31st; all three
    read 28 February, 10,396.92.
    """
    await trap(
        {
            "metrics": [
                {"name": "sales", "alias": "before", "shift": {"periods": 1, "unit": "MONTH"}},
                {"name": "sales"},
            ],
            "by": DAYS,
            "where": {"dimension": "transaction_date", "op": "IN_RANGE", "values": ["2017-03-29", "2017-04-01"]},
        },
        right="""
            with d as (select day, sum(sales_value) as s from lines group by 1)
            select n.day, b.s, n.s from d n join d b on b.day = date '2017-02-28'
            where n.day >= date '2017-03-29' and n.day < date '2017-04-01'""",
        naive="""
            with d as (select day, sum(sales_value) as s from lines group by 1)
            select n.day, b.s, n.s from d n join d b on b.day = n.day - 30
            where n.day >= date '2017-03-29' and n.day < date '2017-04-01'""",
    )


async def test_a_day_too_many_is_not_lost_at_month_end(trap: Trap) -> None:
    """February's days moved forward by a month never arrive at 29, 30 or 31 March: null; all three read 28
    February, 10,396.92.
    """
    await trap(
        {
            "metrics": [
                {"name": "sales"},
                {"name": "sales", "alias": "before", "shift": {"periods": 1, "unit": "MONTH"}},
            ],
            "by": DAYS,
            "where": {"dimension": "transaction_date", "op": "IN_RANGE", "values": ["2017-03-27", "2017-04-02"]},
        },
        right="""
            with d as (select day, sum(sales_value) as s from lines group by 1)
            select n.day, n.s, b.s from d n left join d b on b.day = (n.day - interval '1 month')::date
            where n.day >= date '2017-03-27' and n.day < date '2017-04-02'""",
        naive="""
            with d as (select day, sum(sales_value) as s from lines group by 1)
            select n.day, n.s, b.s from d n left join d b on (b.day + interval '1 month')::date = n.day
            where n.day >= date '2017-03-27' and n.day < date '2017-04-02'""",
    )


async def test_weeks_begin_on_monday(trap: Trap) -> None:
    """Weeks from Sunday: 1 January 2017 opens a week of its own; by ISO it ends the week of 26 December
    with 8,759.90.
    """
    await trap(
        {"metrics": [{"name": "sales"}], "by": [{"dimension": "transaction_date", "grain": "WEEK"}]},
        right="select day - (extract(isodow from day)::int - 1), sum(sales_value) from lines group by 1",
        naive="select day - extract(dow from day)::int, sum(sales_value) from lines group by 1",
    )


async def test_an_iso_week_is_not_a_seventh_of_the_year(trap: Trap) -> None:
    """Week of year as the day of the year over seven: 87,484.84 in week 1; the right number is 94,826.59."""
    await trap(
        {"metrics": [{"name": "sales"}], "by": [{"dimension": "transaction_date", "part": "WEEK_OF_YEAR"}]},
        right="select extract(week from ts)::int, sum(sales_value) from lines group by 1",
        naive="select floor((extract(doy from ts) - 1) / 7)::int + 1, sum(sales_value) from lines group by 1",
    )


async def test_the_last_day_of_a_comparison_is_whole(trap: Trap) -> None:
    """`timestamp <= '2017-01-05'` ends at midnight and loses the day: 45,738.00; the right number is
    58,287.31.
    """
    await trap(
        {
            "metrics": [{"name": "sales"}],
            "where": {"dimension": "transaction_date", "op": "LTE", "values": ["2017-01-05"]},
        },
        right="select sum(sales_value) from lines where ts < timestamp '2017-01-06'",
        naive="select sum(sales_value) from lines where ts <= timestamp '2017-01-05'",
    )


async def test_after_a_day_means_after_its_end(trap: Trap) -> None:
    """`timestamp > '2017-12-30'` begins at midnight of that very day: 37,135.52; the right number is
    20,205.81.
    """
    await trap(
        {
            "metrics": [{"name": "sales"}],
            "where": {"dimension": "transaction_date", "op": "GT", "values": ["2017-12-30"]},
        },
        right="select sum(sales_value) from lines where ts >= timestamp '2017-12-31'",
        naive="select sum(sales_value) from lines where ts > timestamp '2017-12-30'",
    )


async def test_a_day_equals_more_than_its_midnight(trap: Trap) -> None:
    """`timestamp = '2017-12-24'` finds nothing; the day has 20,142.69."""
    await trap(
        {
            "metrics": [{"name": "sales"}],
            "where": {"dimension": "transaction_date", "op": "EQ", "values": ["2017-12-24"]},
        },
        right="select sum(sales_value) from lines where day = date '2017-12-24'",
        naive="select sum(sales_value) from lines where ts = timestamp '2017-12-24'",
    )


async def test_a_range_is_half_open(trap: Trap) -> None:
    """`between` two days, the second one included: 13,456 baskets in March; the right number is 12,981."""
    await trap(
        {
            "metrics": [{"name": "baskets"}],
            "where": {"dimension": "transaction_date", "op": "IN_RANGE", "values": ["2017-03-01", "2017-04-01"]},
        },
        right="select count(distinct basket_id) from lines where day >= date '2017-03-01' and day < date '2017-04-01'",
        naive="select count(distinct basket_id) from lines where day between date '2017-03-01' and date '2017-04-01'",
    )


async def test_a_day_without_rows_is_filled_on_request(trap: Trap) -> None:
    """25 December, which no row speaks of: four rows; asked with fillTime it is the fifth, with null."""
    await trap(
        {
            "metrics": [{"name": "baskets"}],
            "by": DAYS,
            "where": {"dimension": "transaction_date", "op": "IN_RANGE", "values": ["2017-12-23", "2017-12-28"]},
            "fillTime": True,
        },
        right="""
            select c.day, nullif(count(distinct l.basket_id), 0) from calendar c left join lines l on l.day = c.day
            where c.day >= date '2017-12-23' and c.day < date '2017-12-28' group by 1""",
        naive="""
            select day, count(distinct basket_id) from lines
            where day >= date '2017-12-23' and day < date '2017-12-28' group by 1""",
    )
