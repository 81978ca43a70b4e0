"""`course new-exercise`: write a small exercise that works, for the author to change.

The exercise asks for twice a number. Its text, check, misconception, hints and answers are in the
same places as those of every exercise, so its kill matrix passes before the first change.
"""

import ast
import keyword
import re
from pathlib import Path
from string import Template

from course.authoring import UsageError
from course.authoring.build import source_notebook
from course.authoring.minutes import MOST_MINUTES, count, too_long
from nbjudge.files import replace_text

NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
NUMBERED = re.compile(r"^### Exercise (\d+):", re.MULTILINE)
FENCE = re.compile(r"^```", re.MULTILINE)

TEXT = Template("""\
### $heading

*5 minutes · easy · {points}.* Write `$function(number)`: return twice the int `number`.

```{code-cell} ipython3
:nbgrader: {grade: false, grade_id: $name, locked: false, schema_version: 3, solution: true, task: false}

def $function(number):
    ### BEGIN SOLUTION
    return 2 * number
    ### END SOLUTION
```

```{code-cell} ipython3
:nbgrader: {grade: true, grade_id: check-$name, locked: true, points: 1, schema_version: 3, solution: false, task: false}

check.$function($function)
### BEGIN HIDDEN TESTS
check.$function($function, numbers=(7, -4))
### END HIDDEN TESTS
```

""")  # noqa: E501 - jupytext wants a cell's metadata on one line

CHECK = Template('''

@check
def $function(answer: Answer, numbers: tuple[int, ...] = (3, 5)) -> str:
    """$heading: what is twice a number?

    Hidden: other numbers, a negative one too.
    """
    for given in numbers:
        found = answer(given)
        if found != 2 * given:
            observed = f"for {given}: expected {2 * given}, got {found}"
            raise Misconception("$code", observed)
    return f"you double {', '.join(map(str, numbers))}."
''')

MISCONCEPTION = Template("""\
    "$code": Entry(
        "Twice a number is the number added to itself",
        "$lesson: $heading",
    ),
""")

HINTS = Template("""
# $name

1. What happens to a number when it is doubled?
2. Add the number to itself, or multiply it.
3. Return `2 * number`.
""")

WRONG = Template("""\
# misconception: $code
def $function(number):
    return number**2
""")

RIGHT = Template("""\
def $function(number):
    return sum([number, number])
""")


def new_exercise(root: Path, lesson: str, name: str) -> str:
    """Add an exercise to a lesson of the course in `root`; return what was done and what is next.

    `name` is its answer cell's, such as count-frozen; the function is then count_frozen. Nothing
    is written if anything does not fit. Raises UsageError for a lesson that does not exist, and
    for a name that is not allowed or in use.
    """
    text = root / "source" / lesson / f"{lesson}.md"
    hints = text.with_name("hints.md")
    package = root / "course" / "lessons" / f"lesson{lesson[:2]}"
    checks, misconceptions = package / "checks.py", package / "misconceptions.py"
    answers = root / "tests" / "answers" / lesson
    if not text.exists():
        raise UsageError(f"there is no lesson {lesson!r}; choose one of those in source/")
    refuse_unfit_name(name, [text, checks, *package.parent.glob("*/misconceptions.py")])

    words = {
        "lesson": lesson,
        "name": name,
        "function": name.replace("-", "_"),
        "code": f"{name}-misunderstood",
        "heading": heading(read(text), name),
    }
    files = {
        text: with_statement(read(text), TEXT.substitute(words)),
        checks: with_answer_imported(read(checks)) + CHECK.substitute(words),
        misconceptions: with_entry(read(misconceptions), MISCONCEPTION.substitute(words)),
        hints: read(hints) + HINTS.substitute(words),
        answers / "wrong" / name / "squared.py": WRONG.substitute(words),
        answers / "right" / name / "summed.py": RIGHT.substitute(words),
    }
    for path, content in files.items():
        replace_text(path, content)
    listed = "\n".join(f"  {path.relative_to(root)}" for path in files)
    return (
        f"{words['heading']}, with its answer cell `{name}`, is now in\n{listed}\n"
        "Turn it into your exercise in all of these files. Its points are in the metadata of the "
        "check cell; change the lesson's total in README.md, too. "
        f"{length_of(lesson)}\n"
        f"Then run: make check, .venv/bin/course answers {lesson}, make build, make test."
    )


def length_of(lesson: str) -> str:
    """Say how long a lesson is, before its author writes more."""
    load = count(source_notebook(lesson))
    return (
        too_long(load) or f"The lesson takes {load.minutes:.0f} of at most {MOST_MINUTES} minutes."
    )


def with_answer_imported(checks: str) -> str:
    """Return a module of checks that imports Answer, the type of what a check receives."""
    line = re.compile(r"^(from course\.checking\.check import )(?!Answer)", re.MULTILINE)
    return line.sub(r"\1Answer, ", checks)


def read(path: Path) -> str:
    """The text of a file."""
    return path.read_text(encoding="utf-8")


def refuse_unfit_name(name: str, paths: list[Path]) -> None:
    """Raise UsageError unless `name` can name an exercise and is not met in these files."""
    function = name.replace("-", "_")
    if not NAME.fullmatch(name) or keyword.iskeyword(function):
        raise UsageError(
            f"{name!r} cannot name an exercise: write lower-case words with hyphens, "
            "for example count-frozen"
        )
    used = re.compile(rf"\b{function}\b|\"{name}-misunderstood\"")
    for path in paths:
        if used.search(read(path)):
            raise UsageError(f"the name {name!r} is in use in {path}; choose another one")


def heading(text: str, name: str) -> str:
    """The new exercise's heading; it has a number if the lesson's other exercises have one."""
    title = name.replace("-", " ")
    numbers = [int(number) for number in NUMBERED.findall(text)]
    return f"Exercise {max(numbers) + 1}: {title}" if numbers else f"Exercise: {title}"


def with_statement(text: str, statement: str) -> str:
    """A lesson's text with a statement before its quiz or its sources, or before its last section.

    A `## ` inside a code cell begins no section.
    """
    sections = []
    for match in re.finditer(r"^## (.*)$", text, re.MULTILINE):
        fences = len(FENCE.findall(text, 0, match.start()))
        if fences % 2 == 0:
            sections.append(match)
    endings = [match for match in sections if match[1] in ("Quiz", "Back again?", "Sources")]
    place = (endings or sections[-1:])[0].start()
    return text[:place] + statement + text[place:]


def with_entry(source: str, entry: str) -> str:
    """A module of misconceptions with one more entry at the end of its dict MISCONCEPTIONS."""
    lines = source.splitlines(keepends=True)
    for node in ast.parse(source).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "MISCONCEPTIONS":
            lines.insert(node.end_lineno - 1, entry)  # above the closing bracket
    return "".join(lines)
