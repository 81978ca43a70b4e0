"""Widgets of lessons 01 and 06: a model to look into, and a threshold to move.

A table below each widget says the same where no widget runs.
"""

import html
from collections.abc import Callable, Iterable, Sequence

import torch
from IPython.display import display
from ipywidgets import HTML, BoundedFloatText, Dropdown, VBox, Widget

from course.checking.quiz import architectures

WIDTHS = (512, 768, 1024, 1280, 2048, 4096)
EXAMPLES = ("resnet18", "googlenet", "densenet121", "vgg16", "squeezenet1_1", "vit_b_16")
OUTCOMES = {
    "works": "✓ works: the old head is replaced, 10 logits come out",
    "misfits": "✗ shape error in the forward pass: {reads} features arrive at the head",
    "ignored": "✗ no error and no effect: <code>forward</code> never calls <code>fc</code>, "
    "1000 logits come out",
}
EXAMPLE_THRESHOLDS = (0.1, 0.3, 0.5, 0.7, 0.9)
# The table stands below the widget. It is hidden where the widget is alive in the same output.
LOOK = """<style>
.look-around pre { line-height: 1.4; padding: 8px 12px; \
border-left: 4px solid var(--jp-border-color1, #888); }
.jp-OutputArea:has(.look-around .widget-label) \
.jp-OutputArea-child:has(.look-around-text) { display: none; }
</style>"""


def look_around() -> None:
    """Show a model to choose and a line to try on it; real modules give the answer."""
    wide = {"description_width": "12em"}  # one width for both labels, so that the menus align
    name = Dropdown(
        options=architectures.NAMES, value="densenet121", description="model", style=wide
    )
    width = Dropdown(options=WIDTHS, value=1024, description="inputs of the new head", style=wide)

    def answer():
        answered = outcome(name.value, width.value)
        return f"{around(name.value)}<p>{line(width.value)}<br>{answered}</p>"

    rows = []
    for example in EXAMPLES:
        head = architectures.as_code(architectures.head_path(example))
        reads = str(architectures.head_width(example))
        rows.append((example, head, reads, outcome(example, 1024)))
    heads = ("model", "the head", "its inputs", line(1024))
    show((name, width), answer, as_text(heads, rows))


def thresholds(probabilities: torch.Tensor, labels: torch.Tensor) -> None:
    """Show a threshold to move, and what it flags.

    probabilities: of class 1, (N,). labels: (N,), 0 or 1.
    """
    # a number with arrows: screen readers find no name for the handle of an ipywidgets slider
    number = BoundedFloatText(value=0.5, min=0, max=1, step=0.02, description="threshold")

    def answer():
        return scores(flagged(probabilities, labels, number.value))

    rows = []
    for threshold in EXAMPLE_THRESHOLDS:
        counts = flagged(probabilities, labels, threshold)
        rows.append((f"{threshold:.1f}", *map(str, counts)))
    heads = ("threshold", "found", "missed", "false alarms", "kept")
    show((number,), answer, as_text(heads, rows))


def flagged(probabilities: torch.Tensor, labels: torch.Tensor, threshold: float) -> list[int]:
    """The numbers of true positives, false negatives, false positives and true negatives."""
    flags = probabilities >= threshold
    positives = labels == 1
    counts = []
    for actual in (positives, ~positives):
        for predicted in (flags, ~flags):
            counts.append(int((predicted & actual).sum()))
    return counts


def scores(counts: Sequence[int]) -> str:
    """The four counts of `flagged` as an HTML table, with precision, recall and accuracy."""
    found, missed, alarms, kept = counts
    if found + alarms:
        precision = f"{found / (found + alarms):.2f}"
    else:
        precision = "undefined: nothing is flagged"
    recall = found / (found + missed)
    accuracy = (found + kept) / sum(counts)
    body = table(
        ("", "flagged", "not flagged"),
        [
            ("rotten", f"{found} found", f"{missed} missed"),
            ("fresh", f"{alarms} false alarms", f"{kept} kept"),
        ],
    )
    return f"{body}<p>precision {precision}, recall {recall:.2f}, accuracy {accuracy:.2f}</p>"


def show(controls: Iterable[Widget], answer: Callable[[], str], instead: dict[str, str]) -> None:
    """Show the controls and, below them, the HTML that `answer()` returns after each change.

    `instead` is the MIME bundle that is there where no widget runs.
    """
    output = HTML()

    def update(_change=None):
        output.value = f'{LOOK}<div role="status">{answer()}</div>'

    for control in controls:
        control.observe(update, "value")
    update()
    box = VBox([*controls, output])
    box.add_class("look-around")
    view = {
        "version_major": 2,
        "version_minor": 0,
        "model_id": box.model_id,
    }
    display({"application/vnd.jupyter.widget-view+json": view, "text/plain": ""}, raw=True)
    display(instead, raw=True)


def around(name: str) -> str:
    """The part of the model that holds the head, layer by layer, with an arrow at the head."""
    path = architectures.head_path(name)
    top, _, key = path.partition(".")
    part = architectures.model(name).get_submodule(top)
    if key:
        lines = [f"model.{top}: {type(part).__name__}"]
        for child, layer in part.named_children():
            mark = "   ← the head" if child == key else ""
            lines.append(f"    {child}: {layer}{mark}")
    else:
        lines = [f"model.{top}: {part}   ← the head"]
    text = "\n".join(lines)
    return f"<pre>{html.escape(text)}</pre>"


def line(width: int) -> str:
    """The line to try, as HTML."""
    return f"<code>model.fc = nn.Linear({width}, 10)</code>"


def outcome(name: str, width: int) -> str:
    """What the line leads to on this model, as HTML."""
    template = OUTCOMES[architectures.after_fc(name, width)]
    return template.format(reads=architectures.head_width(name))


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """An HTML table whose first column names the rows."""
    head = "".join(f"<th scope=col>{cell}</th>" for cell in heads)
    body = ""
    for first, *others in rows:
        cells = "".join(f"<td>{cell}</td>" for cell in others)
        body += f'<tr><th scope="row">{first}</th>{cells}</tr>'
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def as_text(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> dict[str, str]:
    """A table as a MIME bundle of HTML and plain text."""
    lines = ["  ".join(row) for row in [heads, *rows]]
    plain = "\n".join(lines).replace("<code>", "`").replace("</code>", "`")
    return {
        "text/html": f'{LOOK}<div class="look-around-text">{table(heads, rows)}</div>',
        "text/plain": plain,
    }
