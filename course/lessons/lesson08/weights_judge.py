"""The judge of weights that are handed in; as a process it prints one line of JSON:

    python -I -m course.lessons.lesson08.weights_judge FILE [--seed SEED]

For marks it runs in a sandbox of its own, in which no line of a learner's code has run: the check
cell has the tag `judge-outside`. From a command line it judges any file.
The file stays data: its size is looked at before it is read, safetensors is the only format, names,
shapes and types must be those of the brief (lesson 08), and the network is built here from the
tensors. It uses torch alone, because importing torchvision would double the time to start.
"""

import argparse
import json
import math
import re
import stat
import sys
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path

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
# The reference, over ten seeds of training x {1, 2} threads, on eight draws of hidden pictures:
# fruit .82 to .93, kept .75 to .90, found .75 to .91. Without a threshold of its own: fruit the
# same, kept .94 to 1.00, found .42 to .698. On seed 3002: kept at least .84, found at least .80,
# and found at most .62 without a threshold. Before you take a new seed, try one of your files.
FLOORS = {"fruit": 0.75, "kept": 0.70, "found": 0.70}
GUESSING = 0.35  # share of right fruit below which nothing has been learnt; guessing has 1 / 6


class WeightsRefused(Exception):
    """The file is not what the brief asks for: a misconception's code, and what was observed."""

    def __init__(self, code: str, observed: str) -> None:
        super().__init__(code, observed)
        self.code = code
        self.observed = observed


def report(path: str | Path, seed: int | None = None) -> dict:
    """Return {"measures": {...}} as `measure_file` measures them, or {"code", "observed"}."""
    try:
        return {"measures": measure_file(path, seed)}
    except WeightsRefused as refused:
        return {"code": refused.code, "observed": refused.observed}
    except Exception as problem:  # whatever a file may hold, the answer is a sentence
        kind = type(problem).__name__
        return {
            "code": "file-damaged",
            "observed": f"reading it ended in {kind}: write the file again",
        }


def measure_file(path: str | Path, seed: int | None = None) -> dict[str, float]:
    """Return the shares {"fruit", "kept", "found"} that the network in a file reaches.

    They are measured on the validation pictures of the evening stall, or on hidden ones that `seed`
    draws. Raises WeightsRefused where the file is not as it should be, or a share is too low.
    """
    tensors = read_tensors(read_bytes(Path(path)))
    check_old_network(tensors)
    if seed is None:
        features, pictures = validation()
    else:
        pictures = draw_evening(seed, 252, every=2)  # half of them rotten: recall needs many
        features = features_of(tensors, pictures.images)
    measures = measure_heads(tensors, features, pictures)
    rotten = int(pictures.rotten.sum())
    check_measures(measures, len(pictures.fruit), rotten)
    return measures


@cache
def validation() -> tuple[Tensor, Pictures]:
    """Return (features (420, 512), Pictures) of the validation pictures under the old network.

    They hold for every file, because `check_old_network` has found the old network in it, to the
    bit.
    """
    pictures = evening("validation")
    return features_of(old_network(), pictures.images), pictures


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
    check_no_pickle(data)
    length = int.from_bytes(data[:8], "little")
    if len(data) < 8 or data[8:9] != b"{" or length > LONGEST_HEADER:
        raise WeightsRefused(
            "file-damaged",
            f"its {len(data):,} bytes do not begin as safetensors do: write the file with "
            "save_file",
        )
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


def check_no_pickle(data: bytes) -> None:
    """Refuse the bytes of a pickle, which starts with an opcode PROTO, or of torch.save's zip."""
    pickles = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")
    is_zip = data[:4] == b"PK\x03\x04"
    if is_zip or data[:2] in pickles:
        kind = "a zip archive, as torch.save writes it" if is_zip else "a pickle"
        raise WeightsRefused(
            "pickle-for-weights", f"whatever its name says, the file is {kind}; it was not opened"
        )


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
        asked = ("I64",) if name.endswith("num_batches_tracked") else ("F16", "F32")
        if entry["dtype"] not in asked:
            raise WeightsRefused(
                "wrong-dtype",
                f"{name} is stored as {entry['dtype']}; expected {' or '.join(asked)}",
            )


def check_names_and_shapes(shapes: Shapes) -> None:
    """Check that the file holds the tensors of the brief and no others, within the budget."""
    old = {name_in_file(name): list(tensor.shape) for name, tensor in bundled().items()}
    check_names(shapes, old)
    for name in sorted(old):
        if shapes[name] != old[name]:
            raise WeightsRefused(
                "wrong-shape",
                f"{name} has shape {tuple(shapes[name])}; expected {tuple(old[name])}",
            )
    for head, classes in HEADS.items():
        check_head_shapes(shapes, head, classes)
    buffers = ("running_mean", "running_var", "num_batches_tracked")
    count = 0
    for name, shape in shapes.items():
        if not name.endswith(buffers):
            count += math.prod(shape)
    if count > BUDGET:
        raise WeightsRefused(
            "too-many-parameters", f"the file holds {count:,} parameters; the budget is {BUDGET:,}"
        )


def check_names(shapes: Shapes, old: Iterable[str]) -> None:
    """Check that the file holds the tensors `old` of the old network, two heads, and no others."""
    of_heads = {name for name in shapes if head_and_layer(name)}
    missing = sorted(set(old) - set(shapes))
    for head in HEADS:
        if not layers_of(shapes, head):
            missing.append(f"{head}.weight")
    extra = sorted(set(shapes) - set(old) - of_heads)
    held = f"the file holds {len(shapes)} tensors"
    if missing:
        raise WeightsRefused("tensors-missing", f"{held}; not among them {first_of(missing)}")
    if extra:
        raise WeightsRefused(
            "tensors-extra", f"{held}, among them {first_of(extra)}, which the brief does not know"
        )


def first_of(names: Sequence[str]) -> str:
    """Return the first name, and how many others there are."""
    return f"{names[0]} and {len(names) - 1} more" if len(names) > 1 else names[0]


def check_head_shapes(shapes: Shapes, head: str, classes: int) -> None:
    """Check that a head is a chain of Linear layers from the features to `classes` logits."""
    width = FEATURES
    for layer in layers_of(shapes, head):
        weight, bias = shapes.get(f"{layer}.weight"), shapes.get(f"{layer}.bias")
        if weight is None or len(weight) != 2 or weight[1] != width:
            seen = "is missing" if weight is None else f"has shape {tuple(weight)}"
            raise WeightsRefused(
                "wrong-shape",
                f"{layer}.weight {seen}; {width} numbers come in, so expected (n, {width})",
            )
        if bias is not None and bias != weight[:1]:
            raise WeightsRefused(
                "wrong-shape",
                f"{layer}.bias has shape {tuple(bias)}; its weight asks for ({weight[0]},)",
            )
        width = weight[0]
    if width != classes:
        raise WeightsRefused(
            "wrong-shape", f"the head {head} ends in {width} outputs; expected {classes}"
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
    others = "all else is as it was"
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


def measure_heads(tensors: Tensors, features: Tensor, pictures: Pictures) -> dict[str, float]:
    """Return the shares that the heads get right, by the argmax of their logits.

    "fruit": of all pictures, those whose fruit is named right; "kept": of the fresh ones, those
    called fresh; "found": of the rotten ones, those called rotten. features: (N, 512).
    """
    with torch.inference_mode():
        fruit = logits_of(tensors, "fruit", features).argmax(1)
        rotten = logits_of(tensors, "rotten", features).argmax(1)
    is_rotten = pictures.rotten == 1
    return {
        "fruit": share(fruit == pictures.fruit),
        "kept": share(rotten[~is_rotten] == 0),
        "found": share(rotten[is_rotten] == 1),
    }


def share(right: Tensor) -> float:
    """Return the share of True."""
    return right.float().mean().item()


def check_measures(measures: Mapping[str, float], count: int, rotten: int) -> None:
    """Check the shares of `measure_heads`, on `count` pictures, against FLOORS."""
    fruit, kept, found = measures["fruit"], measures["kept"], measures["found"]
    told = (
        f"{fruit:.0%} of {count} fruits are named right, {found:.0%} of {rotten} rotten ones "
        f"found, {kept:.0%} of {count - rotten} fresh ones kept; asked"
    )
    if fruit < FLOORS["fruit"]:
        code = "head-not-trained" if fruit < GUESSING else "head-undertrained"
        raise WeightsRefused(code, f"{told} of the fruits are {FLOORS['fruit']:.0%}")
    if found < FLOORS["found"]:
        raise WeightsRefused(
            "rare-class-ignored", f"{told} of the rotten are {FLOORS['found']:.0%}"
        )
    if kept < FLOORS["kept"]:
        raise WeightsRefused("false-alarms", f"{told} of the fresh are {FLOORS['kept']:.0%}")


def main() -> None:
    """Print the report on the file that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__.split(";")[0])
    parser.add_argument("file")
    parser.add_argument(
        "--seed",
        type=int,
        help="draw hidden pictures; without it, the stall's validation pictures are used",
    )
    asked = parser.parse_args()
    json.dump(report(asked.file, asked.seed), sys.stdout)


if __name__ == "__main__":
    main()
