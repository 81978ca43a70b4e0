"""The `course` command.

Everything heavy is imported inside the commands, so that `course --help` answers at once.
"""

from pathlib import Path
from typing import Annotated, Any

import typer

from course import learner
from course.learner import Browser, Hidden, OwnLesson
from course.paths import ANSWERS, ROOT
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
    browser: Browser = True,
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

    if instructor:
        write_sources_of(ROOT)
    raise typer.Exit(open_lab(lesson, browser, instructor))


@app.command()
def check(lesson: OwnLesson = None, hidden: Hidden = False) -> None:
    """All checks of a lesson on your saved copy: what passed, what did not, and why."""
    if hidden:
        write_sources_of(ROOT)
    learner.check(lesson, hidden)


for command in (learner.update, learner.reset, learner.progress):
    app.command()(command)


@app.command()
def build(
    force: Annotated[bool, typer.Option(help="Everything, not only what is stale.")] = False,
) -> None:
    """Notebooks, release and executed solutions from the lessons' text; only what is stale."""
    from course.authoring.build import build_all

    build_all(force)


@app.command()
def bundle() -> None:
    """The zip for learners, in dist/: lessons and what they need, no solutions or hidden tests."""
    from course.authoring.bundle import write_bundle

    typer.echo(write_bundle(ROOT / "dist"))


@app.command()
def new_exercise(
    lesson: Annotated[str, typer.Argument(metavar="LESSON", help="For example 02-freeze.")],
    name: Annotated[str, typer.Argument(metavar="NAME", help="For example count-frozen.")],
) -> None:
    """Lay out a new exercise that works: text, check, misconception, hints, two answers."""
    from course.authoring.new_exercise import new_exercise as lay_out

    typer.echo(lay_out(ROOT, lesson, name))


LEARN = ("lab", "check", "progress", "update", "reset")
WRITE = ("new_exercise", "build", "answers")


def panel_of(command: str) -> str:
    """The heading below which `course --help` lists a command."""
    return "Learn" if command in LEARN else "Write lessons" if command in WRITE else "Teach"


# panels stand in the order of their first commands, and learners come first
app.registered_commands.sort(key=lambda info: panel_of(info.callback.__name__) != "Learn")
for info in app.registered_commands:
    info.rich_help_panel = panel_of(info.callback.__name__)

if __name__ == "__main__":
    app()
