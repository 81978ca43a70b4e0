"""The report as one HTML page that needs no other file and no script.

It is for instructors only: it shows learners' names and answers, and lines of hidden tests. All
texts are escaped here, because a learner may have chosen them.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from nbjudge.coursedir.report import exercises_of, points, short_name, total
from nbjudge.reporting import charts
from nbjudge.reporting.elements import (
    block,
    bullets,
    count,
    named,
    paragraph,
    percent,
    seconds,
    shown,
    table,
)
from nbjudge.reporting.numbers import FEWEST
from nbjudge.reporting.style import STYLE
from nbjudge.reporting.summary import (
    TO_DISCUSS,
    Example,
    Exercise,
    Lesson,
    Near,
    Stuck,
    Summary,
    Topic,
    Wrong,
    topics_of,
)

ROWS = 60  # learners up to whom the page has a row for each; beyond that the tables have them
LISTED = 25  # rows of other lists
KINDS_OF_WRONG = 12  # kinds of wrong answers of a lesson
COLUMNS = 12  # exercises side by side, so that a table fits on paper
ANSWER_LINES = 25
ANSWER_LETTERS = 1500


class Paragraph(NamedTuple):
    """Where a course explains a misconception."""

    place: str  # lesson and heading
    text: str


def page_of(
    summary: Summary,
    paragraphs: Mapping[str, Paragraph] | None = None,
    findings: Sequence[str] = (),
) -> str:
    """Return the page as text.

    `paragraphs`: {code of a misconception: where the course explains it}; with them the last part
    says what to discuss. `findings`: sentences of a grading that are to be told, too.
    """
    names = [lesson.name for lesson in summary.lessons]
    title = f"Report on {names[0] if len(names) == 1 else summary.course or 'the course'}"
    parts = [heading(title, summary)]
    if len(names) > 1:
        parts.append(overview(summary))
    if findings:
        parts.append(f"<h2>Findings</h2>{bullets(findings)}")
    parts.append(stuck_part(summary))
    parts += [lesson_part(summary, lesson) for lesson in summary.lessons]
    if paragraphs:
        parts.append(discussion(summary, paragraphs))
    parts.append(how_to_read(summary))
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{shown(title)}</title><style>{STYLE}</style></head>\n<body>\n"
        + f"<main>{''.join(parts)}</main>"
        + "\n</body></html>\n"
    )


# ---- the class -----------------------------------------------------------------------------------


def heading(title: str, summary: Summary) -> str:
    """Return the title and what the report is about."""
    about = f"{count(len(summary.learners), 'learner')}, {count(len(summary.lessons), 'lesson')}."
    links = ""
    if len(summary.lessons) > 1:
        entries = ""
        for number, lesson in enumerate(summary.lessons, 1):
            entries += f'<li><a href="#lesson-{number}">{shown(lesson.name)}</a></li>'
        links = f'<nav aria-label="Lessons"><ul>{entries}</ul></nav>'
    warning = "For instructors only: it holds answers of learners and lines of hidden tests."
    return f"<h1>{shown(title)}</h1>{paragraph(about)}{paragraph(warning, 'soft')}{links}"


def overview(summary: Summary) -> str:
    """Return all lessons in one view."""
    rows = []
    for number, lesson in enumerate(summary.lessons, 1):
        worst = next((wrong.title for wrong in lesson.wrong), "")
        rows.append(
            [
                lesson.name,
                lesson.due or f"week {number}",
                f"{len(lesson.learners):,} of {len(summary.learners):,}",
                str(lesson.late),
                percent(lesson.mean),
                percent(lesson.median),
                worst,
            ]
        )
    header = ["lesson", "week", "handed in", "late", "mean", "median", "what cost most points"]
    grid = table("Week by week", header, rows, words=["what cost most points"])
    parts = ["<h2>All lessons</h2>", charts.all_lessons(summary.lessons), grid]
    if len(summary.learners) <= ROWS:
        parts.append(matrix(summary))
    else:
        parts.append(paragraph("marks.csv has a row for each learner and exercise.", "soft"))
    return "".join(parts)


def matrix(summary: Summary) -> str:
    """Return the share of the points of each learner in each lesson."""
    rows = []
    for learner in summary.learners:
        cells = []
        for lesson in summary.lessons:
            nothing = "not graded" if learner in lesson.not_graded else ""
            there = lesson.shares.get(learner)
            cells.append(nothing if there is None else f"{there:.0%}")
        rows.append([learner, *cells])
    caption = "Share of the points by learner (blank: not handed in)"
    tables = ""
    for start in range(0, len(summary.lessons), COLUMNS):
        names = [lesson.name for lesson in summary.lessons[start : start + COLUMNS]]
        some = [[row[0], *row[1 + start : 1 + start + COLUMNS]] for row in rows]
        tables += table(caption, ["learner", *names], some, kind="matrix")
    return tables


def stuck_part(summary: Summary) -> str:
    """Return who needs a conversation."""
    title = "<h2>Who is stuck</h2>"
    if not summary.stuck:
        return title + paragraph("Nobody, by the three signs named at the end of this page.")
    rows = [stuck_row(each) for each in summary.stuck[:LISTED]]
    more = len(summary.stuck) - LISTED
    rest = paragraph(f"{more:,} more are in stuck.csv.", "soft") if more > 0 else ""
    caption = f"{len(summary.stuck):,} of {count(len(summary.learners), 'learner')}"
    return title + table(caption, ["learner", "why"], rows, words=["why"]) + rest


def stuck_row(stuck: Stuck) -> list[str]:
    """Return a row of the table of who is stuck."""
    return [stuck.learner, "; ".join(stuck.reasons)]


# ---- a lesson ------------------------------------------------------------------------------------


def lesson_part(summary: Summary, lesson: Lesson) -> str:
    """Return the part on one lesson."""
    number = summary.lessons.index(lesson) + 1
    parts = [f'<h2 id="lesson-{number}">{shown(lesson.name)}</h2>', paragraph(about(lesson))]
    if lesson.not_graded:
        parts.append(paragraph(f"Not graded: {named(lesson.not_graded)}."))
    if not lesson.graded:
        return "".join(parts)
    figures = charts.distribution(lesson) + charts.exercises(lesson.exercises)
    parts += [f'<div class="figures">{figures}</div>', charts.legend()]
    parts.append(exercise_table(lesson.exercises))
    parts.append(wrong_part(lesson))
    parts.append(near_part(lesson.near))
    if len(lesson.learners) <= ROWS:
        parts.append(marks_part(summary, lesson))
    return "".join(parts)


def about(lesson: Lesson) -> str:
    """Return a lesson in a sentence or two."""
    words = f"{count(len(lesson.learners), 'learner')} handed in, {lesson.graded:,} graded"
    words += f", {lesson.late:,} lost points for being late. " if lesson.late else ". "
    if lesson.mean is not None:
        waiting = any(exercise.to_mark for exercise in lesson.exercises)
        of = "the points marked so far" if waiting else f"{lesson.possible:g} points"
        words += f"Mean {lesson.mean:.0%} of {of}, median {lesson.median:.0%}"
        words += f", middle half from {lesson.lower:.0%} to {lesson.upper:.0%}."
    return words


def exercise_table(exercises: Sequence[Exercise]) -> str:
    """Return the table of a lesson's exercises."""
    waiting = any(exercise.to_mark for exercise in exercises)
    header = ["exercise", "points", "solved", "not attempted"]
    header += ["to mark"] if waiting else []
    header += ["discrimination", "time", "slowest"]
    rows = []
    for each in exercises:
        of = each.graded - each.to_mark
        corr = "–" if each.discrimination is None else f"{each.discrimination:.2f}"
        rows.append(
            [
                f"{each.number} {each.name}",
                f"{each.possible:g}",
                f"{percent(each.solved / of if of else None)} ({each.solved:,})",
                f"{percent(each.not_attempted / each.graded)} ({each.not_attempted:,})",
                *([f"{each.to_mark:,}"] if waiting else []),
                corr,
                seconds(each.seconds),
                seconds(each.longest),
            ]
        )
    return table("Exercises", header, rows)


def wrong_part(lesson: Lesson) -> str:
    """Return why answers failed, what cost most points first."""
    title = "<h3>Why answers failed</h3>"
    if not lesson.wrong:
        return title + paragraph("No answer failed.")
    parts = [wrong_article(each, lesson.graded) for each in lesson.wrong[:KINDS_OF_WRONG]]
    more = len(lesson.wrong) - KINDS_OF_WRONG
    if more > 0:
        parts.append(paragraph(f"{more:,} more kinds are in misconceptions.csv.", "soft"))
    return title + "".join(parts)


def wrong_article(wrong: Wrong, graded: int) -> str:
    """Return one misconception, or another failure, with who showed it and an example."""
    code = f" <code>{shown(wrong.code)}</code>" if wrong.is_misconception else ""
    where = (
        f"{len(wrong.learners):,} of {count(graded, 'learner')}, in {', '.join(wrong.exercises)}"
    )
    lost = f"{where}; {wrong.points_lost:g} points lost together. {named(wrong.learners)}."
    head = f"<article><h4>{shown(wrong.title)}{code}</h4>{paragraph(lost)}"
    return f"{head}{example_of(wrong.example)}</article>"


def example_of(example: Example) -> str:
    """Return one answer, as its learner wrote it, cut to its first lines."""
    parts = [paragraph(line) for line in example.observed.splitlines()]
    if example.answer.strip():
        lines = example.answer.strip("\n")[:ANSWER_LETTERS].splitlines()
        cut = len(lines) > ANSWER_LINES or len(example.answer.strip("\n")) > ANSWER_LETTERS
        text = block("\n".join(lines[:ANSWER_LINES])) + ("\n…" if cut else "")
        whose = f"For example {example.learner}, {example.exercise}:"
        parts.append(paragraph(whose, "soft") + f"<pre>{text}</pre>")
    return "".join(parts)


def near_part(near: Sequence[Near]) -> str:
    """Return the marks near a threshold."""
    title = "<h3>Marks near a threshold</h3>"
    if not near:
        return title + paragraph("None.")
    rows = []
    for each in near[:LISTED]:
        side = "reached" if each.passed else "not reached"
        rows.append([each.learner, each.exercise or "sum", side, each.says])
    more = len(near) - LISTED
    rest = paragraph(f"{more:,} more are in near.csv.", "soft") if more > 0 else ""
    header = ["learner", "mark", "threshold", "in words"]
    return title + table(count(len(near), "mark"), header, rows, words=["in words"]) + rest


def marks_part(summary: Summary, lesson: Lesson) -> str:
    """Return each learner's points by exercise."""
    rows = summary.marks[lesson.name]
    lost = summary.penalties[lesson.name]
    names = exercises_of(rows)
    late = ["late"] if lost else []
    tables = ""
    for start in range(0, len(names), COLUMNS):
        some = names[start : start + COLUMNS]
        last = start + COLUMNS >= len(names)
        header = ["learner", *(f"{names.index(name) + 1}" for name in some)]
        header += [*late, "points"] if last else []
        body = []
        for learner, row in rows.items():
            cells = [points(row.get(name)) for name in some]
            penalty = lost.get(learner, 0)
            if last:
                cells += [f"-{penalty:g}" if penalty else ""] if late else []
                cells.append(total(row, penalty))
            body.append([learner, *cells])
        caption = "Points by exercise (blank: not attempted)"
        tables += table(caption, header, body, kind="marks")
    key = ", ".join(f"{place} {short_name(name)}" for place, name in enumerate(names, 1))
    return f"<h3>Marks</h3>{paragraph(key, 'soft')}{tables}"


# ---- what to discuss, and how to read it ---------------------------------------------------------


def discussion(summary: Summary, paragraphs: Mapping[str, Paragraph]) -> str:
    """Return the misconceptions that cost the class most, each with what the course says of it."""
    parts = ["<h2>What to discuss on Monday</h2>"]
    topics = [topic for topic in topics_of(summary) if topic.code in paragraphs][:TO_DISCUSS]
    if not topics:
        parts.append(paragraph("No misconception has cost points."))
    for number, topic in enumerate(topics, 1):
        parts.append(topic_article(number, topic, paragraphs[topic.code]))
    return "".join(parts)


def topic_article(number: int, topic: Topic, there: Paragraph) -> str:
    """Return one misconception with the paragraph that treats it."""
    lost = f"{count(topic.learners, 'learner')}, {topic.points_lost:g} points lost together."
    return (
        f"<article><h3>{number}. {shown(topic.title)} <code>{shown(topic.code)}</code></h3>"
        f"{paragraph(lost)}{example_of(topic.example)}"
        f"{paragraph('What the course says, in ' + there.place + ':', 'soft')}"
        f"<blockquote>{block(there.text)}</blockquote></article>"
    )


def how_to_read(summary: Summary) -> str:
    """Return what the numbers mean."""
    return "<h2>How to read this page</h2>" + bullets(
        [
            "Solved: has all points of the exercise; the share is of those whose mark is there. "
            "Not attempted: the answer cell is as it was given out, or was not handed in; the "
            "share is of all graded learners.",
            "Discrimination: the item-rest correlation (Henrysson 1963), from -1 to 1. It compares "
            "the points of an exercise with the points of all others. Below 0.2 the exercise "
            "hardly tells strong learners from weak ones; below 0 look at its check. With fewer "
            f"than {FEWEST} learners, or if all have the same points, there is none; with fewer "
            "than 30 it is a rough number.",
            "Time: how long the answer cell and its check ran together, the median of the class "
            "and the slowest learner. A kept result keeps the time of the run that made it.",
            "Stuck: below half of the points of the latest lesson, the latest lesson not handed in "
            "or not gradable, or a misconception of the latest lesson that was met before.",
            f"Near a threshold: a sum within 5 % of the points from the pass mark of "
            f"{summary.pass_mark:g} %, or a check that reports a number within 3 percentage points "
            "(or 5 %) of the required one.",
        ]
    )
