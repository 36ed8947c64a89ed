"""Which metric was answered to whom, counted by the day (docs/governance.md)."""

from alembic import op

revision = "0002"
down_revision = "0001"

STATEMENTS = (
    """
CREATE TABLE semantic_layer.usage_day (
    day date NOT NULL,
    metric text NOT NULL,
    version integer NOT NULL,
    client text NOT NULL,
    principal text NOT NULL,
    shape text NOT NULL,
    buckets bigint[] NOT NULL CHECK (cardinality(buckets) = 16),
    last_at timestamptz NOT NULL,
    PRIMARY KEY (metric, day, version, client, principal, shape)
)""",
    """
COMMENT ON TABLE semantic_layer.usage_day IS
    'Answered metrics by day, client, principal and question shape; buckets: calls below 1, 2, 4 ... milliseconds.'
""",
    "CREATE INDEX usage_day_by_day ON semantic_layer.usage_day (day)",
)


def upgrade() -> None:
    for statement in STATEMENTS:
        op.execute(statement)
