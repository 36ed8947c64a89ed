"""What was *asked*, and what it means against one catalog."""
