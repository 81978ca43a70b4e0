"""The commands before and after grading: what comes from a learning platform, and goes there."""

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from nbjudge.cli import (
    AssignmentArgument,
    RootOption,
    SomeAssignments,
    exit_with_status,
    prepared_root,
)
from nbjudge.errors import CourseError
from nbjudge.untrusted import one_line

RosterOption = Annotated[
    Path | None,
    typer.Option(
        help="A CSV that says who is who: Canvas's exported gradebook, Moodle's grading worksheet "
        "or participants, or any with a column student_id.",
        dir_okay=False,
        exists=True,
    ),
]
IdColumnOption = Annotated[
    str, typer.Option(help="The roster's column with nbgrader's ids, if it is not the likeliest.")
]


def collect(
    context: typer.Context,
    assignment: AssignmentArgument,
    places: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[PLACE...]",
            help="Canvas's or Moodle's zip of submissions, a folder with a folder for each "
            "learner, or single files. If omitted: downloaded/ASSIGNMENT/archive/ as nbgrader "
            "zip_collect, else the exchange.",
        ),
    ] = None,
    roster: RosterOption = None,
    id_column: IdColumnOption = "",
    update: Annotated[
        bool,
        typer.Option(
            "--update",
            help="Where a submission differs from what was collected earlier, take the new one; "
            "the earlier one is kept in submitted-earlier/.",
        ),
    ] = False,
    root: RootOption = None,
) -> None:
    """Put submissions into submitted/, overwriting nothing. Exit status 1 if one is refused."""
    from nbjudge.collect.into_course import collect as collect_into
    from nbjudge.coursedir.settings import read_settings
    from nbjudge.display import show_collected

    settings = read_settings(prepared_root(context, root))
    collected = collect_into(settings, assignment, places or (), roster, id_column, update)
    show_collected(settings, collected)
    exit_with_status(collected.clean)


class Platform(str, Enum):
    """Where grades are imported."""

    canvas = "canvas"
    moodle = "moodle"


def export(
    context: typer.Context,
    platform: Annotated[Platform, typer.Argument(help="Where the file will be imported.")],
    assignments: SomeAssignments,
    roster: RosterOption = None,
    id_column: IdColumnOption = "",
    to: Annotated[
        Path | None,
        typer.Option(
            help="The file to write; PLATFORM-ASSIGNMENT.csv if not given.", dir_okay=False
        ),
    ] = None,
    exercises: Annotated[
        bool, typer.Option("--exercises", help="A column for each exercise beside the sum.")
    ] = False,
    column: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ASSIGNMENT=TITLE",
            help="The title of an assignment's column; may be given more than once.",
        ),
    ] = None,
    identifier: Annotated[
        str,
        typer.Option(
            help="For Moodle: the roster's column that says who it is; if not given, the e-mail "
            "address, the ID number or the username."
        ),
    ] = "",
    root: RootOption = None,
) -> None:
    """Write a CSV of points, late penalties included, that Canvas or Moodle imports."""
    from nbjudge.coursedir import export as exporting
    from nbjudge.coursedir.roster import read_roster
    from nbjudge.coursedir.settings import read_settings
    from nbjudge.files import replace_text

    settings = read_settings(prepared_root(context, root))
    target = to or settings.root / f"{platform.value}-{'-'.join(assignments)}.csv"
    exporting.need_other_file(target, roster)
    titles = {}
    for each in column or ():
        assignment, _, title = each.partition("=")
        if assignment not in assignments or not title:
            raise CourseError(f"--column {each}: expected ASSIGNMENT=TITLE, such as ps1='Week 1'")
        titles[assignment] = title
    people = read_roster(roster, id_column) if roster else None
    written = exporting.export(
        settings, platform.value, assignments, people, exercises, titles, identifier
    )
    replace_text(target, written.text)
    for note in written.notes:
        typer.echo(one_line(f"Note: {note}."), err=True)
    typer.echo(f"{target}: {written.students} learners")


def watch(
    context: typer.Context,
    assignments: SomeAssignments,
    collect_from: Annotated[
        Path | None,
        typer.Option(
            "--from",
            help="Collect from this folder, too, whenever it changes; as nbjudge collect --update.",
        ),
    ] = None,
    exchange: Annotated[
        bool,
        typer.Option(
            "--exchange", help="Collect from nbgrader's exchange, too, as learners submit."
        ),
    ] = False,
    roster: RosterOption = None,
    id_column: IdColumnOption = "",
    pages: Annotated[
        Path | None,
        typer.Option(
            help="Let learners know: write FOLDER/LEARNER/ASSIGNMENT.html, with the marks of the "
            "visible checks and nothing of the hidden tests.",
            metavar="FOLDER",
            file_okay=False,
        ),
    ] = None,
    every: Annotated[
        float, typer.Option(help="Seconds between two looks, and without a change.", min=0.1)
    ] = 5,
    workers: Annotated[
        int | None, typer.Option(help="Submissions at a time, where many arrive.", min=1)
    ] = None,
    unconfined: Annotated[
        bool,
        typer.Option(
            "--unconfined",
            help="Run without a sandbox what cannot have one: only for code that you trust.",
        ),
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object a line, as nbjudge grade --json.")
    ] = False,
    root: RootOption = None,
) -> None:
    """Grade what arrives in submitted/ as it comes, until Ctrl-C."""
    from nbjudge.display import told_as_json, told_as_lines
    from nbjudge.grading.options import Options
    from nbjudge.watching.watch import Source, Watch

    place = prepared_root(context, root)
    if exchange and collect_from:
        raise CourseError("choose one of --from and --exchange")
    watching = Watch(
        place,
        assignments,
        Options(workers=workers, confined=not unconfined),
        every,
        say=lambda text: typer.echo(one_line(text), err=True),
        tell=told_as_json if as_json else told_as_lines,
        source=Source(collect_from, roster, id_column) if exchange or collect_from else None,
        pages=pages,
    )
    watching.need_assignments()
    typer.echo(f"Watching {', '.join(assignments)}; Ctrl-C ends it.", err=True)
    watching.run()
