"""The sentences of the exercises' statements.

`python -m tests.support.statements LESSON` prints those that tests/answers/LESSON/statements.yaml
does not have yet, as rows to fill in.
"""

import itertools
import re
import sys

import nbformat
import yaml

from course.paths import ANSWERS, RELEASE
from nbjudge.answer_bank import exercises, source_notebook
from nbjudge.coursedir import report

END = re.compile(r"(?<=[.!?])(?=[)*]*\s)[)*]*\s+")
ITEM = re.compile(r"\n(?:\n|(?=- |\d+\. |\|))")
FIRST = re.compile(r"^\*[^*]+\*\s*")  # minutes, difficulty and points


def statements(lesson):
    """Return {exercise: its statement in Markdown, without heading, minutes and hints}."""
    cells = nbformat.read(RELEASE / lesson / f"{lesson}.ipynb", as_version=4).cells
    asked = exercises(source_notebook(RELEASE.parent, lesson))
    found = {}
    for statement, answer in itertools.pairwise(cells):
        if report.name_of(answer) in asked and answer.cell_type == "code":
            text = statement.source.partition("\n### Exercise")[2] or statement.source
            text = text.partition("\n")[2].partition("<details")[0].strip()
            found[report.name_of(answer)] = FIRST.sub("", text)
    return found


def sentences(text):
    """Return the sentences of a statement; each item of a list and row of a table ends one."""
    items = (" ".join(item.split()) for item in ITEM.split(text))
    return [sentence for item in items if item for sentence in END.split(item)]


def table(lesson):
    """Return {exercise: its rows} of the lesson's table, {} if it has none."""
    path = ANSWERS / lesson / "statements.yaml"
    return yaml.safe_load(path.read_text(encoding="utf8")) if path.exists() else {}


if __name__ == "__main__":
    filled = table(sys.argv[1])
    for exercise, text in statements(sys.argv[1]).items():
        known = {row["sentence"] for row in filled.get(exercise, [])}
        missing = [sentence for sentence in sentences(text) if sentence not in known]
        if missing:
            print(f"\n{exercise}:")
        for sentence in missing:
            print(f"- sentence: >-\n    {sentence}\n  wrong: []")
