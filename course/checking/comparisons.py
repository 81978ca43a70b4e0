"""What checks compare: the tensors of a model before and after, its logits, its features."""

import math
import zlib
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import nn


def fingerprint(tensor: torch.Tensor) -> tuple[Any, ...]:
    """Return shape, dtype and the CRC-32 of a tensor's bytes: equal for equal values, whatever
    object holds them, so that NaN equals itself.

    A CRC is enough, because nobody profits from a collision here, and a cryptographic digest takes
    ten times as long. A tensor without values of its own, such as a sparse or a lazy one, has none
    to compare.
    """
    if tensor.layout != torch.strided or nn.parameter.is_lazy(tensor) or tensor.is_meta:
        return (str(tensor.layout),)
    plain = tensor.detach().cpu().contiguous().reshape(-1)
    if plain.is_conj() or plain.is_neg():
        plain = plain.resolve_conj().resolve_neg()
    return tuple(tensor.shape), tensor.dtype, zlib.crc32(plain.view(torch.uint8).numpy())


def tensors(model: nn.Module) -> dict[str, torch.Tensor]:
    """Return all parameters, then all buffers of a model by name, each object once."""
    modules = list(model.named_modules())  # once for both, because a check does this many times
    return _members(modules, "_parameters") | _members(modules, "_buffers")


def _members(modules: Iterable[tuple[str, nn.Module]], kind: str) -> dict[str, torch.Tensor]:
    """Return {path: tensor} of all modules' "_parameters" or "_buffers", each object once."""
    found = {}
    seen = set()
    for path, module in modules:
        prefix = f"{path}." if path else ""
        for name, tensor in getattr(module, kind).items():
            if tensor is not None and id(tensor) not in seen:
                seen.add(id(tensor))
                found[prefix + name] = tensor
    return found


def snapshot(named: Iterable[tuple[str, torch.Tensor]]) -> dict[str, torch.Tensor]:
    """Return {name: clone} of named tensors.

    `named` is `model.named_parameters()`, or `tensors(model).items()` where buffers count as well.
    Lazy parameters have no values yet and are left out.
    """
    kept = {}
    for name, tensor in named:
        if not nn.parameter.is_lazy(tensor):
            kept[name] = tensor.detach().clone()
    return kept


def moved_since(model: nn.Module, before: dict[str, torch.Tensor]) -> list[str]:
    """Return the names of the tensors in `before`, a `snapshot`, that are no longer the same.

    A tensor that the model no longer has under its name counts, such as `running_mean` set to None;
    so does one of another shape or dtype. NaN is the same as NaN.
    """
    now = {}
    for path, module in model.named_modules(remove_duplicate=False):
        prefix = f"{path}." if path else ""
        for name, tensor in (module._parameters | module._buffers).items():
            if tensor is not None:
                now[prefix + name] = tensor
    moved = []
    for name, old in before.items():
        if name not in now or not same(now[name], old):
            moved.append(name)
    return moved


def values_gone(model: nn.Module, kept: dict[str, tuple[Any, ...]]) -> list[str]:
    """Return the names in `kept` whose values, as a `fingerprint`, no tensor of the model has."""
    if not kept:
        return []
    present = set(map(fingerprint, tensors(model).values()))
    return [name for name, values in kept.items() if values not in present]


def same(tensor: torch.Tensor, other: torch.Tensor) -> bool:
    """Return whether two tensors have the same dtype, shape and values; NaN equals NaN."""
    if tensor.shape != other.shape or tensor.dtype != other.dtype:
        return False
    if tensor.is_meta or other.is_meta:  # without values
        return tensor.is_meta and other.is_meta
    return torch.equal(tensor, other) or fingerprint(tensor) == fingerprint(other)


OPTIONS = (  # attributes of torch's and torchvision's modules that decide what a forward computes
    "p",
    "momentum",
    "eps",
    "track_running_stats",
    "stride",
    "padding",
    "dilation",
    "drop_rate",
    "aux_logits",
    "transform_input",
)


def condition(model: nn.Module) -> dict[str, Any]:
    """Return what a model is apart from the values of its tensors: {what: value}.

    That is which parameters and buffers it has, their shapes, dtypes and devices, `requires_grad`,
    each module's class, mode, Dropout probability and number of hooks, and the options in OPTIONS.
    Two conditions are compared with `differences`.
    """
    found: dict[str, Any] = {}
    modules = list(model.named_modules())
    for path, module in modules:
        where = f"{path}." if path else "model."
        whose = path or "the model"
        found[f"{where}training"] = module.training
        found[f"type of {whose}"] = type(module).__name__
        for option in _options_of(module):
            value = getattr(module, option)
            if isinstance(value, bool | float | int | tuple | None):
                found[where + option] = value
        hooks = len(module._forward_hooks) + len(module._forward_pre_hooks)
        hooks += len(module._backward_hooks) + len(module._backward_pre_hooks)
        found[f"hooks of {whose}"] = hooks
    parameters = _members(modules, "_parameters")
    for name, parameter in parameters.items():
        found[f"{name}.requires_grad"] = parameter.requires_grad
    for name, tensor in (parameters | _members(modules, "_buffers")).items():
        found[f"{name}.dtype"] = tensor.dtype
        found[f"{name}.device"] = tensor.device.type
        found[f"{name}.shape"] = None if nn.parameter.is_lazy(tensor) else tuple(tensor.shape)
    return found


def _options_of(module: nn.Module) -> list[str]:
    """Return which of OPTIONS a module has.

    Asking with `hasattr` alone takes ten times as long where nn.Module then makes an error.
    """
    kind = type(module)
    if kind.__getattr__ is not nn.Module.__getattr__:  # a wrapper, such as a ScriptModule
        return [option for option in OPTIONS if hasattr(module, option)]
    own = vars(module)
    return [option for option in OPTIONS if option in own or hasattr(kind, option)]


def gradients(model: nn.Module) -> dict[str, Any]:
    """Return {name of a parameter and ".grad": what it holds}; compare it with `differences`.

    A gradient that an answer leaves behind is added to that of the next backward.
    """
    found: dict[str, Any] = {}
    for name, parameter in model.named_parameters():
        grad = parameter.grad
        held = None if grad is None else f"a tensor with the checksum {fingerprint(grad)[-1]:08x}"
        found[f"{name}.grad"] = held
    return found


def condition_and_gradients(model: nn.Module) -> dict[str, Any]:
    """Return the `condition` of a model or layer and its `gradients`."""
    return condition(model) | gradients(model)


def differences(
    before: dict[str, Any], after: dict[str, Any], but: Iterable[str] = ()
) -> list[str]:
    """Return a sentence for each entry that is not the same in two conditions of a model.

    `but` holds words; an entry that ends with one of them is not compared, for example "training".
    """
    found = []
    for what in {**before, **after}:
        if what.endswith(tuple(but)):
            continue
        if what not in after:
            found.append(f"{what} is gone")
        elif what not in before:
            found.append(f"{what} is new")
        elif before[what] != after[what]:
            found.append(f"{what} was {before[what]} and is {after[what]}")
    return found


def changes_by(call: Callable[[], Any], model: nn.Module) -> tuple[Any, list[str]]:
    """Return the result of `call()`, and a sentence for each thing that it changed in a model.

    For answers that only read a model: values, gradients, requires_grad, modes, layers and hooks
    have to stay.
    """
    before, values = condition_and_gradients(model), snapshot(tensors(model).items())
    found = call()
    changed = differences(before, condition_and_gradients(model))
    changed += [f"{name} has other values" for name in moved_since(model, values)]
    return found, changed


def numbers_in(parameters: Iterable[torch.Tensor]) -> int:
    """Return how many numbers these parameters hold together."""
    return sum(parameter.numel() for parameter in parameters)


def learning_rates(optimizer: torch.optim.Optimizer) -> dict[int, float]:
    """Return {id of a parameter: its learning rate} for all that the optimizer holds.

    A group that was put together by hand may have none; its learning rate is NaN.
    """
    rates = {}
    for group in optimizer.param_groups or ():
        for parameter in group["params"]:
            rates[id(parameter)] = group.get("lr", math.nan)
    return rates


def are_probabilities(logits: torch.Tensor) -> bool:
    """Return whether these logits (N, C) went through a softmax: no value is negative, and each row
    sums to 1.
    """
    return why_not_logits(logits) == "softmax"


def why_not_logits(outputs: torch.Tensor) -> str | None:
    """Return what limits a head's outputs (N, C): "softmax", "constant", "sigmoid", "ReLU", "tanh".

    None means that they are logits, which are free to be of any size and sign. Whether outputs are
    limited shows on inputs that are many and large: the call passes at least 32 rows of features
    that are 1,000 times as large as usual.
    """
    low, high = outputs.min(), outputs.max()
    if low >= 0 and torch.allclose(outputs.sum(1), torch.ones(len(outputs)), atol=1e-4):
        return "softmax"
    if low == high:
        return "constant"  # a log-softmax over one class, for example
    if low >= 0 and high <= 1:
        return "sigmoid"
    if low >= 0:
        return "ReLU"
    if low >= -1 and high <= 1:
        return "tanh"
    return None
