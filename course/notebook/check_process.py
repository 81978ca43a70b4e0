"""The process behind "Check all" in JupyterLab: it checks lessons, and stays ready for the next.

Standard input brings one order a line, {"do": what, "lesson": its name}, and standard output takes
one answer a line, all as JSON. The process ends when its input is closed, so it never outlives the
server that has started it, however that ends.

    get ready       {}
    check           {"total": words, "rows": Rows, "running": whether some have to be waited for}
    check the rest  the same, of the copy that "check" has taken; it waits for all
"""

import contextlib
import json
import os
import queue
import sys
import threading
import traceback
from pathlib import Path
from typing import Any

from course.notebook.check_all import check_the_rest, first_rows, get_ready, is_running, total
from nbjudge.errors import NbjudgeError
from nbjudge.worker.submission import end_templates


def main(work: Path) -> None:
    """Answer orders until there are no more. `work`: the folder with the learner's copies."""
    # OSError: the server has ended, and reads no answers
    with contextlib.suppress(OSError), os.fdopen(os.dup(1), "w", encoding="utf-8") as answers:
        os.dup2(2, 1)  # what a library prints is no answer
        orders: queue.SimpleQueue[dict[str, str] | None] = queue.SimpleQueue()
        threading.Thread(target=read_orders, args=[orders], daemon=True).start()
        while order := orders.get():
            answers.write(json.dumps(answer_to(order, work)) + "\n")
            answers.flush()


def read_orders(orders: "queue.SimpleQueue[dict[str, str] | None]") -> None:
    """Put the orders into a queue; when there are no more, end the check that runs, and put None.

    A thread of its own reads, because the main thread is busy while a check runs.
    """
    for line in sys.stdin:
        orders.put(json.loads(line))
    end_templates()
    orders.put(None)


def answer_to(order: dict[str, str], work: Path) -> dict[str, Any]:
    """Do what an order says, and return the answer: {"problem": sentence} where that failed."""
    lesson = order["lesson"]
    try:
        if order["do"] == "get ready":
            get_ready(lesson, work)
            return {}
        rows = first_rows(lesson, work) if order["do"] == "check" else check_the_rest(lesson, work)
    except NbjudgeError as problem:
        return {"problem": str(problem)}
    except Exception as problem:  # whatever it was, the next check may work
        traceback.print_exc()
        return {
            "problem": (
                f"The check failed ({type(problem).__name__}: {problem}). Try again. If it fails "
                f"again, run `.venv/bin/course check {lesson[:2]}` in a terminal."
            )
        }
    return {
        "total": total(rows),
        "rows": [row._asdict() for row in rows],
        "running": is_running(rows),
    }


if __name__ == "__main__":
    main(Path(sys.argv[1]))
