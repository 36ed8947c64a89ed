"""A plan as one statement per source in that source's dialect, values bound."""
