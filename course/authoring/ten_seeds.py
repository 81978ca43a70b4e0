"""What lesson 09 says of fine-tuning, over ten seeds: the lesson's own functions, more seeds.

python -m course.authoring.ten_seeds            # some minutes; writes ten_seeds.json beside it

tests/course/lessons/test_facts_lesson09.py holds the lesson's orders against this record, and
repeats them on one seed.
"""

import json
import re
from pathlib import Path
from typing import Any

from course.authoring.build import source_notebook
from course.notebook import plots

RECORD = Path(__file__).with_suffix(".json")
SEEDS = 10
# cells that are left out
TRAINS = re.compile(r"^(measure\(|fog = |adapted = |def loaded|file = |ask\()", re.MULTILINE)
OTHER_RATES = {"layer4": (1e-4, 5e-4, 1e-3), "fc": (1e-3, 1e-2), "bn1": (0.03, 0.3)}
WAYS = ("tune_everything", "train_head", "head_first", "tune_by_stage")


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


def main() -> None:
    """Measure everything, print each line, and write the record."""
    space = functions_of_the_lesson()
    record: dict[str, dict[str, list]] = {"ways": {}, "fog": {}, "rates": {}}
    for seed in range(SEEDS):
        for way in WAYS:
            found = [round(score, 4) for score in space["result"](space[way], seed)]
            record["ways"].setdefault(way, []).append(found)
            print(way, seed, found, flush=True)
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
    RECORD.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
