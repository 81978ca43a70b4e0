"""The judge of weights that are handed in; as a process it prints one line of JSON:

    python -I -m course.lessons.lesson08.weights_judge FILE [--hidden | --seed SEED]

For marks it runs in a sandbox of its own, in which no line of a learner's code has run: the check
cell has the tag `judge-outside`. From a command line it judges any file.
The file stays data: its size is looked at before it is read, safetensors is the only format, names,
shapes and types must be those of the brief (lesson 08), and the network is built here from the
tensors. It uses torch alone, because importing torchvision would double the time to start.
"""

import argparse
import io
import itertools
import json
import math
import pickletools
import re
import stat
import sys
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import NamedTuple

import safetensors.torch
import torch
from torch import Tensor
from torch.nn import functional as F

from course.vision.fruit import EVENING_FRUITS, Pictures, draw_evening, evening

Tensors = Mapping[str, Tensor]  # by the names of the file
Shapes = Mapping[str, Sequence[int]]

BUNDLED = Path(__file__).parents[2] / "vision" / "weights" / "resnet18_species1000.safetensors"
# Means and standard deviations of red, green and blue that the weights expect, those of ImageNet
MEAN = torch.tensor([0.485, 0.456, 0.406]).view(3, 1, 1)
STD = torch.tensor([0.229, 0.224, 0.225]).view(3, 1, 1)
LARGEST = 50_000_000  # bytes: all parameters of the budget in single precision need 48 MB
LONGEST_HEADER = 100_000  # bytes; an honest one has 13,000
BUDGET = 12_000_000  # parameters, 11,689,512 of them the old network's
HEADS = {"fruit": len(EVENING_FRUITS), "rotten": 2}  # outputs of each new head
FEATURES = 512  # what a new head reads
# The hidden images. With the seed of this file anybody can draw them, so change it each term in the
# copy of this file that grades. It is not in the check cell, because the grader draws the images
# once for all submissions, by a function without arguments. Before you take a new seed, try one of
# your files.
HIDDEN_SEED = 3002
HIDDEN_COUNT = 252
HIDDEN_EVERY = 2  # half of the hidden images are rotten, so that recall rests on 126 of them
# What the brief requires, in per cent. The reference, over ten seeds of training, on ten draws of
# hidden images: fruit 82 to 92, kept 75 to 90, found 74 to 91. With a threshold of one half: found
# at most 70 and kept at least 94. With the threshold that finds 70 % of the rotten validation
# images, 69 of these 100 pairs of a training and a draw find less than 70 % of the hidden ones.
REQUIRED = {"fruit": 75, "kept": 70, "found": 70}
GUESSING = 35  # per cent of fruit: fewer, and nothing was learnt; a guess is right in 1 of 6


class WeightsRefused(Exception):
    """The file is not what the brief asks for: a misconception's code, and what was observed."""

    def __init__(self, code: str, observed: str) -> None:
        super().__init__(code, observed)
        self.code = code
        self.observed = observed


class Judged(NamedTuple):
    """Images that files are judged on, as the old network sees them, and their labels."""

    features: Tensor  # (N, 512)
    fruit: Tensor  # (N,)
    rotten: Tensor  # (N,)


class Measures(NamedTuple):
    """How many images the two new heads get right.

    None of the three shares depends on how many of the images are rotten.
    """

    fresh: int  # fresh images
    rotten: int  # rotten images
    fruit_of_fresh: int  # fresh ones whose fruit is right
    fruit_of_rotten: int  # rotten ones whose fruit is right
    kept: int  # fresh ones that are called fresh
    found: int  # rotten ones that are called rotten

    def shares(self) -> dict[str, Fraction]:
        """Return {"fruit", "kept", "found"}, exact; fruit: the mean over fresh and rotten."""
        fruit = Fraction(self.fruit_of_fresh, self.fresh)
        fruit += Fraction(self.fruit_of_rotten, self.rotten)
        return {
            "fruit": fruit / 2,
            "kept": Fraction(self.kept, self.fresh),
            "found": Fraction(self.found, self.rotten),
        }


def report(path: str | Path, judged: Judged | None = None) -> dict:
    """Return {"measures": {...}} as `measure_file` measures them, or {"code", "observed"}."""
    try:
        return {"measures": measure_file(path, judged)}
    except WeightsRefused as refused:
        return {"code": refused.code, "observed": refused.observed}
    except Exception as problem:  # whatever a file may hold, the answer is a sentence
        kind = type(problem).__name__
        return {
            "code": "file-damaged",
            "observed": f"reading it ended in {kind}: write the file again",
        }


def measure_file(path: str | Path, judged: Judged | None = None) -> dict[str, float]:
    """Return the shares {"fruit", "kept", "found"} that the network in a file reaches.

    They are measured on `judged`, by default on the validation images of the evening stall.
    Raises WeightsRefused where the file is not as it should be, or a share is too low.
    """
    tensors = read_tensors(read_bytes(Path(path)))
    check_old_network(tensors)
    if judged is None:
        judged = validation()
    # copies, because the cached tensors are the same for all files
    judged = Judged(*(tensor.clone() for tensor in judged))
    with torch.inference_mode():
        fruit = logits_of(tensors, "fruit", judged.features).argmax(1)  # (N,)
        logits = logits_of(tensors, "rotten", judged.features)  # (N, 2)
        scores = logits[:, 1] - logits[:, 0]
    measures = count_right(fruit, logits.argmax(1), judged)
    check_fruit(measures, fruit, judged.fruit)
    check_rotten(measures, scores, judged.rotten)
    return {name: float(share) for name, share in measures.shares().items()}


@cache
def validation() -> Judged:
    """Return the validation images of the evening stall, 420.

    Their features hold for every file, because `check_old_network` has found the old network in it,
    to the bit.
    """
    return as_judged(evening("validation"))


@cache
def hidden() -> Judged:
    """Return the images that decide the marks: the same for all learners, and drawn once."""
    return drawn(HIDDEN_SEED)


def drawn(seed: int) -> Judged:
    """Return freshly drawn images of the evening stall, half of them rotten."""
    return as_judged(draw_evening(seed, HIDDEN_COUNT, every=HIDDEN_EVERY))


def as_judged(pictures: Pictures) -> Judged:
    """Return the features and labels of pictures."""
    features = features_of(old_network(), pictures.images)
    return Judged(features, pictures.fruit, pictures.rotten)


# ---- the file ------------------------------------------------------------------------------------


def read_bytes(path: Path) -> bytes:
    """Return the bytes of a file. A link, a folder or a file above LARGEST is not opened."""
    try:
        status = path.lstat()
    except OSError:
        raise WeightsRefused(
            "file-missing", f"there is no file {path.name} beside the notebook"
        ) from None
    if not stat.S_ISREG(status.st_mode):
        raise WeightsRefused(
            "file-missing", f"{path.name} is a link or a folder: hand in the file itself"
        )
    if status.st_size > LARGEST:
        size = f"{status.st_size / 1e6:.1f} MB"
        raise WeightsRefused(
            "file-too-large",
            f"{path.name} has {size} and was not opened; at most {LARGEST / 1e6:.0f} MB are read",
        )
    with path.open("rb") as file:
        return file.read(LARGEST + 1)


def read_tensors(data: bytes) -> dict[str, Tensor]:
    """Return {name: tensor} of a file's bytes, all floats in single precision.

    The header is checked before a tensor is made.
    """
    header = read_header(data)
    check_names_and_shapes({name: entry["shape"] for name, entry in header.items()})
    check_dtypes(header)
    try:
        tensors = safetensors.torch.load(data)
    except Exception as problem:  # the library's own errors are of several types
        said = str(problem)[:100]
        raise WeightsRefused(
            "file-damaged", f"safetensors says: {said}. Write the file again"
        ) from None
    for name, tensor in tensors.items():
        finite = torch.isfinite(tensor)
        if not finite.all():
            count = int((~finite).sum())
            raise WeightsRefused(
                "weights-not-finite",
                f"{name}: {count:,} of {tensor.numel():,} numbers are NaN or infinite",
            )
    return in_single_precision(tensors)


def in_single_precision(tensors: Tensors) -> dict[str, Tensor]:
    """Return the tensors with all floats in single precision."""
    return {
        name: tensor.float() if tensor.is_floating_point() else tensor
        for name, tensor in tensors.items()
    }


def read_header(data: bytes) -> dict[str, dict]:
    """Return {name: {"dtype", "shape", "data_offsets"}} of a safetensors file's bytes.

    The format (README of huggingface/safetensors): eight bytes with the length of the header,
    little endian; the header, JSON; the numbers.
    """
    length = int.from_bytes(data[:8], "little")
    if len(data) < 8 or data[8:9] != b"{" or length > LONGEST_HEADER:
        raise WeightsRefused(*what_else(data))
    try:
        header = json.loads(data[8 : 8 + length])
        header.pop("__metadata__", None)
        for entry in header.values():
            check_entry(entry)
        promised = 8 + length + max(entry["data_offsets"][1] for entry in header.values())
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError):
        raise WeightsRefused(
            "file-damaged", f"its header of {length:,} bytes cannot be read: write the file again"
        ) from None
    if promised != len(data):
        raise WeightsRefused(
            "file-damaged",
            f"its header promises {promised:,} bytes, the file has {len(data):,}: save or copy it "
            "again",
        )
    return header


def what_else(data: bytes) -> tuple[str, str]:
    """Return (code, observed) for bytes that are not safetensors. Nothing in them is run."""
    if is_pickle(data):
        return (
            "pickle-for-weights",
            "whatever its name says, the file is a pickle; it was not opened",
        )
    if data[:4] == b"PK\x03\x04":
        try:
            names = zipfile.ZipFile(io.BytesIO(data)).namelist()
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
            names = []
        if any(name.endswith("data.pkl") for name in names):
            return (
                "pickle-for-weights",
                "whatever its name says, the file is a zip archive with a pickle in it, as "
                "torch.save writes it; it was not opened",
            )
        return (
            "file-damaged",
            f"the file is a zip archive with {len(names)} entries and not safetensors: write it "
            "with save_file",
        )
    return (
        "file-damaged",
        f"its {len(data):,} bytes do not begin as safetensors do: write the file with save_file",
    )


def is_pickle(data: bytes) -> bool:
    """Return whether bytes are a pickle, of any protocol: their first opcodes can be read.

    pickletools reads opcodes and runs none. The first byte alone says nothing: a header of 640
    bytes starts with 80 02 as well.
    """
    opcodes = []
    try:
        for opcode, _, _ in itertools.islice(pickletools.genops(data), 20):
            opcodes.append(opcode.name)
    except Exception:  # it raises errors of many types
        return False
    return len(opcodes) > 1 and (opcodes[0] == "PROTO" or len(opcodes) == 20)


def check_entry(entry: dict) -> None:
    """Raise ValueError, KeyError or TypeError where a header's entry is not of the right form."""
    numbers = (*entry["shape"], *entry["data_offsets"])
    if not isinstance(entry["dtype"], str) or len(numbers) > 6:
        raise ValueError
    for n in numbers:
        if type(n) is not int or not 0 <= n <= LARGEST:
            raise ValueError


def check_dtypes(header: Mapping[str, dict]) -> None:
    """Check that floats are stored in half or single precision, and counts as int64."""
    for name, entry in header.items():
        allowed = ("I64",) if name.endswith("num_batches_tracked") else ("F16", "F32")
        if entry["dtype"] not in allowed:
            raise WeightsRefused(
                "wrong-dtype",
                f"{name} is stored as {entry['dtype']}; expected {' or '.join(allowed)}",
            )


def check_names_and_shapes(shapes: Shapes) -> None:
    """Check that the file holds the tensors of the brief and no others, within the budget."""
    old = {name_in_file(name): list(tensor.shape) for name, tensor in bundled().items()}
    check_names(shapes, old)
    for name in sorted(old):
        if shapes[name] != old[name]:
            raise WeightsRefused(
                "wrong-shape",
                f"expected {name} {tuple(old[name])}; got {tuple(shapes[name])}",
            )
    for head, classes in HEADS.items():
        check_head_shapes(shapes, head, classes, FEATURES)
    buffers = ("running_mean", "running_var", "num_batches_tracked")
    count = 0
    for name, shape in shapes.items():
        if not name.endswith(buffers):
            count += math.prod(shape)
    if count > BUDGET:
        raise WeightsRefused(
            "too-many-parameters",
            f"the file holds {count:,} parameters; expected at most {BUDGET:,}",
        )


def check_names(shapes: Shapes, old: Iterable[str]) -> None:
    """Check that the file holds the tensors `old` of the old network, two heads, and no others."""
    for name in sorted(shapes):
        check_head_name(name)
    missing = sorted(set(old) - set(shapes))
    for head in HEADS:
        if not layers_of(shapes, head):
            missing.append(f"{head}.weight")
    extra = [name for name in sorted(set(shapes) - set(old)) if not head_and_layer(name)]
    held = f"the file holds {len(shapes)} tensors"
    if missing:
        raise WeightsRefused("tensors-missing", f"{held}; {first_of(missing)} missing")
    if extra:
        raise WeightsRefused(
            "tensors-extra", f"{held}; expected no {extra[0]}, which is not in the brief's table"
        )


def check_head_name(name: str) -> None:
    """Check that a tensor of a new head belongs to a Linear layer, whose name is a number."""
    if not name.startswith(tuple(f"{head}." for head in HEADS)) or head_and_layer(name):
        return
    layer, _, tensor = name.rpartition(".")
    if tensor in ("weight", "bias"):
        why = (
            f"{layer!r} has a name in place of a number, and a file does not keep the order of "
            "named layers"
        )
    else:
        why = f"no nn.Linear has a {tensor}"
    raise WeightsRefused("head-no-chain", f"{name}: {why}")


def first_of(names: Sequence[str]) -> str:
    """Return the first name, and how many others there are, with the verb."""
    return f"{names[0]} and {len(names) - 1} more are" if len(names) > 1 else f"{names[0]} is"


def check_head_shapes(shapes: Shapes, head: str, classes: int, width: int) -> None:
    """Check that a head is a chain of Linear layers from `width` features to `classes` logits."""
    for layer in layers_of(shapes, head):
        weight, bias = shapes.get(f"{layer}.weight"), shapes.get(f"{layer}.bias")
        if weight is None:
            raise WeightsRefused("tensors-missing", f"{layer}.bias is there, {layer}.weight is not")
        if len(weight) != 2 or weight[1] != width:
            raise WeightsRefused(
                "wrong-shape",
                f"expected {layer}.weight (n, {width}), because {width} numbers come in; got "
                f"{tuple(weight)}",
            )
        if bias is not None and list(bias) != list(weight[:1]):
            raise WeightsRefused(
                "wrong-shape",
                f"expected {layer}.bias ({weight[0]},), as its weight has {weight[0]} rows; got "
                f"{tuple(bias)}",
            )
        width = weight[0]
    if width != classes:
        raise WeightsRefused(
            "wrong-shape", f"expected {classes} outputs of the head {head}; got {width}"
        )


def head_and_layer(name: str) -> tuple[str, str] | None:
    """Return ("fruit", "fruit.2") for "fruit.2.weight", and None for a name that is of no head.

    A head is one Linear, or a chain of them with numbers, as nn.Sequential names them.
    """
    found = re.fullmatch(rf"(({'|'.join(HEADS)})(?:\.\d+)*)\.(?:weight|bias)", name)
    return (found[2], found[1]) if found else None


def layers_of(names: Iterable[str], head: str) -> list[str]:
    """Return a head's layers in the order of their numbers: "fruit.2" before "fruit.10"."""
    found = set()
    for name in names:
        place = head_and_layer(name)
        if place and place[0] == head:
            found.add(place[1])
    return sorted(found, key=lambda layer: [int(part) for part in layer.split(".")[1:]])


# ---- the old network -----------------------------------------------------------------------------


def bundled() -> dict[str, Tensor]:
    """Return the weights that come with the course, by torchvision's names, floats in half."""
    return safetensors.torch.load_file(BUNDLED)


def name_in_file(name: str) -> str:
    """Return the name in the file of a tensor of the old network, from torchvision's name."""
    return name.replace("fc.", "species.") if name.startswith("fc.") else f"backbone.{name}"


def old_network() -> dict[str, Tensor]:
    """Return backbone and old head by their names in the file, floats in single precision."""
    return in_single_precision({name_in_file(name): t for name, t in bundled().items()})


def check_old_network(tensors: Tensors) -> None:
    """Check backbone and old head to the bit, except counts of batches, which no answer uses."""
    old = old_network()
    moved = []
    for name, tensor in old.items():
        if not name.endswith("num_batches_tracked") and not torch.equal(tensors[name], tensor):
            moved.append(name)
    if not moved:
        return
    parameters = [name for name in moved if not name.endswith(("running_mean", "running_var"))]
    means = [name for name in moved if name.endswith("mean")]
    name = (parameters or means or moved)[0]
    far = (tensors[name] - old[name]).abs()
    others = "all other tensors of the old network are the same"
    if len(moved) > 1:
        others = f"of the old network's tensors {len(moved)} differ"
    observed = (
        f"{name} differs in {int((far > 0).sum()):,} of {far.numel():,} numbers, by up to "
        f"{far.max():.2g}; {others}"
    )
    if not parameters:
        raise WeightsRefused("requires-grad-alone", observed)
    if name.startswith("species."):
        raise WeightsRefused("old-head-changed", observed)
    raise WeightsRefused("backbone-not-frozen", observed)


def features_of(tensors: Tensors, images: Tensor) -> Tensor:
    """Return the features (N, 512) of uint8 images (N, 3, 64, 64), in eval mode."""
    features = []
    with torch.inference_mode():
        for batch in images.split(50):
            normalised = (batch.float() / 255 - MEAN) / STD
            features.append(resnet18(tensors, normalised))
    return torch.cat(features)


def resnet18(tensors: Tensors, x: Tensor) -> Tensor:
    """Return the features (B, 512) of normalised images (B, 3, S, S), by a ResNet-18 in eval mode.

    He, Zhang, Ren and Sun, "Deep Residual Learning for Image Recognition" (2016), as torchvision
    builds it; a test compares the two.
    """

    def conv(x: Tensor, name: str, stride: int = 1, padding: int = 1) -> Tensor:
        weight = tensors[f"backbone.{name}.weight"]
        return F.conv2d(x, weight, stride=stride, padding=padding)

    def norm(x: Tensor, name: str) -> Tensor:
        parts = ("running_mean", "running_var", "weight", "bias")
        return F.batch_norm(x, *(tensors[f"backbone.{name}.{part}"] for part in parts))

    x = F.relu(norm(conv(x, "conv1", stride=2, padding=3), "bn1"))  # (B, 64, S / 2, S / 2)
    x = F.max_pool2d(x, kernel_size=3, stride=2, padding=1)  # (B, 64, S / 4, S / 4)
    for stage in range(1, 5):
        for block in range(2):
            path = f"layer{stage}.{block}"
            stride = 2 if stage > 1 and block == 0 else 1
            y = F.relu(norm(conv(x, f"{path}.conv1", stride), f"{path}.bn1"))
            y = norm(conv(y, f"{path}.conv2"), f"{path}.bn2")
            if stride == 2:  # the shortcut must change shape as well
                x = conv(x, f"{path}.downsample.0", stride, padding=0)
                x = norm(x, f"{path}.downsample.1")
            x = F.relu(x + y)
    return x.mean((2, 3))  # (B, 512)


# ---- the new heads -------------------------------------------------------------------------------


def logits_of(tensors: Tensors, head: str, x: Tensor) -> Tensor:
    """Return the logits (N, C) of a head on features (N, 512), with a ReLU between its layers."""
    for number, layer in enumerate(layers_of(tensors, head)):
        if number:
            x = F.relu(x)
        x = F.linear(x, tensors[f"{layer}.weight"], tensors.get(f"{layer}.bias"))
    return x


def count_right(fruit: Tensor, rotten: Tensor, judged: Judged) -> Measures:
    """Return how many of the predictions `fruit` and `rotten` (N,) are right."""
    is_rotten = judged.rotten == 1
    fruit_right = fruit == judged.fruit
    return Measures(
        fresh=int((~is_rotten).sum()),
        rotten=int(is_rotten.sum()),
        fruit_of_fresh=int(fruit_right[~is_rotten].sum()),
        fruit_of_rotten=int(fruit_right[is_rotten].sum()),
        kept=int((rotten[~is_rotten] == 0).sum()),
        found=int((rotten[is_rotten] == 1).sum()),
    )


def check_fruit(measures: Measures, found: Tensor, expected: Tensor) -> None:
    """Check the fruit head, whose predictions are `found` (N,), against REQUIRED."""
    share = 100 * measures.shares()["fruit"]
    if share >= REQUIRED["fruit"]:
        return
    told = (
        f"expected at least {REQUIRED['fruit']}% of the fruit right, the mean over fresh and "
        f"rotten images; got {float(share):.1f}% ({measures.fruit_of_fresh} of {measures.fresh} "
        f"fresh ones, {measures.fruit_of_rotten} of {measures.rotten} rotten ones)"
    )
    exchanged = exchanged_classes(found, expected, HEADS["fruit"])
    if exchanged:
        fruit, other = (EVENING_FRUITS[label] for label in exchanged)
        raise WeightsRefused("classes-exchanged", f"{told}; most {fruit} images are called {other}")
    raise WeightsRefused("head-not-trained" if share < GUESSING else "head-undertrained", told)


def exchanged_classes(found: Tensor, expected: Tensor, classes: int) -> tuple[int, int] | None:
    """Return (class, other class) where predictions `found` (N,) are right but for class numbers.

    Each class must have one of the others, or itself, for most of its images, no two the same one;
    and with these in place of the class numbers 70 % of the predictions must be right.
    """
    said = [int(found[expected == label].mode().values) for label in range(classes)]
    renamed = torch.tensor(said)[expected]  # (N,)
    right = int((renamed == found).sum())
    if sorted(said) != list(range(classes)) or 10 * right < 7 * len(found):
        return None
    return next(((label, other) for label, other in enumerate(said) if label != other), None)


def check_rotten(measures: Measures, scores: Tensor, rotten: Tensor) -> None:
    """Check the rotten head against REQUIRED.

    scores: the logit of rotten minus that of fresh (N,), from which it is told whether another
    threshold would help; rotten: the labels (N,).
    """
    shares = measures.shares()
    found, kept = 100 * shares["found"], 100 * shares["kept"]
    if found >= REQUIRED["found"] and kept >= REQUIRED["kept"]:
        return
    told = (
        f"expected at least {REQUIRED['found']}% of the rotten images found and "
        f"{REQUIRED['kept']}% of the fresh ones kept; got {float(found):.1f}% "
        f"({measures.found} of {measures.rotten}) and {float(kept):.1f}% "
        f"({measures.kept} of {measures.fresh})"
    )
    if not some_threshold_reaches(scores, rotten):
        if some_threshold_reaches(-scores, rotten):
            raise WeightsRefused("classes-exchanged", f"{told}. Fresh and rotten are exchanged")
        raise WeightsRefused(
            "head-undertrained", f"{told}. No threshold on this head's probabilities reaches both"
        )
    code = "rare-class-ignored" if found < REQUIRED["found"] else "false-alarms"
    raise WeightsRefused(code, told)


def some_threshold_reaches(scores: Tensor, rotten: Tensor) -> bool:
    """Return whether there is a threshold on scores (N,) with which both shares are reached."""
    for threshold in scores[rotten == 1].unique():
        called = scores >= threshold
        found = int((called & (rotten == 1)).sum())
        kept = int((~called & (rotten == 0)).sum())
        enough_found = 100 * found >= REQUIRED["found"] * int((rotten == 1).sum())
        if enough_found and 100 * kept >= REQUIRED["kept"] * int((rotten == 0).sum()):
            return True
    return False


def main() -> None:
    """Print the report on the file that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__.split(";")[0])
    parser.add_argument("file")
    parser.add_argument(
        "--seed",
        type=int,
        help="judge on images drawn with this seed; by default on the validation images",
    )
    parser.add_argument(
        "--hidden", action="store_true", help="judge on the images that decide the marks"
    )
    options = parser.parse_args()
    judged = hidden() if options.hidden else None
    if options.seed is not None:
        judged = drawn(options.seed)
    json.dump(report(options.file, judged), sys.stdout)


if __name__ == "__main__":
    main()
