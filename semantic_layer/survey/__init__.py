"""Looks at the data itself: whether it is what definitions say of it, and what first definitions of it would say."""
