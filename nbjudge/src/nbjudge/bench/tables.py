"""The measurements of a benchmark as tables."""

from typing import Any

from nbjudge.bench.records import Duration
from nbjudge.bench.simulation import saturating_workers, simulate
from nbjudge.terminal import page_wide_console


def print_comparison(measured: dict[str, Any]) -> None:
    """Print the measurements as a table."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    about = measured["class"]
    stock_s = measured["stock_s"]
    table = Table(
        title=f"{about['learners']} learners x {len(about['lessons'])} lessons "
        f"on {measured['machine']['cores']} cores",
        title_justify="left",
        box=SIMPLE_HEAD,
    )
    table.add_column("")
    for name in (
        "seconds",
        "times stock",
        "limit: cell time",
        "above the limit",
        "coordinator",
        "peak memory of the workers, PSS",
    ):
        table.add_column(name, justify="right")
    table.add_row("stock nbgrader", f"{stock_s:.1f}", "1")
    several = measured["stock_side_by_side"]
    table.add_row(
        f"stock nbgrader, {several['processes']} processes, each a part of the class",
        f"{several['seconds']:.1f}",
        f"{stock_s / several['seconds']:.1f}",
    )
    for run in measured["runs"].values():
        table.add_row(
            f"ours, {run['workers']} worker(s)",
            f"{run['seconds']:.1f}",
            f"{stock_s / run['seconds']:.1f}",
            f"{run['limit_s']:.1f}",
            f"{run['overhead']:.0%}",
            f"{measured['coordinator_ms']:.0f} ms each",
            f"{run['peak_mb']} MB",
        )
    for name, words in (
        ("regrade_unchanged", "again, unchanged"),
        ("regrade_changed_check", "again, one lesson with a changed check"),
    ):
        seconds = f"{measured[name]['seconds']:.1f}"
        cells = f"{measured[name]['cells']} cells ran"
        table.add_row(f"ours, {words}", seconds, "", "", "", cells)
    console = page_wide_console()
    console.print(table)
    stopped = sum(run["stopped_cells"] for run in measured["runs"].values())
    if stopped:
        console.print(
            f"{stopped} cells were stopped or ended their process: "
            "their time is not what others would take"
        )
    different = measured["differences"]
    console.print(f"Marks: {len(different)} differ" if different else "Marks: equal")
    for line in different:
        console.print(f"  {line}", soft_wrap=True)


def print_simulation(measured: dict[str, Any]) -> None:
    """Print what a class of 1,000 would take, from the measurements of compare_graders."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    console = page_wide_console()
    first = next(iter(measured["runs"].values()))
    taken = [Duration(*each) for each in first["durations"]]
    coordinator = measured["coordinator"]
    assignments = {each.assignment for each in taken}
    table = Table(
        title=f"1,000 learners x {len(assignments)} lessons, "
        f"from {len(taken)} recorded submissions",
        title_justify="left",
        box=SIMPLE_HEAD,
    )
    for name in ("workers", "minutes", "workers at work", "coordinator at work"):
        table.add_column(name, justify="right")
    for workers in (8, 64, 256):
        load = simulate(taken, coordinator, workers)
        table.add_row(
            str(workers),
            f"{load.seconds / 60:.1f}",
            f"{load.workers_busy:.0%}",
            f"{load.coordinator_busy:.0%}",
        )
    console.print(table)
    console.print(
        f"One coordinator ({coordinator['submission_ms']:g} ms a submission, "
        f"{coordinator['lesson_ms']:g} ms a lesson) "
        f"keeps up with {saturating_workers(taken, coordinator)} workers."
    )
