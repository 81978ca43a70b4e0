"""How much of what a cell prints and displays is kept, in a sandbox and in an ordinary kernel.

This is not in wire.py because code in a notebook can list every class (`object.__subclasses__()`),
and a method leads to the global names of its module. Here they decide nothing.
"""

from typing import Any

KEPT_TEXT = 100_000  # characters that a cell may print
KEPT_DISPLAYS = 10_000_000  # characters of pictures and tables that a cell may display
KEPT_MESSAGE = 10_000  # characters at either end of an error message
CUT = "... Output cut here: "


class OutputBudget:
    """What one cell may still print and display."""

    def __init__(self) -> None:
        self.printed = 0
        self.displayed = 0

    def text(self, text: str) -> str | None:
        """The part of a printed text that is kept; None where the budget was used up before."""
        left = KEPT_TEXT - self.printed
        self.printed += len(text)
        if left < 0:
            return None
        if len(text) <= left:
            return text
        self.printed += 1  # a budget used to the last character must not be reported twice
        return f"{text[:left]}\n{CUT}the cell printed more than {KEPT_TEXT:,} characters.\n"

    def data(self, data: dict[str, Any]) -> dict[str, Any]:
        """What is kept of a display's data by MIME type; a note in its place beyond the budget."""
        self.displayed += sum(len(str(value)) for value in data.values())
        if self.displayed <= KEPT_DISPLAYS:
            return data
        return {"text/plain": f"{CUT}the cell displayed more than {KEPT_DISPLAYS:,} characters."}


def shorten(text: str) -> str:
    """Both ends of a long text. The end is kept because a misconception's code stands there."""
    if len(text) <= 2 * KEPT_MESSAGE:
        return text
    return f"{text[:KEPT_MESSAGE]}\n... cut ...\n{text[-KEPT_MESSAGE:]}"
