"""Is this machine ready for the course? Each line says OK, or FAIL and what to do."""

import importlib.metadata
import os
import sys
import time


def self_check():
    """Print a line per requirement; return True if the lessons will run."""
    return all([_line(what, probe, remedy) for what, probe, remedy in REQUIREMENTS])


def _line(what, probe, remedy):
    try:
        print(f"[  OK  ] {what}: {probe()}")
        return True
    except Exception as problem:  # whatever it is, the learner is told and the next line is tried
        print(f"[ FAIL ] {what}: {type(problem).__name__}: {problem}\n         {remedy}")
        return False


def _python():
    return sys.version.split()[0]


def _packages():
    return ", ".join(
        f"{name} {importlib.metadata.version(name)}"
        for name in ("torch", "torchvision", "nbgrader", "jupyterlab")
    )


def _device():
    import torch

    from course.vision.backbones import accelerator

    device = accelerator().type
    return f"{torch.get_num_threads()} threads of {os.cpu_count()} cores" + (
        "; no GPU, and none is needed" if device == "cpu" else f", and {device}"
    )


def _pictures():
    from course.vision.fruit import SPLITS, stall

    stall("train", 20)
    return f"{sum(count for _, count in SPLITS.values()):,} pictures of fruit"


def _backbone():
    import torch

    from course.vision.backbones import load_backbone
    from course.vision.fruit import stall

    model, preprocess = load_backbone()
    images = preprocess(stall("train", 20).images)
    start = time.perf_counter()
    with torch.no_grad():
        logits = model(images)
    return f"{len(images)} pictures seen in {time.perf_counter() - start:.2f} s, {logits.shape[1]} logits each"


REINSTALL = "Run `make lab` again, or: python -m pip install -e . in the course's folder."
REQUIREMENTS = (
    (
        "Python",
        _python,
        "Install Python 3.10 or newer, remove the folder .venv and run `make lab` again.",
    ),
    ("Packages", _packages, REINSTALL),
    ("Machine", _device, REINSTALL),
    (
        "Pictures",
        _pictures,
        "The file course/vision/data/fruit.zip is damaged or missing: get it again with `git checkout course/vision/data`.",
    ),
    (
        "Backbone",
        _backbone,
        "The weights are damaged or missing: get them again with `git checkout course/vision/weights`.",
    ),
)
