"""Tables: a cell collects rows, and this formats them."""

import html
from collections.abc import Mapping, Sequence

from IPython.display import display


def table(columns: Mapping[str, str], rows: Sequence[Sequence[object]]) -> None:
    """Show rows under columns {heading: format, such as ".2f" or ".1%", or "" for words}.

    Words stand on the left, numbers on the right. Where no HTML is shown, the same is text.
    """
    formats = list(columns.values())
    written = [
        [_written(value, how) for value, how in zip(row, formats, strict=True)] for row in rows
    ]
    lines = [list(columns), *written]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    text = "\n".join(
        "  ".join(
            cell.rjust(width) if how else cell.ljust(width)
            for cell, how, width in zip(line, formats, widths, strict=True)
        ).rstrip()
        for line in lines
    )
    page = "".join(
        _line(line, formats, "td" if number else "th") for number, line in enumerate(lines)
    )
    display({"text/html": f"<table>{page}</table>", "text/plain": text}, raw=True)


def _written(value: object, how: str) -> str:
    """A value in its format, and never as -0.00."""
    text = format(value, how)
    return text.lstrip("-") if how and not text.strip("-0.%") else text


def _line(cells: Sequence[str], formats: Sequence[str], tag: str) -> str:
    shown = []
    for cell, how in zip(cells, formats, strict=True):
        side = "right" if how else "left"
        shown.append(f'<{tag} style="text-align: {side}">{html.escape(cell)}</{tag}>')
    return f"<tr>{''.join(shown)}</tr>"
