from semantic_layer.registry.lineage import Edge, LineageGraph, Node, NodeKind, Role, metric_node
from tests.registry.shop import metric_text, shop

GRAPH = LineageGraph(shop())
AMOUNT = Node(NodeKind.COLUMN, "amount", "orders")
ORDERS = Node(NodeKind.DATASET, "orders")


def test_a_metric_leads_down_to_columns_and_source() -> None:
    lineage = GRAPH.uses(metric_node("average_order"))
    assert {str(node) for node in lineage.of_kind(NodeKind.METRIC)} == {"average_order", "sales", "order_count"}
    assert {str(node) for node in lineage.of_kind(NodeKind.COLUMN)} == {
        "orders.amount",
        "orders.order_id",
        "orders.ordered_at",
    }
    assert lineage.of_kind(NodeKind.DATASET) == (ORDERS,)
    assert lineage.of_kind(NodeKind.SOURCE) == (Node(NodeKind.SOURCE, "lake"),)
    assert Edge(metric_node("average_order"), metric_node("sales"), Role.VALUE) in lineage.edges
    assert Edge(metric_node("sales"), AMOUNT, Role.VALUE) in lineage.edges
    assert Edge(metric_node("sales"), Node(NodeKind.DIMENSION, "order_date", "orders"), Role.TIME) in lineage.edges


def test_a_segment_brings_its_join_and_the_other_dataset() -> None:
    lineage = GRAPH.uses(metric_node("own_brand_sales"))
    segment, join = Node(NodeKind.SEGMENT, "own_brand", "orders"), Node(NodeKind.JOIN, "product", "orders")
    assert Edge(metric_node("own_brand_sales"), segment, Role.FILTER) in lineage.edges
    assert Edge(segment, Node(NodeKind.DIMENSION, "brand", "product"), Role.FILTER) in lineage.edges
    assert Edge(segment, join, Role.PATH) in lineage.edges
    assert Edge(join, Node(NodeKind.COLUMN, "product_id", "product"), Role.PATH) in lineage.edges
    assert Node(NodeKind.DATASET, "product") in lineage.nodes


def test_what_uses_a_column_a_dataset_a_metric() -> None:
    assert {str(node) for node in GRAPH.used_by(AMOUNT).of_kind(NodeKind.METRIC)} == {
        "sales",
        "average_order",
        "own_brand_sales",
    }
    assert {str(node) for node in GRAPH.used_by(Node(NodeKind.DATASET, "product")).of_kind(NodeKind.METRIC)} == {
        "own_brand_sales"
    }
    assert GRAPH.used_by(metric_node("refunds")).nodes == (metric_node("refunds"),)


def test_steps_modifiers_and_exists_are_followed() -> None:
    more = """
  repeat_share:
    is: repeat / buyers
    unit: ratio
    with:
      repeat:
        is: count(*)
        across: customer_id
        having: order_count >= 2
      buyers:
        is: count(distinct customer_id)
        from: orders
        where: exists(product, brand = 'Own')
    about:
      label: {en: Repeat share, zh: 复购占比}
      meaning: {en: Repeat share, zh: 复购占比}
    governance: {domain: shop}
"""
    lineage = LineageGraph(shop(more=more)).uses(metric_node("repeat_share"))
    customer = Node(NodeKind.DIMENSION, "customer_id", "orders")
    assert Edge(metric_node("repeat_share"), customer, Role.ENTITY) in lineage.edges
    assert Edge(metric_node("repeat_share"), metric_node("order_count"), Role.VALUE) in lineage.edges
    assert Edge(metric_node("repeat_share"), Node(NodeKind.JOIN, "product", "orders"), Role.FILTER) in lineage.edges
    assert Edge(metric_node("repeat_share"), Node(NodeKind.DIMENSION, "brand", "product"), Role.FILTER) in lineage.edges


def test_a_metric_as_a_dimension_is_a_use_of_the_metric() -> None:
    attribute = (
        "      brand:\n",
        "      lifetime:\n        metric: sales\n        label: {en: Lifetime, zh: 累计}\n      brand:\n",
    )
    catalog = shop(attribute, more=metric_text("big", "is: sales\n    where: product.lifetime > 10\n    unit: CNY"))
    graph = LineageGraph(catalog)
    lifetime = Node(NodeKind.DIMENSION, "lifetime", "product")
    assert Edge(lifetime, metric_node("sales"), Role.VALUE) in graph.used_by(metric_node("sales")).edges
    assert metric_node("big") in graph.used_by(lifetime).nodes
