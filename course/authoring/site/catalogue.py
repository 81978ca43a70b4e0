"""The page of all misconceptions, with the exercises in which they are found."""

from course.authoring import build
from course.authoring.site import bank, places
from course.authoring.site.headings import Exercise
from course.authoring.site.places import anchor_of_answer, lesson_page, link
from course.checking import catalogue

HERE = places.MISCONCEPTIONS


def page() -> str:
    """The catalogue as Markdown, with the site's links."""
    at = bank.exercises_by_code()
    return catalogue.as_markdown(
        titles={lesson.name: lesson.title for lesson in bank.bank()},
        address_of=lambda read: places.reading_link(HERE, read),
        more=lambda code: _found_in(code, at[code]) if code in at else "",
    )


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
