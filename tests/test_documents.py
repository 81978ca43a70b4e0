"""The documents in the root: the paths that they name exist."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ENGINE = ROOT / "nbjudge" / "src" / "nbjudge"
DOCUMENTS = (
    "README.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "deploy/README.md",
    "docs/attacks.md",
    "docs/instructor/README.md",
    "docs/trust.md",
    "nbjudge/README.md",
)
MADE_BY_RUNNING = {"work", "release", "solutions", "submitted", "autograded", "feedback"}


def paths_in(document):
    """Targets of links, and code spans that begin with a folder of the repository."""
    text = (ROOT / document).read_text(encoding="utf-8")
    for link in re.findall(r"\]\(([^)#]+)", text):
        if "://" not in link:
            yield (ROOT / document).parent / link
    for span in re.findall(r"`([\w./-]+/[\w./-]*)`", text):
        top = span.split("/")[0]
        if top and (ROOT / top).is_dir() and top not in MADE_BY_RUNNING and "NN" not in span:
            yield ROOT / span


@pytest.mark.parametrize("document", DOCUMENTS)
def test_paths_exist(document):
    assert [str(path) for path in paths_in(document) if not path.exists()] == []


def test_the_way_of_a_submission_is_told_file_by_file():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    section = text.split("## How grading works")[1].split("\n## ")[0]
    way = re.findall(r"^\d+\. `([\w./]+)`", section, flags=re.MULTILINE)
    assert 10 <= len(way) <= 12 and len(set(way)) == len(way)
    others = re.findall(r"^\| `([\w./]+)`", section, flags=re.MULTILINE)
    assert [name for name in [*way, *others] if not (ENGINE / name).exists()] == []


def test_the_table_of_checks_that_are_judged_outside_is_complete():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    table = text.split("| lesson | exercise | what is judged |")[1].split("\n\n")[0]
    listed = re.findall(r"^\| ([\w-]+) \| ([\w-]+) \|", table, flags=re.MULTILINE)
    tagged = []
    for path in sorted((ROOT / "source").glob("*/*.md")):
        cells = re.findall(r"```\{code-cell\}.*?```", path.read_text(encoding="utf-8"), re.DOTALL)
        for cell in cells:
            head = cell.split("\n\n")[0]
            if "judge-outside" in head:
                tagged.append((path.stem, re.search(r"grade_id: check-([\w-]+)", head)[1]))
    assert listed == tagged != []


COMMAND = re.compile(
    r"`((?:course|pytest|python -m) [^`]*)`|^((?:course|pytest|python -m) .+)$", re.M
)


def bare_commands(text):
    """Commands of this environment without `.venv/bin/`, in paragraphs that do not activate it."""
    if "activate it first" in text[:1500]:
        return []
    found = []
    for paragraph in text.split("\n"):
        if "activate" not in paragraph:
            found += [match[1] or match[2] for match in COMMAND.finditer(paragraph)]
    return found


def learners_texts():
    """{name: text} of documents, lessons and what a checkout's folders say of themselves."""
    paths = [ROOT / name for name in DOCUMENTS if name != "nbjudge/README.md"]
    paths += ROOT.glob("source/*/*.md")
    paths += [ROOT / f"{name}/README.md" for name in ("submitted", "autograded", "feedback")]
    paths.append(ROOT / "course/vision/weights/README.md")
    return {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in paths}


def messages(path):
    """The strings of a module, without its docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            if id(node) not in docstrings:
                yield node.value


def test_every_command_says_where_it_is():
    found = {name: bare_commands(text) for name, text in learners_texts().items()}
    for path in sorted((ROOT / "course").rglob("*.py")):
        found[path.name] = [command for text in messages(path) for command in bare_commands(text)]
    assert {name: commands for name, commands in found.items() if commands} == {}


@pytest.mark.parametrize(
    ("path", "tables", "told"),
    [
        ("nbjudge/tests/sandbox/test_shell.py", ["CELLS", "WIDGETS", "PLOTS"], "{} cells"),
        ("nbjudge/tests/conformance/test_features.py", ["COURSES"], "{} courses"),
    ],
)
def test_what_is_compared_is_counted_in_the_page_on_trust(path, tables, told):
    found = {}
    for node in ast.parse((ROOT / path).read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict):
            found[node.targets[0].id] = len(node.value.keys)
    number = sum(found[table] for table in tables)
    page = (ROOT / "docs/trust.md").read_text(encoding="utf-8")
    (row,) = re.findall(rf"^\|.*{path}.*$", page, re.MULTILINE)
    assert told.format(number) in row
