"""Kill a grading at random moments and see that nothing is lost.

    python nbjudge/tests/faults.py 50 [SEED]

kills fifty times. Victims are the coordinator, a worker process, and the workers' zygote. After
each death of the coordinator the same command is run again, as a person would do it. In the end
gradebook and notebooks must be those of a grading that nobody disturbed.
"""

import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import sqlalchemy

from classroom import ANSWERS, LESSON, answered, hand_in, make_course
from nbjudge.coursedir.settings import gradebook_url

ZYGOTE = "nbjudge.sandbox.guest.zygote"
VICTIMS = ("coordinator", "worker", "zygote")
SLOW_SUM = f"import time\n\ntime.sleep(0.3)\n\n{ANSWERS['add']}"
NO_DIVISION = "def mean(values):\n    return sum(values)"
MARKS = sqlalchemy.text("""
SELECT student_id, base_cell.name, auto_score, needs_manual_grade FROM grade
JOIN base_cell ON base_cell.id = grade.cell_id
JOIN submitted_notebook ON submitted_notebook.id = grade.notebook_id
JOIN submitted_assignment ON submitted_assignment.id = submitted_notebook.assignment_id
""")

State = tuple[list[tuple], dict[str, bytes]]  # marks, files


def make_class(root: Path, students: int = 10) -> None:
    """A tiny course whose submissions take a third of a second; every third student is wrong."""
    make_course(root)
    for number in range(students):
        answers = {"add": SLOW_SUM}
        if number % 3 == 2:
            answers["mean"] = NO_DIVISION
        hand_in(root, f"learner-{number:02d}", answered(**answers))


def command(root: Path | str, *more: str, workers: int = 2) -> list[str]:
    """The command that grades the class."""
    options = ["--json", "--workers", str(workers), "--root", str(root)]
    return [sys.executable, "-m", "nbjudge", "grade", LESSON, *options, *more]


def state(root: Path) -> State:
    """All that a grading leaves for people: the gradebook's marks, and the bytes of autograded/."""
    with sqlalchemy.create_engine(gradebook_url(root)).connect() as gradebook:
        marks = sorted(map(tuple, gradebook.execute(MARKS).all()))
    files = {}
    for path in (root / "autograded").rglob("*"):
        if path.is_file():
            files[str(path.relative_to(root))] = path.read_bytes()
    return marks, files


def victims(coordinator: psutil.Process) -> dict[str, list[psutil.Process]]:
    """{kind: processes} of a grading that runs. Raises psutil.NoSuchProcess if one ends now."""
    found: dict[str, list[psutil.Process]] = {kind: [] for kind in VICTIMS}
    found["coordinator"].append(coordinator)
    for process in coordinator.children(recursive=True):
        line = " ".join(process.cmdline())
        parent = process.parent()
        if ZYGOTE in line:  # all that is forked from a zygote has the same command line
            if parent and ZYGOTE not in " ".join(parent.cmdline()):
                found["zygote"].append(process)
        elif "spawn_main" in line and process.ppid() == coordinator.pid:
            found["worker"].append(process)
    return found


class Disturber:
    """Grades a course and kills somebody on the way."""

    def __init__(self, root: Path, seed: int) -> None:
        self.root = root
        self.draw = random.Random(seed)
        self.grading: subprocess.Popen | None = None

    def forget_results(self) -> None:
        """Remove the results of earlier runs, so that there is something to do."""
        shutil.rmtree(self.root / ".grading" / "results", ignore_errors=True)

    def running(self) -> psutil.Process:
        """A grading that runs; started if there is none."""
        if self.grading is None or self.grading.poll() is not None:
            self.wait()
            self.forget_results()
            workers = self.draw.choice((2, 8))  # threads of the coordinator, or of two processes
            pipe = subprocess.PIPE
            line = command(self.root, workers=workers)
            self.grading = subprocess.Popen(line, stdout=pipe, stderr=pipe)
        return psutil.Process(self.grading.pid)

    def wait(self) -> None:
        """Wait until the grading has ended, if there is one."""
        if self.grading:
            self.grading.communicate()
            self.grading = None

    def wait_for(self, kind: str) -> list[psutil.Process]:
        """Wait for processes of this kind, in a grading that has a zygote already."""
        while True:
            ends = time.monotonic() + 60
            coordinator = self.running()
            while self.grading and self.grading.poll() is None and time.monotonic() < ends:
                try:
                    found = victims(coordinator)
                    if found[kind] and (kind == "coordinator" or found["zygote"]):
                        return found[kind]
                except psutil.NoSuchProcess:
                    pass
                time.sleep(0.02)
            self.wait()  # such a process did not come in this grading: try another

    def kill(self, kind: str, pause: float) -> bool:
        """Kill a process of this kind after a pause; return whether it was still there."""
        self.forget_results()
        found = self.wait_for(kind)
        time.sleep(pause)
        try:
            others = self.running().children(recursive=True)
            self.draw.choice(found).kill()
        except psutil.NoSuchProcess:
            return False
        if kind == "coordinator":
            self.wait()
            _, left = psutil.wait_procs(others, timeout=20)
            assert not left, f"processes outlived the coordinator: {left}"
        return True

    def finish(self) -> None:
        """Run the command until all is graded.

        A submission whose worker was killed again and again is named and needs the command once
        more.
        """
        self.wait()
        for _ in range(3):
            done = subprocess.run(command(self.root), capture_output=True, text=True)
            if done.returncode == 0:
                return
        log = done.stdout[-2000:] + done.stderr[-2000:]
        raise AssertionError(f"it does not end well:\n{log}")


def disturb(
    root: Path, kills: int, seed: int, tell: Callable[[str], object] = lambda line: None
) -> list[str]:
    """Grade the course and kill somebody `kills` times on the way; return the victims' kinds."""
    disturber = Disturber(root, seed)
    plan = []
    for number in range(kills):
        plan.append((VICTIMS[number % 3], disturber.draw.uniform(0, 2.5)))
    disturber.draw.shuffle(plan)
    killed = []
    for kind, pause in plan:
        if disturber.kill(kind, pause):
            killed.append(kind)
            tell(f"{len(killed)} killed: {kind} after {pause:.2f} s")
    disturber.finish()
    return killed


def compare(
    folder: Path, kills: int, seed: int, tell: Callable[[str], object] = lambda line: None
) -> tuple[list[str], State, State]:
    """Grade one class undisturbed and another with deaths.

    Return the victims' kinds, the state of the first and that of the second.
    """
    quiet, rough = folder / "quiet", folder / "rough"
    make_class(quiet)
    shutil.copytree(quiet, rough)
    subprocess.run(command(quiet), check=True, capture_output=True)
    killed = disturb(rough, kills, seed, tell)
    return killed, state(quiet), state(rough)


def main() -> int:
    """Run from the command line; return the exit status."""
    kills = int(sys.argv[1])
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    with tempfile.TemporaryDirectory(prefix="nbjudge-faults-") as folder:
        killed, expected, found = compare(Path(folder), kills, seed, print)
    counts = ", ".join(f"{killed.count(kind)} times the {kind}" for kind in VICTIMS)
    result = "MARKS OR NOTEBOOKS DIFFER"
    if found == expected:
        result = "marks and notebooks are those of an undisturbed grading"
    print(f"{len(killed)} killed ({counts}): {result}")
    return int(found != expected)


if __name__ == "__main__":
    sys.exit(main())
