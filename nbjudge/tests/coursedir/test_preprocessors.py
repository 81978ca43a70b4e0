"""What nbgrader is asked to do differently."""

import json

import nbformat

from classroom import CHECKS, make_source
from nbjudge.coursedir.preprocessors import HideTests, split_hidden_tests


def test_feedback_shows_no_hidden_test():
    check = next(cell for cell in make_source().cells if cell.id == "check-add")
    quoted = "----> \x1b[32m5\x1b[39m secret_check\x1b[39m = add(\x1b[32m20\x1b[39m, \x1b[32m22)"
    error = nbformat.v4.new_output(
        "error",
        ename="AssertionError",
        evalue="",
        traceback=["\x1b[31mAssertionError\x1b[39m", quoted.replace("22)", "22\x1b[39m)")],
    )
    check.outputs = [error]
    cell, _ = HideTests().preprocess_cell(check, {}, 0)
    assert "secret_check" not in json.dumps(cell) and "HIDDEN" not in json.dumps(cell)
    assert cell.outputs[0].traceback == ["AssertionError: "]


def test_hidden_tests_are_told_from_visible_ones():
    visible, hidden = split_hidden_tests(CHECKS["add"])
    assert hidden == "secret_check = add(20, 22)\nassert secret_check == 42"
    assert visible.startswith("if add(2, 3) != 5:") and "HIDDEN" not in visible
    assert split_hidden_tests(CHECKS["mean"]) == (CHECKS["mean"], None)
