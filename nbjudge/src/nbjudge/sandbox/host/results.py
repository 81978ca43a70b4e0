"""Results made of what a sandbox says. Code that nobody has read may have written all of it."""

import json
import re
from math import isfinite
from typing import Any

from nbjudge.job import Result
from nbjudge.sandbox.wire import Output
from nbjudge.untrusted import clean_json, is_text, load_json, writable

KEPT_OUTPUT = 20_000_000  # characters of all outputs of a submission together
KEPT_MESSAGE = 10_000  # characters at either end of an error message, where the output is cut
MOST_NOTES = 20  # of a cell
CUT = "... Output cut here: "  # as in output.py, which this side does not import

JSON_TYPE = re.compile(r"application/(.*\+)?json")  # a MIME type whose data may be any JSON

# {how a cell was ended: (name of the error that is shown, its message)}
ENDS = {
    "died": (
        "DeadKernelError",
        "the process ended in this cell: os._exit, a crash, too many processes, or no memory left",
    ),
    "forged": (
        "DeadKernelError",
        "what came back was not this cell's result: the notebook tried to answer in its place",
    ),
    "given up": (
        "DeadKernelError",
        "the cells before this one ended the notebook's process too often, or took all its time",
    ),
    "time": ("CellTimeoutError", "the cell was stopped after {timeout:g} s"),
    "time, not heeded": (
        "CellTimeoutError",
        "the cell was stopped after {timeout:g} s; it did not heed an interrupt and its process "
        "was ended",
    ),
}
DEADLY = ("died", "forged", "time, not heeded")  # ends that take the notebook's process with them


def stopped(end: str, timeout: float, seconds: float) -> Result:
    """The result of a cell that was ended in one of the ways of ENDS, without any output."""
    name, message = ENDS[end]
    return Result(False, None, [error(name, message.format(timeout=timeout))], seconds, [], end)


def error(name: str, message: str) -> Output:
    """An error as nbformat keeps it."""
    return {
        "output_type": "error",
        "ename": name,
        "evalue": message,
        "traceback": [f"{name}: {message}"],
    }


def parse_message(data: bytes) -> dict[str, Any]:
    """A message as a dictionary. Raises ValueError for what is none."""
    message = load_json(data)
    if not isinstance(message, dict):
        raise ValueError("a message that is no dictionary")
    return message


def result_of(message: dict[str, Any], end: str, timeout: float) -> Result:
    """A Result with every field of the type it should have.

    `end`: how the cell was stopped before it answered, "" where it was not. Raises ValueError,
    TypeError or KeyError for a message that is no answer.
    """
    outputs = clean_outputs(message.get("outputs") or [])
    notes = []
    for note in (message.get("notes") or [])[:MOST_NOTES]:
        if isinstance(note, str):
            notes.append(writable(note[:300]))
    seconds = message["seconds"]
    if not isinstance(seconds, float) or not isfinite(seconds):
        raise ValueError("a message that does not say how long the cell took")
    if end:
        outputs += stopped(end, timeout, 0).outputs
        return Result(False, None, outputs, seconds, notes, end)
    score = message.get("score")
    if not isinstance(score, float) or not isfinite(score):
        score = None
    return Result(message.get("well") is True, score, outputs, seconds, notes)


def clean_outputs(raw: list[Any]) -> list[Output]:
    """The outputs that are any, as nbformat keeps them and as UTF-8 can be written."""
    found = []
    for each in raw:
        output = clean_output(each)
        if output:
            found.append(output)
    return found


def clean_output(raw: Any) -> Output | None:
    """An output of nbformat with just the fields that its kind has; None for anything else."""
    if not isinstance(raw, dict):
        return None
    texts = {}
    for key in ("name", "text", "ename", "evalue"):
        if isinstance(raw.get(key), str):
            texts[key] = writable(raw[key])
    kind = raw.get("output_type")
    if kind == "stream" and {"name", "text"} <= set(texts):
        name = "stderr" if texts["name"] == "stderr" else "stdout"
        return {"output_type": "stream", "name": name, "text": texts["text"]}
    if kind == "error" and {"ename", "evalue"} <= set(texts):
        lines = raw.get("traceback") or []
        return {
            "output_type": "error",
            "ename": texts["ename"],
            "evalue": texts["evalue"],
            "traceback": [writable(line) for line in lines if isinstance(line, str)],
        }
    if kind in ("display_data", "execute_result") and isinstance(raw.get("data"), dict):
        metadata = raw["metadata"] if isinstance(raw.get("metadata"), dict) else {}
        output = {"output_type": kind, **clean_display(raw["data"], metadata)}
        if kind == "execute_result":
            output["execution_count"] = None
        return output
    return None


def clean_display(data: dict[str, Any], metadata: dict[str, Any]) -> dict[str, Any]:
    """The two fields of a display; a note in place of what is nested too deeply."""
    try:
        clean = clean_json(data)
        for kind, value in clean.items():
            if not JSON_TYPE.fullmatch(kind) and not is_text(value):
                clean[kind] = str(value)
        return {"data": clean, "metadata": clean_json(metadata)}
    except ValueError as problem:
        return {"data": {"text/plain": f"{CUT}{problem}."}, "metadata": {}}


class OutputRation:
    """What all cells of one submission may still print and display together.

    A cell has a budget of its own inside the sandbox; a notebook may have any number of cells.
    """

    def __init__(self) -> None:
        self.left = KEPT_OUTPUT

    def keep(self, result: Result) -> Result:
        """The result; beyond the ration with a note, and its last error, as its only outputs."""
        size = len(json.dumps(result.outputs))
        if size <= self.left:
            self.left -= size
            return result
        note = f"{CUT}the notebook's outputs have more than {KEPT_OUTPUT:,} characters.\n"
        outputs: list[Output] = [{"output_type": "stream", "name": "stdout", "text": note}]
        errors = [output for output in result.outputs if output["output_type"] == "error"]
        outputs += [shortened(output) for output in errors[-1:]]
        return result._replace(outputs=outputs)


def shortened(output: Output) -> Output:
    """An error without its traceback. Of a long message the end is kept: a code stands there."""
    message = output["evalue"]
    if len(message) > 2 * KEPT_MESSAGE:
        message = f"{message[:KEPT_MESSAGE]}\n... cut ...\n{message[-KEPT_MESSAGE:]}"
    return error(output["ename"][:200], message)
