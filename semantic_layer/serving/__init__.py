"""Answers one question, once: limits, cache, single flight, combining sources, trace."""
