"""The gradebook, written by one process alone, in nbgrader's own tables and by nbgrader's own rules.

What has ended together is one transaction: after a crash a submission is recorded whole or not at all.
"""

import contextlib
from typing import NamedTuple

from nbgrader.api import Comment, Grade, Gradebook, SubmittedAssignment, SubmittedNotebook, new_uuid
from nbgrader.preprocessors import AssignLatePenalties
from nbgrader.utils import compute_checksum, determine_grade, is_grade, is_solution, is_task
from sqlalchemy import insert


class Plan(NamedTuple):
    """What the gradebook holds of a lesson."""

    id: str
    duedate: object
    notebooks: list  # (id, name, ids of the cells with a grade, ids of those with a comment)
    names: dict  # {id of a cell: its name}


class Book:
    """An open gradebook; use it in a `with` block."""

    def __init__(self, config, url, course_id):
        self.config, self.url, self.course_id = config, url, course_id
        self.late = AssignLatePenalties(config=config)
        self.late.init_plugin()

    def __enter__(self):
        self.gradebook, self.plans, self.learners = Gradebook(self.url, self.course_id), {}, set()
        self.gradebook.db().expire_on_commit = (
            False  # else each submission would ask again for the lessons' cells
        )
        return self

    def __exit__(self, *_):
        self.gradebook.close()

    def checksums_of(self, lesson, notebook):
        """{grade_id: checksum of the cell as it was given out}."""
        return {
            cell.name: cell.checksum
            for cell in self.gradebook.find_notebook(notebook, lesson).source_cells
        }

    def record(self, submissions):
        """Write the marks of submissions, all or, where an exception is raised, none.

        `submissions`: [(lesson, learner, when it was handed in or None, {notebook: what marks_of says})]; a notebook of the lesson that
        is not among them was not handed in and gets 0. Marks and comments given by hand stay, and what has one is marked as needing a
        look, as nbgrader does it.
        """
        book = self.gradebook
        with one_transaction(book.db), book.db.no_autoflush:
            for lesson, learner, timestamp, marks in submissions:
                if learner not in self.learners:
                    book.update_or_create_student(learner)
                    self.learners.add(learner)
                plan = self._plan(lesson)
                where = {"assignment_id": plan.id, "student_id": learner}
                there = book.db.query(SubmittedAssignment.id).filter_by(**where).first()
                if not there:
                    self._add(plan, where | {"id": new_uuid(), "timestamp": timestamp}, marks)
                if there or (timestamp and plan.duedate):
                    self._change(
                        plan,
                        book.update_or_create_submission(
                            lesson, learner, **({"timestamp": timestamp} if timestamp else {})
                        ),
                        marks,
                    )

    def _plan(self, lesson):
        """The Plan of a lesson, made from the database once."""
        if lesson not in self.plans:
            assignment, notebooks, names = self.gradebook.find_assignment(lesson), [], {}
            for notebook in assignment.notebooks:
                graded, commented = (
                    [*notebook.grade_cells, *notebook.task_cells],
                    [*notebook.solution_cells, *notebook.task_cells],
                )
                notebooks.append(
                    (
                        notebook.id,
                        notebook.name,
                        [cell.id for cell in graded],
                        [cell.id for cell in commented],
                    )
                )
                names |= {cell.id: cell.name for cell in graded + commented}
            self.plans[lesson] = Plan(assignment.id, assignment.duedate, notebooks, names)
        return self.plans[lesson]

    def _add(self, plan, submission, marks):
        """A new submission: the rows that nbgrader's add_submission makes, with the marks in them and a statement for each table."""
        notebooks, grades, comments = [], [], []
        for notebook, name, graded, commented in plan.notebooks:
            own, (scores, remarks) = new_uuid(), marks.get(name, ({}, {}))
            notebooks.append(
                {"id": own, "notebook_id": notebook, "assignment_id": submission["id"]}
            )
            for cell in graded:
                score = scores.get(plan.names[cell], 0)
                grades.append(
                    {
                        "notebook_id": own,
                        "cell_id": cell,
                        "auto_score": score,
                        "needs_manual_grade": score is None,
                    }
                )
            comments += [
                {"notebook_id": own, "cell_id": cell, "auto_comment": remarks.get(plan.names[cell])}
                for cell in commented
            ]
        for table, rows in (
            (SubmittedAssignment, [submission]),
            (SubmittedNotebook, notebooks),
            (Grade, grades),
            (Comment, comments),
        ):
            if rows:
                self.gradebook.db.execute(insert(table), rows)

    def _change(self, plan, submission, marks):
        """Other marks for a submission that is there, and what comes off them for being late."""
        for entry in submission.notebooks:
            scores, remarks = marks.get(entry.name, ({}, {}))
            for grade in entry.grades:
                name = plan.names[grade.cell_id]
                grade.auto_score = scores.get(name, 0)
                grade.needs_manual_grade = name in scores and (
                    grade.manual_score is not None or grade.auto_score is None
                )
            for comment in entry.comments:
                if plan.names[comment.cell_id] in remarks:
                    comment.auto_comment = remarks[plan.names[comment.cell_id]]
        self.gradebook.db.flush()
        for entry in submission.notebooks:
            if entry.name in marks:
                entry.late_submission_penalty = self._penalty(submission, entry)

    def _penalty(self, submission, entry):
        if submission.total_seconds_late <= 0:
            return None
        self.gradebook.db.refresh(entry)  # its score is a sum that the database makes
        penalty = self.late.plugin_inst.late_submission_penalty(
            submission.student_id, entry.score, submission.total_seconds_late
        )
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
            scores[name] = (
                determine_grade(with_checksum(cell, checksums))[0] if is_grade(cell) else None
            )
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
