"""Whether this machine is ready for the course: a line each says OK, or FAIL and what to do."""

import importlib.metadata
import os
import sys
import time
from collections.abc import Callable
from typing import NamedTuple


class Requirement(NamedTuple):
    """Something that the course needs, how to look for it, and what to do if it is missing."""

    name: str
    probe: Callable[[], str]  # returns what it found, raises if something is missing
    remedy: str


def self_check() -> bool:
    """Print a line per requirement; return True if the lessons will run."""
    met = [_report(requirement) for requirement in REQUIREMENTS]
    return all(met)


def _report(requirement: Requirement) -> bool:
    name, probe, remedy = requirement
    try:
        print(f"[  OK  ] {name}: {probe()}")
        return True
    except Exception as problem:  # any: the learner is told of it, and the next line is tried
        print(f"[ FAIL ] {name}: {type(problem).__name__}: {problem}\n         {remedy}")
        return False


def _python() -> str:
    return sys.version.split()[0]


def _packages() -> str:
    names = ("torch", "torchvision", "nbgrader", "jupyterlab")
    return ", ".join(f"{name} {importlib.metadata.version(name)}" for name in names)


def _machine() -> str:
    import torch

    from course.vision.backbones import accelerator

    device = accelerator().type
    threads = torch.get_num_threads()
    cores = f"{threads} {'thread' if threads == 1 else 'threads'}, {os.cpu_count()} CPU cores"
    if device == "cpu":
        return f"{cores}; no GPU (the course needs none)"
    return f"{cores}, and {device}"


def _pictures() -> str:
    from course.vision.fruit import SPLITS, stall

    stall("train", 20)
    total = sum(count for _, count in SPLITS.values())
    return f"{total} images of fruit"


def _backbone() -> str:
    import torch

    from course.vision.backbones import load_backbone
    from course.vision.fruit import stall

    model, preprocess = load_backbone()
    images = preprocess(stall("train", 20).images)
    start = time.perf_counter()
    with torch.no_grad():
        logits = model(images)
    seconds = time.perf_counter() - start
    return f"{len(images)} images in {seconds:.2f} s, {logits.shape[1]} logits for each"


REINSTALL = (
    "Run `make lab` again, or `.venv/bin/python -m pip install -e .` in the course's folder."
)
REQUIREMENTS = (
    Requirement(
        "Python",
        _python,
        "Install Python 3.10 or newer, remove the folder .venv and run `make lab` again.",
    ),
    Requirement("Packages", _packages, REINSTALL),
    Requirement("Machine", _machine, REINSTALL),
    Requirement(
        "Images",
        _pictures,
        "The file course/vision/data/fruit.zip is damaged or missing. "
        "Restore it with `git checkout course/vision/data`.",
    ),
    Requirement(
        "Backbone",
        _backbone,
        "The pretrained weights are damaged or missing. "
        "Restore them with `git checkout course/vision/weights`.",
    ),
)
