"""Results made of what a sandbox says. Code that nobody has read may have written all of it."""

import json
from typing import Any

from nbjudge.job import Result
from nbjudge.sandbox.wire import Output

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
    try:
        message = json.loads(data)
    except RecursionError:
        raise ValueError("a message too deep to read") from None
    if not isinstance(message, dict):
        raise ValueError("a message that is no dictionary")
    return message


def result_of(message: dict[str, Any], end: str, timeout: float) -> Result:
    """A Result with every field of the type it should have.

    `end`: how the cell was stopped before it answered, "" where it was not. Raises ValueError,
    TypeError or KeyError for a message that is no answer.
    """
    outputs = []
    for raw in message.get("outputs") or []:
        output = clean_output(raw)
        if output:
            outputs.append(output)
    notes = [str(note)[:300] for note in message.get("notes") or []]
    seconds = float(message["seconds"])
    if end:
        outputs += stopped(end, timeout, 0).outputs
        return Result(False, None, outputs, seconds, notes, end)
    score = message.get("score")
    if not isinstance(score, float):
        score = None
    return Result(message.get("well") is True, score, outputs, seconds, notes)


def clean_output(raw: Any) -> Output | None:
    """An output of nbformat with just the fields that its kind has; None for anything else."""
    if not isinstance(raw, dict):
        return None
    texts = {}
    for key in ("name", "text", "ename", "evalue"):
        if isinstance(raw.get(key), str):
            texts[key] = raw[key]
    kind = raw.get("output_type")
    if kind == "stream" and {"name", "text"} <= set(texts):
        name = "stderr" if texts["name"] == "stderr" else "stdout"
        return {"output_type": "stream", "name": name, "text": texts["text"]}
    if kind == "error" and {"ename", "evalue"} <= set(texts):
        lines = [str(line) for line in raw.get("traceback") or []]
        return {
            "output_type": "error",
            "ename": texts["ename"],
            "evalue": texts["evalue"],
            "traceback": lines,
        }
    if kind in ("display_data", "execute_result") and isinstance(raw.get("data"), dict):
        metadata = raw["metadata"] if isinstance(raw.get("metadata"), dict) else {}
        output = {"output_type": kind, "data": raw["data"], "metadata": metadata}
        if kind == "execute_result":
            output["execution_count"] = None
        return output
    return None
