"""The page of all misconceptions: what a check can find, and where it is explained."""

from collections.abc import Iterable

from course.authoring import build
from course.authoring.site import bank, places
from course.authoring.site.headings import Exercise
from course.authoring.site.places import anchor_of_answer, lesson_page, link
from course.checking.entry import COMMON, Entry
from course.checking.misconception import CATALOGUE

HERE = places.MISCONCEPTIONS
INTRODUCTION = """# Misconceptions

A check that fails names what it found: a code in brackets and one sentence, which is true and which
the answer goes against. Here are all of them, under the lesson that explains them. Search for the
code that you were given."""


def page() -> str:
    """The catalogue as Markdown, lesson by lesson; those of no single lesson come last."""
    at = bank.exercises_by_code()
    parts = [INTRODUCTION]
    left = {code: entry for code, entry in CATALOGUE.items() if code not in COMMON}
    for lesson in bank.bank():
        own = {code: entry for code, entry in left.items() if entry.read.startswith(lesson.name)}
        if own:
            parts += [f"## {lesson.title}", *_entries(own, at)]
        left = {code: entry for code, entry in left.items() if code not in own}
    parts += ["## In every lesson", *_entries({**left, **COMMON}, at)]
    return "\n\n".join(parts) + "\n"


def _entries(entries: dict[str, Entry], at: dict[str, list[tuple[str, Exercise]]]) -> Iterable[str]:
    for code, entry in entries.items():
        yield f"### `{code}`\n\n{entry.title}."
        if entry.read:
            heading = entry.read.partition(": ")[2]
            yield f"Read: [{heading}]({places.reading_link(HERE, entry.read)})"
        if code in at:
            yield _found_in(code, at[code])


def _found_in(code: str, exercises: list[tuple[str, Exercise]]) -> str:
    """The exercises whose checks find it, each with its lesson's number, and a wrong answer."""
    links = []
    for lesson, exercise in exercises:
        address = link(HERE, lesson_page(lesson), exercise.anchor)
        links.append(f"[{lesson[:2]}, {exercise.title}]({address})")
    example = next(a for a in _wrong_answers(exercises[0][0]) if a.expected == code)
    anchor = anchor_of_answer(example.assignment, "wrong", example.exercise, example.name)
    return f"Found in: {'; '.join(links)}. [An answer that fails with it](#{anchor})."


def _wrong_answers(name: str) -> list[bank.Answer]:
    lesson = bank.bank()[build.lessons().index(name)]
    return [answer for answers in lesson.wrong.values() for answer in answers]
