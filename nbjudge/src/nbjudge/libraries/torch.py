"""What the engine knows of PyTorch, and of what is built on it. This does not import PyTorch."""

import builtins
import sys
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
        plain_of=plain_of,
        from_plain=from_plain,
        trusted_callers=frozenset({"torch", "torchvision", "safetensors"}),
        tell_frames=("torch._jit_internal", "torch.utils._traceback", "torch._dynamo"),
        before_check=one_thread,
    )
)
