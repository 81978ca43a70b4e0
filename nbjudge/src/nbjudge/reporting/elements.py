"""Pieces of the report's page: escaped texts, lists, tables, numbers in words."""

import html
from collections.abc import Iterable, Sequence

from nbjudge.untrusted import one_line, writable

NAMES = 12  # learners named in a sentence; the tables have all


def shown(words: str) -> str:
    """Return a text in one line, escaped for HTML."""
    return html.escape(one_line(words))


def paragraph(words: str, kind: str = "") -> str:
    """Return a paragraph of plain text; `kind` is a class of the stylesheet."""
    named = f' class="{kind}"' if kind else ""
    return f"<p{named}>{shown(words)}</p>"


def block(words: str) -> str:
    """Return lines of text, escaped, with those control characters taken out that a page obeys."""
    lines = writable(words).expandtabs(4).splitlines()
    return html.escape("\n".join(one_line(line) for line in lines))


def bullets(entries: Iterable[str]) -> str:
    """Return a list of plain texts."""
    return f"<ul>{''.join(f'<li>{shown(entry)}</li>' for entry in entries)}</ul>"


def count(number: int, noun: str) -> str:
    """Return a number with its noun, such as "1 learner" or "3 learners"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def named(learners: Sequence[str]) -> str:
    """Return the first learners of a list, and how many more there are."""
    more = len(learners) - NAMES
    return ", ".join(learners[:NAMES]) + (f" and {more:,} more" if more > 0 else "")


def percent(share: float | None) -> str:
    """Return a share as a text, a dash where there is none."""
    return "–" if share is None else f"{share:.0%}"


def seconds(value: float | None) -> str:
    """Return a time as a text, a dash where none is recorded."""
    if value is None:
        return "–"
    if value < 0.0005:
        return "under 1 ms"
    return f"{value:.1f} s" if value >= 0.095 else f"{1000 * value:.0f} ms"


def table(
    caption: str,
    header: Sequence[str],
    rows: Iterable[Sequence[str]],
    words: Sequence[str] = (),
    kind: str = "cards",
) -> str:
    """Return a table. Its first column names the row; columns named in `words` hold sentences.

    On a phone each row of a table of the kind `cards` becomes a card.
    """
    head = ""
    for name in header:
        named_words = ' class="words"' if name in words else ""
        head += f'<th scope="col"{named_words}>{shown(name)}</th>'
    body = ""
    for first, *others in rows:
        cells = ""
        for name, each in zip(header[1:], others, strict=True):
            named_words = ' class="words"' if name in words else ""
            cells += f'<td{named_words} data-label="{shown(name)}">{shown(each)}</td>'
        body += f'<tr><th scope="row">{shown(first)}</th>{cells}</tr>'
    return (
        f'<div class="wide" role="group" tabindex="0" aria-label="{shown(caption)}">'
        f'<table class="{kind}"><caption>{shown(caption)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )
