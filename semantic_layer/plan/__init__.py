"""*How* to compute it, as a printable relational plan, without SQL text."""
