"""dbt: a project's semantic manifest read, its definitions as ours, and questions by dbt's own names."""

from semantic_layer.interchange.dbt.project import Project, Result, open_project

__all__ = ["Project", "Result", "open_project"]
