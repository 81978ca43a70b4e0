"""What an answer leaves behind: switches of torch for the whole process, and changed arguments.

A function that returns the right result and leaves gradients off breaks the next cell. So each call
of an answer is compared: the process's switches, and the tensors and containers it was given.
"""

import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
import torch
from torch.nn.modules import module as nn_module

from course.checking.comparisons import fingerprint
from course.checking.misconception import Misconception

DEPTH = 3  # how deep the containers in arguments are looked into
GLOBAL_HOOKS = (  # hooks for all modules (torch/nn/modules/module.py)
    "_global_forward_hooks",
    "_global_forward_pre_hooks",
    "_global_backward_hooks",
    "_global_backward_pre_hooks",
    "_global_module_registration_hooks",
    "_global_parameter_registration_hooks",
    "_global_buffer_registration_hooks",
)


class Switch(NamedTuple):
    """A setting of the whole process."""

    call: str  # the call that reads it, for messages
    read: Callable[[], Any]
    write: Callable[[Any], object]


SWITCHES = (
    Switch("torch.is_grad_enabled()", torch.is_grad_enabled, torch.set_grad_enabled),
    Switch("torch.get_default_dtype()", torch.get_default_dtype, torch.set_default_dtype),
    Switch(
        "torch.get_default_device()",
        torch.get_default_device,
        lambda device: torch.set_default_device(None if device.type == "cpu" else device),
    ),
    Switch("torch.get_num_threads()", torch.get_num_threads, torch.set_num_threads),
    Switch(
        "torch.get_float32_matmul_precision()",
        torch.get_float32_matmul_precision,
        torch.set_float32_matmul_precision,
    ),
    Switch(
        "torch.are_deterministic_algorithms_enabled()",
        torch.are_deterministic_algorithms_enabled,
        torch.use_deterministic_algorithms,
    ),
    Switch(
        "torch.is_anomaly_enabled()", torch.is_anomaly_enabled, torch.autograd.set_detect_anomaly
    ),
    Switch(
        "torch.is_autocast_enabled('cpu')",
        lambda: torch.is_autocast_enabled("cpu"),
        lambda on: torch.set_autocast_enabled("cpu", on),
    ),
)


@contextmanager
def switches_restored() -> Iterator[None]:
    """Restore torch's switches and global hooks after the block.

    Raises Misconception if the block has ended without an error and one of them was changed.
    """
    before = [switch.read() for switch in SWITCHES]
    hooks = {name: dict(getattr(nn_module, name)) for name in GLOBAL_HOOKS}
    changed = ""
    try:
        yield
    finally:
        for switch, old in zip(SWITCHES, before, strict=True):
            now = switch.read()
            if now != old:
                changed = changed or f"{switch.call} was {old} before the call and is {now} after"
                switch.write(old)
        for name, old_hooks in hooks.items():
            registered = getattr(nn_module, name)
            if dict(registered) != old_hooks:
                changed = changed or "a hook for all modules is still registered after the call"
                registered.clear()
                registered.update(old_hooks)
    if changed:
        raise Misconception("switch-left-changed", changed)


class ArgumentsKept:
    """The values of a call's arguments, to compare after the call.

    Tensors, arrays, lists, dicts and sets count, also inside one another. Modules, optimizers and
    all other objects do not: an exercise may ask for their change.
    """

    def __init__(self, *args: Any) -> None:
        self._args = args
        self._before = [_values(value, DEPTH) for value in args]

    def expect_unchanged(self, name: str) -> None:
        """Raise Misconception if an argument has changed; `name` is the answer's function."""
        for number, (value, before) in enumerate(zip(self._args, self._before, strict=True)):
            if _values(value, DEPTH) != before:
                ordinal = ("first", "second", "third", "fourth", "fifth")[min(number, 4)]
                raise Misconception(
                    "input-changed",
                    f"`{name}` changed its {ordinal} argument, "
                    f"{'a tensor' if torch.is_tensor(value) else f'a {type(value).__name__}'}, "
                    "in place; expected that it stays as it was",
                )


def _values(value: Any, depth: int) -> Any:
    """Return what can be compared of an argument, None for an object that may change."""
    if isinstance(value, torch.Tensor):
        return value.requires_grad, fingerprint(value)
    if isinstance(value, np.ndarray) and value.dtype != object:
        return value.shape, zlib.crc32(np.ascontiguousarray(value))
    if depth and type(value) in (list, tuple):
        return [(id(item), _values(item, depth - 1)) for item in value]
    if depth and isinstance(value, dict):
        return {key: (id(item), _values(item, depth - 1)) for key, item in value.items()}
    if isinstance(value, set):
        return set(value)
    return None
