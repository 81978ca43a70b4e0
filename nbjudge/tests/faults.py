"""Kill the grading at random moments and see that nothing is lost: `python nbjudge/tests/faults.py 50 [SEED]` kills it fifty times.

Victims are the coordinator, a process of workers, and their warm parent. After each death of the coordinator the same command is run
again, as a person would do it. In the end gradebook and notebooks must be those of a grading that nobody disturbed.
"""

import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

from classroom import ANSWERS, LESSON, answered, hand_in, make_course
from nbjudge.coursedir.settings import gradebook_url

SLOW = "import time\n\ntime.sleep(0.3)\n\n"
VICTIMS = ("coordinator", "worker", "warm parent")


def make_class(root, learners=10):
    """A tiny course whose submissions take a third of a second; every third learner is wrong."""
    make_course(root)
    for number in range(learners):
        wrong = {"mean": "def mean(values):\n    return sum(values)"} if number % 3 == 2 else {}
        hand_in(root, f"learner-{number:02d}", answered(**({"add": SLOW + ANSWERS["add"]} | wrong)))


def command(root, *more, workers=2):
    return [
        sys.executable,
        "-m",
        "nbjudge",
        "grade",
        LESSON,
        "--json",
        "--workers",
        str(workers),
        "--root",
        str(root),
        *more,
    ]


def state(root):
    """Everything that a grading leaves for people: all rows of marks in the gradebook, and autograded/ to the byte."""
    import sqlalchemy

    with sqlalchemy.create_engine(gradebook_url(root)).connect() as book:
        rows = book.execute(
            sqlalchemy.text(
                "SELECT student_id, base_cell.name, auto_score, needs_manual_grade FROM grade JOIN base_cell ON base_cell.id = grade.cell_id "
                "JOIN submitted_notebook ON submitted_notebook.id = grade.notebook_id "
                "JOIN submitted_assignment ON submitted_assignment.id = submitted_notebook.assignment_id"
            )
        ).all()
    files = {
        str(path.relative_to(root)): path.read_bytes()
        for path in (root / "autograded").rglob("*")
        if path.is_file()
    }
    return sorted(map(tuple, rows)), files


def victims(process):
    """{kind: [psutil.Process]} below a running coordinator."""
    found = {"coordinator": [process], "worker": [], "warm parent": []}
    for child in process.children(recursive=True):
        line, above = " ".join(child.cmdline()), child.parent()
        if (
            "nbjudge.sandbox.guest.zygote" in line
            and above
            and "nbjudge.sandbox.guest.zygote" not in " ".join(above.cmdline())
        ):
            found["warm parent"].append(child)
        elif "spawn_main" in line and child.ppid() == process.pid:
            found["worker"].append(child)
    return found


def disturb(root, kills, seed, tell=lambda line: None):
    """Grade the course, killing somebody `kills` times on the way, and run the command until it ends well; return the victims."""
    draw, killed, running = random.Random(seed), [], None
    plan = [(VICTIMS[number % 3], draw.uniform(0, 2.5)) for number in range(kills)]
    draw.shuffle(plan)

    def start():
        workers = draw.choice((2, 8))  # threads of the coordinator, or of two processes
        return subprocess.Popen(
            command(root, workers=workers), stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )

    for kind, pause in plan:
        shutil.rmtree(
            root / ".grading" / "results", ignore_errors=True
        )  # so that there is always something to do
        if running is None or running.poll() is not None:
            running = start()
        process, ends = psutil.Process(running.pid), time.monotonic() + 60
        while True:
            there = []
            try:
                there = victims(process)[kind]
                if there and (kind == "coordinator" or victims(process)["warm parent"]):
                    break
            except psutil.NoSuchProcess:
                pass
            if (
                running.poll() is not None or time.monotonic() > ends
            ):  # all was done before: once more
                shutil.rmtree(root / ".grading" / "results", ignore_errors=True)
                running.communicate()
                running = start()
                process = psutil.Process(running.pid)
            time.sleep(0.02)
        time.sleep(pause)
        try:
            others = process.children(recursive=True)
            draw.choice(there).kill()
        except psutil.NoSuchProcess:
            continue
        killed.append(kind)
        tell(f"{len(killed)} killed: {kind} after {pause:.2f} s")
        if kind == "coordinator":
            running.communicate()
            running = None
            _, left = psutil.wait_procs(others, timeout=20)
            assert not left, f"processes outlived the coordinator: {left}"
    if running:
        running.communicate()
    for _ in range(
        3
    ):  # a submission whose worker was killed again and again is named, and wants the command once more
        done = subprocess.run(command(root), capture_output=True, text=True)
        if done.returncode == 0:
            return killed
    raise AssertionError(f"it does not end well:\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")


def compare(folder, kills, seed, tell=lambda line: None):
    """Grade one class in peace and another with deaths; return (victims, state of the first, state of the second)."""
    quiet, rough = folder / "quiet", folder / "rough"
    make_class(quiet)
    shutil.copytree(quiet, rough)
    subprocess.run(command(quiet), check=True, capture_output=True)
    killed = disturb(rough, kills, seed, tell)
    return killed, state(quiet), state(rough)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="course-faults-") as place:
        killed, expected, found = compare(
            Path(place), int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0, print
        )
    print(
        f"{len(killed)} killed ({', '.join(f'{killed.count(kind)} times the {kind}' for kind in VICTIMS)}): "
        + (
            "marks and notebooks are those of an undisturbed grading"
            if found == expected
            else "MARKS OR NOTEBOOKS DIFFER"
        )
    )
    sys.exit(found != expected)
