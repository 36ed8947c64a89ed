"""Our own PostgreSQL: the embedded server, tables, transactions, notifications; implements the ports."""
