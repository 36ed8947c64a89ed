"""Traps of stocks: states added over time, days chosen by what is asked, totals added from parts. Rule 16.

The stock is `shelf` of tests/golden/kinds: what a store sold of a product on a day, read as if it had been counted.
"""

from tests.soundness.conftest import Trap

MONTHS = [{"dimension": "day", "grain": "MONTH"}]
DECEMBER = {"dimension": "day", "op": "IN_RANGE", "values": ["2017-12-01", "2017-12-26"]}


async def test_a_stock_is_not_added_over_days(kinds_trap: Trap) -> None:
    """Every day's count added up, as any sum would be: a month's stock is then thirty times too high."""
    await kinds_trap(
        {"metrics": [{"name": "on_hand"}], "by": MONTHS},
        right="""
            with s as (select day, date_trunc('month', day)::date as m, quantity from lines),
                 a as (select m, max(day) as day from s group by 1)
            select s.m, sum(s.quantity) from s join a on a.m = s.m and a.day = s.day group by 1""",
        naive="select date_trunc('month', day)::date, sum(quantity) from lines group by 1",
    )


async def test_the_day_does_not_hang_on_what_is_asked(kinds_trap: Trap) -> None:
    """Each department by its own last day: then the departments add up to more than the whole shelf held on any day."""
    await kinds_trap(
        {"metrics": [{"name": "on_hand"}], "by": [{"dimension": "product.department"}]},
        right="""
            select c.department, sum(c.quantity) filter (where c.day = a.day)
            from cut c cross join (select max(day) as day from lines) a group by 1""",
        naive="""
            with a as (select department, max(day) as day from cut group by 1)
            select c.department, sum(c.quantity)
            from cut c join a on a.department is not distinct from c.department and a.day = c.day group by 1""",
    )


async def test_a_store_that_was_not_counted_on_the_last_day_keeps_its_stock(kinds_trap: Trap) -> None:
    """Only the stores of the last day: with `take_each` every store adds what it had when it was counted last."""
    await kinds_trap(
        {"metrics": [{"name": "on_hand_of_stores"}], "by": MONTHS},
        right="""
            with s as (select store_id, day, date_trunc('month', day)::date as m, quantity from lines),
                 a as (select store_id, m, max(day) as day from s group by 1, 2)
            select s.m, sum(s.quantity) from s join a on a.store_id = s.store_id and a.day = s.day group by 1""",
        naive="""
            with s as (select day, date_trunc('month', day)::date as m, quantity from lines),
                 a as (select m, max(day) as day from s group by 1)
            select s.m, sum(s.quantity) from s join a on a.m = s.m and a.day = s.day group by 1""",
    )


async def test_an_empty_last_day_is_not_the_day_before(kinds_trap: Trap) -> None:
    """`take: last` of a range that ends on 25 December, when nothing was counted: the 24th is another day. The sum is
    null, the count 0.
    """
    await kinds_trap(
        {"metrics": [{"name": "closing"}, {"name": "counted"}, {"name": "on_hand"}], "where": DECEMBER},
        right="select cast(null as bigint), 0, (select sum(quantity) from lines where day = date '2017-12-24')",
        naive="""
            select sum(quantity), count(distinct (store_id, product_id)), sum(quantity) from lines
            where day = date '2017-12-24'""",
    )


async def test_the_least_of_all_is_not_the_least_of_each_added(kinds_trap: Trap) -> None:
    """The brands' emptiest days added up: they are different days. The total is of the emptiest day of all."""
    await kinds_trap(
        {"metrics": [{"name": "lowest_stock"}, {"name": "highest_stock"}], "by": MONTHS},
        right="""
            with d as (select day, sum(quantity) as n from lines group by 1)
            select date_trunc('month', day)::date, min(n), max(n) from d group by 1""",
        naive="""
            with d as (select day, brand, sum(quantity) as n from cut group by 1, 2),
                 b as (select date_trunc('month', day)::date as m, brand, min(n) as low, max(n) as high
                       from d group by 1, 2)
            select m, sum(low), sum(high) from b group by 1""",
    )


async def test_the_usual_stock_is_of_days_not_of_rows(kinds_trap: Trap) -> None:
    """The average count of a product in a store: the rows of a day are added before days are averaged."""
    await kinds_trap(
        {"metrics": [{"name": "usual_stock"}], "by": [{"dimension": "product.brand"}]},
        right="""
            with d as (select day, brand, sum(quantity) as n from cut group by 1, 2)
            select brand, avg(cast(n as double precision)) from d group by 1""",
        naive="""
            with r as (select store_id, product_id, day, brand, sum(quantity) as n from cut group by 1, 2, 3, 4)
            select brand, avg(cast(n as double precision)) from r group by 1""",
    )


async def test_a_window_of_a_stock_adds_no_days(kinds_trap: Trap) -> None:
    """The counts of 28 days added up, as the window of a flow would be; a window of a stock takes its last counts."""
    days = "select day from calendar where day >= date '2017-05-01' and day < date '2017-05-08'"
    await kinds_trap(
        {
            "metrics": [{"name": "on_hand_28d"}],
            "by": [{"dimension": "day", "grain": "DAY"}],
            "where": {"dimension": "day", "op": "IN_RANGE", "values": ["2017-05-01", "2017-05-08"]},
        },
        right=f"""
            with c as ({days}), p as (select store_id, day, sum(quantity) as n from lines group by 1, 2),
                 l as (select c.day, p.store_id, max(p.day) as last_day
                       from c join p on p.day > c.day - 28 and p.day <= c.day group by 1, 2)
            select l.day, sum(p.n) from l join p on p.store_id = l.store_id and p.day = l.last_day group by 1""",
        naive=f"""
            with c as ({days})
            select c.day, sum(l.quantity) from c join lines l on l.day > c.day - 28 and l.day <= c.day group by 1""",
    )


async def test_each_weekday_of_a_window_has_a_last_day_of_its_own(kinds_trap: Trap) -> None:
    """The last day of the window alone: then every weekday but one shows nothing. As without a window, a part of time
    takes the last of its own days.
    """
    window = """
        with p as (select store_id, day, cast(extract(isodow from day) as int) as w, sum(quantity) as n from lines
                   where day >= date '2017-04-10' and day < date '2017-05-08' group by 1, 2, 3)"""
    await kinds_trap(
        {
            "metrics": [{"name": "on_hand_28d"}],
            "by": [{"dimension": "day", "part": "DAY_OF_WEEK"}],
            "where": {"dimension": "day", "op": "IN_RANGE", "values": ["2017-05-01", "2017-05-08"]},
        },
        right=f"""{window}, l as (select w, store_id, max(day) as day from p group by 1, 2)
            select l.w, sum(p.n) from l join p on p.store_id = l.store_id and p.day = l.day group by 1""",
        naive=f"""{window}, l as (select store_id, max(day) as day from p group by 1)
            select p.w, sum(p.n) filter (where p.day = l.day) from p join l on l.store_id = p.store_id group by 1""",
    )


async def test_the_month_before_has_a_last_day_of_its_own(kinds_trap: Trap) -> None:
    """The range ends on 15 March: the state of the month before is that of its last day, not that of
    15 February, where a range moved by a month would end.
    """
    await kinds_trap(
        {
            "metrics": [{"name": "on_hand"}, {"name": "on_hand_before"}],
            "by": MONTHS,
            "where": {"dimension": "day", "op": "IN_RANGE", "values": ["2017-03-01", "2017-03-16"]},
        },
        right="""
            select date '2017-03-01', (select sum(quantity) from lines where day = date '2017-03-15'),
                   (select sum(quantity) from lines where day = date '2017-02-28')""",
        naive="""
            select date '2017-03-01', (select sum(quantity) from lines where day = date '2017-03-15'),
                   (select sum(quantity) from lines where day = date '2017-02-15')""",
    )
