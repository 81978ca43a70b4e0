"""The `course` command. Everything heavy is imported inside the commands, so that `course --help` answers at once."""

import gc
from pathlib import Path
from typing import Annotated

import typer

from course.authoring.build import ROOT

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help=__doc__.split(".")[0],
    pretty_exceptions_enable=False,
)
Root = Annotated[
    Path,
    typer.Option(
        help="The course's folder: the one with source/ and submitted/.",
        file_okay=False,
        exists=True,
    ),
]


@app.command()
def grade(
    lessons: Annotated[
        list[str], typer.Argument(metavar="LESSON...", help="For example 01-replace-the-head.")
    ],
    learner: Annotated[
        list[str] | None, typer.Option(help="Grade this learner only; may be given more than once.")
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(help="Submissions at a time; one for each core if not given.", min=1),
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(
            help="A Dask cluster's scheduler, tcp://host:port; this machine alone if not given."
        ),
    ] = None,
    unconfined: Annotated[
        bool, typer.Option("--unconfined", help="Run without rooms: only for code that you trust.")
    ] = False,
    kernel: Annotated[
        str, typer.Option(help="Use ordinary Jupyter kernels of this name; needs --unconfined.")
    ] = "",
    as_json: Annotated[
        bool,
        typer.Option(
            "--json", help="One JSON object a line: each submission as it is done, then the sum."
        ),
    ] = False,
    root: Root = ROOT,
):
    """Grade what lies in submitted/ and report. Exit status 1 if something could not be graded."""
    from nbjudge.coordinator import Options
    from nbjudge.display import grade_and_show, grade_for_machines

    options = Options(workers=workers, scheduler=scheduler, confined=not unconfined, kernel=kernel)
    finish(
        explained(
            grade_for_machines if as_json else grade_and_show,
            root,
            lessons,
            learner or None,
            options,
        ).clean
    )


@app.command()
def replay(learner: str, lesson: str, root: Root = ROOT):
    """Open a graded submission as it ran, at the first cell that failed."""
    from nbjudge.replay import replay as run

    raise typer.Exit(explained(run, root, learner, lesson))


@app.command()
def answers(
    lessons: Annotated[
        list[str] | None,
        typer.Argument(metavar="[LESSON...]", help="All that have answers if none is named."),
    ] = None,
    root: Root = ROOT,
):
    """Prove the grader: every wrong answer must fail with its own code, every unusual right one pass. Exit status 1 if not."""
    from nbjudge.answers import prove

    bank = root / "tests" / "answers"
    chosen = lessons or sorted(folder.name for folder in bank.glob("*/"))
    finish(explained(prove, root, chosen, bank))


@app.command()
def demo(
    lesson: Annotated[str, typer.Argument(metavar="[LESSON]")] = "01-replace-the-head",
    root: Root = ROOT,
):
    """An instructor's week with a class of twelve, on real files in demo/."""
    from course.authoring.demo import demo as run

    finish(explained(run, root, lesson))


@app.command()
def bench(
    lessons: Annotated[
        list[str] | None,
        typer.Argument(metavar="[LESSON...]", help="All that have answers if none is named."),
    ] = None,
    learners: Annotated[
        int | None, typer.Option(help="The size of the class; 24 if not given.", min=1)
    ] = None,
    small: Annotated[bool, typer.Option("--small", help="Four learners and two lessons.")] = False,
    simulate: Annotated[
        Path | None,
        typer.Option(
            help="Do not measure: what a class of 1,000 would take, from this output of --json.",
            exists=True,
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    root: Root = ROOT,
):
    """Grade the same class with stock nbgrader and with ours: time, memory, and whether the marks are the same."""
    import json

    from nbjudge.bench import bench as run
    from nbjudge.bench import show, show_simulation

    if simulate:
        return show_simulation(json.loads(simulate.read_text(encoding="utf-8")))
    found = explained(run, root, root / "tests" / "answers", lessons, learners, small)
    print(json.dumps(found)) if as_json else show(found)
    finish(found["marks_equal"])


@app.command()
def lab(
    lesson: Annotated[str, typer.Argument(metavar="[LESSON]")] = "00-start-here",
    browser: Annotated[
        bool, typer.Option(help="Open a browser; without a display none is opened.")
    ] = True,
):
    """JupyterLab on your own copy of a lesson, in work/."""
    from course.authoring.lab import lab as run

    raise typer.Exit(explained(run, lesson, browser))


@app.command()
def progress():
    """How far you are in each lesson: points got, minutes left."""
    from course.authoring.lab import WORK
    from course.notebook.progress import as_text
    from course.notebook.progress import progress as run

    typer.echo(as_text(run(WORK)))


@app.command()
def build(force: Annotated[bool, typer.Option(help="Everything, not only what is stale.")] = False):
    """Notebooks, release and executed solutions from the lessons' text; only what is stale."""
    from course.authoring.build import build_all

    build_all(force)


def explained(function, *args):
    """Errors that say what to do are shown without a traceback."""
    try:
        return function(*args)
    except (ValueError, FileNotFoundError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None


def finish(well):
    gc.freeze()  # before it ends, Python would look through all that was imported for garbage: half a second
    raise typer.Exit(0 if well else 1)


if __name__ == "__main__":
    app()
