"""Other formats in and out: definitions that others wrote, as ours."""
