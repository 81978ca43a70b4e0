"""The `course` command. Everything heavy is imported inside the commands, so that `course --help` answers at once."""
from pathlib import Path
from typing import Annotated

import typer

from course.build import ROOT

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__.split(".")[0], pretty_exceptions_enable=False)
Root = Annotated[Path, typer.Option(help="The course's folder: the one with source/ and submitted/.", file_okay=False, exists=True)]


@app.command()
def grade(
    lessons: Annotated[list[str], typer.Argument(metavar="LESSON...", help="For example 01-replace-the-head.")],
    learner: Annotated[list[str] | None, typer.Option(help="Grade this learner only; may be given more than once.")] = None,
    root: Root = ROOT,
):
    """Grade what lies in submitted/ and report. Exit status 1 if something could not be graded."""
    from course.grading.grade import grade_and_show

    finish(grade_and_show(root, lessons, learner or None).clean)


@app.command()
def answers(
    lessons: Annotated[list[str] | None, typer.Argument(metavar="[LESSON...]", help="All that have answers if none is named.")] = None,
    root: Root = ROOT,
):
    """Prove the grader: every wrong answer must fail with its own code, every unusual right one pass. Exit status 1 if not."""
    from course.grading.answers import prove

    bank = root / "tests" / "answers"
    chosen = lessons or sorted(folder.name for folder in bank.glob("*/"))
    finish(explained(prove, root, chosen, bank))


@app.command()
def demo(lesson: Annotated[str, typer.Argument(metavar="[LESSON]")] = "01-replace-the-head", root: Root = ROOT):
    """An instructor's week with a class of twelve, on real files in demo/."""
    from course.demo import demo as run

    finish(explained(run, root, lesson))


@app.command()
def lab(
    lesson: Annotated[str, typer.Argument(metavar="[LESSON]")] = "00-start-here",
    browser: Annotated[bool, typer.Option(help="Open a browser; without a display none is opened.")] = True,
):
    """JupyterLab on your own copy of a lesson, in work/."""
    from course.lab import lab as run

    raise typer.Exit(explained(run, lesson, browser))


@app.command()
def build(force: Annotated[bool, typer.Option(help="Everything, not only what is stale.")] = False):
    """Notebooks, release and executed solutions from the lessons' text; only what is stale."""
    from course.build import build_all

    build_all(force)


def explained(function, *args):
    """Errors that say what to do are shown without a traceback."""
    try:
        return function(*args)
    except (ValueError, FileNotFoundError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None


def finish(well):
    raise typer.Exit(0 if well else 1)


if __name__ == "__main__":
    app()
