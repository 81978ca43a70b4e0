"""nbgrader's own feedback pages of what the engine has graded: what learners display runs nothing.

Stock nbgrader shows HTML and JavaScript as they are, unless the course's settings say otherwise.
"""

import html
import re
import subprocess
import sys

import nbformat
import pytest
from typer.testing import CliRunner

from classroom import (
    ANSWERS,
    CONFIG,
    LESSON,
    answered,
    hand_in,
    make_course,
    make_source,
    without,
)
from nbjudge.cli import app
from nbjudge.coordinator import grade
from nbjudge.coursedir.rebuild import released
from nbjudge.grading.options import Options

# The words are put together when the cell runs, so that its source does not hold them.
DISPLAYS = """
from IPython.display import HTML, Javascript, Markdown, display
display(HTML("<b>plain</b><script>" + "from" + "Html()</script>"))
display(HTML("<img src=x onerror=" + "from" + "Image()>"))
display(Javascript("from" + "Javascript()"))
display(Markdown("<script>" + "from" + "Markdown()</script>"))
print("<script>" + "from" + "Stream()</script>")
"""


def feedback(root):
    """(the feedback page of the only submission, {what runs of the cell's in a browser})"""
    command = [sys.executable, "-m", "nbgrader", "generate_feedback", LESSON, "--force"]
    subprocess.run(command, cwd=root, check=True, capture_output=True)
    (path,) = (root / "feedback").rglob("*.html")
    page = path.read_text(encoding="utf-8")
    scripts = re.findall(r"<script.*?</script>", page, re.DOTALL)
    handlers = re.findall(r"<img[^>]*onerror[^>]*>", page)
    return page, set(re.findall(r"from\w+(?=\(\))", "".join(scripts + handlers)))


def test_with_sanitize_html_a_page_of_feedback_runs_nothing_of_a_learners(tmp_path):
    make_course(tmp_path)
    hand_in(tmp_path, "one", answered(add=DISPLAYS + ANSWERS["add"]))
    assert grade(tmp_path, [LESSON], options=Options(workers=1)).clean
    _, runs = feedback(tmp_path)
    assert runs == {"fromHtml", "fromJavascript", "fromMarkdown", "fromImage"}
    setting = "c.HTMLExporter.sanitize_html = True\n"
    (tmp_path / "nbgrader_config.py").write_text(CONFIG + setting)
    page, runs = feedback(tmp_path)
    assert runs == set() and "<b>plain</b>" in page


# ---- what `nbjudge feedback` shows -----------------------------------------------------------

LEARNERS = {
    "right": answered(),
    "wrong": answered(add="def add(x, y):\n    return x"),
    "hidden": answered(add="def add(x, y):\n    return 5"),
    "raises": answered(mean="def mean(values):\n    return values.nothing"),
    "prints": answered(add="def add(x, y):\n    print('called', x, y)\n    return x + y"),
    "blank": released(make_source()),
    "deleted": without(answered(), "add"),
}


@pytest.fixture(scope="module", params=["without a config", "with delimiters of its own"])
def pages(request, tmp_path_factory):
    """{learner: the text of the feedback page} of a course that is not this repository's."""
    root = tmp_path_factory.mktemp("course")
    make_course(root)
    source = make_source()
    config = root / "nbgrader_config.py"
    if request.param == "without a config":
        config.unlink()
    else:
        config.write_text(
            f"{CONFIG}c.ClearHiddenTests.begin_test_delimeter = 'SECRET FROM HERE'\n"
            "c.ClearHiddenTests.end_test_delimeter = 'SECRET TO HERE'\n"
        )
        for cell in source.cells:
            cell.source = cell.source.replace("### BEGIN HIDDEN TESTS", "# SECRET FROM HERE")
            cell.source = cell.source.replace("### END HIDDEN TESTS", "# SECRET TO HERE")
    nbformat.write(source, root / "source" / LESSON / f"{LESSON}.ipynb")
    for name, notebook in LEARNERS.items():
        hand_in(root, name, notebook)
    grade(root, [LESSON], options=Options(workers=2))
    done = CliRunner().invoke(app, ["feedback", LESSON, "--root", str(root)])
    assert done.exit_code == 0, done.output
    texts = {}
    for name in LEARNERS:
        page = (root / "feedback" / name / LESSON / f"{LESSON}.html").read_text(encoding="utf-8")
        texts[name] = html.unescape(re.sub(r"<style.*?</style>|<[^>]+>", "", page, flags=re.S))
    return texts


@pytest.mark.parametrize("learner", LEARNERS)
def test_no_page_shows_a_hidden_test_or_a_solution(pages, learner):
    page = pages[learner]
    for secret in ("secret_check", "42", "called 20", "HIDDEN", "SECRET", "BEGIN SOLUTION"):
        assert secret not in page
    if learner in ("blank", "deleted"):
        assert "return x + y" not in page


def test_a_page_says_what_was_observed_in_the_words_of_the_notebook(pages):
    assert "Sums are sums" in pages["wrong"] and "Observed: something else" in pages["wrong"]
    assert "AssertionError: a hidden test failed" in pages["hidden"]
    told = "Your code raised AttributeError in `mean`, line 2: `return values.nothing`."
    assert told in pages["raises"]
    assert "NotImplementedError" in pages["blank"] and "NotImplementedError" in pages["deleted"]
    assert "Score: 2.0 / 2.0" in pages["right"]
