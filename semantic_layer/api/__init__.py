"""GraphQL words for all rooms below; it decides nothing."""
