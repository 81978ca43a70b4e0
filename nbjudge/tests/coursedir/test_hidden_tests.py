"""Hidden tests stay hidden in feedback, in whatever way an output shows them."""

import html
import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_notebook, new_output
from pygments import highlight
from pygments.formatters import HtmlFormatter, Terminal256Formatter
from pygments.lexers import PythonLexer
from traitlets.config import Config

from classroom import CHECKS, LESSON, answered, hand_in, make_course, meta
from nbjudge.coordinator import grade
from nbjudge.coursedir.feedback import write_feedback
from nbjudge.coursedir.hidden_tests import (
    NOT_SHOWN,
    PRINTS_NOT_SHOWN,
    split_hidden_tests,
    without_hidden_tests,
)
from nbjudge.coursedir.settings import read_settings
from nbjudge.grading.options import Options

SECRET = 'assert add(20, 22) == 42, "twenty"'


def check_of(hidden=SECRET, visible="assert add(2, 3) == 5"):
    text = f"{visible}\n### BEGIN HIDDEN TESTS\n{hidden}\n### END HIDDEN TESTS"
    return new_code_cell(text, metadata=meta("check-add", grade=True, locked=True, points=1))


def feedback_on(check, *others):
    return without_hidden_tests(new_notebook(cells=[*others, check]))


def error(message, *frames, name="AssertionError"):
    last = f"{name}: {message}"
    return new_output("error", ename=name, evalue=message, traceback=[*frames, last])


def printed(text):
    return new_output("stream", name="stdout", text=text)


# ---- as property -------------------------------------------------------------------------------

NAMES = st.from_regex(r"[a-z][a-z_]{2,8}", fullmatch=True)
VALUES = st.one_of(
    st.integers(100, 10**6).map(str),
    st.text("abcäö ☃'\\\n\t", min_size=1, max_size=12).map(repr),
    st.text('xyz"<>&', min_size=1, max_size=8).map(json.dumps),
)
TESTS = st.builds("assert {}({}) == {}".format, NAMES, VALUES, VALUES)
MARKS = st.from_regex(r"#+ ?[A-Z]{3,8} [a-z]{3,8}", fullmatch=True)

SHOWN = {
    "print": str,
    "repr": repr,
    "ascii": ascii,
    "json": lambda source: json.dumps({"In": [source]}),
    "history": lambda source: "\n".join(
        f"{n}: {line}" for n, line in enumerate(source.split("\n"))
    ),
    "folded": lambda source: re.sub(r"(.{7}\S*) ", "\\1\n        ", source),
    "html": lambda source: f"<pre>{html.escape(source)}</pre>",
    "coloured": lambda source: highlight(source, PythonLexer(), Terminal256Formatter()),
    "coloured html": lambda source: highlight(source, PythonLexer(), HtmlFormatter()),
    "arrow": lambda source: "".join(f"----> {n} {x}\n" for n, x in enumerate(source.split("\n"))),
}


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_no_line_is_shown_in_any_form(data):
    """With any delimiters, indentation, number of regions, and kind of cell that shows them."""
    begin = data.draw(MARKS, label="begin")
    end = data.draw(MARKS.filter(lambda mark: mark not in begin and begin not in mark), label="end")
    tests = data.draw(st.lists(TESTS, min_size=2, max_size=6, unique=True), label="tests")
    lines = []
    secret = []
    for test in tests:
        indent = data.draw(st.sampled_from(["", "    ", "\t"]))
        lines.append(f"{indent}if visible_{len(lines)}:")
        if data.draw(st.booleans()) or not secret:
            lines += [indent + begin, indent + test, indent + end]
            secret.append(test)
        else:
            lines.append(test)
    open_tests = {line.strip() for line in lines} - {*secret, begin, end}
    source = "\n".join(lines)
    way = data.draw(st.sampled_from(sorted(SHOWN)), label="way")
    text = SHOWN[way](data.draw(st.sampled_from([source, *secret])))
    kind = data.draw(st.sampled_from(["stream", "display", "error", "frames", "nested"]))
    output = {
        "stream": printed(text),
        "display": new_output("display_data", {"text/plain": "x", "text/html": text}),
        "error": error(text, name="KeyError"),
        "frames": error("", *text.split("\n")),
        "nested": new_output("execute_result", {"application/json": {"a": [[text]]}}),
    }[kind]
    before = str(output)
    check = new_code_cell(source, metadata=meta("check", grade=True, locked=True, points=1))
    answer = new_code_cell("x = 1", metadata=meta("x", solution=True))
    data.draw(st.sampled_from([check, answer]), label="cell").outputs = [output]
    config = Config(
        {"ClearHiddenTests": {"begin_test_delimeter": begin, "end_test_delimeter": end}}
    )
    shown = without_hidden_tests(new_notebook(cells=[answer, check]), config)
    assert lines_in(check.source) == open_tests
    for place in shown.cells:
        for each in place.outputs:
            assert str(each) != before
            for test in secret:
                assert test not in str(each)


def lines_in(source):
    return {line.strip() for line in source.split("\n")}


# ---- one by one --------------------------------------------------------------------------------


def test_frames_of_other_code_and_the_instructors_message_stay():
    own = "<answer>, line 2, in add\n    return x / 0"
    test = f"<check>, line 3, in <module>\n    {SECRET}"
    failed = error("division by zero", test, own, name="ZeroDivisionError")
    (output,) = feedback_on(with_outputs(check_of(), failed)).cells[0].outputs
    assert output.traceback == [NOT_SHOWN, own, "ZeroDivisionError: division by zero"]
    folded = 'assert add(20, 22) == 42, (\n    "add the two numbers"\n)'
    said = error("add the two numbers", f"<check>\n{folded}")
    (output,) = feedback_on(with_outputs(check_of(folded), said)).cells[0].outputs
    assert output.evalue == "add the two numbers"
    assert output.traceback == [NOT_SHOWN, "AssertionError: add the two numbers"]


def test_prints_beside_hidden_tests_are_the_instructors_only():
    check = check_of('print("All right.")\nprint(f"{n} of 2")', 'print("Begin")\nadd(1, 2)')
    text = "Begin\nadd(1, 2) called\nAll right.\n2 of 2\n20 22\n"
    table = new_output("display_data", {"text/plain": "<table>", "text/html": "<b>panel</b>"})
    number = new_output("execute_result", {"text/plain": "0.5"})
    leak = new_output("display_data", {"text/plain": "(20, 22)"})
    outputs = feedback_on(with_outputs(check, printed(text), table, number, leak)).cells[0].outputs
    assert outputs[0].text == f"Begin\nAll right.\n2 of 2\n{PRINTS_NOT_SHOWN}"
    assert outputs[1:3] == [table, number] and outputs[3].data == {"text/plain": NOT_SHOWN}


def test_what_is_visible_anyway_stays():
    """A test without hidden ones, a line that the student wrote too, a mark in an answer."""
    plain = new_code_cell("assert f(7) == 7", metadata=meta("check-f", grade=True, locked=True))
    answer = new_code_cell(f"# {'BEGIN HIDDEN TESTS'}\n{SECRET}", metadata=meta("a", solution=True))
    for cell in (plain, answer):
        cell.outputs = [printed("f(7)"), error("", f"line 1\n    {cell.source}")]
    before = [(cell.source, list(cell.outputs)) for cell in (plain, answer)]
    feedback_on(check_of(), plain, answer)
    assert [(cell.source, list(cell.outputs)) for cell in (plain, answer)] == before


@pytest.mark.parametrize("source", [CHECKS["mean"], CHECKS["add"], "a\n# BEGIN HIDDEN TESTS\nb"])
def test_regions_are_told_from_the_rest(source):
    visible, hidden = split_hidden_tests(source)
    expected = {
        CHECKS["mean"]: None,
        CHECKS["add"]: "secret_check = add(20, 22)\nassert secret_check == 42",
    }
    assert hidden == expected.get(source, "b")
    assert "HIDDEN" not in visible and visible.strip()


def with_outputs(cell, *outputs):
    cell.outputs = list(outputs)
    return cell


# ---- a course ----------------------------------------------------------------------------------

LEAKS = {
    "wrong": "return x - y",
    "prints": "print('called', x, y)\n    return x + y",
    "raises": "raise ValueError((x, y))",
    "reads-frames": (
        "import sys, linecache\n    frame = sys._getframe(1)\n"
        "    raise KeyError(repr(linecache.getlines(frame.f_code.co_filename)))"
    ),
    "reads-in": "raise KeyError(repr(get_ipython().user_ns.get('In')))",
    "renders": (
        "import sys\n    class Shown(Exception):\n        def _render_traceback_(self):\n"
        "            import traceback\n            return traceback.format_stack()\n"
        "    raise Shown(In[-1])"
    ),
}


def test_feedback_of_a_course_holds_no_hidden_line(tmp_path):
    """As nbgrader writes it, for courses that have never heard of this engine."""
    make_course(tmp_path)
    for student, body in LEAKS.items():
        hand_in(tmp_path, student, answered(add=f"def add(x, y):\n    {body}"))
    assert grade(tmp_path, [LESSON], options=Options(workers=1)).clean
    folder = write_feedback(read_settings(tmp_path), [LESSON])
    for student in LEAKS:
        (page,) = (folder / student / LESSON).glob("*.html")
        text = html.unescape(re.sub("<[^>]*>", "", page.read_text()))
        assert "secret_check" not in text and "HIDDEN" not in text
        assert "Sums are sums" in text
    assert "called 20 22" not in text and "called 2 3" not in text
