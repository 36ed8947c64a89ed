"""dbt: a project's semantic manifest read, and its definitions as ours."""
