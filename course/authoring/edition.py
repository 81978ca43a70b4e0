"""A new edition of a lesson with the learner's answers in it, and one exercise reset."""

import subprocess
from pathlib import Path

from course.authoring import UsageError
from course.authoring.released import lessons, release_path, stamp_of, title_of
from course.checking.catalogue import as_markdown
from course.checking.look_up import PAGE
from course.checking.panel import link_to
from course.paths import ROOT
from nbjudge.editions import reset_file, update_file
from nbjudge.errors import NbjudgeError
from nbjudge.files import replace_text

RELOAD = "If it is open in JupyterLab, choose File > Reload Notebook from Disk there."


def copy_in(work: Path, lesson: str) -> Path:
    """Where the learner's copy of a lesson is."""
    return work / lesson / f"{lesson}.ipynb"


def given_in(work: Path, lesson: str) -> Path:
    """Where the release is kept that the learner's copy was made from."""
    return work / ".given" / f"{lesson}.ipynb"


def kept_in(work: Path) -> Path:
    """The folder for what an update or a reset has replaced.

    It lies beside the lessons' folders: what lies in one of these is handed in with it.
    """
    return work / "earlier"


def give_out(work: Path, lesson: str) -> None:
    """Copy a lesson into work/, and the same once more to compare later editions with."""
    text = release_path(lesson).read_text(encoding="utf-8")
    replace_text(given_in(work, lesson), text)
    replace_text(copy_in(work, lesson), text)


def give_out_catalogue(work: Path) -> None:
    """Write the page of all misconceptions beside the lessons, unless the learner has edited it."""
    mine, given = work / PAGE, work / ".given" / PAGE
    if mine.exists() and not (given.exists() and mine.read_bytes() == given.read_bytes()):
        return
    text = as_markdown(
        titles={lesson: title_of(lesson) for lesson in lessons()},
        address_of=lambda read: link_to(read).removeprefix("../"),
    )
    for path in (given, mine):
        replace_text(path, text)


def is_untouched(work: Path, lesson: str) -> bool:
    """Whether the learner's copy has never been saved since it was given out."""
    given, mine = given_in(work, lesson), copy_in(work, lesson)
    return given.is_file() and mine.is_file() and given.read_bytes() == mine.read_bytes()


def is_newest(work: Path, lesson: str) -> bool:
    """Whether the learner's copy is of the edition that is given out now."""
    return stamp_of(copy_in(work, lesson)) == stamp_of(release_path(lesson))


def update(work: Path, wanted: list[str]) -> bool:
    """Bring the learner's copies of some lessons to the newest edition, and print what was done.

    Returns whether all of them are now of this edition: a copy that cannot be read is left as it
    is and told.
    """
    well = True
    for lesson in wanted:
        try:
            print(f"{lesson}: {update_one(work, lesson)}")
        except (NbjudgeError, OSError) as problem:
            print(f"{lesson}: not updated. {in_words(problem)}.")
            well = False
    return well


def in_words(problem: NbjudgeError | OSError) -> str:
    """What went wrong, and what to do."""
    if isinstance(problem, OSError):
        name = problem.filename or "work/"
        return f"{name} cannot be read or written ({problem.strerror}): allow it or make room there"
    return str(problem)


def update_one(work: Path, lesson: str) -> str:
    """Bring one copy to the newest edition; return what was done, in sentences."""
    mine = copy_in(work, lesson)
    if not mine.exists():
        give_out(work, lesson)
        return f"you had no copy; a new one is {shown(mine)}."
    if is_newest(work, lesson):
        return "yours is the newest edition."
    if is_untouched(work, lesson):
        give_out(work, lesson)
        return "you had written nothing in it; it is now the new edition."
    began_with = release_begun_with(work, lesson)
    done = update_file(mine, release_path(lesson), began_with, kept_in(work))
    replace_text(given_in(work, lesson), release_path(lesson).read_text(encoding="utf-8"))
    lines = [
        f"it is now the new edition, with {counted(done.answers, 'answer')} and "
        f"{counted(done.own, 'cell')} of your own. Your file from before is {shown(done.before)}.",
        *(f"  {change}" for change in done.changes),
    ]
    if not began_with:
        lines.append(
            "  The release that you began with is not known: given cells that you had edited are "
            "the course's again, and what else is new is not listed."
        )
    lines.append(f"  Run the checks again. {RELOAD}")
    return "\n".join(lines)


def release_begun_with(work: Path, lesson: str) -> bytes | None:
    """The release that a learner's copy was made from, None where it is not known.

    It is the one that was kept when the copy was made, or one in the history of the course's
    repository that has the same stamp.
    """
    given = given_in(work, lesson)
    stamp = stamp_of(copy_in(work, lesson))
    if given.exists() and stamp in (stamp_of(given), None):
        return given.read_bytes()
    return from_history(lesson, stamp) if stamp else None


def from_history(lesson: str, stamp: str) -> bytes | None:
    """The release with a stamp, from git's history; None where there is none, or no git."""
    path = release_path(lesson).relative_to(ROOT).as_posix()
    line = f'"made_from": "{stamp}"'
    log = git("log", "--format=%H", "-S", line, "--", path)
    for commit in log.decode().split():  # the one that brought it, and perhaps one that removed it
        release = git("show", f"{commit}:{path}")
        if line.encode() in release:
            return release
    return None


def git(*arguments: str) -> bytes:
    """What a git command prints, nothing where it fails or there is no git."""
    try:
        done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return b""
    return b"" if done.returncode else done.stdout


def reset(work: Path, lesson: str, exercise: str) -> str:
    """Give one exercise back as it was given out; return what was done, in sentences.

    Raises UsageError where there is no copy, it is of another edition or cannot be written, and
    CourseError where it cannot be read or there is no such exercise.
    """
    mine = copy_in(work, lesson)
    number = lesson[:2]
    if not mine.exists():
        raise UsageError(f"{shown(mine)} is not there: run `.venv/bin/course lab {number}` once")
    if stamp_of(mine) and not is_newest(work, lesson):
        raise UsageError(
            f"your copy of {lesson} is of an older edition: run `.venv/bin/course update {number}` "
            "first, then this again"
        )
    try:
        done = reset_file(mine, release_path(lesson), exercise, kept_in(work))
    except OSError as problem:
        raise UsageError(in_words(problem)) from None
    if not done.changed:
        return f"{exercise} is as it was given out: nothing to do."
    kept = f" Your answer from before is {shown(done.before)}." if done.before else ""
    return f"{exercise} is again as it was given out.{kept} {RELOAD}"


def shown(path: Path) -> str:
    """A path as messages show it: from the course's folder, if it lies there."""
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


def counted(number: int, noun: str) -> str:
    """A number with its noun."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def refresh(work: Path) -> None:
    """Give out lessons that the learner has no copy of, and new editions of untouched copies.

    Where a lesson has changed since the learner began to write in it, a line says how to update.
    The page of all misconceptions is given out, too.
    """
    give_out_catalogue(work)
    for lesson in lessons():
        if not copy_in(work, lesson).exists():
            give_out(work, lesson)
        elif is_newest(work, lesson):
            continue
        elif is_untouched(work, lesson):
            give_out(work, lesson)
        elif stamp_of(copy_in(work, lesson)) is None:
            print(
                f"{shown(copy_in(work, lesson))} is damaged, or another program has changed what "
                f"it says of itself. It is left as it is; .venv/bin/course update {lesson[:2]} "
                "says what can be done."
            )
        else:
            print(
                f"{lesson} has a new edition. Yours is kept as it is. To get the new one with your "
                f"answers in it, run: .venv/bin/course update {lesson[:2]}"
            )
