"""A small shop's definitions as text, to be edited by tests."""

from semantic_layer.definitions.model import Catalog
from semantic_layer.definitions.reader import read_texts

SHOP = """
catalog:
  time_zone: UTC
  week_start: monday
  languages: [en, zh]
domains:
  shop:
    label: {en: Shop, zh: 商店}
    owner: shop_lead
    data_owner: engineering
    tier: 2
    updated: daily
sources:
  lake:
    connection: LAKE
datasets:
  orders:
    source: lake
    table: orders
    label: {en: Orders, zh: 订单}
    key: [order_id, line_no]
    time: order_date
    columns:
      order_id: bigint
      line_no: integer
      product_id: bigint
      customer_id: bigint
      amount: decimal(12,2)
      discount: decimal(12,2)
      ordered_at: timestamp
    dimensions:
      order_date:
        sql: ordered_at
        type: time
        label: {en: Order date, zh: 下单日期}
      order_id:
        type: bigint
        label: {en: Order, zh: 订单号}
      customer_id:
        type: bigint
        label: {en: Customer, zh: 客户}
    joins:
      product:
        kind: many_to_one
        match: product_id
    segments:
      own_brand:
        where: product.brand = 'Own'
        label: {en: Own brand, zh: 自有品牌}
  product:
    source: lake
    table: product
    label: {en: Products, zh: 商品}
    key: product_id
    columns:
      product_id: bigint
    dimensions:
      brand:
        label: {en: Brand, zh: 品牌}
  returns:
    source: lake
    table: returns
    label: {en: Returns, zh: 退货}
    key: return_id
    time: return_date
    columns:
      return_id: bigint
      refund: decimal(12,2)
      returned_at: timestamp
    dimensions:
      return_date:
        sql: returned_at
        type: time
        conforms: orders.order_date
        label: {en: Return date, zh: 退货日期}
metrics:
  sales:
    is: sum(amount)
    from: orders
    unit: CNY
    about:
      label: {en: Sales, zh: 销售额}
      synonyms:
        en: [revenue, turnover]
        zh: [营业额]
      meaning: {en: What customers paid, zh: 客户支付的金额}
    governance: {domain: shop}
  order_count:
    is: count(distinct order_id)
    from: orders
    unit: count
    about:
      label: {en: Orders, zh: 订单数}
      meaning: {en: Distinct orders, zh: 去重订单数}
    governance: {domain: shop}
  average_order:
    is: sales / order_count
    unit: CNY
    about:
      label: {en: Average order value, zh: 客单价}
      meaning: {en: Sales per order, zh: 每单销售额}
    governance: {domain: shop}
  own_brand_sales:
    is: sales
    where: own_brand
    unit: CNY
    about:
      label: {en: Own brand sales, zh: 自有品牌销售额}
      meaning: {en: Sales of our own brand, zh: 自有品牌的销售额}
    governance: {domain: shop}
  refunds:
    is: sum(refund)
    from: returns
    unit: CNY
    about:
      label: {en: Refunds, zh: 退款额}
      meaning: {en: Money given back, zh: 退还的金额}
    governance: {domain: shop}
"""


def edited(*edits: tuple[str, str]) -> str:
    """The shop's text with pieces replaced; each piece must occur exactly once."""
    text = SHOP
    for old, new in edits:
        assert text.count(old) == 1, f"{old!r} occurs {text.count(old)} times"
        text = text.replace(old, new)
    return text


def shop(*edits: tuple[str, str], more: str = "") -> Catalog:
    """The checked catalog of the edited text; `more` is added below `metrics:`."""
    return read_texts({"shop.yaml": edited(*edits) + more}).catalog


def metric_text(name: str, sentence: str, label: str = "Another number") -> str:
    """A further metric for `more`, with all words that it must have."""
    return f"""
  {name}:
    {sentence}
    about:
      label: {{en: {label}, zh: 另一个数}}
      meaning: {{en: {label}, zh: 另一个数}}
    governance: {{domain: shop}}
"""
