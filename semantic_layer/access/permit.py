"""BoundQuery -> PermittedQuery: row rules and hidden things, decided before anything is planned.

The plan room takes a PermittedQuery and nothing else, and only `permit` makes one: a question cannot reach a source
around its policies.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from semantic_layer.access.principal import Principal
from semantic_layer.definitions.expression import Expr
from semantic_layer.query.bound import BoundQuery

_PERMIT = object()


@dataclass(frozen=True, slots=True)
class Policy:
    """What one principal may see. `row_rules`: dataset -> condition over its columns that every row must pass."""

    row_rules: Mapping[str, Expr] = field(default_factory=dict)


EVERYTHING = Policy()


@dataclass(frozen=True, slots=True)
class PermittedQuery:
    """A bound query with the row rules that every scan of a dataset applies."""

    query: BoundQuery
    principal: Principal
    row_rules: Mapping[str, Expr]
    made_by: object = field(repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.made_by is not _PERMIT:
            raise TypeError("only access.permit makes a PermittedQuery")


def permit(query: BoundQuery, principal: Principal, policy: Policy = EVERYTHING) -> PermittedQuery:
    """The query as `principal` may ask it."""
    return PermittedQuery(query, principal, policy.row_rules, _PERMIT)
