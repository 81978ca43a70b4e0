"""The answers of a class, read from what was handed in, and the command that compares them."""

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from nbformat import NotebookNode
from nbgrader.preprocessors import ClearSolutions
from nbgrader.utils import is_solution

from nbjudge.coursedir import pipeline
from nbjudge.coursedir.assignments import read_sources
from nbjudge.coursedir.rebuild import rebuild, released
from nbjudge.coursedir.settings import Settings
from nbjudge.coursedir.submissions import (
    Finding,
    parse_notebook,
    read_submission,
    students_of,
)
from nbjudge.errors import CourseError, SubmissionError
from nbjudge.similar.pairs import FEWEST, Pair, close_pairs
from nbjudge.similar.tokens import (
    Line,
    given_lines,
    lexer_for,
    lines_of,
    tokens_of,
    without_given,
)

Answers = dict[str, dict[str, list[Line]]]  # {exercise: {learner: the lines of the answer}}


class Compared(NamedTuple):
    """What a comparison came to."""

    assignment: str
    learners: int  # whose answers were compared
    answers: Answers
    pairs: list[Pair]
    findings: list[Finding]  # on submissions that could not be read


def compare_class(settings: Settings, assignment: str) -> Compared:
    """Compare all submissions to an assignment; nothing is run.

    Raises CourseError where there are too few of them, or no such assignment.
    """
    sources, problems = read_sources(settings.folders, assignment)
    if not sources:
        raise CourseError(str(problems[0]))
    exercises = exercises_of(settings, assignment, sources)
    answers: Answers = defaultdict(dict)
    findings: list[Finding] = []
    learners = 0
    for student in students_of(settings.folders, assignment):
        submission = read_submission(settings.folders, assignment, student, list(sources), False)
        problem, place = submission.problem, submission.file
        read = 0
        for name, (file, data) in submission.notebooks.items():
            try:
                texts = answers_in(exercises[name], data)
            except SubmissionError as reason:
                problem, place = str(reason), file
                continue
            read = 1
            for exercise, lines in texts.items():
                answers[exercise][student] = lines
        learners += read
        if problem:
            says = f"it was not compared: {problem}"
            findings.append(Finding(student, assignment, place, says, True))
    if learners < FEWEST:
        raise CourseError(
            f"{assignment}: {learners} submissions can be compared, and at least {FEWEST} are "
            "needed, because a smaller class does not show how alike answers are by chance"
        )
    if not answers:
        raise CourseError(
            f"{assignment}: its source has no answer cells, so there is nothing to compare"
        )
    pairs = close_pairs(written_by(answers), solutions_of(exercises))
    return Compared(assignment, learners, answers, pairs, findings)


class Exercises(NamedTuple):
    """The exercises of one notebook."""

    prefix: str  # of their names, where the assignment has several notebooks
    source: NotebookNode  # to rebuild submissions from
    given: NotebookNode  # what was given out
    solved: NotebookNode  # with the instructor's solutions
    language: str


def exercises_of(
    settings: Settings, assignment: str, sources: Mapping[str, NotebookNode]
) -> dict[str, Exercises]:
    """Return {notebook: its exercises}, as nbgrader has given them out."""
    made = pipeline.kept(settings, assignment)
    found = {}
    for name, source in sources.items():
        prefix = f"{name}/" if len(sources) > 1 else ""
        graded = made.graded[name] if made else source
        given = made.given[name] if made else released(source, settings.config)
        language = source.metadata.get("kernelspec", {}).get("language", "")
        found[name] = Exercises(prefix, graded, given, without_markers(source, settings), language)
    return found


def without_markers(source: NotebookNode, settings: Settings) -> NotebookNode:
    """Return the source notebook without the lines that say where a solution begins and ends."""
    clear = ClearSolutions(config=settings.config)
    markers = (clear.begin_solution_delimeter, clear.end_solution_delimeter)
    solved = source.copy()
    solved.cells = []
    for cell in source.cells:
        kept = [
            line for line in cell.source.split("\n") if not any(each in line for each in markers)
        ]
        solved.cells.append(NotebookNode({**cell, "source": "\n".join(kept)}))
    return solved


def answers_in(exercises: Exercises, data: bytes) -> dict[str, list[Line]]:
    """Return {exercise: the lines of its answer} of a submitted notebook.

    Raises SubmissionError where it cannot be read.
    """
    submitted, _ = parse_notebook(data)
    rebuilt, _ = rebuild(exercises.source, submitted, exercises.given)
    return solution_cells(exercises, rebuilt)


def solution_cells(exercises: Exercises, notebook: NotebookNode) -> dict[str, list[Line]]:
    """Return {exercise: the lines of its answer cell}; lines of the release are marked."""
    lexer = lexer_for(exercises.language)
    given = given_by(exercises)
    found = {}
    for cell in notebook.cells:
        if is_solution(cell):
            lines = lines_of(cell.source, cell.cell_type, lexer)
            name = f"{exercises.prefix}{cell.metadata.nbgrader.grade_id}"
            found[name] = without_given(lines, given)
    return found


def given_by(exercises: Exercises) -> set[tuple[str, ...]]:
    """Return all lines that a learner could have taken from the release."""
    lexer = lexer_for(exercises.language)
    found = set()
    for cell in exercises.given.cells:
        found |= given_lines(lines_of(cell.source, "code", lexer))
        if cell.cell_type != "code":  # code in a text is there in both ways
            found |= given_lines(lines_of(cell.source, cell.cell_type, lexer))
    return found


def written_by(answers: Answers) -> dict[str, dict[str, tuple[str, ...]]]:
    """Return {exercise: {learner: the tokens of the answer}}."""
    return {
        exercise: {learner: tokens_of(lines) for learner, lines in of_class.items()}
        for exercise, of_class in answers.items()
    }


def solutions_of(exercises: Mapping[str, Exercises]) -> dict[str, tuple[str, ...]]:
    """Return {exercise: the tokens of the instructor's solution}."""
    found = {}
    for each in exercises.values():
        for exercise, lines in solution_cells(each, each.solved).items():
            found[exercise] = tokens_of(lines)
    return found


def page_path(settings: Settings, assignment: str) -> Path:
    """Return where the page of an assignment is written."""
    return settings.folders.autograded(".", ".") / f"similar-{assignment}.html"
