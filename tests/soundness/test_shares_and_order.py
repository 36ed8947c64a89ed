"""Traps of shares, totals, order and text. Rules 8, 19, 20, 22 and 23.

The numbers in the texts are those of the whole data.
"""

import inspect
from collections.abc import Callable
from typing import Any

from tests.oracle.databases import Oracle
from tests.soundness.conftest import Trap

SHARE = {"metrics": [{"name": "sales"}, {"name": "sales_share"}], "by": [{"dimension": "product.department"}]}
RIGHT_SHARE = """select department, sum(sales_value), sum(sales_value)::float8 / (select sum(sales_value)::float8
  from lines)
                 from cut group by 1"""


async def test_a_share_is_taken_before_the_limit(trap: Trap) -> None:
    """The three shown departments as the whole: GROCERY has 0.714; its share of all sales is 0.504."""
    await trap(
        SHARE | {"orderBy": [{"key": "sales", "descending": True}], "limit": 3},
        right=RIGHT_SHARE,
        naive="""
            with a as (select department, sum(sales_value) as s from cut group by 1 order by s desc limit 3)
            select department, s, s::float8 / (sum(s) over ())::float8 from a""",
    )


async def test_a_share_is_taken_before_having(trap: Trap) -> None:
    """The departments that pass as the whole: AUTOMOTIVE has 0.0263; its share is 0.0000657."""
    await trap(
        SHARE | {"having": {"key": "sales", "op": "LT", "values": [10000]}},
        right=RIGHT_SHARE + " having sum(sales_value) < 10000",
        naive="""
            with a as (select department, sum(sales_value) as s from cut group by 1 having sum(sales_value) < 10000)
            select department, s, s::float8 / (sum(s) over ())::float8 from a""",
    )


async def test_a_filter_cuts_both_parts_of_a_share(trap: Trap) -> None:
    """The filtered part over the unfiltered whole: DELI has 0.0074; its share of the private label is
    0.0263.
    """
    await trap(
        {
            "metrics": [{"name": "sales_share"}],
            "by": [{"dimension": "product.department"}],
            "where": {"dimension": "product.brand", "op": "EQ", "values": ["Private"]},
        },
        right="""select department, sum(sales_value)::float8 / (select sum(sales_value)::float8
          from cut where brand = 'Private')
                 from cut where brand = 'Private' group by 1""",
        naive="""select department, sum(sales_value)::float8 / (select sum(sales_value)::float8 from cut)
                 from cut where brand = 'Private' group by 1""",
    )


async def test_a_share_keeps_the_time(trap: Trap) -> None:
    """A month's department over the sales of all months: DRUG GM has 0.0101 in January; its share of
    January is 0.1247.
    """
    await trap(
        {
            "metrics": [{"name": "sales_share"}],
            "by": [{"dimension": "transaction_date", "grain": "MONTH"}, {"dimension": "product.department"}],
        },
        right="""
            with a as (select date_trunc('month', ts)::date as month, department, sum(sales_value) as s from cut
              group by 1, 2)
            select month, department, s::float8 / (sum(s) over (partition by month))::float8 from a""",
        naive="""
            with a as (select date_trunc('month', ts)::date as month, department, sum(sales_value) as s from cut
              group by 1, 2)
            select month, department, s::float8 / (sum(s) over ())::float8 from a""",
    )


async def test_others_are_counted_once(trap: Trap) -> None:
    """The households of the small departments added up under "Others": 15,569; the right number is 2,413."""
    top5 = "(select department from c group by 1 order by sum(sales_value) desc, department limit 5)"
    await trap(
        {
            "metrics": [{"name": "active_households"}],
            "by": [{"dimension": "product.leading_department"}],
            "where": {"dimension": "product.department", "op": "IS_NOT_NULL"},
        },
        right=f"""
            with c as (select * from cut where department is not null), t as {top5}
            select case when department in (select department from t) then department else 'Others' end,
                   count(distinct household_id)
            from c group by 1""",
        naive=f"""
            with c as (select * from cut where department is not null), t as {top5},
                 d as (select department, count(distinct household_id) as n from c group by 1)
            select case when department in (select department from t) then department else 'Others' end, sum(n)
            from d group by 1""",
    )


async def test_nulls_come_last(trap: Trap) -> None:
    """`order by … desc` puts nulls first on PostgreSQL: the first five of fourteen nulls; the right first
    row is FUEL with 1.0.
    """
    share = "(sum(sales_value) filter (where brand = 'Private'))::float8 / nullif(sum(sales_value), 0)::float8"
    await trap(
        {
            "metrics": [{"name": "private_label_share"}],
            "by": [{"dimension": "product.department"}],
            "orderBy": [{"key": "private_label_share", "descending": True}],
            "limit": 5,
        },
        right=f"select department, {share} from cut group by 1",
        naive=f"select department, {share} from cut group by 1 order by 2 desc nulls first, 1 limit 5",
    )


async def test_text_order_is_by_code_point(trap: Trap) -> None:
    """An order that looks past punctuation, as many databases' locales do: 150-174K third; by code point
    it is 15-24K.
    """
    await trap(
        {"metrics": [{"name": "active_households"}], "by": [{"dimension": "household.income"}], "limit": 3},
        right="select income, count(distinct household_id) from cut group by 1",
        naive="""select income, count(distinct household_id) from cut group by 1
                 order by replace(income, '-', '') nulls last limit 3""",
    )


async def test_an_underscore_is_a_letter(trap: Trap) -> None:
    """`like '%2_O%'`, where the underscore means any letter: 222 package sizes such as .12 OZ; there is
    one, 12_OZ.
    """
    await trap(
        {
            "metrics": [{"name": "sales"}],
            "by": [{"dimension": "product.package_size"}],
            "where": {"dimension": "product.package_size", "op": "CONTAINS", "values": ["2_O"]},
        },
        right="select package_size, sum(sales_value) from cut where position('2_O' in package_size) > 0 group by 1",
        naive="select package_size, sum(sales_value) from cut where package_size like '%2_O%' group by 1",
    )


async def test_a_percent_sign_is_a_letter(trap: Trap) -> None:
    """`like '%50%%'`, where the percent sign means anything: 22 product types more than the one that says
    50%JCE.
    """
    await trap(
        {
            "metrics": [{"name": "sales"}],
            "by": [{"dimension": "product.product_type"}],
            "where": {"dimension": "product.product_type", "op": "CONTAINS", "values": ["0%J"]},
        },
        right="select product_type, sum(sales_value) from cut where position('0%J' in product_type) > 0 group by 1",
        naive="select product_type, sum(sales_value) from cut where product_type like '%0%J%' group by 1",
    )


async def test_text_is_case_sensitive(trap: Trap) -> None:
    """`ilike '%juice%'`: 22,241 baskets; every type is written in capitals, so there are 0."""
    await trap(
        {
            "metrics": [{"name": "baskets"}],
            "where": {"dimension": "product.product_type", "op": "CONTAINS", "values": ["juice"]},
        },
        right="select count(distinct basket_id) from cut where position('juice' in product_type) > 0",
        naive="select count(distinct basket_id) from cut where product_type ilike '%juice%'",
    )


async def test_totals_are_over_all_rows_and_not_over_the_page(
    engine: str, oracle: Oracle, ask: Callable[[str, dict[str, Any]], Any]
) -> None:
    """The grand total as the sum of the rows shown: 3,242,815.79 and 5,998 households; the right numbers
    are 4,596,039.58 and 2,469.
    """
    question = {
        "metrics": [{"name": "sales"}, {"name": "active_households"}],
        "by": [{"dimension": "product.department"}],
        "having": {"key": "sales", "op": "GT", "values": [1000]},
        "orderBy": [{"key": "sales", "descending": True}],
        "limit": 3,
        "totals": [[]],
    }
    shown = oracle.rows("""
        select sum(s), sum(n) from (select sum(sales_value) as s, count(distinct household_id) as n from cut
          group by department
                                    having sum(sales_value) > 1000 order by 1 desc limit 3) x""")
    right = oracle.rows("select sum(sales_value), count(distinct household_id) from lines")
    assert shown != right, "the trap is not alive: the page is the whole"
    answer = ask(engine, question)
    answer = await answer if inspect.isawaitable(answer) else answer
    [(sales, households)] = right
    assert answer["totals"] == [{"by": [], "rows": [[f"{sales:.2f}", households]]}]


async def test_pages_neither_repeat_nor_skip_among_ties(
    engine: str, oracle: Oracle, ask: Callable[[str, dict[str, Any]], Any]
) -> None:
    """Without a total order, pages over equal keys repeat some stores and skip others: 216 stores have the
    same number of households.
    """
    question: dict[str, Any] = {
        "metrics": [{"name": "active_households"}],
        "by": [{"dimension": "store_id"}],
        "orderBy": [{"key": "active_households"}],
    }
    [(ties,)] = oracle.rows("""
        select max(c) from (select n, count(*) as c from
          (select store_id, count(distinct household_id) as n from lines group by 1) x group by n) y""")
    assert ties > 20, "the trap is not alive: no page would be filled with ties"
    pages: list[Any] = []
    while True:
        answer = ask(engine, question | {"limit": 20, "offset": len(pages)})
        answer = await answer if inspect.isawaitable(answer) else answer
        pages += answer["rows"]
        if not answer["meta"]["truncated"]:
            break
    rows = oracle.rows("select store_id, count(distinct household_id) from lines group by 1")
    assert pages == [list(row) for row in sorted(rows, key=lambda row: (row[1], row[0]))]
