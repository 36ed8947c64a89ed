"""The demo: one process that fetches real data, starts registry, source and server, and asks a first question."""
