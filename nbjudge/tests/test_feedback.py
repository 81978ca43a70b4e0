"""nbgrader's own feedback pages of what the engine has graded: what learners display runs nothing.

Stock nbgrader shows HTML and JavaScript as they are, unless the course's settings say otherwise.
"""

import re
import subprocess
import sys

from classroom import ANSWERS, CONFIG, LESSON, answered, hand_in, make_course
from nbjudge.coordinator import Options, grade

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
