"""Grading: read what was handed in, rebuild it on the instructor's source, and let stock nbgrader run and record it.

submitted/LEARNER/LESSON/ is only read. The gradebook and autograded/ are the course's own, so the formgrader, feedback
and export go on from here.
"""
import re
import tempfile
from pathlib import Path
from typing import NamedTuple

import nbformat

from course.grading import report
from course.grading.rebuild import rebuild
from course.grading.submissions import Finding, Ungradable, find_notebook, learners_of, read_notebook, stage_files
from course.grading.worker import gradebook_url, nbgrader_process, settings


class Outcome(NamedTuple):
    graded: list  # (lesson, learner)
    findings: list

    @property
    def clean(self):
        """Everything that was handed in is graded; what was odd and could be put right does not count against it."""
        return not any(finding.blocks for finding in self.findings)


def grade(root, lessons, learners=None, timeout=None, limit=None, tell=lambda *news: None):
    """Grade all submissions of the lessons, or those of some learners, and return an Outcome.

    `timeout`: seconds a cell, the course's setting if None. `limit`: seconds a submission, ten timeouts if None.
    `tell(done, total, learner, findings)` is called before the first submission and after each.
    """
    root, config = Path(root).resolve(), settings(Path(root).resolve())
    timeout = timeout or config.Execute.get("timeout", 30)
    graded, findings, jobs = [], [], []
    for lesson in lessons:
        if not source_of(root, lesson).exists():
            known = ", ".join(sorted(folder.name for folder in (root / "source").glob("*/"))) or "none"
            findings.append(Finding("", lesson, f"source/{lesson}", f"there is no such lesson: choose one of {known}", True))
            continue
        present = learners_of(root, lesson)
        wanted = present if learners is None else learners
        jobs += [(lesson, learner) for learner in wanted if learner in present]
        findings += [Finding(learner, lesson, f"submitted/{learner}/{lesson}", "there is no such folder, so nothing was graded: "
                             "collect the submission or correct the name", True) for learner in wanted if learner not in present]
        if not wanted:
            findings.append(Finding("", lesson, f"submitted/*/{lesson}", "nobody has handed this lesson in: collect the submissions", True))

    with tempfile.TemporaryDirectory(prefix=".staging-", dir=root) as folder, \
            nbgrader_process(root, Path(folder), timeout) as call:
        sources = {}
        for lesson in dict(jobs):
            sources[lesson], problem = register(root, lesson, call)
            findings += problem
        jobs = [(lesson, learner) for lesson, learner in jobs if sources[lesson]]
        tell(0, len(jobs), "", findings)
        for done, (lesson, learner) in enumerate(jobs, start=1):
            news = grade_one(root, Path(folder), lesson, learner, sources[lesson], call, timeout, limit or 10 * timeout)
            findings += news
            if not any(finding.blocks for finding in news):
                graded.append((lesson, learner))
            tell(done, len(jobs), learner, news)
    return Outcome(graded, findings)


def source_of(root, lesson):
    return root / "source" / lesson / f"{lesson}.ipynb"


def register(root, lesson, call):
    """Bring the gradebook up to date with the lesson's cells; return (source notebook or None, findings).

    nbgrader puts the gradebook's tests into what it grades, so this must happen after every change of a lesson. The release
    it makes on the way goes to the staging folder: release/ is not touched.
    """
    done = call("generate_assignment", lesson)
    if done.ok:
        return nbformat.read(source_of(root, lesson), as_version=4), []
    if "submissions associated with it" in done.log:
        says = ("cells were added or removed although submissions are graded already, which nbgrader does not allow: undo that, "
                "or give the changed lesson a new name")
    else:
        says = f"nbgrader cannot read this lesson ({last_error(done.log)}): run `nbgrader generate_assignment {lesson}` to see more"
    return None, [Finding("", lesson, f"source/{lesson}/{lesson}.ipynb", says, True)]


def grade_one(root, folder, lesson, learner, source, call, timeout, limit):
    """Grade one submission and return the findings."""
    handed_in, staged, says = root / "submitted" / learner / lesson, folder / "submitted" / learner / lesson, []
    file = handed_in
    try:
        file, says = find_notebook(handed_in, lesson)
        submitted, more = read_notebook(file)
        notebook, still_more = rebuild_or_refuse(source, submitted)
        staged.mkdir(parents=True)
        says += more + still_more + stage_files(handed_in, file, staged)
        nbformat.write(notebook, staged / f"{lesson}.ipynb")
        done = call("autograde", lesson, learner, limit)
        if not done.ok:
            raise Ungradable(explain(done, limit))
        says += report.oddities(report.read_autograded(root, lesson, learner), timeout)
        problem = []
    except Ungradable as reason:
        problem = [str(reason)]
    except Exception as error:  # whatever one submission holds, the others are graded
        problem = [f"it cannot be read or prepared ({type(error).__name__}: {error}), so nothing was graded: look at the file by hand"]
    if problem and report.read_autograded(root, lesson, learner):
        problem[0] += "; the earlier grading stays as it is"
    where = learner, lesson, file.relative_to(root).as_posix()
    return [Finding(*where, sentence) for sentence in says] + [Finding(*where, sentence, blocks=True) for sentence in problem]


def rebuild_or_refuse(source, submitted):
    try:
        return rebuild(source, submitted)
    except ValueError as error:
        raise Ungradable(f"the notebook {error}, so nothing was graded: ask the learner for the right one") from None


def explain(done, limit):
    """One sentence on why nbgrader could not grade a submission."""
    where = f"in the cell `{done.cell}`" if done.cell else "before its first cell"
    if "DeadKernelError" in done.log:
        return (f"the kernel died {where} (os._exit, a crash, or no memory left), so nothing was graded: take the call out of a copy "
                "and grade that, or mark it by hand")
    if "CellTimeoutError" in done.log or "TimeLimit" in done.log:
        return (f"the notebook hung {where} and could not be interrupted within {limit:.0f} s, so nothing was graded: look for an "
                "endless loop that catches every exception")
    return f"nbgrader stopped {where} ({last_error(done.log)}), so nothing was graded: try `nbgrader autograde` to see more"


def last_error(log):
    """The last line of a log that looks like an exception; nbgrader's own summary is not one."""
    found = re.findall(r"^((?!.*NbGraderException)[\w.]*(?:Error|Exception|Died)\b.*)$", log, flags=re.MULTILINE)
    return found[-1].strip()[:200] if found else "no reason given"


def grade_and_show(root, lessons, learners=None):
    """grade() with progress and findings on stderr as they come, then tables and places on stdout. Return the Outcome."""
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import Progress

    root, console = Path(root).resolve(), report.page_wide_console()
    with Progress(console=Console(stderr=True)) as progress:
        task = progress.add_task("Grading", total=None)

        def tell(done, total, learner, findings):
            progress.update(task, completed=done, total=total, description=f"Graded {learner}" if learner else "Grading")
            for finding in findings:
                label = "[red]Not graded:[/]" if finding.blocks else "[yellow]Note:[/]"
                progress.console.print(label, escape(str(finding)), soft_wrap=True, highlight=False)

        outcome = grade(root, lessons, learners, tell=tell)
    for lesson in lessons:
        table = report.marks(root, lesson, gradebook_url(root))
        if not table:
            continue
        report.show(console, lesson, table)
        page = report.write_page(root, lesson, table, [finding for finding in outcome.findings if finding.lesson == lesson])
        console.print(f"Report:    {page}", soft_wrap=True)
    console.print(f"Notebooks: {root / 'autograded'}\nGradebook: {gradebook_url(root)}", soft_wrap=True)
    console.print(f"Feedback:  {root / 'feedback'}, once you have run `nbgrader generate_feedback LESSON`", soft_wrap=True)
    return outcome
