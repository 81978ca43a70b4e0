"""What the engine knows of PyTorch, and of what is built on it. This does not import PyTorch."""

import builtins
import sys
from collections.abc import Callable
from math import prod
from typing import Any

from nbjudge.libraries import Library, Plain, register_library

# The functions below look here for builtins, where others cannot patch them.
__builtins__ = dict(vars(builtins))  # type: ignore[assignment]

modules = sys.modules
GRAD = ", requires grad"  # after the kind of a tensor that does


def reseed(seed: int) -> None:
    """Seed PyTorch's random numbers."""
    modules["torch"].manual_seed(seed)


def one_thread() -> None:
    """Compute in one thread: a fork has no thread pool, and waiting for it would never end."""
    modules["torch"].set_num_threads(1)


def array_bytes(tensor: Any) -> bytes | None:
    """Return the bytes of a tensor, None if it holds Python objects."""
    array = tensor.detach().numpy()
    if array.dtype.hasobject:
        return None
    data: bytes = array.tobytes()
    return data


def refill_array(tensor: Any, data: bytes) -> None:
    """Write bytes that `array_bytes` has returned back into a tensor."""
    array = tensor.detach().numpy()  # shares the tensor's memory
    array[...] = type(array)(array.shape, array.dtype, data)


# Names that say that a lesson is about gradients, or about the default type of numbers.
GRADIENTS = {"set_grad_enabled", "is_grad_enabled", "inference_mode", "is_inference_mode_enabled"}
NUMBERS = {"set_default_dtype", "get_default_dtype", "set_default_tensor_type"}


def take_settings() -> dict[str, Any]:
    """Return whether gradients are computed, the default type, and the hooks of all modules."""
    torch = modules["torch"]
    home = vars(modules["torch.nn.modules.module"])
    return {
        "gradients": torch.is_grad_enabled(),
        "dtype": torch.get_default_dtype(),
        # its tables of hooks; looking for them before each check would copy 180 pages
        "hooks": [name for name, value in home.items() if is_table_of_hooks(name, value)],
    }


def is_table_of_hooks(name: str, value: Any) -> bool:
    """Return whether this is a table of the hooks of all modules."""
    return name.startswith("_global_") and isinstance(value, dict)


def restore_settings(
    settings: dict[str, Any], mentioned: frozenset[str], is_students: Callable[[Any], bool]
) -> list[str]:
    """Restore what `take_settings` has returned; remove hooks and modes that are the student's.

    A hook of all modules, and a mode, act in the check's own computations as well. Both kinds stay
    where a library has set them.
    """
    torch = modules["torch"]
    if not GRADIENTS & mentioned:
        torch.set_grad_enabled(settings["gradients"])
    if not NUMBERS & mentioned and torch.get_default_dtype() is not settings["dtype"]:
        torch.set_default_dtype(settings["dtype"])
    notes = []
    if remove_global_hooks(settings["hooks"], mentioned, is_students):
        notes.append("it had set hooks on all modules of torch")
    if remove_modes(is_students):
        notes.append("it had left a mode of torch in force")
    return notes


def remove_global_hooks(
    tables: list[str], mentioned: frozenset[str], is_students: Callable[[Any], bool]
) -> bool:
    """Remove the student's hooks of all modules from these tables; return whether there was one."""
    if any(word.startswith("register_module") for word in mentioned):
        return False
    home = vars(modules["torch.nn.modules.module"])
    found = False
    for name in tables:
        hooks: Any = home.get(name)
        for key, hook in list(hooks.items()) if isinstance(hooks, dict) else ():
            if is_students(hook):
                del hooks[key]
                found = True
    return found


def remove_modes(is_students: Callable[[Any], bool]) -> bool:
    """Take the student's modes off torch's two stacks of modes; return whether there was one."""
    inner = modules["torch"]._C
    found = False
    while inner._len_torch_function_stack():
        count = inner._len_torch_function_stack()
        if not is_students(inner._get_function_stack_at(count - 1)):
            break
        inner._pop_torch_function_stack()
        found = True
    while inner._len_torch_dispatch_stack():
        count = inner._len_torch_dispatch_stack()
        if not is_students(inner._get_dispatch_stack_at(count - 1)):
            break
        inner._pop_torch_dispatch_stack(None)
        found = True
    return found


def plain_of(value: Any) -> Plain | None:
    """Return a tensor, a parameter or a torch.Size as data; see `Library`."""
    torch = modules["torch"]
    if type(value) is torch.Size:
        return "Size", "", tuple(value), b""
    kind = {torch.Tensor: "Tensor", torch.nn.Parameter: "Parameter"}.get(type(value))
    if kind is None:
        return None
    if value.layout is not torch.strided or value.is_quantized or value.device.type == "meta":
        raise ValueError("a tensor that is sparse or quantized, or has no numbers")
    tensor = value.detach().cpu().resolve_conj().resolve_neg().contiguous()
    data = tensor.reshape(-1).view(torch.uint8).numpy().tobytes()
    grad = GRAD if value.requires_grad else ""
    dtype = str(tensor.dtype).removeprefix("torch.")
    return kind + grad, dtype, tuple(tensor.shape), data


def from_plain(kind: str, dtype: str, shape: tuple[int, ...], data: bytes) -> Any:
    """Return the value of what `plain_of` has returned; see `Library`.

    It has no history: a tensor that required grad is a leaf that does.
    """
    torch: Any = modules["torch"]
    if kind == "Size":
        return torch.Size(shape)
    plain: Any = getattr(torch, dtype, None)
    name = kind.removesuffix(GRAD)
    quantized = dtype.startswith("q")
    if type(plain) is not torch.dtype or quantized or name not in ("Tensor", "Parameter"):
        raise ValueError("no tensor")
    if torch.empty(0, dtype=plain).element_size() * prod(shape) != len(data):
        raise ValueError("as many bytes do not make this shape")
    if plain is torch.bool and data.translate(None, b"\0\1"):
        raise ValueError("a bool that is neither True nor False")
    tensor = torch.empty(shape, dtype=plain)
    if data:
        raw = torch.frombuffer(bytearray(data), dtype=torch.uint8)
        tensor.reshape(-1).view(torch.uint8).copy_(raw)
    grad = kind.endswith(GRAD)
    if grad and not (plain.is_floating_point or plain.is_complex):
        raise ValueError("only floats require grad")
    if name == "Parameter":
        return torch.nn.Parameter(tensor, requires_grad=grad)
    return tensor.requires_grad_(grad)


register_library(
    Library(
        name="torch",
        reseed=reseed,
        seed_source="import torch\n\ntorch.manual_seed({seed})",
        array_type="Tensor",
        array_bytes=array_bytes,
        refill_array=refill_array,
        take_settings=take_settings,
        restore_settings=restore_settings,
        plain_of=plain_of,
        from_plain=from_plain,
        before_check=one_thread,
    )
)
