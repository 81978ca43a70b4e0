"""How much of what a cell says is kept."""

KEPT_TEXT = 100_000  # characters a cell may print
KEPT_PICTURES = 10_000_000  # characters of pictures and tables in a cell
KEPT_MESSAGE = 10_000  # characters at either end of an error message
CUT = "... Output cut here: "


def shorten(text):
    """Both ends of a long text: a misconception's code stands in the last line."""
    return text if len(text) <= 2 * KEPT_MESSAGE else f"{text[:KEPT_MESSAGE]}\n... cut ...\n{text[-KEPT_MESSAGE:]}"
