"""What a question is, and short ways to write one."""

from typing import NamedTuple


class Option(NamedTuple):
    """One option of a question, with what to say of it."""

    text: str  # Markdown: words, `one expression`, or a code block
    right: bool
    why: str  # Markdown: why it is right, or what believing it would mean


class Question(NamedTuple):
    """A question of the practice quiz."""

    prompt: str  # Markdown
    options: tuple[Option, ...]  # exactly one is right


def right(text: str, why: str) -> Option:
    """The right option."""
    return Option(text, True, why)


def wrong(text: str, why: str) -> Option:
    """A wrong option."""
    return Option(text, False, why)


def snippet(*lines: str) -> str:
    """These lines of Python as a Markdown code block."""
    return "\n".join(["```python", *lines, "```"])


def decimals(value: float, digits: int, sign: str = "") -> str:
    """A number with this many decimals, as in 0.50; zero has no sign. sign: "+" shows a plus."""
    text = f"{value:{sign}.{digits}f}"
    return text.lstrip("+-") if float(text) == 0 else text
