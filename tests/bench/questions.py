"""The questions that are measured, in every form: by name, in the words of the typed door, and as SQL written by hand.

Each takes the end of its time range: another end is another question with the same shape.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

FIRST_DAY = "2017-01-01"
WHOLE_YEAR = "2018-01-01"
BY_NAME = "query ($ask: AskInput!) { query(ask: $ask) { columns { name type } rows meta { revision } } }"


TYPED = """query ($until: Date!) {
  metrics(where: {transactionDate: {inRange: {from: "2017-01-01", to: $until}}}) {
    rows { transactionDate(grain: MONTH) sales baskets averageBasketValue }
    meta { revision }
  }
}"""


@dataclass(frozen=True, slots=True)
class Question:
    """`sql` has `?` where the end of the range stands; its rows are the product's, in any order."""

    name: str
    ask: Callable[[str], dict[str, object]]
    sql: str


def until(place: int) -> str:
    """A different end of the range for each place, all of them late in the year: as much to read for each."""
    return (datetime(2017, 12, 31) + timedelta(seconds=place)).isoformat()


def _range(end: str) -> dict[str, object]:
    return {"dimension": "transaction_date", "op": "IN_RANGE", "values": [FIRST_DAY, end]}


def _by_month(end: str) -> dict[str, object]:
    metrics = ("sales", "baskets", "average_basket_value")
    by = [{"dimension": "transaction_date", "grain": "MONTH"}]
    return {"metrics": [{"name": name} for name in metrics], "by": by, "where": _range(end)}


def _by_department(end: str) -> dict[str, object]:
    metrics = ("sales", "units", "private_label_share")
    return {
        "metrics": [{"name": name} for name in metrics],
        "by": [{"dimension": "product.department"}],
        "where": _range(end),
    }


BY_MONTH = Question(
    "sales, baskets and their ratio by month",
    _by_month,
    """
    select date_trunc('month', transaction_timestamp)::date, sum(sales_value::decimal(12,2)), count(distinct basket_id),
           sum(sales_value::decimal(12,2))::double / count(distinct basket_id)
    from transactions
    where transaction_timestamp >= timestamp '2017-01-01' and transaction_timestamp < ?::timestamp group by 1
    """,
)
BY_DEPARTMENT = Question(
    "sales, units and a share by department, over a join",
    _by_department,
    """
    select p.department, sum(sales_value::decimal(12,2)), sum(quantity),
           sum(sales_value::decimal(12,2)) filter (where p.brand = 'Private')::double
             / nullif(sum(sales_value::decimal(12,2)), 0)::double
    from transactions t left join products p on p.product_id = t.product_id
    where transaction_timestamp >= timestamp '2017-01-01' and transaction_timestamp < ?::timestamp group by 1
    """,
)


def by_name(question: Question, end: str = WHOLE_YEAR) -> dict[str, object]:
    """The body of a GraphQL request by the by-name door."""
    return {"query": BY_NAME, "variables": {"ask": question.ask(end)}}


def typed(end: str = WHOLE_YEAR) -> dict[str, object]:
    """BY_MONTH by the typed door."""
    return {"query": TYPED, "variables": {"until": end}}
