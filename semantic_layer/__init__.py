"""A governed metrics layer: ask a metric by name, get the right number and the rule that made it."""

__version__ = "0.1.0"
