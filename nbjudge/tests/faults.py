"""Kill a grading at random moments and see that nothing is lost.

    python nbjudge/tests/faults.py 50 [SEED]

kills fifty times. Victims are processes of every kind: the coordinator, a worker process, the
zygote, a template process, and in a sandbox the process that watches over it, the notebook's
process and that of a check. After each death of the coordinator the same command is run again, as a
person would do it. All marks that a grading records, and in the end all notebooks, must be those of
a grading that nobody disturbed.
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

from classroom import LESSON, answered, hand_in, make_course
from nbjudge.coursedir.settings import gradebook_url

ZYGOTE = "nbjudge.sandbox.guest.zygote"
# From the zygote on, each is the parent of the next.
FORKED = ("zygote", "template", "watcher", "notebook", "check")
SANDBOX = FORKED[2:]
VICTIMS = ("coordinator", "worker", *FORKED)
# The notebook's process takes 0.3 s, and the check's process 0.1 s.
SLOW_SUM = """import time

time.sleep(0.3)

def add(x, y):
    time.sleep(0.05)
    return x + y"""
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
    files = {}
    for path in (root / "autograded").rglob("*"):
        if path.is_file():
            files[str(path.relative_to(root))] = path.read_bytes()
    return marks_in(root), files


def marks_in(root: Path) -> list[tuple]:
    """The marks that the gradebook holds, none where there is no gradebook yet."""
    engine = sqlalchemy.create_engine(gradebook_url(root))
    if not sqlalchemy.inspect(engine).has_table("grade"):
        return []
    with engine.connect() as gradebook:
        return sorted(map(tuple, gradebook.execute(MARKS).all()))


def victims(coordinator: psutil.Process) -> dict[str, list[psutil.Process]]:
    """{kind: processes} of a grading that runs. Raises psutil.NoSuchProcess if one ends now."""
    found: dict[str, list[psutil.Process]] = {kind: [] for kind in VICTIMS}
    found["coordinator"].append(coordinator)
    for process in coordinator.children(recursive=True):
        if "spawn_main" in " ".join(process.cmdline()) and process.ppid() == coordinator.pid:
            found["worker"].append(process)
        depth = forks_above(process)
        if depth is not None and depth < len(FORKED):
            found[FORKED[depth]].append(process)
    return found


def forks_above(process: psutil.Process) -> int | None:
    """The number of forks between the zygote and this process, None if it is none of them."""
    if ZYGOTE not in " ".join(process.cmdline()):  # which a fork has in common with its parent
        return None
    parent = process.parent()
    above = forks_above(parent) if parent else None
    return 0 if above is None else above + 1


class Disturber:
    """Grades a course and kills somebody on the way.

    `expected`: the marks of a grading that nobody disturbed.
    """

    def __init__(self, root: Path, seed: int, expected: list[tuple]) -> None:
        self.root = root
        self.expected = expected
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
        """Wait until the grading has ended, if there is one, and look at what it has recorded."""
        if self.grading:
            self.grading.communicate()
            self.grading = None
            wrong = set(marks_in(self.root)) - set(self.expected)
            assert not wrong, f"a death became a mark: {sorted(wrong)}"

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
        if kind in SANDBOX:
            self.wait()  # a submission is tried twice, so it must not be hit twice
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
    root: Path,
    kills: int,
    seed: int,
    expected: list[tuple],
    tell: Callable[[str], object] = lambda line: None,
) -> list[str]:
    """Grade the course and kill somebody `kills` times on the way; return the victims' kinds.

    `expected`: the marks of a grading that nobody disturbed.
    """
    disturber = Disturber(root, seed, expected)
    plan = []
    for number in range(kills):
        kind = VICTIMS[number % len(VICTIMS)]
        longest = 0.2 if kind in SANDBOX else 2.5  # a sandbox lives for half a second
        plan.append((kind, disturber.draw.uniform(0, longest)))
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
    expected = state(quiet)
    killed = disturb(rough, kills, seed, expected[0], tell)
    return killed, expected, state(rough)


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
