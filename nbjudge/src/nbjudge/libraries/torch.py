"""What the engine knows of PyTorch, and of what is built on it. This does not import PyTorch."""

import builtins
import sys
from typing import Any

from nbjudge.libraries import Library, register_library

# The functions below look here for builtins, where others cannot patch them.
__builtins__ = dict(vars(builtins))  # type: ignore[assignment]

modules = sys.modules


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


register_library(
    Library(
        name="torch",
        reseed=reseed,
        seed_source="import torch\n\ntorch.manual_seed({seed})",
        array_type="Tensor",
        array_bytes=array_bytes,
        refill_array=refill_array,
        trusted_callers=frozenset({"torch", "torchvision", "safetensors"}),
        tell_frames=("torch._jit_internal", "torch.utils._traceback", "torch._dynamo"),
        before_check=one_thread,
    )
)
