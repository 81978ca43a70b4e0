"""How a check answers on the page: a panel in notebooks and exported pages, and the same words as text everywhere else.

A failed check *is* its exception, here, in nbgrader and in the grader alike. The panel only stands beside it, and hides the
exception's own output where a stylesheet can; terminals, GitHub and nbgrader's Validate show the exception's text.
Colours come from JupyterLab's theme, and none is the only sign. On exported pages the lesson is not where a link would look
for it, so there it is plain text.
"""

import html
import re
import traceback
from urllib.parse import quote

from IPython.core.interactiveshell import InteractiveShell
from IPython.display import display

LOOK = """<style>
.check { border-left: 4px solid var(--jp-error-color1, #c62828); padding: 4px 12px; max-width: 60em; line-height: 1.5; font-size: 14px;
  font-family: var(--jp-content-font-family, system-ui, sans-serif); }
.check.passed { border-color: var(--jp-success-color1, #2e7d32); }
.check div { display: flex; margin: 2px 0; }
.check .label { flex: none; width: 6em; font-weight: bold; }
.check summary { cursor: pointer; }
.check a:link, .check a:visited { text-decoration: underline; }
.jp-OutputArea:has(.check.failed) .jp-OutputArea-child:has([data-mime-type$=stderr], [data-mime-type$=error]) { display: none; }
.output_wrapper:has(.check.failed) .output_area:has(.output_error) { display: none; }
body.jp-Notebook .check a, .output_wrapper .check a { pointer-events: none; text-decoration: none !important; color: inherit !important; }
</style>"""


def passed(proved):
    show("passed", f"<b>✓ Passed:</b> {marked_up(proved)}", f"Passed: {proved}")


def not_yet(title, observed, read):
    """A misconception: the thought that would have been right, what was seen instead, and where it is explained."""
    rows = {
        "Observed": marked_up(observed),
        "Read": f'<a href="{link_to(read)}">{html.escape(read)}</a>',
    }
    show(
        "failed",
        f"<b>✗ Not yet.</b> {marked_up(title)}"
        + "".join(row(label, cell) for label, cell in rows.items()),
    )


def stumbled(problem):
    """Any other exception, raised by the learner's code: where, and what Python says. One from elsewhere is left as it is."""
    trace = problem.__traceback__
    while trace and not in_notebook(trace.tb_frame):  # past the check's own inside
        trace = trace.tb_next
    if trace is None:
        return
    steps = zip(traceback.walk_tb(trace), traceback.extract_tb(trace), strict=True)
    place = [entry for (frame, _), entry in steps if in_notebook(frame)][-1]
    if isinstance(problem, NotImplementedError):
        verdict, rows = "Not answered yet.", {}
        title = "Put your answer in place of `raise NotImplementedError()` above, run that cell, then this one."
    else:
        verdict, rows = (
            "Not yet.",
            {"Where": f"line {place.lineno} of `{place.name}`: `{place.line}`"},
        )
        title = f"Your code stops with {traceback.format_exception_only(problem)[-1].strip()}"
    whole = html.escape("".join(traceback.format_exception(type(problem), problem, trace)))
    show(
        "failed",
        f"<b>✗ {verdict}</b> {marked_up(title)}"
        + "".join(row(label, marked_up(cell)) for label, cell in rows.items())
        + f"<details><summary>Python's traceback</summary><pre>{whole}</pre></details>",
    )
    problem._render_traceback_ = lambda: [
        f"{verdict} {title}",
        *(f"{label}: {cell}" for label, cell in rows.items()),
    ]


def in_notebook(frame):
    return frame.f_globals.get("__name__") == "__main__"


def show(kind, page, text=None):
    """Show the page in a notebook. `text` is for where there is none; a failure needs no text, its exception carries the words."""
    if InteractiveShell.initialized():
        bundle = {"text/html": f'{LOOK}<div class="check {kind}" role="status">{page}</div>'}
        display(bundle | ({"text/plain": text} if text else {}), raw=True)
    elif text:
        print(text)


def row(label, cell):
    return f'<div><span class="label">{label} </span><span>{cell}</span></div>'


def marked_up(text):
    """Plain text as HTML, with `code` set as code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text))


def link_to(read):
    """From any lesson, the heading that `read` names as in "01-replace-the-head: Off with the head"."""
    lesson, _, heading = read.partition(": ")
    return f"../{lesson}/{lesson}.ipynb#{quote(heading.replace(' ', '-'))}"
