"""Run by semantic_layer/store/upgrade.py with an open connection; there is no other way to run it."""

from alembic import context

SCHEMA = "semantic_layer"

context.configure(
    connection=context.config.attributes["connection"],
    version_table="migration",
    version_table_schema=SCHEMA,
    transaction_per_migration=False,
)
with context.begin_transaction():
    context.run_migrations()
