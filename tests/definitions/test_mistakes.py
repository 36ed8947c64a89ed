"""Every mistake that the language page shows, with its place, its code, and what it tells."""

import pytest

from semantic_layer.definitions.check_columns import column_problems
from semantic_layer.definitions.problem import DefinitionErrors, ProblemCode
from semantic_layer.definitions.reader import read_files, read_texts
from semantic_layer.errors import ErrorCode
from tests.definitions.shop import CATALOG, DATASETS, METRICS, problems_of, read_shop

RATES = """\
datasets:
  rate:
    source: lake
    table: rate
    key: [code, since]
    valid: {{from: since, until: till}}
  deal:
    source: lake
    table: deal
    key: none
    dimensions: {{day: {{type: time}}, size: {{}}}}
    joins:
      rate: {join}
"""
# (what is added to the shop, the line that is told)
MISTAKES = [
    # the fifteen of the language page
    (
        "metrics:\n  x:\n    is: revenue\n    filter: size = 'big'\n",
        'new.yaml:4:5  UNKNOWN_KEY  metric "x" has no key "filter"; did you mean "where"?',
    ),
    (
        "metrics:\n  x:\n    is: revnue / order_count\n",
        'new.yaml:3:9  UNKNOWN_METRIC  "revnue" is not a metric; near: revenue, big_revenue, net_revenue. '
        '(With "from:" names would be columns.)',
    ),
    (
        "metrics:\n  x:\n    is: 2 * sum(amount)\n",
        'new.yaml:3:13  MIXED_WORLDS  "sum(amount)" needs "from:"; without it "is" is arithmetic over metrics',
    ),
    (
        "metrics:\n  x:\n    is: sum(amount) / count(*)\n    from: order_lines\n",
        "new.yaml:3:9  ONE_AGGREGATE  expected exactly one aggregate, found 2: sum, count. "
        'Name each as a metric (or in "with") and calculate with those',
    ),
    (
        "metrics:\n  x:\n    is: revenue\n    over: year to date\n    ago: 1 year\n",
        'new.yaml:5:5  TWO_MODIFIERS  "over" and "ago" in one block; put one of them in "with", '
        "e.g. with: {earlier: {is: x, ago: …}}",
    ),
    (
        "metrics:\n  x:\n    is: revenue\n    over: 28 days trailing\n",
        'new.yaml:4:11  BAD_VALUE  "over" of metric "x" is "28 days trailing"; expected trailing N UNIT, UNIT to date, '
        'start to date, all time; did you mean "trailing 28 days"?',
    ),
    (
        "metrics:\n  x:\n    is: revenue\n    where: 1 = 1 and store.region = 'N'\n",
        'new.yaml:4:22  AMBIGUOUS_PATH  "store.region" can be billing_store.region or shipping_store.region; say which',
    ),
    (
        "metrics:\n  x:\n    is: sum(refund)\n    from: returns\n    where: tag.theme = 'a'\n",
        "new.yaml:5:12  UNREACHABLE  where: returns cannot reach tag.theme; "
        "it reaches order_date, product.*, returned_on",
    ),
    (
        "metrics:\n  a:\n    is: b + 1\n  b:\n    is: 2 * a\n",
        "new.yaml:3:9  CYCLE  a -> b (new.yaml:4:3) -> a",
    ),
    (
        "metrics:\n  x:\n    is: revenue + order_count\n",
        "new.yaml:3:17  UNITS  revenue (CNY) + order_count (count): units that do not add; "
        "division and multiplication are allowed",
    ),
    (
        "metrics:\n  x:\n    is: sum(product.weight)\n    from: order_lines\n",
        "new.yaml:3:13  FAN_OUT  sum(product.weight) would take a column across a join; "
        "an aggregate reads its own dataset only. Define it from: product",
    ),
    (
        "datasets:\n  store:\n    source: lake\n    table: store\n    key: store_id\n",
        'new.yaml:2:3  DUPLICATE  dataset "store" is already defined in shop.yaml:65:3',
    ),
    (
        "metrics:\n  x:\n    is: revenue\n    where: product.brand = 'own'\n",
        "new.yaml:4:12  BAD_MEMBER  product.brand = 'own' is not a member of brand [Own, Other]; did you mean 'Own'?",
    ),
    # names
    (
        "metrics:\n  x:\n    is: count(*)\n    from: order_line\n",
        'new.yaml:4:11  UNKNOWN_DATASET  from: "order_line" is not a dataset; near: order_lines',
    ),
    (
        "metrics:\n  x:\n    is: revenue\n    governance:\n      domain: retial\n",
        'new.yaml:5:15  UNKNOWN_DOMAIN  "retial" is not a domain; near: retail',
    ),
    (
        "metrics:\n  x:\n    is: count(*)\n    from: order_lines\n    where: exists(promos)\n",
        'new.yaml:5:12  UNKNOWN_JOIN  "promos" is not a join of dataset order_lines; near: promo_weeks',
    ),
    (
        "metrics:\n  x:\n    is: count(*)\n    from: order_lines\n    where: product.brnd = 'Own'\n",
        'new.yaml:5:12  UNKNOWN_DIMENSION  where: "product.brnd" is not a dimension; near: product.brand, '
        "product.leading_brand, product.department",
    ),
    (
        "metrics:\n  x:\n    is: revenue\n    where: refund > :least\n",
        'new.yaml:4:21  UNKNOWN_PARAMETER  ":least" is not a parameter of metric x',
    ),
    (
        "metrics:\n  x:\n    is: median(revenue)\n    across: product.tag_id\n",
        'new.yaml:4:13  UNKNOWN_DIMENSION  across: "product.tag_id" is not a dimension; near: product.brand, '
        "product.leading_brand",
    ),
    (
        "metrics:\n  Revenue per day:\n    is: revenue\n",
        'new.yaml:2:3  BAD_NAME  metric "Revenue per day" is not a name: '
        'lower case letters, digits and single "_", starting with a letter',
    ),
    (
        "metrics:\n  revenue_28_d:\n    is: revenue\n  revenue28_d:\n    is: revenue\n",
        'new.yaml:4:3  NAME_CLASH  metric "revenue28_d" and metric "revenue_28_d" (new.yaml:2:3) would both be '
        '"revenue28D" in the typed schema',
    ),
    (
        "metrics:\n  order_date_part:\n    is: revenue\n",
        'new.yaml:2:3  NAME_CLASH  metric "order_date_part" and part of dimension "order_date" (shop.yaml:10:7) '
        'would both be "orderDatePart" in the typed schema',
    ),
    (
        "metrics:\n  product:\n    is: revenue\n",
        'new.yaml:2:3  NAME_CLASH  metric "product" and dataset "product" (shop.yaml:48:3) would both be "product" '
        "in the typed schema",
    ),
    (
        "metrics:\n  x:\n    is: revenue\n    parameters:\n      shift:\n        type: integer\n        default: 5\n",
        'new.yaml:5:7  NAME_CLASH  parameter "shift" would be "shift", which the typed schema keeps for itself',
    ),
    (
        "metrics:\n  x:\n    is: count(*)\n    from: gift\n"
        "datasets:\n  gift:\n    source: lake\n    table: gift\n    key: id\n    dimensions:\n      segments:\n",
        'new.yaml:11:7  NAME_CLASH  dimension "segments" would be "segments", which the typed schema keeps for itself',
    ),
    (
        "datasets:\n  metric:\n    source: lake\n    table: a\n    key: id\n    dimensions:\n      color:\n",
        'new.yaml:2:3  NAME_CLASH  dataset "metric" would be "Metric", which the typed schema keeps for itself',
    ),
    (
        "datasets:\n  gift_card1:\n    source: lake\n    table: a\n    key: id\n"
        "  gift_card_1:\n    source: lake\n    table: b\n    key: id\n",
        'new.yaml:6:3  NAME_CLASH  dataset "gift_card_1" and dataset "gift_card1" (new.yaml:2:3) would both be '
        '"GiftCard1" in the typed schema',
    ),
    (
        "metrics:\n  x:\n    is: revenue / customers\n    with:\n      customers:\n        is: order_count\n",
        'new.yaml:5:7  NAME_CLASH  "customers" in "with" is also a metric (metrics.yaml:10:3); '
        "give the step another name",
    ),
    (
        "metrics:\n  x:\n    is: count(*)\n    from: product\n    where: region = 'N'\n  y:\n    is: count(*)\n"
        "    from: gift\n"
        "datasets:\n  gift:\n    source: lake\n    table: gift\n    key: id\n    dimensions:\n      brand:\n",
        'new.yaml:15:7  DUPLICATE  dimension "brand" is already one of dataset product (shop.yaml:56:7); '
        "if both are the same thing, say conforms: product.brand, else rename one",
    ),
    # two values must not become one key
    (
        "datasets:\n  gift:\n    source: lake\n    table: gift\n    key: id\n    dimensions:\n      receiver:\n"
        "        type: decimal(10,2)\n        conforms: order_lines.customer_id\n",
        'new.yaml:9:19  BAD_VALUE  "receiver" cannot conform to order_lines.customer_id: '
        "as integer, values of decimal(10,2) that differ would be one",
    ),
    # numbers only
    (
        "metrics:\n  words:\n    is: min(size)\n    from: order_lines\n  x:\n    is: revenue - lower(words)\n",
        "new.yaml:6:17  UNITS  lower(words) is text; subtract calculates with numbers only",
    ),
    (
        "metrics:\n  x:\n    is: sum(amount > 5)\n    from: order_lines\n",
        "new.yaml:3:9  UNITS  amount > 5 is true or false; sum calculates with numbers only",
    ),
    # windows
    (
        "metrics:\n  x:\n    is: revenue\n    ago: 1001 years\n",
        "new.yaml:4:10  BAD_VALUE  1001 years is more than the 1000 years that a shift or window reaches",
    ),
    (
        "metrics:\n  x:\n    is: revenue\n    over: trailing 5000 years\n",
        "new.yaml:4:11  BAD_VALUE  5000 years is more than the 1000 years that a shift or window reaches",
    ),
    (
        "metrics:\n  month:\n    is: revenue\n    over: trailing 1 month\n  x:\n    is: month / order_count\n"
        "    over: trailing 2 weeks\n",
        'new.yaml:7:5  NOT_SUPPORTED  a window is not served over "month", which is a window itself',
    ),
    (
        "metrics:\n  before:\n    is: revenue\n    ago: 1 year\n  back:\n    is: count(*)\n"
        "    across: customer_id\n    having: before > 0\n  x:\n    is: back\n    over: year to date\n",
        'new.yaml:11:5  NOT_SUPPORTED  a window is not served over "before", which is shifted and chooses entities',
    ),
    (
        "metrics:\n  x:\n    is: count(*)\n    across: customer_id\n    from: order_lines\n"
        "    dated_by: min(order_date)\n    having: revenue > 5\n",
        "new.yaml:6:5  NOT_SUPPORTED  entities dated by an event are counted as they are, "
        "not by values of other metrics",
    ),
    # worlds and companions
    (
        "metrics:\n  x:\n    is: revenue\n    where: order_count > 5\n",
        'new.yaml:4:12  MIXED_WORLDS  "order_count" is a metric; "where" speaks of rows. '
        "To choose entities by a metric, use a segment",
    ),
    (
        "metrics:\n  x:\n    is: revenue\n    having: order_count > 5\n",
        'new.yaml:4:5  COMPANION  "having" stands only beside "across"',
    ),
    (
        "metrics:\n  x:\n    is: revenue\n    over: all time\n",
        'new.yaml:4:11  COMPANION  "over: all time" stands only beside "across"',
    ),
    (
        "metrics:\n  x:\n    is: count(*)\n    across: customer_id\n",
        'new.yaml:2:3  MISSING_KEY  this counts entities of no dataset; say with "from" where they live, '
        'or with "having" which are meant',
    ),
    (
        "metrics:\n  x:\n    is: revenue\n    where: order_id + 1\n",
        'new.yaml:4:12  BAD_VALUE  "where" is a condition, such as a = 1; "order_id + 1" is none',
    ),
    (
        "metrics:\n  x:\n    is: revenue\n    where: 5 < product.brand\n",
        "new.yaml:4:16  BAD_VALUE  product.brand is compared with 5; expected a text in quotes",
    ),
    (
        "metrics:\n  x:\n    is: revenue\n    where: order_date >= '2017-01-01'\n",
        "new.yaml:4:12  BAD_VALUE  order_date is compared with '2017-01-01'; "
        "expected a day or moment, such as date '2017-01-31'",
    ),
    (
        "metrics:\n  x:\n    is: count(*)\n    from: store\n  y:\n    is: x\n    ago: 1 month\n",
        "new.yaml:7:5  UNREACHABLE  ago: dataset store has no time dimension to run over",
    ),
    (
        "metrics:\n  time:\n    is: revenue\n",
        'new.yaml:2:3  BAD_NAME  "time" is a reserved name: it means the time dimension of whatever is asked',
    ),
    # what formulas may not say
    (
        "metrics:\n  x:\n    is: |\n      revenue\n        + read_csv('x')\n",
        'new.yaml:5:11  NOT_ALLOWED  "is" of metric "x": the function "read_csv" is not in the language',
    ),
    (
        "metrics:\n  x:\n    is: sum(amount) over (order by order_date)\n    from: order_lines\n",
        'new.yaml:3:21  NOT_ALLOWED  "is" of metric "x": "over (…)" is not in the language; use the key "over:"',
    ),
    (
        "metrics:\n  x:\n    is: revenue\n    where: product.brand in (select brand from t)\n",
        'new.yaml:4:30  NOT_ALLOWED  "where" of metric "x": sub-selects are not in the language; '
        "use a dataset or exists(join)",
    ),
    (
        'metrics:\n  x:\n    is: "revenue; drop table x"\n',
        'new.yaml:3:17  NOT_ALLOWED  "is" of metric "x": ";" is not allowed: a formula is one expression',
    ),
    # shapes
    (
        "metrics:\n  x:\n    is: revenue\n    governance:\n      tier: high\n",
        'new.yaml:5:13  BAD_VALUE  "tier" of "governance" of metric "x" is "high"; expected a whole number from 1 to 3',
    ),
    (
        "metrics:\n  x:\n    is: revenue\n    about:\n      format: 0.00\n",
        'new.yaml:5:15  BAD_VALUE  "format" of "about" of metric "x" is 0.00; expected a text (write it in quotes)',
    ),
    (
        "metrics:\n  x:\n    is: revenue\n    about:\n      label: {zh: x}\n",
        'new.yaml:5:7  MISSING_LANGUAGE  "label" of "about" of metric "x" has no text in en',
    ),
    (
        "metrics:\n  x:\n    is: revenue\n    label: {en: x}\n",
        'new.yaml:4:5  UNKNOWN_KEY  "label" of metric "x" stands under "about:"',
    ),
    ("metrics:\n  x:\n    from: order_lines\n", 'new.yaml:2:3  MISSING_KEY  metric "x" needs "is": One aggregate'),
    (
        "metrics:\n  x: {is: revenue, is: customers}\n",
        'new.yaml:2:20  DUPLICATE  "is" is already written in new.yaml:2:7',
    ),
    ("metrics:\n\tx: 1\n", "new.yaml:2:1  YAML  while scanning for the next token"),
    ("metrics:\n  x: &a {is: revenue}\n  y: *a\n", "new.yaml:2:6  YAML  anchors and aliases are not in the language"),
    ("metrics:\n  x: !!map {is: revenue}\n", "new.yaml:2:6  YAML  tags are not in the language"),
    ("language: 2\n", "new.yaml:1:11  LANGUAGE_VERSION  this program reads language: 1"),
    ("calender: {}\n", 'new.yaml:1:1  UNKNOWN_KEY  a file has no key "calender"; did you mean "calendars"?'),
    # conversions
    (
        "metrics:\n  x:\n    is: returned\n    after: {event: order_count, same: [customer_id], within: 7 days}\n"
        "  returned: {is: count(*), from: returns}\n",
        'new.yaml:4:20  BAD_VALUE  "order_count" does not count the rows of one dataset: count(*), count(x)',
    ),
    (
        "metrics:\n  x:\n    is: revenue\n    after: {event: lines, same: [customer_id], within: 7 days}\n"
        "  lines: {is: count(*), from: order_lines}\n",
        'new.yaml:3:9  BAD_VALUE  "is" beside "after" counts rows of one dataset: count(*), count(x), count_if(c)',
    ),
    (
        "metrics:\n  x:\n    is: returned\n    after: {event: lines, same: [customer_id], within: unlimited}\n"
        "  lines: {is: count(*), from: order_lines}\n  returned: {is: count(*), from: returns}\n",
        "new.yaml:4:34  UNREACHABLE  same: returns does not reach customer_id; both events must",
    ),
    (
        "metrics:\n  x:\n    is: returned\n    after: {event: liness, same: [customer_id], within: 7 days}\n"
        "  lines: {is: count(*), from: order_lines}\n  returned: {is: count(*), from: returns}\n",
        'new.yaml:4:20  UNKNOWN_METRIC  event: "liness" is not a metric; near: lines',
    ),
    (
        "metrics:\n  x:\n    is: count(*)\n    from: product\n"
        "    after: {event: lines, same: [product.brand], within: 7 days}\n"
        "  lines: {is: count(*), from: order_lines}\n",
        "new.yaml:5:5  UNREACHABLE  after: dataset product has no time dimension, so nothing comes before or after",
    ),
    # slowly changing rows
    (
        RATES.format(join="{kind: many_to_one, match: code}"),
        'new.yaml:13:7  MISSING_KEY  join "rate" needs "valid_at": which row of rate holds depends on the time',
    ),
    (
        RATES.format(join="{kind: many_to_one, match: code, valid_at: size}"),
        'new.yaml:13:56  UNKNOWN_DIMENSION  "size" is not a time dimension of dataset deal',
    ),
    (
        RATES.format(join="{kind: one_to_many, match: code, valid_at: day}"),
        'new.yaml:13:46  COMPANION  "valid_at" stands only beside "kind: many_to_one"',
    ),
    (
        RATES.format(join="{to: store, kind: many_to_one, match: {code: store_id}, valid_at: day}"),
        'new.yaml:13:69  COMPANION  "valid_at" needs "valid" of dataset store',
    ),
    # states
    (
        "metrics:\n  x:\n    is: revenue\n    take: last recorded\n",
        'new.yaml:4:5  COMPANION  "take" stands only beside "over", or beside "from"',
    ),
    (
        "metrics:\n  x:\n    is: sum(amount)\n    from: order_lines\n    ago: 1 year\n    take: last\n",
        'new.yaml:6:5  TWO_MODIFIERS  "take" and "ago" in one block; put the one with "take" in "with"',
    ),
    (
        "metrics:\n  x:\n    is: sum(amount)\n    from: order_lines\n    over: trailing 7 days\n    take: last\n"
        "    take_each: [customer_id]\n",
        'new.yaml:7:5  COMPANION  "take_each" stands beside "take" alone; put both in "with"',
    ),
    (
        "metrics:\n  x:\n    is: sum(amount)\n    from: order_lines\n    take: max\n    take_each: [customer_id]\n",
        'new.yaml:6:5  COMPANION  "take_each" stands only beside "last recorded" and "first recorded", not beside ',
    ),
    (
        "metrics:\n  x:\n    is: avg(amount)\n    from: order_lines\n    take: last recorded\n"
        "    take_each: [customer_id]\n",
        'new.yaml:6:5  COMPANION  "take_each" adds the states of its members; avg cannot be added up',
    ),
    (
        "metrics:\n  x:\n    is: sum(amount)\n    from: order_lines\n    take: last recorded\n"
        "    take_each: [tag.theme]\n",
        "new.yaml:6:17  FAN_OUT  take_each: tag.theme is across a to-many join",
    ),
    (
        "metrics:\n  x:\n    is: sum(amount)\n    from: order_lines\n    take: last recorded\n"
        "    take_each: [custmer_id]\n",
        'new.yaml:6:17  UNKNOWN_DIMENSION  take_each: "custmer_id" is not a dimension; near: customer_id',
    ),
    (
        "metrics:\n  x:\n    is: count(*)\n    from: product\n    take: last\n",
        "new.yaml:5:5  UNREACHABLE  take: dataset product has no time dimension to take a state of",
    ),
    (
        "datasets:\n  level:\n    source: lake\n    table: level\n    key: none\n    time: at\n    dimensions:\n"
        "      at: {type: time, finest: second}\n"
        "metrics:\n  x:\n    is: count(*)\n    from: level\n    take: last\n",
        'new.yaml:13:11  BAD_VALUE  "take: last" is the state at one second of at; say "last recorded"',
    ),
    # calendars
    (
        "calendars:\n  fiscal: {from: stores, day: d, grains: {period: p}}\n",
        'new.yaml:2:18  UNKNOWN_DATASET  from: "stores" is not a dataset; near: store',
    ),
    (
        "calendars:\n  fiscal: {from: store, day: d, grains: {period: p}}\n",
        "new.yaml:2:30  NOT_UNIQUE  a calendar has one row per day: dataset store needs `key: d`, and has the key",
    ),
    (
        "calendars:\n  fiscal: {from: store, day: store_id, grains: {month: p}}\n",
        'new.yaml:2:49  NAME_CLASH  "month" is a grain or another word of time already; say for instance',
    ),
    (
        "calendars:\n  fiscal: {from: store, day: store_id, grains: {a: {column: p, within: b}}}\n",
        'new.yaml:2:72  BAD_VALUE  "b" is not a grain of calendar fiscal',
    ),
    (
        "calendars:\n  fiscal: {from: store, day: store_id, grains: {\n"
        "    a: {column: p, within: b}, b: {column: q, within: a}}}\n",
        "new.yaml:3:28  CYCLE  a -> b -> a",
    ),
    (
        "metrics:\n  x:\n    is: revenue\n    ago: 1 fiscal_month\n",
        'new.yaml:4:10  BAD_VALUE  "fiscal_month" is no grain; expected one of second, minute, hour, day, week, month,',
    ),
    (
        "metrics:\n  x:\n    is: revenue\n    over: trailing 2 wekes\n",
        'new.yaml:4:11  BAD_VALUE  "wekes" is no grain; expected one of second, minute, hour, day, week, month,',
    ),
    # datasets
    (
        "datasets:\n  gift:\n    source: lake\n    sql: select * from read_csv('x')\n    key: none\n",
        'new.yaml:4:10  NOT_ALLOWED  "sql" of dataset "gift": functions that return tables are not allowed',
    ),
    (
        "datasets:\n  gift:\n    source: lake\n    sql: select nextval('x') as id from t\n    key: none\n",
        'new.yaml:4:10  NOT_ALLOWED  "sql" of dataset "gift": the function nextval is not allowed in a dataset; '
        "make a view in the source",
    ),
    (
        "datasets:\n  gift:\n    source: lake\n    sql: select * from t where day < current_date\n    key: none\n",
        'new.yaml:4:10  NOT_ALLOWED  "sql" of dataset "gift": the function current_date is not allowed in a dataset; '
        "make a view in the source",
    ),
    (
        "datasets:\n  gift:\n    source: lake\n    sql: select 1; select 2\n    key: none\n",
        'new.yaml:4:10  NOT_ALLOWED  "sql" of dataset "gift": exactly one SELECT is expected',
    ),
    (
        "datasets:\n  gift:\n    source: lake\n    table: gift\n    key: none\n    joins:\n      tags:\n"
        "        to: product_tags\n"
        "        kind: many_to_one\n        match: tag_id\n",
        'new.yaml:10:9  NOT_UNIQUE  join "tags" is declared many_to_one, but matches only [tag_id] of the key '
        "[product_id, tag_id] of product_tags",
    ),
    (
        "sources:\n  crm: {connection: CRM}\ndatasets:\n  lead:\n    source: crm\n    table: lead\n    key: none\n"
        "    joins:\n      store: {kind: many_to_one, match: store_id}\n",
        'new.yaml:9:7  CROSS_SOURCE  join "store" leaves the source crm for lake; combine the two by metrics',
    ),
    (
        "datasets:\n  gift:\n    source: lake\n    table: gift\n    key: none\n    time: day\n"
        "    dimensions:\n      day:\n"
        "        type: time\n        finest: day\n        grain: hour\n        stored_in: Mars/Base\n",
        'new.yaml:11:16  BAD_VALUE  "grain: hour" is finer than "finest: day"',
    ),
]


@pytest.mark.parametrize(
    ("text", "line"), MISTAKES, ids=[line.split("  ")[1] + str(i) for i, (_, line) in enumerate(MISTAKES)]
)
def test_a_mistake_is_told_with_its_place(text: str, line: str) -> None:
    told = [str(problem) for problem in problems_of(new=text)]
    assert [one for one in told if one.startswith(line)], told


def test_the_shop_has_no_mistake() -> None:
    assert problems_of() == []


def test_all_mistakes_come_at_once_and_sorted_by_place() -> None:
    text = (
        "metrics:\n  x:\n    is: revnue\n    fillter: 1\n    governance:\n      domain: retial\n      tier: 9\n"
        "  y:\n    is: sum(amount\n    where: size = 'huge'\n    from: order_lines\n"
    )
    problems = problems_of(new=text)
    assert [(p.place.line, p.code) for p in problems] == [
        (3, "UNKNOWN_METRIC"),
        (4, "UNKNOWN_KEY"),
        (6, "UNKNOWN_DOMAIN"),
        (7, "BAD_VALUE"),
        (9, "SYNTAX"),
    ]


def test_names_are_not_missed_because_another_file_is_unreadable() -> None:
    """A broken file hides what it defines: then nothing is said about names that nothing seems to define."""
    problems = problems_of(new="metrics: {x: {is: revenue_of_elsewhere}}\n", broken="metrics: [\n")
    assert [p.code for p in problems] == [ProblemCode.YAML]


def test_a_mistake_is_also_an_issue_for_callers() -> None:
    with pytest.raises(DefinitionErrors) as caught:
        read_texts({"catalog.yaml": CATALOG, "m.yaml": "metrics: {x: {is: y}}"})
    assert caught.value.code is ErrorCode.DEFINITION_INVALID
    assert caught.value.issues[0].message == str(caught.value.problems[0])


def test_no_catalog_at_all() -> None:
    with pytest.raises(DefinitionErrors, match='no file has the key "catalog"'):
        read_texts({"m.yaml": "metrics: {}"})
    with pytest.raises(DefinitionErrors, match="no files"):
        read_files([])


@pytest.mark.parametrize("inner", ["b", "a"])
def test_steps_in_a_circle(inner: str) -> None:
    text = f"metrics:\n  x:\n    is: a\n    with:\n      a:\n        is: b\n      b:\n        is: {inner}\n"
    assert [p.code for p in problems_of(new=text)] == [ProblemCode.CYCLE]


def test_a_circle_through_a_segment() -> None:
    text = (
        "metrics:\n  x:\n    is: count(*)\n    from: gift\n    where: chosen\n"
        "datasets:\n  gift:\n    source: lake\n    table: gift\n    key: id\n    dimensions:\n      who:\n"
        "    segments:\n      chosen:\n        members: who\n        having: x > 5\n"
    )
    assert [str(p) for p in problems_of(new=text)] == ["new.yaml:5:12  CYCLE  x -> chosen (new.yaml:14:7) -> x"]


def test_metrics_on_too_many_levels() -> None:
    levels = "".join(f"  m{i}:\n    is: {'revenue' if i == 0 else f'm{i - 1}'}\n" for i in range(70))
    assert {p.code for p in problems_of(new="metrics:\n" + levels)} == {ProblemCode.TOO_LARGE}


def test_many_metrics_that_share_metrics_are_read_fast() -> None:
    """A ladder of diamonds has 2^20 paths; each rung is looked at once."""
    rungs = "".join(f"  d{i}:\n    is: {'revenue' if i == 0 else f'd{i - 1} + d{i - 1}'}\n" for i in range(20))
    assert problems_of(new="metrics:\n" + rungs) == []


def test_unknown_columns_are_told_once_a_source_says_what_there_is() -> None:
    reading = read_shop(
        new="metrics:\n  x:\n    is: sum(amont)\n    from: order_lines\n    where: size = 'big' and wek > 5\n"
    )
    lines = {"order_id", "line_no", "ordered_at", "amount", "customer_id", "product_id", "week"}
    lines |= {"billing_store_id", "shipping_store_id"}
    told = [str(p) for p in column_problems(reading, {"order_lines": lines, "promo_weeks": {"product_id", "week"}})]
    assert told == [
        'metrics.yaml:78:32  UNKNOWN_COLUMN  "kind" is no column or dimension of dataset promo_weeks',
        'new.yaml:3:13  UNKNOWN_COLUMN  "amont" is no column or dimension of dataset order_lines; near: amount',
        'new.yaml:5:29  UNKNOWN_COLUMN  "wek" is no column or dimension of dataset order_lines; near: week',
    ]


def test_files_and_keys_may_stand_in_any_order() -> None:
    first = read_texts({"a": CATALOG, "b": DATASETS, "c": METRICS}).catalog
    second = read_texts({"c": METRICS, "b": DATASETS, "a": CATALOG}).catalog
    assert first == second
