"""Results of long experiments, kept on disk: after a restart they are read and not computed again.

`@kept_on_disk` above a function in a notebook is enough. It works where a folder `.kept` lies
beside the lesson's folder, as `course lab` makes it in work/. Grading and `course build` have no
such folder, so nothing is read or written there. The files are safetensors, which hold data and
never code.
"""

import dis
import functools
import hashlib
import json
import os
import sys
import time
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import safetensors
import torch
import torchvision
from IPython.core.getipython import get_ipython
from safetensors.torch import save_file
from torch import nn

import course.vision

PLAIN = (type(None), bool, int, float, complex, str, bytes, range, slice, torch.dtype, torch.device)
running: list[Callable] = []  # the kept functions that run now, each called by the one before
told: set[tuple[object, str]] = set()  # (cell, function) of which a line was printed


class NotKept(Exception):
    """A result cannot be kept, or a call cannot be known again; str() says why."""


def folder() -> Path | None:
    """Where the results of this notebook's lesson are kept; None where nothing is kept."""
    here = Path.cwd()
    store = here.parent / ".kept"
    return store / here.name if store.is_dir() else None


def kept_on_disk(function: Callable) -> Callable:
    """Keep on disk what a function returns, and what it changes in the networks it is given.

    A call is known again by the code of the function and of all that it uses from the notebook, by
    the values of both and of its arguments, and by the versions of torch and of the course's
    pictures and weights. If one of them has changed, the function runs again. A result holds
    numbers, text, tensors, and lists, tuples and dicts of them. Each call starts from the same
    random state, and leaves the caller's as it was.
    """

    def compute(*args: Any, **kwargs: Any) -> Any:
        running.append(function)
        try:
            with torch.random.fork_rng(devices=[]):
                torch.manual_seed(0)
                return function(*args, **kwargs)
        finally:
            running.pop()

    @functools.wraps(function)
    def run(*args: Any, **kwargs: Any) -> Any:
        store = folder()
        if store is None or running:  # what the outer one returns is kept
            return compute(*args, **kwargs)
        try:
            path = store / function.__name__ / f"{key_of(function, args, kwargs)}.safetensors"
            networks = networks_in(args, kwargs)
            call = Call(function, args, kwargs, networks)
        except NotKept as problem:
            tell(function, f"not kept, because {problem}")
            return compute(*args, **kwargs)
        if path.exists():
            try:
                result = read(path, networks)
            except (safetensors.SafetensorError, ValueError, KeyError, TypeError, RuntimeError):
                path.unlink()  # damaged
            else:
                since = time.strftime("%d %B %Y, %H:%M", time.localtime(path.stat().st_mtime))
                place = os.path.relpath(path.parent, store.parent.parent.parent)
                tell(function, f"kept from {since}.\nTo run it again, delete {place}")
                return result
        result = compute(*args, **kwargs)
        try:
            call.expect_nothing_else_changed()
            write(path, result, call)
        except NotKept as problem:
            tell(function, f"not kept, because {problem}")
        return result

    run.keeps = function
    return run


def tell(function: Callable, what: str) -> None:
    """Print a line about a kept function, once for each run of a cell."""
    shell = get_ipython()
    where = shell.execution_count if shell else None
    if (where, function.__name__) not in told:
        told.add((where, function.__name__))
        print(f"{function.__name__}: {what}")


# --- how a call is known again


def key_of(function: Callable, args: tuple, kwargs: dict) -> str:
    """What a call is known by. Raises NotKept if it uses a value of an unknown kind."""
    digest = Digest()
    digest.text(f"{sys.version} {torch.__version__} {torchvision.__version__} {course_digest()}")
    digest.note([function, args, kwargs])
    return digest.hex()


@functools.cache
def course_digest() -> str:
    """The hash of what draws the pictures, and of the pictures and weights themselves."""
    digest = hashlib.blake2b(digest_size=16)
    for path in sorted(Path(course.vision.__file__).parent.rglob("*")):
        if path.suffix in (".py", ".zip", ".safetensors"):
            digest.update(path.read_bytes())
    return digest.hexdigest()


class Digest:
    """The hash of values, and of the code of functions and classes that a notebook defines.

    outline: of tensors only the shape counts, and it does not matter which mode a module is in.
    """

    def __init__(self, outline: bool = False) -> None:
        self.hash = hashlib.blake2b(digest_size=16)
        self.outline = outline
        self.seen: dict[int, tuple[int, Any]] = {}  # {id: (number, value)}

    def hex(self) -> str:
        """Everything so far."""
        return self.hash.hexdigest()

    def text(self, text: str) -> None:
        """Add some words."""
        self.hash.update(f"{len(text)} {text}".encode())

    def note(self, value: Any) -> None:
        """Add a value. Raises NotKept if it is of an unknown kind."""
        value = getattr(value, "keeps", value) if callable(value) else value
        self.text(type(value).__qualname__)
        if isinstance(value, PLAIN):
            self.text(repr(value))
            return
        if id(value) in self.seen:  # also ends circles
            self.text(str(self.seen[id(value)][0]))
            return
        # the value is held, because Python gives the id of a deleted one to the next
        self.seen[id(value)] = len(self.seen), value
        if isinstance(value, torch.Tensor):
            self.tensor(value)
        elif isinstance(value, types.CodeType):
            self.code(value)
        elif isinstance(value, types.FunctionType):
            self.function(value)
        elif isinstance(value, types.MethodType):
            self.several([value.__func__, value.__self__])
        elif isinstance(value, functools.partial):
            self.several([value.func, value.args, value.keywords])
        elif isinstance(value, type):
            self.kind(value)
        elif isinstance(value, types.ModuleType | types.BuiltinFunctionType):
            self.text(value.__name__)
        elif isinstance(value, dict):
            self.several([part for pair in value.items() for part in pair])
        elif isinstance(value, list | tuple):
            self.several(value)
        elif isinstance(value, set | frozenset):
            self.several(sorted(value, key=repr))
        elif hasattr(value, "__dict__"):
            self.kind(type(value))
            self.attributes(value)
        else:
            raise NotKept(f"it uses a {type(value).__name__}, which cannot be compared")

    def several(self, values) -> None:
        """Add values in their order."""
        self.text(str(len(values)))
        for value in values:
            self.note(value)

    def tensor(self, tensor: torch.Tensor) -> None:
        """Add a tensor."""
        self.text(f"{tensor.dtype} {tuple(tensor.shape)}")
        if not self.outline:
            self.text(str(tensor.requires_grad))
            values = tensor.detach().cpu().contiguous().flatten().view(torch.uint8)
            self.hash.update(values.numpy())

    def attributes(self, value: object) -> None:
        """Add what an object holds."""
        for name, held in vars(value).items():
            if not (self.outline and name == "training"):
                self.text(name)
                self.note(held)

    def kind(self, kind: type) -> None:
        """Add a class: its name, and what it defines if it is the notebook's."""
        self.text(f"{kind.__module__}.{kind.__qualname__}")
        if kind.__module__ == "__main__":
            self.several(kind.__bases__)
            for name, held in vars(kind).items():
                if isinstance(held, property):
                    held = [held.fget, held.fset, held.fdel]
                if isinstance(held, staticmethod | classmethod):
                    held = held.__func__
                if name != "__firstlineno__" and not isinstance(held, types.GetSetDescriptorType):
                    self.text(name)
                    self.note(held)

    def function(self, function: types.FunctionType) -> None:
        """Add a function: its name, or if it is the notebook's, its code and what that uses."""
        cells = [cell.cell_contents for cell in function.__closure__ or () if not_empty(cell)]
        self.several([function.__defaults__, function.__kwdefaults__, *cells])
        if function.__module__ != "__main__":
            self.text(f"{function.__module__}.{function.__qualname__}")
            return
        self.note(function.__code__)
        if function.__globals__.get("__name__") == "__main__":
            for name in sorted(set(globals_of(function.__code__)) & function.__globals__.keys()):
                self.text(name)
                self.note(function.__globals__[name])

    def code(self, code: types.CodeType) -> None:
        """Add what a piece of code does, wherever it stands."""
        self.hash.update(code.co_code)
        constants = [held for held in code.co_consts if held is not code.co_name]
        self.several([code.co_names, code.co_varnames, code.co_freevars, *constants])


def not_empty(cell: types.CellType) -> bool:
    """Whether a variable of an outer function has a value."""
    try:
        return cell.cell_contents is not cell
    except ValueError:
        return False


def globals_of(code: types.CodeType) -> Iterator[str]:
    """The global names that a piece of code reads, that of inner functions included."""
    for instruction in dis.get_instructions(code):
        if instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
            yield instruction.argval
    for held in code.co_consts:
        if isinstance(held, types.CodeType):
            yield from globals_of(held)


# --- what a call has changed


def networks_in(args: tuple, kwargs: dict) -> dict[str, nn.Module]:
    """The networks among a call's arguments, by their place or name."""
    named = {str(place): value for place, value in enumerate(args)} | kwargs
    return {name: value for name, value in named.items() if isinstance(value, nn.Module)}


def tensors_of(networks: dict[str, nn.Module]) -> dict[str, torch.Tensor]:
    """All parameters and buffers, by their names."""
    found = {}
    for name, network in networks.items():
        for path, tensor in (*network.named_parameters(), *network.named_buffers()):
            found[f"{name}.{path}"] = tensor
    return found


class Call:
    """What a call is given, as it was before."""

    def __init__(
        self, function: Callable, args: tuple, kwargs: dict, networks: dict[str, nn.Module]
    ) -> None:
        given = [value for value in (*args, *kwargs.values()) if not isinstance(value, nn.Module)]
        self.parts = [function, given]
        self.networks = networks
        self.others = self.digests()
        self.tensors = {name: t.detach().clone() for name, t in tensors_of(networks).items()}

    def digests(self) -> tuple[str, str]:
        """Of all but the networks' tensors and modes."""
        values, outline = Digest(), Digest(outline=True)
        values.note(self.parts)
        outline.note(self.networks)
        return values.hex(), outline.hex()

    def expect_nothing_else_changed(self) -> None:
        """Raise NotKept if the call has changed something that cannot be changed again."""
        if self.digests() != self.others:
            raise NotKept("it changes more than the tensors of the networks it is given")

    def changed(self) -> dict[str, torch.Tensor]:
        """The tensors of the networks that have other values than before."""
        return {
            name: tensor
            for name, tensor in tensors_of(self.networks).items()
            if not torch.equal(tensor, self.tensors[name])
        }


# --- the file of a call


def write(path: Path, result: object, call: Call) -> None:
    """Write what a call returned and changed. Raises NotKept if the result cannot be written."""
    tensors = {f"changed {name}": tensor for name, tensor in call.changed().items()}
    said = {
        "result": as_json(result, tensors),
        "trainable": [t.requires_grad for t in tensors_of(call.networks).values()],
        "training": [m.training for net in call.networks.values() for m in net.modules()],
    }
    plain = {name: t.detach().cpu().contiguous().clone() for name, t in tensors.items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(f".{os.getpid()}.part")  # then in one step: nobody reads half a file
    save_file(plain, part, {"said": json.dumps(said)})
    os.replace(part, path)


def read(path: Path, networks: dict[str, nn.Module]) -> object:
    """Return what a call returned, and put the networks as it left them.

    Raises SafetensorError, ValueError, KeyError, TypeError or RuntimeError for a damaged file.
    """
    with safetensors.safe_open(path, "pt") as file:
        said = json.loads(file.metadata()["said"])
        tensors = {name: file.get_tensor(name) for name in file.keys()}
    result = from_json(said["result"], tensors)
    with torch.no_grad():
        for name, tensor in tensors_of(networks).items():
            if f"changed {name}" in tensors:
                tensor.copy_(tensors[f"changed {name}"])
    for tensor, trainable in zip(tensors_of(networks).values(), said["trainable"], strict=True):
        if tensor.requires_grad != trainable:
            tensor.requires_grad_(trainable)
    modules = [module for network in networks.values() for module in network.modules()]
    for module, training in zip(modules, said["training"], strict=True):
        module.training = training
    return result


def as_json(value: object, tensors: dict[str, torch.Tensor]) -> object:
    """A value as JSON; its tensors go into `tensors`. Raises NotKept for another kind of value."""
    if type(value) in (type(None), bool, int, float, str):
        return value
    if type(value) is torch.Tensor:
        name = f"result {len(tensors)}"
        tensors[name] = value
        return {"tensor": name}
    if type(value) in (list, tuple):
        return {type(value).__name__: [as_json(part, tensors) for part in value]}
    if type(value) is dict:
        pairs = [[as_json(part, tensors) for part in pair] for pair in value.items()]
        return {"dict": pairs}
    raise NotKept(f"it returns a {type(value).__name__}")


def from_json(value: Any, tensors: dict[str, torch.Tensor]) -> Any:
    """The value that `as_json` was given."""
    if not isinstance(value, dict):
        return value
    ((kind, held),) = value.items()
    if kind == "tensor":
        return tensors[held]
    if kind == "dict":
        return {from_json(k, tensors): from_json(v, tensors) for k, v in held}
    parts = [from_json(part, tensors) for part in held]
    return tuple(parts) if kind == "tuple" else parts
