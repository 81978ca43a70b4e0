"""How long a learner waits for the first rows of Check all, in each lesson.

python -m tests.support.pressing [LESSON ...] opens each lesson as JupyterLab does, waits until the
lab is ready for it, and asks three times for a check: of the notebook as it was given out, with all
reference answers, and with one answer changed since. Run it on an idle machine. It returns how many
lessons took more than LIMIT seconds at one of them.
"""

import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from course.authoring import build
from course.notebook.progress import exercises_of
from course.paths import RELEASE, ROOT

LIMIT = 3  # seconds


def main(names: list[str]) -> int:
    """Print a line for each lesson; return how many are too slow."""
    too_slow = 0
    print(f"{'':24}given out  answered   changed")
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "course.notebook.check_process", folder]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        with subprocess.Popen(command, cwd=ROOT, **pipes) as process:
            for lesson in names or build.lessons():
                seconds = waits(process, lesson, Path(folder))
                times = "".join(f"{wait:8.1f} s" for wait in seconds)
                print(f"{lesson:24}{times}", flush=True)
                too_slow += max(seconds) > LIMIT
            process.stdin.close()
    return too_slow


def waits(process: subprocess.Popen, lesson: str, work: Path) -> list[float]:
    """Return the seconds that the three checks of a lesson take."""
    path = work / lesson / f"{lesson}.ipynb"
    path.parent.mkdir()
    shutil.copy(RELEASE / lesson / path.name, path)
    answer_to(process, "get ready", lesson)
    solved = json.loads(build.solution_path(lesson).read_text(encoding="utf-8"))["cells"]
    references = {name: cell["source"] for name, cell in exercises_of(solved).items()}
    first = next(iter(references))
    changed = {first: [*references[first], "\n# changed"]}
    seconds = []
    for answers in ({}, references, references | changed):
        notebook = json.loads(path.read_text(encoding="utf-8"))
        cells = exercises_of(notebook["cells"])
        for name, source in answers.items():
            cells[name]["source"] = source
        path.write_text(json.dumps(notebook), encoding="utf-8")
        start = time.perf_counter()
        running = answer_to(process, "check", lesson)["running"]
        seconds.append(time.perf_counter() - start)
        if running:
            answer_to(process, "check the rest", lesson)
    return seconds


def answer_to(process: subprocess.Popen, do: str, lesson: str) -> dict:
    """Give the process an order, and return its answer. Raises RuntimeError with its problem."""
    process.stdin.write(json.dumps({"do": do, "lesson": lesson}) + "\n")
    process.stdin.flush()
    answer = json.loads(process.stdout.readline())
    if "problem" in answer:
        raise RuntimeError(f"{lesson}: {answer['problem']}")
    return answer


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
