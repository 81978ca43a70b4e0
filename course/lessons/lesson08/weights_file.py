"""Reading a file of weights: only data, with the names, shapes and dtypes of the brief."""

import io
import itertools
import json
import math
import pickletools
import re
import stat
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import safetensors.torch
import torch
from torch import Tensor

from course.vision.evening import EVENING_FRUITS

Tensors = Mapping[str, Tensor]  # by the names of the file
Shapes = Mapping[str, Sequence[int]]
BUNDLED = Path(__file__).parents[2] / "vision" / "weights" / "resnet18_species1000.safetensors"
LARGEST = 50_000_000  # bytes: all parameters of the budget in single precision need 48 MB
LONGEST_HEADER = 100_000  # bytes; an honest one has 13,000
BUDGET = 12_000_000  # parameters, 11,689,512 of them the old network's
# the dtypes of safetensors that torch has, by torch's names
DTYPES = {"F16": "float16", "F32": "float32", "F64": "float64", "BF16": "bfloat16"}
DTYPES |= {"I64": "int64", "I32": "int32", "I16": "int16", "I8": "int8", "U8": "uint8"}
HEADS = {"fruit": len(EVENING_FRUITS), "rotten": 2}  # outputs of each new head
FEATURES = 512  # what a new head reads


class WeightsRefused(Exception):
    """The file is not what the brief asks for: a misconception's code, and what was observed."""

    def __init__(self, code: str, observed: str) -> None:
        super().__init__(code, observed)
        self.code = code
        self.observed = observed


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
            found = DTYPES.get(entry["dtype"], entry["dtype"])
            expected = " or ".join(DTYPES[each] for each in allowed)
            raise WeightsRefused("wrong-dtype", f"{name} is stored as {found}; expected {expected}")


def check_names_and_shapes(shapes: Shapes) -> None:
    """Check that the file holds the tensors of the brief and no others, within the budget."""
    old = {name_in_file(name): list(tensor.shape) for name, tensor in bundled().items()}
    check_names(shapes, old)
    for name in sorted(old):
        if shapes[name] != old[name]:
            raise WeightsRefused(
                "wrong-shape", f"expected {name} {tuple(old[name])}; got {tuple(shapes[name])}"
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


def bundled() -> dict[str, Tensor]:
    """Return the weights that come with the course, by torchvision's names, floats in half."""
    return safetensors.torch.load_file(BUNDLED)


def name_in_file(name: str) -> str:
    """Return the name in the file of a tensor of the old network, from torchvision's name."""
    return name.replace("fc.", "species.") if name.startswith("fc.") else f"backbone.{name}"
