"""Definitions, revisions and metric versions: written once, kept forever (docs/registry.md)."""

from alembic import op

revision = "0001"
down_revision = None

TABLES = (
    """
CREATE TABLE semantic_layer.definition (
    hash bytea PRIMARY KEY,
    language smallint NOT NULL,
    kind text NOT NULL CHECK (kind ~ '^[a-z_]+$'),
    name text NOT NULL CHECK (name !~ E'\\n'),
    document text NOT NULL,
    UNIQUE (hash, kind, name),
    CONSTRAINT definition_is_json CHECK (document::json IS NOT NULL),
    CONSTRAINT definition_is_its_hash CHECK (
        hash = sha256(convert_to(language || E'\\n' || kind || E'\\n' || name || E'\\n' || document, 'UTF8'))
    )
)""",
    """
COMMENT ON TABLE semantic_layer.definition IS
    'All that was ever defined, one row per content; hash is SHA-256 of language, kind, name and document.'
""",
    """
CREATE TABLE semantic_layer.revision (
    number bigint PRIMARY KEY,
    recorded_at timestamptz NOT NULL UNIQUE,
    actor text NOT NULL CHECK (actor <> ''),
    message text NOT NULL DEFAULT ''
)""",
    """
COMMENT ON TABLE semantic_layer.revision IS
    'Who changed the catalog when. The database gives number (no gaps) and time (always rising).'
""",
    """
CREATE TABLE semantic_layer.revision_change (
    revision bigint NOT NULL REFERENCES semantic_layer.revision (number) DEFERRABLE INITIALLY DEFERRED,
    kind text NOT NULL,
    name text NOT NULL,
    hash bytea,
    change_class smallint NOT NULL CHECK (change_class BETWEEN 0 AND 2),
    PRIMARY KEY (revision, kind, name),
    FOREIGN KEY (hash, kind, name) REFERENCES semantic_layer.definition (hash, kind, name)
)""",
    """
COMMENT ON TABLE semantic_layer.revision_change IS
    'What a revision set, or (hash null) removed. The catalog at N is the last row up to N of each kind and name.'
""",
    "CREATE INDEX revision_change_of ON semantic_layer.revision_change (kind, name, revision DESC)",
    """
CREATE TABLE semantic_layer.metric_version (
    metric text NOT NULL,
    number integer NOT NULL,
    fingerprint text NOT NULL CHECK (fingerprint ~ '^f[0-9]+:[0-9a-f]+$'),
    revision bigint NOT NULL REFERENCES semantic_layer.revision (number) DEFERRABLE INITIALLY DEFERRED,
    change_class smallint NOT NULL CHECK (change_class BETWEEN 0 AND 2),
    cause text NOT NULL CHECK (cause IN ('own_change', 'dependency')),
    PRIMARY KEY (metric, number),
    UNIQUE (metric, revision)
)""",
    """
COMMENT ON TABLE semantic_layer.metric_version IS
    'A metric has a new version exactly when its fingerprint differs from that of the version before.'
""",
    "CREATE INDEX metric_version_by_revision ON semantic_layer.metric_version (revision)",
)

# A revision is written in this order: changes, versions, then its own row. The lock serialises publishers; the
# clock may have been set back, times still rise.
REVISIONS = (
    """
CREATE FUNCTION semantic_layer.next_revision() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    last semantic_layer.revision%ROWTYPE;
BEGIN
    PERFORM pg_advisory_xact_lock(7302868145);
    SELECT * INTO last FROM semantic_layer.revision ORDER BY number DESC LIMIT 1;
    NEW.number := coalesce(last.number, 0) + 1;
    NEW.recorded_at := greatest(clock_timestamp(), last.recorded_at + interval '1 microsecond');
    RETURN NEW;
END $$""",
    """
CREATE TRIGGER next_revision BEFORE INSERT ON semantic_layer.revision
    FOR EACH ROW EXECUTE FUNCTION semantic_layer.next_revision()
""",
    """
CREATE FUNCTION semantic_layer.tell_revision() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('semantic_layer_revision', NEW.number::text);
    RETURN NULL;
END $$""",
    """
CREATE TRIGGER tell_revision AFTER INSERT ON semantic_layer.revision
    FOR EACH ROW EXECUTE FUNCTION semantic_layer.tell_revision()
""",
)

# Rows are added to the revision that is about to be recorded; to a recorded one, nothing is added.
NOTHING_LATER = (
    """
CREATE FUNCTION semantic_layer.refuse_later_rows() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    coming bigint := (SELECT coalesce(max(number), 0) + 1 FROM semantic_layer.revision);
BEGIN
    IF EXISTS (SELECT FROM added WHERE revision <> coming) THEN
        RAISE EXCEPTION 'rows can be added to revision % only: the others are recorded', coming
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NULL;
END $$""",
    """
CREATE TRIGGER refuse_later_rows AFTER INSERT ON semantic_layer.revision_change REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION semantic_layer.refuse_later_rows()
""",
    """
CREATE TRIGGER refuse_later_rows AFTER INSERT ON semantic_layer.metric_version REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION semantic_layer.refuse_later_rows()
""",
)

VERSIONS = (
    """
CREATE FUNCTION semantic_layer.next_metric_version() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    last semantic_layer.metric_version%ROWTYPE;
BEGIN
    SELECT * INTO last FROM semantic_layer.metric_version
        WHERE metric = NEW.metric ORDER BY number DESC LIMIT 1;
    IF NEW.number <> coalesce(last.number, 0) + 1 THEN
        RAISE EXCEPTION 'version % of % is not the next number', NEW.number, NEW.metric
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF NEW.fingerprint = last.fingerprint THEN
        RAISE EXCEPTION 'version % of % has the fingerprint of the one before', NEW.number, NEW.metric
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END $$""",
    """
CREATE TRIGGER next_metric_version BEFORE INSERT ON semantic_layer.metric_version
    FOR EACH ROW EXECUTE FUNCTION semantic_layer.next_metric_version()
""",
)

REFUSE_CHANGE = """
CREATE FUNCTION semantic_layer.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% of %: what is recorded stays as it is', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$"""

# ALWAYS: also in a session that calls itself a replica.
FOREVER = (
    """
CREATE TRIGGER forever BEFORE UPDATE OR DELETE OR TRUNCATE ON semantic_layer.{table}
    FOR EACH STATEMENT EXECUTE FUNCTION semantic_layer.refuse_change()
""",
    "ALTER TABLE semantic_layer.{table} ENABLE ALWAYS TRIGGER forever",
)
FOREVER_TABLES = ("definition", "revision", "revision_change", "metric_version")


def upgrade() -> None:
    for statement in (*TABLES, *REVISIONS, *NOTHING_LATER, *VERSIONS, REFUSE_CHANGE):
        op.execute(statement)
    for table in FOREVER_TABLES:
        for statement in FOREVER:
            op.execute(statement.format(table=table))
