"""The gradebook, written by one process alone and a submission at a time, in nbgrader's own tables and by nbgrader's own rules.

Each submission is one transaction: after a crash a submission is recorded whole or not at all.
"""
import contextlib
from itertools import chain

from nbgrader.api import Gradebook
from nbgrader.preprocessors import AssignLatePenalties
from nbgrader.utils import compute_checksum, determine_grade, is_grade, is_solution, is_task


class Book:
    """An open gradebook; use it in a `with` block."""

    def __init__(self, config, url, course_id):
        self.config, self.url, self.course_id = config, url, course_id
        self.late = AssignLatePenalties(config=config)
        self.late.init_plugin()

    def __enter__(self):
        self.gradebook, self.names = Gradebook(self.url, self.course_id), {}
        self.gradebook.db().expire_on_commit = False  # else each submission would ask again for the lessons' cells
        return self

    def __exit__(self, *_):
        self.gradebook.close()

    def checksums_of(self, lesson, notebook):
        """{grade_id: checksum of the cell as it was given out}."""
        return {cell.name: cell.checksum for cell in self.gradebook.find_notebook(notebook, lesson).source_cells}

    def record(self, lesson, learner, timestamp, marks):
        """Write the marks of one submission.

        `marks`: {notebook: what marks_of says}; a notebook of the lesson that is not among them was not handed in and gets 0.
        `timestamp`: when it was handed in, or None. Marks and comments given by hand stay, and what has one is marked as needing
        a look, as nbgrader does it.
        """
        book = self.gradebook
        with one_transaction(book.db), book.db.no_autoflush:
            book.update_or_create_student(learner)
            more = {"timestamp": timestamp} if timestamp else {}
            book.db.commit = lambda: None  # a new submission is written with its marks in it
            submission = book.update_or_create_submission(lesson, learner, **more)
            names = self._names(lesson)
            for entry in submission.notebooks:
                scores, comments = marks.get(entry.name, ({}, {}))
                for grade in entry.grades:
                    name = names[grade.cell_id]
                    grade.auto_score = scores.get(name, 0)
                    grade.needs_manual_grade = name in scores and (grade.manual_score is not None or grade.auto_score is None)
                for comment in entry.comments:
                    if names[comment.cell_id] in comments:
                        comment.auto_comment = comments[names[comment.cell_id]]
            book.db.flush()
            for entry in submission.notebooks:
                if entry.name in marks:
                    entry.late_submission_penalty = self._penalty(learner, submission, entry)

    def _names(self, lesson):
        """{id of a cell: its name} of the lesson, asked of the database once."""
        if lesson not in self.names:
            cells = [[*notebook.grade_cells, *notebook.solution_cells, *notebook.task_cells] for notebook in self.gradebook.find_assignment(lesson).notebooks]
            self.names[lesson] = {cell.id: cell.name for cell in chain.from_iterable(cells)}
        return self.names[lesson]

    def _penalty(self, learner, submission, entry):
        if submission.total_seconds_late <= 0:
            return None
        self.gradebook.db.refresh(entry)  # its score is a sum that the database makes
        penalty = self.late.plugin_inst.late_submission_penalty(learner, entry.score, submission.total_seconds_late)
        return None if penalty is None else self.late._check_late_penalty(entry, penalty)


def marks_of(notebook, verdicts, checksums):
    """({grade_id: points, None where a person has to give them}, {grade_id: nbgrader's comment or None}) of an executed notebook.

    `verdicts`: {grade_id of a check: (well, score or None)}. `checksums`: {grade_id: checksum of the cell as it was given out}.
    """
    scores, comments = {}, {}
    for cell in notebook.cells:
        if "nbgrader" not in cell.metadata:
            continue
        name = cell.metadata.nbgrader.grade_id
        if is_solution(cell) or is_task(cell):
            unanswered = checksums.get(name) == compute_checksum(cell) and not is_task(cell)
            comments[name] = "No response." if unanswered else None
        if is_solution(cell) or is_task(cell) or cell.cell_type != "code":
            scores[name] = determine_grade(with_checksum(cell, checksums))[0] if is_grade(cell) else None
        else:
            well, score = verdicts.get(name, (False, None))
            most = float(cell.metadata.nbgrader.get("points", 0))
            scores[name] = 0 if not well else most if score is None else min(score, most)
    return scores, comments


@contextlib.contextmanager
def one_transaction(session):
    """All that nbgrader's own methods would commit one by one is written down at the end, or not at all."""
    session.commit = session.flush
    try:
        yield
        del session.commit
        session.commit()
    except BaseException:
        vars(session).pop("commit", None)
        session.rollback()
        raise


def with_checksum(cell, checksums):
    if cell.metadata.nbgrader.grade_id in checksums:
        cell.metadata.nbgrader["checksum"] = checksums[cell.metadata.nbgrader.grade_id]
    return cell
