"""The documents: their links lead somewhere, and paths and commands in them are right."""

import ast
import collections
import functools
import re
from pathlib import Path

import pytest

from tests.support.links import github_address, headings_in, links_in

ROOT = Path(__file__).parents[1]
ENGINE = ROOT / "nbjudge" / "src" / "nbjudge"
# what people read as such; a lesson's text has tests of its own
FOLDERS = (".", "docs", "docs/*", "deploy", "nbjudge", "course/**")
FOLDERS += ("submitted", "autograded", "feedback", "release", "solutions")
DOCUMENTS = sorted(
    {str(path.relative_to(ROOT)) for folder in FOLDERS for path in ROOT.glob(f"{folder}/*.md")}
)
NOT_FOR_COMMANDS = ("CHANGELOG.md", "nbjudge/README.md")
MADE_BY_RUNNING = {"work", "release", "solutions", "submitted", "autograded", "feedback"}


def test_every_link_leads_to_a_file_and_a_heading():
    broken, followed = [], 0
    for document in DOCUMENTS:
        for address in links_in((ROOT / document).read_text(encoding="utf-8")):
            if re.match(r"https?://\w", address):
                continue
            file, _, heading = address.partition("#")
            target = (ROOT / document).parent / file if file else ROOT / document
            followed += 1
            if not target.exists():
                broken.append(f"{document}: {address} is no file")
            elif heading and heading not in addresses_in(target):
                broken.append(f"{document}: {address} is no heading")
    assert broken == []
    assert followed > 400


@functools.cache
def addresses_in(path):
    """The addresses of a document's headings; of two that are alike the second one gets a -1."""
    found, seen = set(), collections.Counter()
    for heading in map(github_address, headings_in(path.read_text(encoding="utf-8"))):
        found.add(f"{heading}-{seen[heading]}" if seen[heading] else heading)
        seen[heading] += 1
    return found


def paths_in(document):
    """Code spans that begin with a folder of the repository."""
    text = (ROOT / document).read_text(encoding="utf-8")
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
    paths = [ROOT / name for name in DOCUMENTS if name not in NOT_FOR_COMMANDS]
    paths += ROOT.glob("source/*/*.md")
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
