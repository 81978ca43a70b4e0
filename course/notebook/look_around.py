"""Things to turn and see: where a model has its head and what one line would do to it; what a threshold finds and what it costs.

Each is a widget, with a table below it for where no widget runs.
"""

import html

from IPython.display import display
from ipywidgets import HTML, BoundedFloatText, Dropdown, VBox

from course.checking.quiz import models

WIDTHS = (512, 768, 1024, 1280, 2048, 4096)
EXAMPLES = ("resnet18", "googlenet", "densenet121", "vgg16", "squeezenet1_1", "vit_b_16")
OUTCOMES = {
    "works": "✓ works: the old head is gone, 10 logits come out",
    "misfits": "✗ shape error in the forward pass: the head reads {reads} features",
    "ignored": "✗ no error and no effect: <code>forward</code> never calls <code>fc</code>, 1000 logits come out",
}
EXAMPLE_THRESHOLDS = (0.1, 0.3, 0.5, 0.7, 0.9)
# The table stands below the widget, and steps aside where the widget is alive in the same output area.
LOOK = """<style>
.look-around pre { line-height: 1.4; padding: 8px 12px; border-left: 4px solid var(--jp-border-color1, #888); }
.jp-OutputArea:has(.look-around .widget-label) .jp-OutputArea-child:has(.look-around-text) { display: none; }
</style>"""


def look_around():
    """Show a model to choose and a line to try on it, which a real module answers (quiz/models.py)."""
    name = Dropdown(options=models.NAMES, value="densenet121", description="model")
    width = Dropdown(
        options=WIDTHS,
        value=1024,
        description="new head reads",
        style={"description_width": "initial"},
    )

    def said():
        return (
            f"{around(name.value)}<p>{line(width.value)}<br>{outcome(name.value, width.value)}</p>"
        )

    rows = [
        (
            name,
            models.as_code(models.head_path(name)),
            str(models.head_width(name)),
            outcome(name, 1024),
        )
        for name in EXAMPLES
    ]
    turn((name, width), said, as_text(("model", "the head", "reads", line(1024)), rows))


def thresholds(probabilities, labels):
    """Show a threshold to move and what it flags: probabilities of class 1 (N,), labels (N,), 0 or 1."""
    # a number with arrows: the handle of ipywidgets' sliders has no name that a screen reader could say
    number = BoundedFloatText(value=0.5, min=0, max=1, step=0.02, description="threshold")

    def counts(threshold):
        flags, bad = probabilities >= threshold, labels == 1
        return [int((some & those).sum()) for those in (bad, ~bad) for some in (flags, ~flags)]

    def said():
        found, missed, alarms, kept = counts(number.value)
        precision = (
            f"{found / (found + alarms):.2f}" if found + alarms else "undefined: nothing is flagged"
        )
        body = table(
            ("", "flagged", "not flagged"),
            [
                ("rotten", f"{found} found", f"{missed} missed"),
                ("fresh", f"{alarms} false alarms", f"{kept} kept"),
            ],
        )
        return f"{body}<p>precision {precision}, recall {found / (found + missed):.2f}, accuracy {(found + kept) / len(labels):.2f}</p>"

    rows = [(f"{threshold:.1f}", *map(str, counts(threshold))) for threshold in EXAMPLE_THRESHOLDS]
    turn((number,), said, as_text(("threshold", "found", "missed", "false alarms", "kept"), rows))


def turn(controls, said, instead):
    """Show the controls and, below them, what `said()` gives after each change; `instead` stands there where no widget runs."""
    answer = HTML()

    def look(_=None):
        answer.value = f'{LOOK}<div role="status">{said()}</div>'

    for control in controls:
        control.observe(look, "value")
    look()
    box = VBox([*controls, answer])
    box.add_class("look-around")
    view = {"version_major": 2, "version_minor": 0, "model_id": box.model_id}
    display({"application/vnd.jupyter.widget-view+json": view, "text/plain": ""}, raw=True)
    display(instead, raw=True)


def around(name):
    """The part of the model that holds the head, layer by layer, with an arrow at the head itself."""
    path = models.head_path(name)
    top, _, key = path.partition(".")
    part = models.model(name).get_submodule(top)
    lines = [f"model.{top}: {type(part).__name__}" if key else f"model.{top}: {part}   ← the head"]
    if key:
        lines += [
            f"    {child}: {layer}" + ("   ← the head" if child == key else "")
            for child, layer in part.named_children()
        ]
    return f"<pre>{html.escape(chr(10).join(lines))}</pre>"


def line(width):
    return f"<code>model.fc = nn.Linear({width}, 10)</code>"


def outcome(name, width):
    return OUTCOMES[models.after_fc(name, width)].format(reads=models.head_width(name))


def table(heads, rows):
    page = "".join(
        f'<tr><th scope="row">{row[0]}</th>'
        + "".join(f"<td>{cell}</td>" for cell in row[1:])
        + "</tr>"
        for row in rows
    )
    return f"<table><thead><tr>{''.join(f'<th scope=col>{head}</th>' for head in heads)}</tr></thead><tbody>{page}</tbody></table>"


def as_text(heads, rows):
    plain = "\n".join(
        "  ".join(row).replace("<code>", "`").replace("</code>", "`") for row in [heads, *rows]
    )
    return {
        "text/html": f'{LOOK}<div class="look-around-text">{table(heads, rows)}</div>',
        "text/plain": plain,
    }
