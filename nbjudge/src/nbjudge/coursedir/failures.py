"""Why checks of an executed notebook failed: the cause first, then its consequence.

stopped_cells.py finds the cell that is the cause.
"""

import re
from collections.abc import Mapping
from typing import NamedTuple

from nbformat import NotebookNode
from nbgrader.utils import is_solution

from nbjudge.coursedir.hidden_tests import ANSI, Regions
from nbjudge.coursedir.rebuild import is_students
from nbjudge.coursedir.stopped_cells import (
    FILE_AND_LINE,
    FIRST_LINES,
    Before,
    Frame,
    Stopped,
    cause_of,
    errors_of,
    failed_checks,
    is_check,
    line_of,
    missing_name,
    name_of,
    place_of,
    statement_at,
    stop_of_used,
)

MISCONCEPTION = re.compile(r"\[([a-z0-9][a-z0-9-]*)\]\s*$")
LABEL = re.compile(r"\n\s*(?:[A-Z]\w*:|\[)")  # begins the second part of a message: `Observed: ...`
NEXT_LABEL = re.compile(r"\n\s*(?=[A-Z]\w*:)")

UNANSWERED = "not answered"
HIDDEN_TEST = "a hidden test failed"
LONGEST = 200  # characters of a title
LONGEST_DETAILS = 600  # characters of what a check says below it
NO_INPUT = "nobody can type an answer while it is graded, so call no input()"


class Failure(NamedTuple):
    """Why a check cell failed."""

    reason: str  # a misconception's code, UNANSWERED, or an exception's name
    title: str  # the first sentence of the message, or the line of the check that failed
    source: str = ""  # STOPPED, RAISED or CHECKED; "" where the instructor named a misconception


STOPPED = "the answer cell stopped with"
RAISED = "the student's code raised"
CHECKED = "the check raised"
WHO = {STOPPED: "the answer cell", RAISED: "the student's code", CHECKED: "the check"}


# ---- for the student -------------------------------------------------------------------------


def explain(notebook: NotebookNode, given: NotebookNode) -> None:
    """Put the cause first in the errors of the checks.

    A sentence comes before the traceback: on the answer cell that stopped, or on the student's
    function that raised. An assert without a message gets its line as message, unless that line is
    in a hidden test. `given` is the notebook as it was given out, which holds no hidden test.
    """
    for cell in notebook.cells:
        put_reason_first(cell)
    visible = {name_of(cell): cell.source for cell in given.cells if is_check(cell)}
    for check, before in failed_checks(notebook):
        for error in errors_of(check):
            sentence = first_sentence(check, error, before)
            if error.ename == "AssertionError" and not error.evalue:
                part = Regions(visible.get(name_of(check), ""), check.source)
                error.evalue = failing_line(check, error, part, before)
                if error.evalue and error.traceback:
                    error.traceback[-1] = f"AssertionError: {error.evalue}"
            if sentence:
                error.traceback = [sentence, *error.traceback]


HEADERS = ("-----", "KeyboardInterrupt")  # the first lines of IPython's tracebacks


def put_reason_first(cell: NotebookNode) -> None:
    """Say why a cell was stopped in place of KeyboardInterrupt: nobody has pressed a key.

    Where the cell was then is kept, below the reason.
    """
    outputs = cell.get("outputs", [])
    if len(outputs) < 2 or outputs[-1].get("ename") != "CellTimeoutError":
        return
    last = outputs[-2]
    if last.get("ename") == "KeyboardInterrupt":
        frames = [line for line in last.traceback[:-1] if not is_header(line)]
        outputs[-1].traceback = [*outputs[-1].traceback, *frames]
        del outputs[-2]


def is_header(line: str) -> bool:
    """Return whether a line of a traceback says nothing of a place."""
    return ANSI.sub("", line[:FIRST_LINES]).startswith(HEADERS)


def first_sentence(check: NotebookNode, error: NotebookNode, before: Before) -> str:
    """Return what a student should read before a check's error, "" where the error says it all."""
    if cause := cause_of(error, before):
        name = missing_name(error)
        so = f"`{name}` is not defined" if name else "this check could not run"
        return f"{described(cause)}; so {so}."
    if own := stop_of_used(check, before):
        return f"{described(own)}."
    frame = place_of(check, error, before)
    if frame and not frame.in_check and not is_unanswered(error) and not has_code(error):
        where = f" in `{frame.function}`" if frame.function else ""
        text = f": `{frame.text}`" if frame.text else ""
        if error.ename == "CellTimeoutError":
            return f"Your code was still running{where}, line {frame.line}{text}."
        return f"Your code raised {error.ename}{where}, line {frame.line}{text}."
    return ""


def described(stop: Stopped) -> str:
    """Return the sentence on a cell that stopped, without a full stop."""
    cell, error, because = stop
    who = f"The cell `{name_of(cell)}`"
    if is_solution(cell):
        who = f"Your answer cell `{name_of(cell)}`"
    elif is_students(cell):
        first = cell.source.strip().split("\n")[0][:60]
        who = f"The cell that you added, `{first} ...`,"
    if error.ename == "NotImplementedError":
        return f"{who} is not answered yet"
    if error.ename == "CellTimeoutError":
        return f"{who} {error.evalue.removeprefix('the cell ')}"
    if error.ename == "DeadKernelError":
        return f"{who} failed: {message_of(error)}"
    said = message_of(error)
    line = line_of(error)
    sentence = f"{who} stopped with {error.ename}{': ' + said if said else ''}"
    sentence += f" (line {line})" if line else ""
    if error.ename in ("EOFError", "StdinNotImplementedError"):
        sentence += f": {NO_INPUT}"
    if because:
        cause = described(because)
        sentence += f", because {cause[0].lower()}{cause[1:]}"
    return sentence


def failing_line(check: NotebookNode, error: NotebookNode, part: Regions, before: Before) -> str:
    """Return the assert of a check that failed, in one line; of a hidden one only that it is one.

    "" where the assert is not the check's own.
    """
    frame = place_of(check, error, before)
    if not frame or not frame.in_check:
        return ""
    text = statement_at(check.source, frame.line)
    if any(part.hides(line) for line in text.split("\n")):
        return HIDDEN_TEST
    return " ".join(text.split())[:LONGEST]


# ---- for the instructor ----------------------------------------------------------------------


class Failed(NamedTuple):
    """A check that failed, and the answer that it judged."""

    failure: Failure
    answer: str  # text of the answer cell before it
    said: str  # what the check said below its title


def failed_in(notebook: NotebookNode) -> dict[str, Failed]:
    """Return {grade_id: Failed} of an executed notebook's checks that ended in an error."""
    found = {}
    for check, before in failed_checks(notebook):
        answer = before.answer.source if before.answer else ""
        found[name_of(check)] = Failed(failure_of(check, before), answer, details_of(check))
    return found


def failures(notebook: NotebookNode) -> dict[str, Failure]:
    """Return {grade_id: Failure} of an executed notebook's checks that ended in an error."""
    return {name: failed.failure for name, failed in failed_in(notebook).items()}


def details_of(check: NotebookNode) -> str:
    """Return what the message of a failed check says below its title: a line for each label."""
    errors = errors_of(check)
    told = next(filter(has_code, errors), errors[-1]).evalue[-10 * LONGEST :]
    label = LABEL.search(told)
    if not label:
        return ""
    parts = NEXT_LABEL.split(MISCONCEPTION.sub("", told[label.start() :]))
    return "\n".join(" ".join(part.split()) for part in parts if part.strip())[:LONGEST_DETAILS]


def printed_by_checks(notebook: NotebookNode) -> dict[str, str]:
    """Return {grade_id: what a check has printed or displayed as text, in one line}."""
    found = {}
    for cell in notebook.cells:
        if not is_check(cell):
            continue
        texts = []
        for output in cell.get("outputs", []):
            texts.append(str(output.get("text", "")))
            texts.append(str(output.get("data", {}).get("text/plain", "")))
        found[name_of(cell)] = " ".join(" ".join(texts)[: 10 * LONGEST].split())[:LONGEST_DETAILS]
    return found


def failure_of(check: NotebookNode, before: Before) -> Failure:
    """Return one reason for a check's errors: a misconception's code, else the last error."""
    errors = errors_of(check)
    for error in errors:
        code = MISCONCEPTION.search(error.evalue)
        if code:
            return Failure(code[1], title(error.evalue))
    last = errors[-1]
    cause = cause_of(last, before)
    if is_unanswered(cause.error if cause else last):
        return Failure(UNANSWERED, "")
    if cause:
        return stop_failure(cause)
    frame = place_of(check, last, before)
    in_answer = frame is not None and not frame.in_check
    if last.ename == "AssertionError" and last.evalue in ("", HIDDEN_TEST) and not in_answer:
        return Failure(last.ename, told_line(check, last, frame), CHECKED)
    return Failure(last.ename, message_of(last), RAISED if in_answer else CHECKED)


def told_line(check: NotebookNode, error: NotebookNode, frame: Frame | None) -> str:
    """Return for the instructor the assert without a message that failed, also a hidden one."""
    if frame is None:
        return message_of(error)
    line = " ".join(statement_at(check.source, frame.line).split())
    return (f"{error.evalue}: {line}" if error.evalue else line)[:LONGEST]


def stop_failure(stop: Stopped) -> Failure:
    """Return the Failure of a check because of a cell that stopped."""
    says = message_of(stop.error)
    root = stop
    while root.because:
        root = root.because
    if root is not stop:
        says += f", because an earlier cell stopped with {root.error.ename}"
    return Failure(stop.error.ename, title(says), STOPPED)


def words_of(failure: Failure) -> str:
    """Return a Failure as words for the instructor."""
    if failure.reason == UNANSWERED:
        return UNANSWERED
    if not failure.source:
        return failure.title
    if failure.source == CHECKED and failure.reason == "AssertionError":
        if failure.title.startswith(HIDDEN_TEST):
            return failure.title
        return f"the check failed: {failure.title}" if failure.title else "the check failed"
    if failure.reason == "CellTimeoutError":
        return f"{WHO[failure.source]} {failure.title.removeprefix('the cell ')}"
    if failure.reason == "DeadKernelError":
        return f"in {WHO[failure.source]}, {failure.title.replace(' in this cell', '', 1)}"
    said = f": {failure.title}" if failure.title else ""
    return f"{failure.source} {failure.reason}{said}"


def is_unanswered(error: NotebookNode) -> bool:
    """Return whether an error is that of nbgrader's stub."""
    return bool(error.ename == "NotImplementedError")


def has_code(error: NotebookNode) -> bool:
    """Return whether an error is a misconception of the instructor's."""
    return bool(MISCONCEPTION.search(error.evalue))


def title(message: str) -> str:
    """Return a message's lines before the first that starts with a label or a code."""
    first = LABEL.split(message.strip()[: 10 * LONGEST])[0]
    return " ".join(first.split())[:LONGEST]


def message_of(error: NotebookNode) -> str:
    """Return an error's message in one line, without its name, or the place of a SyntaxError."""
    return title(FILE_AND_LINE.sub("", error.evalue).removeprefix(f"{error.ename}: "))


# A value that was meant as a verdict or as points: a truth value, a text, a number of a library's.
MEANT = re.compile(
    r"(?:np|numpy)\.\w+(?:\(.*\))?|tensor\(.*\)|(?:Decimal|Fraction)\(.*\)"
    r"|True|False|'.*'|\".*\"|[-+]?[\d./]*\d(?:e[-+]?\d+)?",
    re.DOTALL,
)


NO_NUMBER = (
    "the check `{}` ends with a value that is no plain number, such as True: only an int or a "
    "float is taken for points, so whoever gets that far has full marks; write `assert` before it, "
    "or turn it into a number"
)


def no_numbers(
    notebook: NotebookNode, verdicts: Mapping[str, tuple[bool, float | None]]
) -> tuple[str, ...]:
    """Return the checks that passed with a last value which looks like points and is none.

    `verdicts` are {grade_id of a check: (whether it passed, partial credit or None)}. Such a check
    gives full marks, which its author may not have meant; NO_NUMBER says so.
    """
    found = []
    for cell in notebook.cells:
        passed, score = verdicts.get(name_of(cell), (False, None))
        if not passed or score is not None or cell.source.rstrip().endswith(";"):
            continue
        for output in cell.outputs:
            is_value = output.output_type == "execute_result"
            if is_value and MEANT.fullmatch(output.data.get("text/plain", "")):
                found.append(name_of(cell))
    return tuple(dict.fromkeys(found))
