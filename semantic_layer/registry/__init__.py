"""The catalogs in service: current, at revision N, history, search, lineage."""
