"""What lesson 09 says of fine-tuning, over ten seeds: the lesson's own functions, more seeds.

python -m course.authoring.ten_seeds            # some minutes; writes ten_seeds.json beside it
python -m course.authoring.ten_seeds WAY...     # measures only these ways, and keeps the rest

tests/course/lessons/test_facts_lesson09.py holds the lesson's orders against this record, and
repeats them on one seed.
"""

import argparse
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from course.authoring.build import source_notebook
from course.notebook import plots

RECORD = Path(__file__).with_suffix(".json")
SEEDS = 10
# cells that are left out
TRAINS = re.compile(r"^(measure\(|show\(|fog = |adapted = |def loaded|file = |ask\()", re.MULTILINE)
OTHER_RATES = {"layer4": (1e-4, 5e-4, 1e-3), "fc": (1e-3, 1e-2), "bn1": (0.03, 0.3)}
WAYS = (
    "tune_everything",
    "train_head",
    "head_first",
    "tune_by_stage",
    "tune_with_larger_head_lr",
)


def functions_of_the_lesson() -> dict[str, Any]:
    """Return what the cells of lesson 09 define, without those that train, plot or check."""
    space: dict[str, Any] = {}
    shown = plots.images
    plots.images = lambda *args, **kwargs: None
    try:
        for cell in source_notebook("09-adapt-gently").cells:
            checks = cell.metadata.get("nbgrader", {}).get("grade")
            if cell.cell_type == "code" and not checks and not TRAINS.search(cell.source):
                exec(cell.source, space)
    finally:
        plots.images = shown
    return space


def measure_ways(space: dict[str, Any], ways: Sequence[str]) -> dict[str, list]:
    """Return for each way, and for it with a fresh head, one pair of accuracies for each seed:
    by day and in the evening.
    """
    found: dict[str, list] = {}
    for seed in range(SEEDS):
        for way in ways:
            for name, scores in space["result"](space[way], seed).items():
                found.setdefault(name, []).append([round(score, 4) for score in scores])
                print(name, seed, found[name][-1], flush=True)
    return found


def measure_fog(space: dict[str, Any]) -> dict[str, dict[str, list]]:
    """Return the accuracies after fog: of each part, and of parts with other learning rates."""
    record: dict[str, dict[str, list]] = {"fog": {}, "rates": {}}
    for seed in range(SEEDS):
        for part in space["parts"]:
            score = round(space["after_fog"](part, seed), 4)
            record["fog"].setdefault(part or "everything", []).append(score)
            print(part or "everything", seed, score, flush=True)
    for seed in range(2):
        for part, rates in OTHER_RATES.items():
            for rate in rates:
                space["parts"][part] = rate
                score = round(space["after_fog"](part, seed), 4)
                record["rates"].setdefault(f"{part} {rate}", []).append(score)
                print(part, rate, seed, score, flush=True)
    return record


def main() -> None:
    """Measure the named ways, or everything; print each line, and write the record."""
    parser = argparse.ArgumentParser(prog=".venv/bin/python -m course.authoring.ten_seeds")
    parser.add_argument("ways", nargs="*", metavar="WAY", help=f"one of {', '.join(WAYS)}")
    named = parser.parse_args().ways
    if unknown := sorted(set(named) - set(WAYS)):
        parser.error(f"expected ways of {', '.join(WAYS)}, got {', '.join(unknown)}")
    space = functions_of_the_lesson()
    record = json.loads(RECORD.read_text(encoding="utf-8")) if named else {"ways": {}}
    record["ways"] |= measure_ways(space, named or WAYS)
    if not named:
        record |= measure_fog(space)
    RECORD.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
