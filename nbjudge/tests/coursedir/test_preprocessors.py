"""What nbgrader is asked to do differently."""

from nbformat.v4 import new_notebook, new_output
from traitlets.config import Config

from classroom import make_source
from nbjudge.coursedir.preprocessors import HideTests


def test_feedback_hides_what_the_course_delimits():
    notebook = new_notebook(cells=make_source().cells)
    check = notebook.cells[2]
    check.source = check.source.replace("### BEGIN HIDDEN TESTS", "# secret").replace(
        "### END HIDDEN TESTS", "# open"
    )
    check.outputs = [
        new_output("error", ename="E", evalue="", traceback=["assert secret_check == 42"])
    ]
    delimiters = {"begin_test_delimeter": "# secret", "end_test_delimeter": "# open"}
    HideTests(config=Config({"ClearHiddenTests": delimiters})).preprocess(notebook, {})
    assert "secret_check" not in str(notebook) and "Sums are sums" in check.source
