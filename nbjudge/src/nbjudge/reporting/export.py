"""The report's data as CSV and JSON, for spreadsheets and programs."""

import csv
import io
import json
from collections.abc import Iterable, Sequence
from typing import Any

from nbjudge.coursedir.failures import words_of
from nbjudge.coursedir.report import Mark, short_name
from nbjudge.reporting.summary import Summary, is_solved, is_unanswered, topics_of
from nbjudge.untrusted import one_line, writable

FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would compute


def files_of(summary: Summary) -> dict[str, str]:
    """Return {name of a file: its text}: report.json, and the same data as tables."""
    return {
        "report.json": as_json(summary),
        "lessons.csv": as_csv(*lesson_rows(summary)),
        "exercises.csv": as_csv(*exercise_rows(summary)),
        "misconceptions.csv": as_csv(*wrong_rows(summary)),
        "stuck.csv": as_csv(
            ["learner", "why"], [[who, "; ".join(why)] for who, why in summary.stuck]
        ),
        "near.csv": as_csv(*near_rows(summary)),
        "marks.csv": as_csv(*mark_rows(summary)),
    }


def as_csv(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Return a table as CSV in the form of RFC 4180. No text begins a spreadsheet's formula."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(header)
    for row in rows:
        writer.writerow([safe(value) for value in row])
    return text.getvalue()


def safe(value: Any) -> Any:
    """Return a value for a cell; a text that begins like a formula gets an apostrophe before it."""
    if isinstance(value, float):
        return f"{value:.6g}"
    if not isinstance(value, str):
        return "" if value is None else value
    lines = [one_line(line) for line in writable(value).splitlines()]
    plain = "\n".join(lines)
    return f"'{plain}" if plain.startswith(FORMULA) else plain


def lesson_rows(summary: Summary) -> tuple[list[str], list[list[Any]]]:
    """Return header and rows: one for each lesson."""
    header = ["lesson", "due", "points", "handed_in", "graded", "late"]
    header += ["mean", "lower_quartile", "median", "upper_quartile"]
    rows = []
    for each in summary.lessons:
        numbers = [each.mean, each.lower, each.median, each.upper]
        counts = [each.possible, len(each.learners), each.graded, each.late]
        rows.append([each.name, each.due, *counts, *numbers])
    return header, rows


def exercise_rows(summary: Summary) -> tuple[list[str], list[list[Any]]]:
    """Return header and rows: one for each exercise."""
    header = ["lesson", "number", "exercise", "points", "graded", "solved", "partly", "failed"]
    header += ["not_attempted", "to_mark", "item_rest_correlation"]
    header += ["seconds_median", "seconds_longest"]
    rows = [[lesson.name, *each] for lesson in summary.lessons for each in lesson.exercises]
    return header, rows


def wrong_rows(summary: Summary) -> tuple[list[str], list[list[Any]]]:
    """Return header and rows: one for each kind of wrong answer."""
    header = ["lesson", "code", "is_misconception", "title", "exercises", "learners_count"]
    header += ["points_lost", "learners", "example_learner", "example_answer", "example_observed"]
    rows = []
    for lesson in summary.lessons:
        for each in lesson.wrong:
            who = [len(each.learners), each.points_lost, "; ".join(each.learners)]
            example = [each.example.learner, each.example.answer, each.example.observed]
            kind = [each.code, str(each.is_misconception).lower(), each.title]
            rows.append([lesson.name, *kind, "; ".join(each.exercises), *who, *example])
    return header, rows


def near_rows(summary: Summary) -> tuple[list[str], list[list[Any]]]:
    """Return header and rows: one for each mark near a threshold."""
    header = ["lesson", "learner", "exercise", "reached", "in_words"]
    rows: list[list[Any]] = []
    for lesson in summary.lessons:
        for near in lesson.near:
            sides = [near.exercise or "sum", str(near.passed).lower()]
            rows.append([lesson.name, near.learner, *sides, near.says])
    return header, rows


def mark_rows(summary: Summary) -> tuple[list[str], list[list[Any]]]:
    """Return header and rows: one for each learner and exercise, and each who is not graded."""
    header = ["lesson", "learner", "exercise", "points", "possible", "state", "reason", "in_words"]
    header += ["seconds"]
    rows: list[list[Any]] = []
    for lesson, table in summary.marks.items():
        for learner, row in table.items():
            if not row:
                rows.append([lesson, learner, "", None, None, "not graded", "", "", None])
            for exercise, mark in row.items():
                rows.append([lesson, learner, short_name(exercise), *fields_of(mark)])
            if penalty := summary.penalties[lesson].get(learner):
                rows.append([lesson, learner, "", -penalty, None, "late penalty", "", "", None])
    return header, rows


def fields_of(mark: Mark) -> list[Any]:
    """Return the fields of a mark in the table of marks."""
    failure = mark.failure
    why = (failure.reason, words_of(failure)) if failure else ("", "")
    return [mark.points, mark.possible, state_of(mark), *why, mark.seconds]


def state_of(mark: Mark) -> str:
    """Return what became of an exercise in a word."""
    if mark.to_do:
        return "to mark"
    if is_unanswered(mark):
        return "not attempted"
    if is_solved(mark):
        return "solved"
    return "partly" if mark.points else "failed"


def as_json(summary: Summary) -> str:
    """Return all data as JSON: {"course", "pass_mark", "learners", "lessons", "stuck", ...}."""
    lessons = []
    for lesson in summary.lessons:
        marks = {}
        for learner, row in summary.marks[lesson.name].items():
            marks[learner] = {short_name(name): mark_fields(mark) for name, mark in row.items()}
        fields = lesson._asdict() | {
            "exercises": [each._asdict() for each in lesson.exercises],
            "wrong": [
                each._asdict() | {"example": each.example._asdict()} for each in lesson.wrong
            ],
            "near": [each._asdict() for each in lesson.near],
            "penalties": summary.penalties[lesson.name],
            "marks": marks,
        }
        lessons.append(fields)
    found = {
        "course": summary.course,
        "pass_mark": summary.pass_mark,
        "learners": summary.learners,
        "lessons": lessons,
        "stuck": [each._asdict() for each in summary.stuck],
        "to_discuss": [
            topic._asdict() | {"example": topic.example._asdict()} for topic in topics_of(summary)
        ],
    }
    return json.dumps(found, indent=1) + "\n"


def mark_fields(mark: Mark) -> dict[str, Any]:
    """Return a mark under the names of the table of marks."""
    names = ["points", "possible", "state", "reason", "in_words", "seconds"]
    return dict(zip(names, fields_of(mark), strict=True))
