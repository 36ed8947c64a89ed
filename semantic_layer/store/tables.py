"""The registry's tables, as the migrations make them (a test compares the two)."""

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
)
from sqlalchemy.dialects.postgresql import ARRAY, TIMESTAMP

SCHEMA = "semantic_layer"
MIGRATION = "0002"  # the newest of migrations/versions: what the tables below are made by
CHANNEL = "semantic_layer_revision"  # NOTIFY with the number of the new revision
PUBLISH_LOCK = 7302868145  # held while a revision is written; migrations/versions/0001_revisions.py has it too
MIGRATE_LOCK = 7302868146

metadata = MetaData(schema=SCHEMA)

definition = Table(
    "definition",
    metadata,
    Column("hash", LargeBinary, primary_key=True),
    Column("language", SmallInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("document", Text, nullable=False),
    comment="All that was ever defined, one row per content; hash is SHA-256 of language, kind, name and document.",
)

revision = Table(
    "revision",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("recorded_at", TIMESTAMP(timezone=True), nullable=False),
    Column("actor", Text, nullable=False),
    Column("message", Text, nullable=False),
    comment="Who changed the catalog when. The database gives number (no gaps) and time (always rising).",
)

revision_change = Table(
    "revision_change",
    metadata,
    Column("revision", BigInteger, ForeignKey(revision.c.number), primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("hash", LargeBinary),
    Column("change_class", SmallInteger, nullable=False),
    comment="What a revision set, or (hash null) removed. The catalog at N is the last row up to N of "
    "each kind and name.",
)

metric_version = Table(
    "metric_version",
    metadata,
    Column("metric", Text, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("fingerprint", Text, nullable=False),
    Column("revision", BigInteger, ForeignKey(revision.c.number), nullable=False),
    Column("change_class", SmallInteger, nullable=False),
    Column("cause", Text, nullable=False),
    comment="A metric has a new version exactly when its fingerprint differs from that of the version before.",
)

usage_day = Table(
    "usage_day",
    metadata,
    Column("day", Date, primary_key=True),
    Column("metric", Text, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("client", Text, primary_key=True),
    Column("principal", Text, primary_key=True),
    Column("shape", Text, primary_key=True),
    Column("buckets", ARRAY(BigInteger), nullable=False),
    Column("last_at", TIMESTAMP(timezone=True), nullable=False),
    comment="Answered metrics by day, client, principal and question shape; buckets: calls below 1, 2, 4 ... "
    "milliseconds.",
)
