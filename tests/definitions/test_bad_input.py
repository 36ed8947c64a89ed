"""Definitions that can mean nothing: each is told at validate, with its place, and nothing is guessed."""

import pytest

from tests.definitions.shop import problems_of

GIFT = "datasets:\n  gift:\n    source: lake\n    table: gift\n    key: id\n"
EUROS = "metrics:\n  euros: {is: sum(amount), from: order_lines, unit: EUR}\n"
REFUND = "metrics:\n  refund: {is: sum(refund), from: returns}\n"
LIMIT = (
    "metrics:\n  x:\n    is: count(*)\n    from: order_lines\n    where: amount > :p\n"
    "    parameters:\n      p: {{{}}}\n"
)


def _sum(formula: str) -> str:
    return f"metrics:\n  x:\n    is: {formula}\n    from: order_lines\n"


def _where(formula: str) -> str:
    return f'metrics:\n  x:\n    is: count(*)\n    from: order_lines\n    where: "{formula}"\n'


def _formula(text: str) -> str:
    return f'metrics:\n  x:\n    is: "{text}"\n'


# (what is added to the shop, the line that is told)
MISTAKES = {
    # circles
    "a metric of itself": (_formula("x + 1"), "new.yaml:3:10  CYCLE  x -> x"),
    "a circle of dimensions": (
        GIFT + "    dimensions:\n      a: {of: b, top: 3, by: revenue, others: O}\n"
        "      b: {of: a, top: 3, by: revenue, others: O}\n",
        "new.yaml:7:15  CYCLE  a -> b (new.yaml:8:7) -> a",
    ),
    "a circle through a dimension made of a metric": (
        GIFT + "    dimensions: {total: {metric: x}}\nmetrics:\n  x: {is: count(*), from: gift, where: total > 5}\n",
        "new.yaml:8:40  CYCLE  x -> total (new.yaml:6:18) -> x",
    ),
    "a circle of segments": (
        GIFT + "    segments:\n      s: {where: t}\n      t: {where: not s}\n",
        "new.yaml:7:18  CYCLE  s -> t (new.yaml:8:7) -> s",
    ),
    "a dimension that conforms to itself": (
        GIFT + "    dimensions: {a: {conforms: gift.a}}\n",
        "new.yaml:6:32  CYCLE  a -> a",
    ),
    "a circle of dimensions that conform": (
        GIFT + "    dimensions: {a: {conforms: gift.b}, b: {conforms: gift.a}}\n",
        "new.yaml:6:32  CYCLE  a -> b (new.yaml:6:41) -> a",
    ),
    "a domain above itself": (
        "domains:\n  a: {label: {en: A}, parent: b}\n  b: {label: {en: B}, parent: a}\n",
        "new.yaml:2:31  CYCLE  a -> b (new.yaml:3:3) -> a",
    ),
    "metrics that replace one another": (
        "metrics:\n  x: {is: revenue, deprecated: {ends: 2027-01-01, use: [y]}}\n"
        "  y: {is: revenue, deprecated: {ends: 2027-01-01, use: [x]}}\n",
        "new.yaml:2:57  CYCLE  x -> y (new.yaml:3:3) -> x",
    ),
    "five hundred levels": (
        "metrics:\n" + "".join(f"  m{i}: {{is: {'revenue' if i == 0 else f'm{i - 1} + 0'}}}\n" for i in range(500)),
        'new.yaml:61:3  TOO_LARGE  "m59" is built on more than 60 levels of metrics',
    ),
    # reach
    "a segment of entities across a to-many join": (
        GIFT + "    joins: {order_lines: {kind: one_to_many, match: {id: order_id}}}\n"
        "    segments: {s: {members: order_lines.customer_id, having: order_count > 3}}\n",
        "new.yaml:7:29  FAN_OUT  members: order_lines.customer_id is across a to-many join, "
        "and a segment needs one of it for each row",
    ),
    "a path that is two": (
        "metrics:\n  x: {is: revenue, cut_by: {only: [store.region]}}\n",
        'new.yaml:2:36  AMBIGUOUS_PATH  "store.region" can be billing_store.region or shipping_store.region; say which',
    ),
    "a dimension out of reach": (
        "metrics:\n  x: {is: sum(refund), from: returns, cut_by: {only: [customer_id]}}\n",
        "new.yaml:2:55  UNREACHABLE  cut_by: returns cannot reach customer_id; "
        "it reaches order_date, product.*, returned_on",
    ),
    # units
    "dollars and euros": (
        EUROS + "  x: {is: revenue + euros}\n",
        "new.yaml:3:19  UNITS  revenue (CNY) + euros (EUR): units that do not add; "
        "division and multiplication are allowed",
    ),
    "dollars or euros": (
        EUROS + "  x: {is: 'coalesce(revenue, euros)'}\n",
        "new.yaml:3:12  UNITS  revenue (CNY) and euros (EUR): units that do not add; "
        "division and multiplication are allowed",
    ),
    "dollars against euros": (
        EUROS + "  x: {is: case when revenue > euros then 1 end}\n",
        "new.yaml:3:29  UNITS  revenue (CNY) and euros (EUR): units that cannot be compared; "
        "division and multiplication are allowed",
    ),
    "a sum of ratios": (
        "metrics:\n  x: {is: sum(average_order), across: customer_id}\n",
        "new.yaml:2:11  UNITS  sum(average_order) would add up ratios; "
        "divide the sums (average_order without across), or say which of them is meant: avg, median, min or max",
    ),
    "a sum of ratios behind a step": (
        "metrics:\n  x:\n    is: sum(rate)\n    across: customer_id\n"
        "    with:\n      rate: {is: average_order * 100}\n",
        "new.yaml:3:9  UNITS  sum(rate) would add up ratios; divide the sums (rate without across), "
        "or say which of them is meant: avg, median, min or max",
    ),
    # what is not a number, a time, a text or a truth
    "a sum of days": (
        _sum("sum(order_date)"),
        "new.yaml:3:9  UNITS  order_date is a time; sum calculates with numbers only",
    ),
    "a count of numbers as conditions": (
        _sum("count_if(amount)"),
        "new.yaml:3:9  UNITS  amount is a number; count_if counts what is true: a condition, such as a = 1",
    ),
    "the weekday of a text": (
        _where("isodow(size) = 1"),
        "new.yaml:5:13  UNITS  size is text; date_part takes times only",
    ),
    "a pattern for numbers": (
        _where("amount like '5%'"),
        "new.yaml:5:20  UNITS  amount is a number; like takes texts only",
    ),
    "a time against a number": (
        "metrics:\n  day: {is: max(order_date), from: order_lines}\n  x: {is: case when day > 5 then 1 end}\n",
        "new.yaml:3:25  UNITS  day is a time and 5 is a number: they cannot be compared",
    ),
    "a column against a text": (
        _where("amount = 'five'"),
        "new.yaml:5:20  UNITS  amount is a number and 'five' is text: they cannot be compared",
    ),
    # time
    "a grain finer than the data": (
        "metrics:\n  x: {is: sum(refund), from: returns, grains: [month, hour]}\n",
        "new.yaml:2:55  BAD_VALUE  grains: hour is finer than what dataset returns records; its finest grain is day",
    ),
    "a window finer than the data": (
        REFUND + "  x: {is: refund, over: trailing 3 hours}\n",
        "new.yaml:3:25  BAD_VALUE  over: hours are finer than what dataset returns records; its finest grain is day",
    ),
    "a shift finer than the data": (
        REFUND + "  x: {is: refund, ago: 3 hours}\n",
        "new.yaml:3:24  BAD_VALUE  ago: hours are finer than what dataset returns records; its finest grain is day",
    ),
    "a window without time": (
        "metrics:\n  x: {is: count(*), from: product, over: trailing 3 days}\n",
        "new.yaml:2:36  UNREACHABLE  over: dataset product has no time dimension to run over",
    ),
    "an interval beyond the calendar": (
        _where("order_date > date '2017-01-01' + interval 99999 years"),
        "new.yaml:5:44  BAD_VALUE  99999 years is more than the 1000 years that a formula reaches",
    ),
    "a day that does not exist": (
        _where("order_date > date '2017-02-30'"),
        "new.yaml:5:31  SYNTAX  \"where\" of metric \"x\": expected date 'YYYY-MM-DD', found '2017-02-30'",
    ),
    "rows that never hold": (
        "datasets:\n  gift:\n    source: lake\n    table: gift\n    key: [id, since]\n"
        "    valid: {from: since, until: since}\n",
        'new.yaml:6:33  BAD_VALUE  "valid" of dataset "gift" ends where it begins, so that no row ever holds',
    ),
    "a mark of each row": (
        GIFT + "    watermark: loaded_at\n",
        'new.yaml:6:16  ONE_AGGREGATE  "watermark" says one thing of all rows, such as max(loaded_at); '
        '"loaded_at" stands in no aggregate',
    ),
    "a life of ages": (
        GIFT + "    time_to_live: 9999 years\n",
        "new.yaml:6:19  BAD_VALUE  9999 years is more than the 1000 years that an answer may be kept",
    ),
    # cohorts
    "a cohort of numbers": (
        GIFT + "    dimensions: {a: {metric: revenue, type: time}}\n",
        'new.yaml:6:30  UNITS  revenue is a number; beside "type: time" the metric is a time, such as min(order_date)',
    ),
    "an attribute with a type of its own": (
        GIFT + "    dimensions: {a: {metric: revenue, type: integer}}\n",
        'new.yaml:6:39  COMPANION  the type of a dimension with "metric" is the metric\'s own; '
        'only "type: time" is said',
    ),
    "rows dated by a cohort": (
        GIFT + "    time: a\n    dimensions: {a: {metric: day, type: time}}\n"
        "metrics:\n  day: {is: max(order_date), from: order_lines}\n",
        'new.yaml:6:11  BAD_VALUE  "a" is made of a metric, so no row is dated by it',
    ),
    # conversions
    "a conversion without an entity": (
        "metrics:\n  lines: {is: count(*), from: order_lines}\n  x:\n    is: lines\n"
        "    after: {event: lines, within: 7 days}\n",
        'new.yaml:5:5  MISSING_KEY  "after" of metric "x" needs "same": What both events share.',
    ),
    "a conversion of nobody": (
        "metrics:\n  lines: {is: count(*), from: order_lines}\n  x:\n    is: lines\n"
        "    after: {event: lines, same: [], within: 7 days}\n",
        'new.yaml:5:33  BAD_VALUE  "same" of "after" of metric "x" is an empty list; '
        "expected a list with one item at least",
    ),
    # parameters
    "a default of another type": (
        LIMIT.format("type: integer, default: abc"),
        'new.yaml:7:35  BAD_VALUE  "abc" is no value of type integer',
    ),
    "a default that does not fit": (
        LIMIT.format("type: integer, default: 99999999999"),
        'new.yaml:7:35  BAD_VALUE  "99999999999" is no value of type integer',
    ),
    "a default with too many decimals": (
        LIMIT.format("type: 'decimal(4,2)', default: 1.234"),
        'new.yaml:7:42  BAD_VALUE  "1.234" is no value of type decimal(4,2)',
    ),
    "a range that is turned around": (
        LIMIT.format("type: integer, default: 5, min: 9, max: 1"),
        'new.yaml:7:43  BAD_VALUE  "min" of p is above its "max"',
    ),
    "a parameter of the wrong type": (
        LIMIT.format("type: text, default: a"),
        "new.yaml:5:19  UNITS  amount is a number and :p is text: they cannot be compared",
    ),
    # formulas
    "two statements": (
        _formula("revenue; drop table x"),
        'new.yaml:3:17  NOT_ALLOWED  "is" of metric "x": ";" is not allowed: a formula is one expression',
    ),
    "a sub-select": (
        _formula("(select 1)"),
        'new.yaml:3:11  NOT_ALLOWED  "is" of metric "x": sub-selects are not in the language; '
        "use a dataset or exists(join)",
    ),
    "a function that reads files": (
        _sum("sum(read_text('/etc/passwd'))"),
        'new.yaml:3:13  NOT_ALLOWED  "is" of metric "x": the function "read_text" is not in the language',
    ),
    "three thousand parentheses": (
        _formula("(" * 3000 + "revenue" + ")" * 3000),
        'new.yaml:3:40  TOO_LARGE  "is" of metric "x": a formula is nested at most 30 deep',
    ),
    "a number of forty digits": (
        _formula("revenue * " + "9" * 40),
        'new.yaml:3:20  TOO_LARGE  "is" of metric "x": a number has at most 38 digits',
    ),
    "forty digits after the point": (
        _formula("revenue * 0." + "0" * 40 + "1"),
        'new.yaml:3:20  TOO_LARGE  "is" of metric "x": a number has at most 38 digits',
    ),
    "a fill beyond all numbers": (
        "metrics:\n  x: {is: revenue, fill: 1e300}\n",
        'new.yaml:2:26  BAD_VALUE  "fill" of "x" has more than the 38 digits that a number may have',
    ),
    "no metric at all": (
        _formula("1 + 2"),
        'new.yaml:3:10  ONE_AGGREGATE  "1 + 2" is made of no metric: a constant is no measurement',
    ),
    "equal to null": (
        _where("size = null"),
        "new.yaml:5:18  BAD_VALUE  nothing is ever equal to null, less or greater; say size is null",
    ),
    "null in a list": (
        _where("size in ('big', null)"),
        "new.yaml:5:18  BAD_VALUE  nothing is ever equal to null, less or greater; say size is null",
    ),
    "a character that nobody sees": (
        _formula("reve\u200bnue"),
        'new.yaml:3:14  SYNTAX  "is" of metric "x": the invisible character U+200B means nothing in a formula',
    ),
    # texts and types
    "a text that no database keeps": (
        'metrics:\n  x: {is: revenue, about: {label: {en: "a\\u0000b"}}}\n',
        "new.yaml:2:40  YAML  a text cannot hold U+0000, which no database can keep",
    ),
    "half a character": (
        'metrics:\n  x: {is: revenue, about: {label: {en: "\\ud800"}}}\n',
        "new.yaml:2:40  YAML  a text cannot hold U+D800, which no database can keep",
    ),
    "a decimal of forty digits": (
        GIFT + '    columns: {worth: "decimal(40,2)"}\n',
        "new.yaml:6:22  BAD_VALUE  decimal(40,2) is no type: "
        "a decimal has 1 to 38 digits, and no more decimals than digits",
    ),
    # the SELECT of a dataset
    "a SELECT that writes": (
        "datasets:\n  gift:\n    source: lake\n    key: id\n"
        "    sql: with a as (insert into t values (1) returning *) select * from a\n",
        'new.yaml:5:10  NOT_ALLOWED  "sql" of dataset "gift": "INSERT INTO t VALUES (1) RETURNING *" '
        "is not allowed in a dataset",
    ),
    "a SELECT that locks": (
        "datasets:\n  gift:\n    source: lake\n    key: id\n    sql: select * from t for update\n",
        'new.yaml:5:10  NOT_ALLOWED  "sql" of dataset "gift": "FOR UPDATE" and its like are not allowed in a dataset',
    ),
    "a SELECT over the network": (
        "datasets:\n  gift:\n    source: lake\n    key: id\n    sql: select * from 'https://x/y.parquet'\n",
        'new.yaml:5:10  NOT_ALLOWED  "sql" of dataset "gift": "https://x/y.parquet" is a file or address; '
        "name a table of the source",
    ),
}


@pytest.mark.parametrize("what", MISTAKES)
def test_it_is_told(what: str) -> None:
    text, line = MISTAKES[what]
    told = [str(problem) for problem in problems_of(new=text)]
    assert [one for one in told if one.startswith(line)], told


@pytest.mark.parametrize(
    "formula",
    ["avg(average_order)", "median(average_order)", "max(average_order)", "sum(revenue)", "sum(revenue * 2)"],
)
def test_what_may_stand_over_entities(formula: str) -> None:
    assert problems_of(new=f"metrics:\n  x: {{is: {formula}, across: customer_id}}\n") == []


@pytest.mark.parametrize(
    "condition",
    [
        "amount > 5 and order_date >= date '2017-01-01'",
        "ordered_at > timestamp '2017-01-01 00:00:00'",  # a column of which nothing is declared
        "size is distinct from null",
        "order_date > date '2017-01-01' - interval 1000 years",
        "length(size) > 2 and date_trunc('month', order_date) = date '2017-01-01'",
    ],
)
def test_conditions_that_are_right(condition: str) -> None:
    assert problems_of(new=_where(condition)) == []
