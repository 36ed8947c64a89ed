"""A small shop with every construct of the language that this release serves, for the tests of this room."""

from functools import cache

from semantic_layer.definitions.problem import DefinitionErrors, Problem
from semantic_layer.definitions.reader import Reading, read_trees
from semantic_layer.definitions.yaml_text import MapNode, read_yaml

CATALOG = """\
language: 1
catalog:
  time_zone: Asia/Shanghai
  week_start: monday
  languages: [en]
  sensitive: [personal]
domains:
  retail:
    label: {en: Retail}
    owner: retail_lead
    tier: 2
sources:
  lake:
    connection: LAKE
"""

DATASETS = """\
datasets:
  order_lines:
    source: lake
    table: order_lines
    key: [order_id, line_no]
    time: order_date
    columns:
      amount: decimal(12,2)
    dimensions:
      order_date:
        sql: ordered_at
        type: time
        finest: hour
      order_id:
        type: integer
      customer_id:
        type: integer
        sensitive: personal
      size:
        sql: case when amount >= 100 then 'big' else 'small' end
        values: [big, small]
    joins:
      product:
        kind: many_to_one
        match: product_id
      billing_store:
        to: store
        kind: many_to_one
        match: {billing_store_id: store_id}
      shipping_store:
        to: store
        kind: many_to_one
        match: {shipping_store_id: store_id}
      tag:
        kind: many_to_many
        through: product_tags
        match: product_id
      promo_weeks:
        kind: many_to_many
        match: [product_id, week]
    segments:
      big_orders:
        where: size = 'big'
      loyal:
        members: customer_id
        having: order_count >= 5
        over: all time
  product:
    source: lake
    table: product
    key: product_id
    hierarchies:
      range: [department, brand]
    dimensions:
      department:
      brand:
        values: [Own, Other]
      leading_brand:
        of: brand
        top: 10
        by: revenue
        others: Others
      lifetime_revenue:
        metric: revenue
  store:
    source: lake
    table: store
    key: store_id
    dimensions:
      region:
  product_tags:
    source: lake
    table: product_tags
    key: [product_id, tag_id]
    joins:
      tag:
        kind: many_to_one
        match: tag_id
  tag:
    source: lake
    table: tag
    key: tag_id
    dimensions:
      theme:
  promo_weeks:
    source: lake
    table: promo_weeks
    key: none
  returns:
    source: lake
    sql: select * from returned where not test
    key: return_id
    time: returned_on
    dimensions:
      returned_on:
        type: time
        conforms: order_lines.order_date
    joins:
      product:
        kind: many_to_one
        match: product_id
"""

METRICS = """\
metrics:
  revenue:
    is: sum(amount)
    from: order_lines
    unit: CNY
    fill: 0
  order_count:
    is: count(distinct order_id)
    from: order_lines
  customers:
    is: count(distinct customer_id)
    from: order_lines
  big_revenue:
    is: revenue
    where: big_orders and product.brand = 'Own'
  average_order:
    is: revenue / order_count
  net_revenue:
    is: revenue - coalesce(refunds, 0)
    with:
      refunds:
        is: sum(refund)
        from: returns
        unit: CNY
  revenue_28d:
    is: revenue
    over: trailing 28 days
  revenue_ytd:
    is: revenue
    over: year to date
    take: average
  customers_ever:
    is: customers
    over: start to date
  revenue_last_year:
    is: revenue
    ago: 1 year
    grains: [month, year]
  revenue_opening:
    is: revenue
    at_start_of: quarter
  median_order:
    is: median(revenue)
    across: order_id
  loyal_customers:
    is: count(*)
    across: customer_id
    having: order_count >= :at_least
    parameters:
      at_least:
        type: integer
        default: 2
        min: 1
  new_customers:
    is: count(*)
    across: customer_id
    from: order_lines
    dated_by: min(order_date)
  revenue_share:
    is: revenue / total
    with:
      total:
        is: revenue
        at_level: []
        ignoring: [product.brand]
  brand_share:
    is: revenue / total
    with:
      total:
        is: revenue
        at_level:
          except: [product.brand]
  revenue_rank:
    is: revenue
    rank_within: [time]
  promoted_revenue:
    is: revenue
    where: exists(promo_weeks, kind = 'display') or loyal
    fill_time: true
    cut_by:
      except: [customer_id]
"""


def shop(**changes: str) -> dict[str, str]:
    """The shop's files; `metrics` and `datasets` are added to those that exist, in files of their own."""
    texts = {"catalog.yaml": CATALOG, "shop.yaml": DATASETS, "metrics.yaml": METRICS}
    return texts | {f"{name}.yaml": text for name, text in changes.items()}


def read_shop(**changes: str) -> Reading:
    return read_parsed(shop(**changes))


def read_parsed(texts: dict[str, str]) -> Reading:
    """Like read_texts, but a text that many tests share is parsed once."""
    problems: list[Problem] = []
    trees: list[MapNode] = []
    complete = True
    for file, text in texts.items():
        tree, found = _parsed(file, text)
        problems += found
        complete &= tree is not None
        trees += [] if tree is None else [tree]
    return read_trees(trees, problems, complete=complete)


@cache
def _parsed(file: str, text: str) -> tuple[MapNode | None, tuple[Problem, ...]]:
    problems: list[Problem] = []
    return read_yaml(file, text, problems), tuple(problems)


def problems_of(**changes: str) -> list[Problem]:
    """What is wrong with the shop when these files are added or put in the place of its own."""
    try:
        read_shop(**changes)
    except DefinitionErrors as errors:
        return list(errors.problems)
    return []
