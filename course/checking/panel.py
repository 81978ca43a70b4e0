"""How a check shows its result: a panel in notebooks and exported pages, the same as text
elsewhere.

A failed check raises its exception everywhere: in a notebook, in nbgrader, in the grader. The panel
says the same, and its stylesheet hides the exception's output, by the names that JupyterLab,
nbgrader's pages, VS Code and Colab give to outputs, in this order. Terminals, GitHub and nbgrader's
Validate have no stylesheet and show the exception's text. Colours come from JupyterLab's theme, and
none is the only sign. On exported pages the link to the lesson would lead nowhere, so it is plain
text there; that to a catalogue beside the lesson is hidden. The stylesheet also mends two faults of
nbgrader's pages: folded text has no triangle, and a widget leaves an empty box.
"""

import hashlib
import html
import re
import traceback
from types import FrameType, TracebackType
from urllib.parse import quote

from IPython.core.interactiveshell import InteractiveShell
from IPython.display import display

from course.checking.look_up import address_of

STYLE = """<style>
.check {
  border-left: 4px solid var(--jp-error-color1, #c62828); padding: 4px 12px; max-width: 60em;
  line-height: 1.5; font-size: 14px;
  font-family: var(--jp-content-font-family, system-ui, sans-serif);
}
.check.passed { border-color: var(--jp-success-color1, #2e7d32); }
.check div { display: flex; margin: 2px 0; }
.check .check-label { flex: none; width: 6em; font-weight: bold; }
.check summary { cursor: pointer; }
details > summary { display: list-item; }
.output_area:has(> .output_text > pre:empty) { display: none; }
.check a:link, .check a:visited { text-decoration: underline; }
.jp-OutputArea:has(.check.failed)
  .jp-OutputArea-child:has([data-mime-type$=stderr], [data-mime-type$=error]) { display: none; }
.output_wrapper:has(.check.failed) .output_area:has(.output_error) { display: none; }
.cell_container:has(.check.failed) .output_container:has(.traceback) { display: none; }
#output-body:has(.check.failed) .output_error { display: none; }
body.jp-Notebook .check a:not([href^=http]), .output_wrapper .check a:not([href^=http]) {
  pointer-events: none; text-decoration: none !important; color: inherit !important;
}
body.jp-Notebook .check [href*=".md#"], .output_wrapper .check [href*=".md#"] { display: none; }
</style>"""
CHECKED = "application/vnd.new-heads.check+json"  # what a check that passed notes of the answer
CALL = "_call_of_the_check"  # the attribute of an exception that note_call sets
BLANK = (
    "Put your answer in place of `raise NotImplementedError()` above, run that cell, then this one."
)


def passed(proved: str, answer: str = "") -> None:
    """Show that a check passed; `proved` says what it proved.

    answer: the text of the cell that defined the answer, if it is known. Its digest goes along with
    the output, so that progress does not count a point for another answer.
    """
    noted = {CHECKED: {"answer": text_digest(answer)}} if answer else {}
    show("passed", f"<b>✓ Passed:</b> {marked_up(proved)}", f"Passed: {proved}", noted)


def text_digest(text: str) -> str:
    """What the text of a cell is known by."""
    return hashlib.sha256(text.strip().encode()).hexdigest()[:16]


def not_yet(title: str, observed: str, read: str, code: str = "") -> None:
    """Show a misconception: the correct statement, what was seen instead, where it is explained.

    read: as in the catalogue; "" where nothing explains it: then there is nothing to look up.
    """
    page = f"<b>✗ Not yet.</b> {marked_up(title)}"
    page += row("Observed", marked_up(observed))
    if read:
        page += row("Read", f'<a href="{link_to(read)}">{html.escape(read)}</a>')
    if read and code:
        page += row("Code", _looked_up(code))
    show("failed", page)


def _looked_up(code: str) -> str:
    """A code as HTML, with a link to the catalogue where that can be opened."""
    address = address_of(code)
    if not address:
        return f"<code>{code}</code>"
    return f'<code>{code}</code> <a href="{address}">in the list of all misconceptions</a>'


def note_call(problem: Exception, call: str) -> None:
    """Note with which arguments a check called the function that raised `problem`."""
    problem.__dict__.setdefault(CALL, call)


def stumbled(problem: Exception) -> None:
    """Show an exception other than Misconception: the line of the learner's code, Python's words.

    An exception that no code of the learner's took part in is left as it is: it is a fault of the
    check. IPython then prints the same words in place of the traceback.
    """
    trace = _from_the_notebook_on(problem.__traceback__)
    if trace is None:
        return
    rows = {}
    fold = ""
    if blank_function(problem):
        verdict = "Not answered yet."
        title = BLANK
    else:
        verdict = "Not yet."
        title = f"Your code stops with {traceback.format_exception_only(problem)[-1].strip()}"
        if call := problem.__dict__.get(CALL):
            rows["Called"] = f"`{call}`"
        rows["Where"] = last_line_in_notebook(trace)
        whole = html.escape("".join(traceback.format_exception(type(problem), problem, trace)))
        fold = f"<details><summary>Python's traceback</summary><pre>{whole}</pre></details>"
    page = f"<b>✗ {verdict}</b> {marked_up(title)}"
    for label, cell in rows.items():
        page += row(label, marked_up(cell))
    show("failed", page + fold)
    lines = [f"{verdict} {title}", *(f"{label}: {cell}" for label, cell in rows.items())]
    problem._render_traceback_ = lambda: lines  # IPython's hook


def blank_function(problem: BaseException) -> str:
    """Return the learner's function that still holds `raise NotImplementedError()`; "" if none.

    PyTorch raises this exception, too, with a text, for example in a module without `forward`.
    """
    name = _raised_by(problem)
    return "" if name.startswith("<") else name


def blank_cell(problem: BaseException) -> bool:
    """Return whether an answer cell without a function holds `raise NotImplementedError()`."""
    return _raised_by(problem) == "<module>"


def _raised_by(problem: BaseException) -> str:
    """Return the name of the notebook's code that raised NotImplementedError without a text."""
    if not isinstance(problem, NotImplementedError) or str(problem):
        return ""
    frame, _ = list(traceback.walk_tb(problem.__traceback__))[-1]
    return frame.f_code.co_name if in_notebook(frame) else ""


def _from_the_notebook_on(trace: TracebackType | None) -> TracebackType | None:
    """Return the traceback without the check's own frames before the learner's first one."""
    while trace and not in_notebook(trace.tb_frame):
        trace = trace.tb_next
    return trace


def raised_by_learner(problem: BaseException) -> bool:
    """Return whether code of the learner's took part in an error.

    A check must not explain such an error away: the learner needs its type, line and text.
    """
    return _from_the_notebook_on(problem.__traceback__) is not None


def missing_attribute(problem: AttributeError) -> str | None:
    """Return the attribute that an nn.Module was asked for and does not have.

    None where another object was asked, for example the module `torch.nn` for `linear`.
    """
    from torch import nn  # here, because who only reads results needs no torch

    return problem.name if isinstance(problem.obj, nn.Module) else None


def last_line_in_notebook(trace: TracebackType) -> str:
    """Return the innermost line of the learner's code, such as "line 4 of `answer`: `return x`"."""
    where = ""
    functions: dict[str, str] = {}  # of each cell, the function that was called last
    frames = traceback.walk_tb(trace)
    for (frame, _), entry in zip(frames, traceback.extract_tb(trace), strict=True):
        if in_notebook(frame):
            if not entry.name.startswith("<"):  # no comprehension, lambda or bare cell
                functions[entry.filename] = f"`{entry.name}`"
            place = functions.get(entry.filename, "your cell")
            where = f"line {entry.lineno} of {place}: `{entry.line}`"
    return where


def in_notebook(frame: FrameType) -> bool:
    """Return whether a frame runs code of a notebook's cell."""
    return frame.f_globals.get("__name__") == "__main__"


def show(
    kind: str, page: str, text: str | None = None, noted: dict[str, object] | None = None
) -> None:
    """Show HTML in a notebook, and `text` where there is none. `kind` is "passed" or "failed".

    A failure needs no text: its exception has the words. `noted` is saved with the output, under
    MIME types that nothing shows.
    """
    if InteractiveShell.initialized():
        bundle: dict[str, object] = {
            "text/html": f'{STYLE}<div class="check {kind}" role="status">{page}</div>'
        }
        if text:
            bundle["text/plain"] = text
        bundle |= noted or {}
        display(bundle, raw=True)
    elif text:
        print(text)


def row(label: str, cell: str) -> str:
    """Return one line of the panel; `cell` is HTML."""
    return f'<div><span class="check-label">{label} </span><span>{cell}</span></div>'


def marked_up(text: str) -> str:
    """Return plain text as HTML, with `code` set as code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text))


def link_to(read: str) -> str:
    """Return the address, from any lesson, of the heading in "01-replace-the-head: Off with it".

    JupyterLab does not decode it, so the signs of headings stand as they are.
    """
    lesson, _, heading = read.partition(": ")
    return f"../{lesson}/{lesson}.ipynb#{quote(heading.replace(' ', '-'), safe=':,?')}"
