"""What a change does, before anybody approves it: what differs, who uses it, and how the numbers move."""
