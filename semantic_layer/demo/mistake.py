"""What stops the demo, told so that the reader knows what to do."""

from semantic_layer.errors import CannotRun


class DemoMistake(CannotRun):
    """The demo cannot go on; the text is for the command line, and the exit code is 1."""
