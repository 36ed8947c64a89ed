"""What a metric is made of, down to columns, as GraphQL types."""

import strawberry

from semantic_layer.registry.lineage import Lineage, LineageGraph, Node, NodeKind, Role, metric_node

strawberry.enum(NodeKind, name="LineageKind", description="What kind of thing is defined or used.")
strawberry.enum(Role, name="LineageRole", description="What the user does with the used.")


@strawberry.type(description="A defined thing, or a column of a source's table.")
class LineageNode:
    kind: NodeKind
    name: str
    of: str | None = strawberry.field(name="dataset", description="The dataset that it belongs to.")


@strawberry.type(description="One thing uses another.")
class LineageEdge:
    user: LineageNode
    used: LineageNode
    role: Role


@strawberry.type(name="Lineage", description="Everything that a metric is made of.")
class LineageShown:
    columns: list[LineageNode] = strawberry.field(description="The columns at its ground.")
    nodes: list[LineageNode] = strawberry.field(description="All of it, the metric too.")
    edges: list[LineageEdge]


def lineage_shown(lineage: Lineage) -> LineageShown:
    nodes = {node: _shown(node) for node in lineage.nodes}
    return LineageShown(
        columns=[nodes[node] for node in lineage.of_kind(NodeKind.COLUMN)],
        nodes=list(nodes.values()),
        edges=[LineageEdge(user=nodes[edge.user], used=nodes[edge.used], role=edge.role) for edge in lineage.edges],
    )


def users_of(graph: LineageGraph, metric: str) -> list[str]:
    """The metrics that would change with this one."""
    above = graph.used_by(metric_node(metric)).of_kind(NodeKind.METRIC)
    return [node.name for node in above if node.name != metric]


def _shown(node: Node) -> LineageNode:
    return LineageNode(kind=node.kind, name=node.name, of=node.of)
