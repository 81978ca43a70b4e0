"""The `nbjudge` command: collect, grade, report, feedback, similar, export, watch and more.

A course with a command of its own builds it with `new_app`, which registers the same commands with
the course's defaults. Each command imports what it needs when it runs, so that
`nbjudge --help` answers at once.
"""

import gc
import json
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, NamedTuple

import typer
from typer.core import TyperGroup

from nbjudge.errors import CourseError, NbjudgeError
from nbjudge.untrusted import one_line


def nothing_to_prepare(root: Path) -> None:
    """Do nothing: most courses keep their notebooks in source/ and have nothing to build."""


class Defaults(NamedTuple):
    """What the commands use if an option is not given."""

    root: Path = Path()  # the course's folder
    bank: Path = Path("answers")  # the answer bank, relative to the root
    prepare: Callable[[Path], None] = nothing_to_prepare  # called with the root, before a command
    # Returns the Paragraph that explains a misconception's code. The report then ends with what to
    # discuss; None: the course cannot say.
    explain: Callable[[str], Any] | None = None


class Commands(TyperGroup):
    """Commands that show an NbjudgeError as its message on stderr and exit with status 1.

    Any other exception is a fault of the program and keeps its traceback.
    """

    def invoke(self, ctx: Any) -> Any:
        """Run the command that the arguments name."""
        try:
            return super().invoke(ctx)
        except NbjudgeError as error:
            for line in str(error).splitlines():
                typer.echo(one_line(line), err=True)
            raise typer.Exit(1) from None


RootOption = Annotated[
    Path | None,
    typer.Option(
        help="The course's folder, with source/ and submitted/; the current one if not given, "
        "or the one that this command was made for.",
        file_okay=False,
        exists=True,
    ),
]
BankOption = Annotated[
    Path | None,
    typer.Option(
        help="The answer bank: BANK/ASSIGNMENT/wrong/EXERCISE/*.py and right/; if not given, "
        "answers/ in the course's folder, or the one that this command was made for.",
        file_okay=False,
        exists=True,
    ),
]
AssignmentArgument = Annotated[str, typer.Argument(help="A folder in source/, such as ps1.")]
SomeAssignments = Annotated[
    list[str], typer.Argument(metavar="ASSIGNMENT...", help="Folders in source/, such as ps1.")
]
AssignmentArguments = Annotated[
    list[str] | None,
    typer.Argument(metavar="[ASSIGNMENT...]", help="All that the bank has answers to if omitted."),
]


def grade(
    context: typer.Context,
    assignments: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="ASSIGNMENT...",
            help="Folders in source/, such as ps1; c.CourseDirectory.assignment_id if omitted.",
        ),
    ] = None,
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
            help="A Dask cluster's scheduler, tls://host:port; this machine alone if not given."
        ),
    ] = None,
    scheduler_without_tls: Annotated[
        bool,
        typer.Option(
            "--scheduler-without-tls",
            help="Allow tcp://host:port: whoever reaches that address can run code as you.",
        ),
    ] = False,
    notebook: Annotated[
        str, typer.Option(help="Grade these notebooks only, such as p1 or 'p*'.")
    ] = "*",
    timeout: Annotated[
        float | None,
        typer.Option(help="Seconds for a cell; the course's setting if not given.", min=0.1),
    ] = None,
    force: Annotated[
        bool,
        typer.Option("--force", "-f", help="Run all cells again, also those that are as before."),
    ] = False,
    no_execute: Annotated[
        bool,
        typer.Option(
            "--no-execute",
            help="Run nothing: marks come from the outputs that were handed in, as they are.",
        ),
    ] = False,
    unconfined: Annotated[
        bool,
        typer.Option(
            "--unconfined",
            help="Run without a sandbox what cannot have one: only for code that you trust.",
        ),
    ] = False,
    kernel: Annotated[
        str, typer.Option(help="Use ordinary Jupyter kernels of this name; needs --unconfined.")
    ] = "",
    moved: Annotated[
        list[str] | None,
        typer.Option(
            metavar="OLD=NEW",
            help="The cell OLD was renamed or split after grading: what was given to it by hand "
            "goes to NEW; with OLD= into a file. May be given more than once.",
        ),
    ] = None,
    what_if: Annotated[
        bool,
        typer.Option(
            "--what-if", help="Write nothing: show whose points a grading would change, and why."
        ),
    ] = False,
    as_json: Annotated[
        bool,
        typer.Option(
            "--json", help="One JSON object a line: each submission as it is done, then the sum."
        ),
    ] = False,
    root: RootOption = None,
) -> None:
    """Grade what lies in submitted/ and report. Exit status 1 if something could not be graded."""
    from nbjudge.grading.ahead import zygote_of
    from nbjudge.grading.options import Options

    options = Options(
        workers=workers,
        scheduler=scheduler,
        scheduler_without_tls=scheduler_without_tls,
        timeout=timeout,
        confined=not unconfined,
        kernel=kernel,
        notebook=notebook,
        force=force,
        execute=not no_execute,
        moved=tuple(map(pair_of, moved or ())),
    )
    place = prepared_root(context, root)
    with zygote_of(place, assignments or [], learner or None, options):
        from nbjudge.display import grade_and_show, grade_for_machines
        from nbjudge.display_what_if import show_what_if, what_if_for_machines

        grade_class = grade_for_machines if as_json else grade_and_show
        if what_if:
            grade_class = what_if_for_machines if as_json else show_what_if
        names = assignments or [assignment_of(place)]
        outcome = grade_class(place, names, learner or None, options)
    exit_with_status(outcome.clean)


def report(
    context: typer.Context,
    assignments: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[ASSIGNMENT...]",
            help="Folders in source/, such as ps1; all that are graded if omitted.",
        ),
    ] = None,
    learner: Annotated[
        list[str] | None,
        typer.Option(
            help="Print each exercise of this learner and write nothing; may be given more than "
            "once."
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="The folder to write into; report/ in the course's folder if not given.",
            file_okay=False,
        ),
    ] = None,
    hide_names: Annotated[
        bool, typer.Option("--hide-names", help="Write numbers in place of the learners' names.")
    ] = False,
    pass_mark: Annotated[
        float,
        typer.Option(
            help="Percent of the points; the report names who is near it.", min=0, max=100
        ),
    ] = 50,
    root: RootOption = None,
) -> None:
    """Print the points of what is graded, and write a page, CSV and JSON. Runs nothing."""
    from nbjudge.coursedir.settings import read_settings
    from nbjudge.display import show_learners, show_report

    settings = read_settings(prepared_root(context, root))
    if learner:
        show_learners(settings, assignments or [], learner)
        return
    place = out or settings.root / "report"
    show_report(settings, assignments or [], place, pass_mark, hide_names, context.obj.explain)


def feedback(
    context: typer.Context,
    assignments: SomeAssignments,
    learner: Annotated[
        list[str] | None, typer.Option(help="This learner only; may be given more than once.")
    ] = None,
    root: RootOption = None,
) -> None:
    """Write feedback/ as `nbgrader generate_feedback` does, without the hidden tests."""
    from nbjudge.coursedir.feedback import write_feedback
    from nbjudge.coursedir.settings import read_settings

    settings = read_settings(prepared_root(context, root))
    typer.echo(f"Feedback: {write_feedback(settings, assignments, learner or None)}")


def similar(
    context: typer.Context,
    assignment: AssignmentArgument,
    root: RootOption = None,
) -> None:
    """Show pairs of answers that are more alike than the class explains. Runs nothing.

    They are questions to ask, not verdicts. Exit status 1 if a submission could not be read.
    """
    from nbjudge.coursedir.settings import read_settings
    from nbjudge.similar.show import show_similar

    exit_with_status(show_similar(read_settings(prepared_root(context, root)), assignment))


def update(
    notebook: Annotated[
        Path, typer.Argument(help="A learner's notebook.", exists=True, dir_okay=False)
    ],
    release: Annotated[
        Path, typer.Argument(help="The new release of it.", exists=True, dir_okay=False)
    ],
    began_with: Annotated[
        Path | None,
        typer.Option(
            help="The release that the learner began with: given cells that the learner has "
            "edited then stay, and what has changed is listed.",
            exists=True,
            dir_okay=False,
        ),
    ] = None,
) -> None:
    """Put a learner's answers and own cells into a new release. The file from before is kept."""
    from nbjudge.editions import update_file

    old = began_with.read_bytes() if began_with else None
    done = update_file(notebook, release, old, notebook.parent / "earlier")
    typer.echo(
        f"{notebook} is now the new release. Answers put in: {done.answers}, cells of the "
        f"learner's own: {done.own}. The file from before is {done.before}."
    )
    for change in done.changes:
        typer.echo(f"  {change}")


def replay(
    context: typer.Context,
    learner: str,
    assignment: str,
    trust: Annotated[
        bool,
        typer.Option(
            "--trust", help="Open it in JupyterLab, where its code runs as you, without a sandbox."
        ),
    ] = False,
    root: RootOption = None,
) -> None:
    """Lay a graded submission out as it ran, and show the first cell that failed."""
    from nbjudge.replay import open_submission

    raise typer.Exit(open_submission(prepared_root(context, root), learner, assignment, trust))


def answers(
    context: typer.Context,
    assignments: AssignmentArguments = None,
    bank: BankOption = None,
    root: RootOption = None,
) -> None:
    """Prove the grader: wrong answers must fail with their own code, unusual right ones pass.

    Exit status 1 if one does not.
    """
    from nbjudge.answer_bank import assignments_of
    from nbjudge.answers import prove

    place = prepared_root(context, root)
    bank = bank or place / context.obj.bank
    exit_with_status(prove(place, assignments or assignments_of(bank), bank))


def bench(
    context: typer.Context,
    assignments: AssignmentArguments = None,
    learners: Annotated[
        int | None, typer.Option(help="The size of the class; 24 if not given.", min=1)
    ] = None,
    small: Annotated[
        bool,
        typer.Option("--small", help="Four learners, the bank's second and third assignment."),
    ] = False,
    simulate: Annotated[
        Path | None,
        typer.Option(
            help="Do not measure: what a class of 1,000 would take, from this output of --json.",
            exists=True,
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object.")] = False,
    bank: BankOption = None,
    root: RootOption = None,
) -> None:
    """Grade the same class with stock nbgrader and with nbjudge: time, memory, equal marks or not.

    Exit status 1 if a mark differs.
    """
    from nbjudge.bench.comparison import compare_graders
    from nbjudge.bench.tables import print_comparison, print_simulation

    if simulate:
        print_simulation(json.loads(simulate.read_text(encoding="utf-8")))
        return
    place = prepared_root(context, root)
    bank = bank or place / context.obj.bank
    measured = compare_graders(place, bank, assignments, learners, small)
    if as_json:
        print(json.dumps(measured))
    else:
        print_comparison(measured)
    exit_with_status(measured["marks_equal"])


def pair_of(moved: str) -> tuple[str, str]:
    """Return (OLD, NEW) of OLD=NEW. Raises CourseError where it is something else."""
    old, sign, new = moved.partition("=")
    if not sign or not old.strip():
        raise CourseError(
            f"--moved {moved}: expected OLD=NEW, two names of cells, such as check-add=check-sum"
        )
    return old.strip(), new.strip()


def assignment_of(root: Path) -> str:
    """Return the assignment that the settings name. Raises CourseError where they name none."""
    from nbjudge.coursedir.settings import read_settings

    name: str = read_settings(root).directory.assignment_id
    if not name:
        raise CourseError(
            "no assignment was named: say which one to grade, such as `nbjudge grade ps1`, or set "
            "c.CourseDirectory.assignment_id in nbgrader_config.py"
        )
    return name


def prepared_root(context: typer.Context, root: Path | None) -> Path:
    """Return the course's folder, the given or the default one, after it has been prepared."""
    place = root or context.obj.root
    context.obj.prepare(place)
    return place


def exit_with_status(well: bool) -> None:
    """End the command with status 0 or 1.

    Python's last garbage collection would look through every imported module, which takes half a
    second; frozen objects are left out of it.
    """
    gc.freeze()
    raise typer.Exit(0 if well else 1)


def new_app(description: str, defaults: Defaults) -> typer.Typer:
    """A command with the commands of this module; more may be registered on it."""
    app = typer.Typer(
        cls=Commands,
        no_args_is_help=True,
        add_completion=False,
        help=description,
        pretty_exceptions_enable=False,
        context_settings={"obj": defaults},
    )
    from nbjudge import cli_class  # it uses this module's options

    ours = (grade, report, feedback, similar, replay, answers, bench)
    for command in (cli_class.collect, *ours, cli_class.export, cli_class.watch):
        app.command()(command)
    return app


app = new_app("Grade nbgrader courses in parallel and in a sandbox.", Defaults())
app.command()(update)  # a course has its own, which knows where its releases are


if __name__ == "__main__":
    app()
