"""The command line: words of a shell in, text of a terminal out; every question goes through the one pipeline."""
