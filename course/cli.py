"""The `course` command.

Everything heavy is imported inside the commands, so that `course --help` answers at once.
"""

from pathlib import Path
from typing import Annotated, Any

import typer

from course.paths import ANSWERS, ROOT, WORK
from nbjudge.cli import Defaults, RootOption, exit_with_status, new_app, prepared_root


def write_sources_of(root: Path) -> None:
    """Bring the source notebooks up to date if `root` is this course and not another one."""
    from course.authoring.build import write_sources

    if root.resolve() == ROOT:
        write_sources()


def explain(code: str) -> Any:
    """Return the Paragraph of the lessons that treats a misconception, None where there is none."""
    from course.authoring.discuss import explain as find

    return find(code)


OwnLesson = Annotated[
    str | None,
    typer.Argument(
        metavar="[LESSON]",
        help="Its name or number, such as 03; without one, the lesson that you saved last.",
        show_default=False,
    ),
]

# All of `nbjudge`'s commands, with this course's folders.
app = new_app(
    __doc__.split(".")[0],
    Defaults(ROOT, ANSWERS.relative_to(ROOT), prepare=write_sources_of, explain=explain),
)


@app.command()
def demo(
    context: typer.Context,
    lesson: Annotated[str, typer.Argument(metavar="[LESSON]")] = "01-replace-the-head",
    root: RootOption = None,
) -> None:
    """An instructor's week with a class of twelve, on real files in demo/."""
    from course.authoring.demo import demo as show_a_week

    exit_with_status(show_a_week(prepared_root(context, root), lesson))


@app.command()
def lab(
    lesson: OwnLesson = None,
    browser: Annotated[
        bool, typer.Option(help="Open a browser; without a display none is opened.")
    ] = True,
    instructor: Annotated[
        bool,
        typer.Option(
            "--instructor",
            help="The course's folder with the formgrader and nbgrader's other parts for teachers.",
        ),
    ] = False,
) -> None:
    """JupyterLab on your own copy of a lesson, in work/."""
    from course.authoring.lab import lab as open_lab

    raise typer.Exit(open_lab(lesson, browser, instructor))


@app.command()
def check(
    lesson: OwnLesson = None,
    hidden: Annotated[
        bool, typer.Option("--hidden", help="Run the hidden tests as well, as grading does.")
    ] = False,
) -> None:
    """All checks of a lesson on your saved copy: what passed, what did not, and why."""
    from course.authoring.build import write_sources
    from course.authoring.lab import last_saved, named
    from course.notebook.check_all import as_text, check_all

    name = named(lesson) if lesson else last_saved()
    if hidden:
        write_sources()
    typer.echo(f"{name}:", err=True)
    typer.echo(as_text(check_all(name, WORK, hidden)))


@app.command()
def update(
    lessons: Annotated[
        list[str] | None,
        typer.Argument(metavar="[LESSON...]", help="Names or numbers, such as 03; all if omitted."),
    ] = None,
) -> None:
    """The newest edition of your lessons, with your answers in it; your old files are kept."""
    from course.authoring import build
    from course.authoring.edition import update as update_copies
    from course.authoring.lab import named

    wanted = [named(lesson) for lesson in lessons or []] or build.lessons()
    exit_with_status(update_copies(WORK, wanted))


@app.command()
def reset(
    lesson: Annotated[str, typer.Argument(metavar="LESSON", help="Its name or number.")],
    exercise: Annotated[
        str, typer.Argument(metavar="EXERCISE", help="For example probe, as its check says.")
    ],
) -> None:
    """One exercise as it was given out; your answer and all other exercises are kept."""
    from course.authoring.edition import reset as reset_exercise
    from course.authoring.lab import named

    typer.echo(reset_exercise(WORK, named(lesson), exercise))


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

    typer.echo(lay_out(ROOT, lesson, name))


if __name__ == "__main__":
    app()
