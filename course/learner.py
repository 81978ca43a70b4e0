"""The `course` command of a learner's copy of the course: lab, check, update, reset, progress.

`course.cli` has these, too, beside the commands of authors and instructors.
"""

import sys
from typing import Annotated

import typer

from course.paths import SOURCE, WORK
from nbjudge.errors import NbjudgeError

OwnLesson = Annotated[
    str | None,
    typer.Argument(
        metavar="[LESSON]",
        help="Its name or number, such as 03; without one, the lesson that you saved last.",
        show_default=False,
    ),
]
Hidden = Annotated[
    bool, typer.Option("--hidden", help="Run the hidden tests as well, as grading does.")
]
Browser = Annotated[bool, typer.Option(help="Open a browser; without a display none is opened.")]

app = typer.Typer(
    help="Your copy of the course.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.command()
def lab(lesson: OwnLesson = None, browser: Browser = True) -> None:
    """JupyterLab on your own copy of a lesson, in work/."""
    from course.authoring.lab import lab as open_lab

    raise typer.Exit(open_lab(lesson, browser))


@app.command()
def check(lesson: OwnLesson = None, hidden: Hidden = False) -> None:
    """All checks of a lesson on your saved copy: what passed, what did not, and why."""
    if hidden and not SOURCE.exists():
        raise NbjudgeError(
            "This copy of the course has no hidden tests: they run when your instructor grades. "
            "Run the same command without --hidden."
        )
    from rich.console import Console

    from course.authoring.lab import last_saved, named
    from course.notebook.check_all import as_text, check_all

    name = named(lesson) if lesson else last_saved()
    typer.echo(f"{name}:", err=True)
    with Console(stderr=True).status("Running its checks"):  # seen only in a terminal
        rows = check_all(name, WORK, hidden)
    typer.echo(as_text(rows))


@app.command()
def update(
    lessons: Annotated[
        list[str] | None,
        typer.Argument(metavar="[LESSON...]", help="Names or numbers, such as 03; all if omitted."),
    ] = None,
) -> None:
    """The newest edition of your lessons, with your answers in it; your old files are kept."""
    from course.authoring import released
    from course.authoring.edition import update as update_copies
    from course.authoring.lab import named

    wanted = [named(lesson) for lesson in lessons or []] or released.lessons()
    raise typer.Exit(0 if update_copies(WORK, wanted) else 1)


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


def main() -> None:
    """Run the command; an NbjudgeError is shown as its message, with exit status 1."""
    try:
        app()
    except NbjudgeError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
