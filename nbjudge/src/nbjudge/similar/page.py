"""Pairs of answers side by side: a page for the instructor that needs no other file, and text."""

import difflib
import html
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from nbjudge.files import replace_text
from nbjudge.similar.course import Compared
from nbjudge.similar.pairs import Evidence, Pair
from nbjudge.similar.tokens import Line
from nbjudge.untrusted import one_line, shown

if TYPE_CHECKING:
    from rich.console import Console

SHOWN = 20  # pairs; the others are counted
SAME, GIVEN, OTHER = "=", "·", ""
LEGEND = (
    f"{SAME} the same in both, apart from names, comments and white space; "
    f"{GIVEN} given out with the assignment, or empty: not compared."
)
NOT_A_VERDICT = (
    "This is a question to ask and not a verdict: two learners may have worked together as you "
    "allow, or have used the same page, book or help. Ask both how they came to their answers."
)


class Row(NamedTuple):
    """A line of two answers side by side."""

    mark: str
    left: str
    right: str


def rows_of(left: Sequence[Line], right: Sequence[Line]) -> Iterator[Row]:
    """Yield two answers line by line, with the lines that are the same in one row."""
    before, after = [line.tokens for line in left], [line.tokens for line in right]
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    for kind, start, end, from_, to in matcher.get_opcodes():
        for one, other in zip_longest(left[start:end], right[from_:to]):
            line = one or other
            mark = SAME if kind == "equal" else OTHER
            if all(each is None or each.given for each in (one, other)):
                mark = GIVEN
            assert line is not None  # zip_longest ends with the longer one
            yield Row(mark, one.text if one else "", other.text if other else "")


def summary(compared: Compared) -> str:
    """Return in one sentence what was found."""
    count = len(compared.pairs)
    begin = f"{compared.assignment}: {compared.learners} submissions were compared"
    if not count:
        return f"{begin}, and no two are closer than the class explains"
    pairs = "one pair is" if count == 1 else f"{count} pairs are"
    return f"{begin}, and {pairs} closer than the class explains"


def question(one: str, other: str) -> str:
    """Return what to ask about two learners."""
    return f"{shown(one)} and {shown(other)}: did they write from the same text?"


def in_words(part: Evidence) -> str:
    """Return in words how alike two answers are."""
    return (
        f"{part.exercise}: {part.alike:.0%} alike; the next closest answers of the class and of "
        f"your solution {part.others:.0%}"
    )


def not_shown(compared: Compared) -> str:
    """Return a sentence on the pairs that are not shown, "" for none."""
    more = len(compared.pairs) - SHOWN
    return f"{more} more pairs are less close and not shown." if more > 0 else ""


# ---- in the terminal -----------------------------------------------------------------------------


def print_pairs(console: "Console", compared: Compared) -> None:
    """Print each pair with both texts side by side."""
    from rich.table import Table
    from rich.text import Text

    for pair in compared.pairs[:SHOWN]:
        one, other = pair.learners
        console.print(Text(f"\n{question(one, other)}", style="bold"))
        for part in pair.evidence:
            console.print(Text(f"  {one_line(in_words(part))}"), soft_wrap=True)
            table = Table(box=None, padding=(0, 1), expand=True)
            table.add_column("", width=1)
            table.add_column(Text(shown(one)), ratio=1, overflow="fold")
            table.add_column(Text(shown(other)), ratio=1, overflow="fold")
            answers = compared.answers[part.exercise]
            for row in rows_of(answers[one], answers[other]):
                table.add_row(row.mark, *(Text(one_line(text)) for text in row[1:]))
            console.print(table)
    if rest := not_shown(compared):
        console.print(f"\n{rest}", soft_wrap=True, markup=False)
    if compared.pairs:
        console.print(f"\n{LEGEND}\n{NOT_A_VERDICT}", soft_wrap=True, markup=False)


# ---- as a page -----------------------------------------------------------------------------------

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 90rem; margin: 2rem auto; \
padding: 0 1rem; }}
section {{ border-top: 1px solid color-mix(in srgb, currentColor 35%, transparent); }}
.wide {{ overflow-x: auto; }}
table {{ border-collapse: collapse; min-width: 100%; margin-bottom: 1.5rem; }}
caption {{ text-align: left; padding: .5rem 0; }}
th {{ text-align: left; }}
th, td {{ padding: 0 .5rem; vertical-align: top; }}
td + td, th + th {{ border-left: 1px solid color-mix(in srgb, currentColor 25%, transparent); \
width: 50%; }}
code {{ white-space: pre-wrap; overflow-wrap: anywhere; font-size: .85rem; }}
tr.same {{ background: color-mix(in srgb, #e8a400 22%, transparent); }}
tr.given {{ opacity: .7; }}
@media print {{ section {{ break-inside: avoid; }} }}
</style></head><body>
<h1>{title}</h1>
{body}
</body></html>
"""
CLASSES = {SAME: "same", GIVEN: "given", OTHER: "other"}


def write_page(compared: Compared, path: Path) -> None:
    """Write the page. It is for instructors only: it names learners."""
    parts = [paragraph(f"{summary(compared)}.")]
    if compared.pairs:
        parts += [paragraph(NOT_A_VERDICT), paragraph(LEGEND)]
    else:
        parts.append(paragraph("This does not prove that nobody has copied."))
    parts += [section(compared, pair) for pair in compared.pairs[:SHOWN]]
    if rest := not_shown(compared):
        parts.append(paragraph(rest))
    if compared.findings:
        entries = "".join(f"<li>{text(str(each))}</li>" for each in compared.findings)
        parts.append(f"<h2>Not compared</h2><ul>{entries}</ul>")
    title = f"Answers to ask about: {html.escape(compared.assignment)}"
    replace_text(path, PAGE.format(title=title, body="\n".join(parts)))


def section(compared: Compared, pair: Pair) -> str:
    """Return the part of the page on one pair."""
    one, other = pair.learners
    parts = [f"<section><h2>{text(question(one, other))}</h2>"]
    for part in pair.evidence:
        answers = compared.answers[part.exercise]
        rows = "".join(map(table_row, rows_of(answers[one], answers[other])))
        parts.append(
            f'<div class="wide"><table><caption>{text(in_words(part))}</caption><thead><tr>'
            f'<td></td><th scope="col">{text(one)}</th><th scope="col">{text(other)}</th></tr>'
            f"</thead><tbody>{rows}</tbody></table></div>"
        )
    return "\n".join([*parts, "</section>"])


def table_row(row: Row) -> str:
    """Return a row of the page."""
    cells = "".join(f"<td><code>{text(each)}</code></td>" for each in row[1:])
    return f'<tr class="{CLASSES[row.mark]}"><th scope="row">{row.mark}</th>{cells}</tr>'


def paragraph(words: str) -> str:
    """Return a paragraph of the page."""
    return f"<p>{text(words)}</p>"


def text(words: str) -> str:
    """Return a text of the page: no markup, no control characters."""
    return html.escape(one_line(words))
