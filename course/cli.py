"""The `course` command.

Everything heavy is imported inside the commands, so that `course --help` answers at once.
"""

import gc
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from course.authoring import UsageError
from course.paths import ROOT, WORK
from nbjudge.errors import NbjudgeError

T = TypeVar("T")
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
    from nbjudge.coordinator import Options, grade_and_show, grade_for_machines

    write_sources_of(root)
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

    write_sources_of(root)
    bank = root / "tests" / "answers"
    chosen = lessons or sorted(folder.name for folder in bank.glob("*/"))
    finish(explained(prove, root, chosen, bank))


@app.command()
def demo(
    lesson: Annotated[str, typer.Argument(metavar="[LESSON]")] = "01-replace-the-head",
    root: Root = ROOT,
) -> None:
    """An instructor's week with a class of twelve, on real files in demo/."""
    from course.authoring.demo import demo as show_a_week

    write_sources_of(root)
    finish(explained(show_a_week, root, lesson))


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
    write_sources_of(root)
    found = explained(run, root, root / "tests" / "answers", lessons, learners, small)
    print(json.dumps(found)) if as_json else show(found)
    finish(found["marks_equal"])


@app.command()
def lab(
    lesson: Annotated[str, typer.Argument(metavar="[LESSON]")] = "00-start-here",
    browser: Annotated[
        bool, typer.Option(help="Open a browser; without a display none is opened.")
    ] = True,
) -> None:
    """JupyterLab on your own copy of a lesson, in work/."""
    from course.authoring.lab import lab as open_lab

    raise typer.Exit(explained(open_lab, lesson, browser))


@app.command()
def progress() -> None:
    """How far you are in each lesson: points got, minutes left."""
    from course.notebook.progress import as_text
    from course.notebook.progress import progress as read_progress

    typer.echo(as_text(read_progress(WORK)))


@app.command()
def build(
    force: Annotated[bool, typer.Option(help="Everything, not only what is stale.")] = False,
) -> None:
    """Notebooks, release and executed solutions from the lessons' text; only what is stale."""
    from course.authoring.build import build_all

    build_all(force)


@app.command()
def new_exercise(
    lesson: Annotated[str, typer.Argument(metavar="LESSON", help="For example 02-freeze.")],
    name: Annotated[str, typer.Argument(metavar="NAME", help="For example count-frozen.")],
) -> None:
    """Lay out a new exercise that works: text, check, misconception, hints, two answers."""
    from course.authoring.new_exercise import new_exercise as lay_out

    typer.echo(explained(lay_out, ROOT, lesson, name))


def write_sources_of(root: Path) -> None:
    """Bring the source notebooks up to date if `root` is this course and not another one."""
    from course.authoring.build import write_sources

    if root.resolve() == ROOT:
        write_sources()


def explained(function: Callable[..., T], *args: object) -> T:
    """Call a function; show an error that says what to do without a traceback, and exit with 1."""
    try:
        return function(*args)
    except (UsageError, NbjudgeError, ValueError, FileNotFoundError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None


def finish(well: bool) -> None:
    """End the command with exit status 0 or 1."""
    gc.freeze()  # otherwise Python searches all that was imported for garbage: half a second
    raise typer.Exit(0 if well else 1)


if __name__ == "__main__":
    app()
