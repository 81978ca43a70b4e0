"""Torchvision's models to look around in: where the head is, and what one line would do to it. Real modules answer (quiz/models.py)."""
import html

from IPython.display import display
from ipywidgets import HTML, Dropdown, VBox

from course.quiz import models

WIDTHS = (512, 768, 1024, 1280, 2048, 4096)
EXAMPLES = ("resnet18", "googlenet", "densenet121", "vgg16", "squeezenet1_1", "vit_b_16")
OUTCOMES = {
    "works": "✓ works: the old head is gone, 10 logits come out",
    "misfits": "✗ shape error in the forward pass: the head reads {reads} features",
    "ignored": "✗ no error and no effect: <code>forward</code> never calls <code>fc</code>, 1000 logits come out",
}
# The table stands below the widget, and steps aside where the widget is alive in the same output area.
LOOK = """<style>
.look-around pre { line-height: 1.4; padding: 8px 12px; border-left: 4px solid var(--jp-border-color1, #888); }
.jp-OutputArea:has(.look-around select) .jp-OutputArea-child:has(.look-around-text) { display: none; }
</style>"""


def look_around():
    """Show a model to choose and a line to try on it; where widgets cannot run, a table of six models."""
    name = Dropdown(options=models.NAMES, value="densenet121", description="model")
    width = Dropdown(options=WIDTHS, value=1024, description="new head reads", style={"description_width": "initial"})
    answer = HTML()

    def look(_=None):
        said = f"{around(name.value)}<p>{line(width.value)}<br>{outcome(name.value, width.value)}</p>"
        answer.value = f'{LOOK}<div role="status">{said}</div>'

    for chooser in (name, width):
        chooser.observe(look, "value")
    look()
    box = VBox([name, width, answer])
    box.add_class("look-around")
    view = {"version_major": 2, "version_minor": 0, "model_id": box.model_id}
    display({"application/vnd.jupyter.widget-view+json": view, "text/plain": ""}, raw=True)
    display(as_text(), raw=True)


def around(name):
    """The part of the model that holds the head, layer by layer, with an arrow at the head itself."""
    path = models.head_path(name)
    top, _, key = path.partition(".")
    part = models.model(name).get_submodule(top)
    lines = [f"model.{top}: {type(part).__name__}" if key else f"model.{top}: {part}   ← the head"]
    if key:
        lines += [f"    {child}: {layer}" + ("   ← the head" if child == key else "") for child, layer in part.named_children()]
    return f"<pre>{html.escape(chr(10).join(lines))}</pre>"


def line(width):
    return f"<code>model.fc = nn.Linear({width}, 10)</code>"


def outcome(name, width):
    return OUTCOMES[models.after_fc(name, width)].format(reads=models.head_width(name))


def as_text():
    rows = [(name, models.as_code(models.head_path(name)), str(models.head_width(name)), outcome(name, 1024)) for name in EXAMPLES]
    heads = ("model", "the head", "reads", line(1024))
    page = "".join(f'<tr><th scope="row">{row[0]}</th>' + "".join(f"<td>{cell}</td>" for cell in row[1:]) + "</tr>" for row in rows)
    table = f"<table><thead><tr>{''.join(f'<th scope=col>{head}</th>' for head in heads)}</tr></thead><tbody>{page}</tbody></table>"
    plain = "\n".join("  ".join(row).replace("<code>", "`").replace("</code>", "`") for row in rows)
    return {"text/html": f'{LOOK}<div class="look-around-text">{table}</div>', "text/plain": plain}
