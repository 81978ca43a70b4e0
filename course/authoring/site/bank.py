"""The answer bank: other right answers for the lessons, a page for each lesson, the kill matrix."""

from functools import cache
from typing import NamedTuple

from course.authoring import build
from course.authoring.instructor_pages import in_a_table
from course.authoring.site import places
from course.authoring.site.headings import Exercise, Header, exercises, header
from course.authoring.site.places import anchor_of_answer, answers_page, lesson_page, link
from course.checking.misconception import CATALOGUE
from course.paths import ANSWERS
from nbjudge.answer_bank import MAKE_FILES, PASSED, Answer, read_bank

INDEX = "answers/index.md"
SHOWN = 2  # other right answers of an exercise in its lesson
SHORT = 25  # lines, which a reader takes in at a glance


class Lesson(NamedTuple):
    """What the bank has for one lesson."""

    name: str
    header: Header
    exercises: dict[str, Exercise]
    wrong: dict[str, list[Answer]]
    right: dict[str, list[Answer]]

    @property
    def title(self) -> str:
        """Such as "01 Replace the head"."""
        return self.header.title


@cache
def bank() -> list[Lesson]:
    """All lessons in order, with their answers."""
    return [_of(lesson) for lesson in build.lessons()]


def _of(lesson: str) -> Lesson:
    source = build.source_notebook(lesson)
    answers = read_bank(ANSWERS, lesson, source)
    checked = {name: found for name, found in exercises(source).items() if name in answers["wrong"]}
    return Lesson(lesson, header(source), checked, answers["wrong"], answers["right"])


def exercises_by_code() -> dict[str, list[tuple[str, Exercise]]]:
    """{code of a misconception: (lesson, exercise) where the bank has a wrong answer with it}."""
    found: dict[str, list[tuple[str, Exercise]]] = {}
    for lesson in bank():
        for name, answers in lesson.wrong.items():
            for code in dict.fromkeys(answer.expected for answer in answers):
                found.setdefault(code, []).append((lesson.name, lesson.exercises[name]))
    return found


def others(lesson: Lesson, exercise: str, reference: str) -> list[Answer]:
    """Right answers to show beside the reference: short ones, those most unlike it first."""
    words = set(reference.split())

    def likeness(answer: Answer) -> float:
        own = set(answer.text.split())
        return len(own & words) / len(own | words)

    short = [a for a in lesson.right[exercise] if len(code_of(a).splitlines()) <= SHORT]
    return sorted(short, key=likeness)[:SHOWN]


def spoken(answer: Answer) -> str:
    """An answer's name as words."""
    return answer.name.replace("-", " ").replace("_", " ")


def code_of(answer: Answer) -> str:
    """An answer's code, with the lines that make its files if it hands in other files."""
    script = f"\n\n{MAKE_FILES.strip()}\n{answer.script.strip()}" if answer.script else ""
    return answer.text.strip() + script


def page(lesson: Lesson) -> str:
    """A lesson's answers, each folded, as Markdown."""
    here = answers_page(lesson.name)
    parts = [
        "---\nnosearch: true\n---",  # else each search would find hundreds of lines of code
        f"# Answers to {lesson.title}",
        f"[The lesson]({link(here, lesson_page(lesson.name))}) · [all lessons]({link(here, INDEX)})"
        "\n\nEach wrong answer must fail with the misconception that stands beside its name; each "
        "right answer must pass. `make answers` grades all of them.",
    ]
    for name, exercise in lesson.exercises.items():
        where = link(here, lesson_page(lesson.name), exercise.anchor)
        parts += [f"## {exercise.title}", f"[The exercise]({where})", ""]
        for kind, of_kind in (("wrong", lesson.wrong), ("right", lesson.right)):
            parts += [_folded(lesson.name, kind, answer) for answer in of_kind[name]]
    return "\n\n".join(parts) + "\n"


def _folded(lesson: str, kind: str, answer: Answer) -> str:
    anchor = anchor_of_answer(lesson, kind, answer.exercise, answer.name)
    found = "passes" if answer.expected == PASSED else answer.expected
    entry = CATALOGUE.get(answer.expected)
    said = ""
    if entry:
        address = link(answers_page(lesson), places.MISCONCEPTIONS, answer.expected)
        said = f"[{in_a_table(entry.title)}]({address})\n\n"
    # The label is for Sphinx. The same name inside makes browsers unfold the answer.
    return (
        f"({anchor})=\n\n"
        f'<details class="{kind}"><summary>{kind}: {spoken(answer)} → {found}</summary>'
        f'<span id="{anchor}"></span>\n\n'
        f"{said}```python\n{code_of(answer)}\n```\n\n</details>"
    )


def matrix() -> str:
    """The kill matrix in numbers: each exercise of each lesson, as Markdown."""
    rows = [
        "| exercise | wrong answers | misconceptions they fail with | other right answers |",
        "|---|---|---|---|",
    ]
    wrong = right = 0
    for lesson in bank():
        rows.append(f"| **[{lesson.title}]({link(INDEX, answers_page(lesson.name))})** | | | |")
        for name, exercise in lesson.exercises.items():
            codes = dict.fromkeys(answer.expected for answer in lesson.wrong[name])
            found = ", ".join(_code_link(code) for code in codes)
            of_kinds = len(lesson.wrong[name]), len(lesson.right[name])
            address = link(INDEX, answers_page(lesson.name), places.slug(exercise.title))
            rows.append(
                f"| [{exercise.title}]({address}) | {of_kinds[0]} | {found} | {of_kinds[1]} |"
            )
            wrong, right = wrong + of_kinds[0], right + of_kinds[1]
    return "\n".join([*rows, f"| **together** | **{wrong}** | | **{right}** |"])


def _code_link(code: str) -> str:
    if code not in CATALOGUE:
        return f"`{code}`"
    return f"[`{code}`]({link(INDEX, places.MISCONCEPTIONS, code)})"


def index() -> str:
    """The page of the kill matrix."""
    names = "\n".join(lesson.name for lesson in bank())
    return (
        "# The answer bank\n\n"
        "A check is tested like a program. For each exercise the bank holds wrong answers and "
        "unusual right ones. A wrong answer names the misconception that it must fail with. "
        "`make answers` grades them all like a class and prints this kill matrix with what each "
        "answer did fail with; a test fails if one of them differs.\n\n"
        f"{matrix()}\n\n```{{toctree}}\n:hidden:\n\n{names}\n```\n"
    )
