"""Networks to try answers on: torchvision's classes with random weights that are made quickly."""

import contextlib
import copy
import functools
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Any
from unittest import mock

import torch
import torchvision
from torch import nn

IMAGE_SIZES = {"maxvit_t": 224, "inception_v3": 96}  # pixels; the others take 64
# the input shapes of the auxiliary heads, in the two families that have them (torchvision's source)
AUXILIARY = {
    "inception_v3": {"AuxLogits": (2, 768, 17, 17)},
    "googlenet": {"aux1": (2, 512, 14, 14), "aux2": (2, 528, 14, 14)},
}
NARROW = "narrow "  # before a name
NARROWER = 8  # times as few channels has a narrow network
CLASSES = 1000  # of torchvision's pretrained networks
HEAD_NAMES = ("fc", "classifier", "heads", "head")  # what torchvision's families call their head
# the functions of torch.nn.init by which torchvision's constructors draw random weights
INITIALISERS = (
    "normal_",
    "uniform_",
    "trunc_normal_",
    "kaiming_normal_",
    "kaiming_uniform_",
    "xavier_normal_",
    "xavier_uniform_",
)
CONSTANTS = ("constant_", "ones_", "zeros_")  # and those that write one number


@cache
def _noise() -> torch.Tensor:
    return torch.randn(1 << 16, generator=torch.Generator().manual_seed(0))  # (65536,)


def _fill(tensor: torch.Tensor) -> None:
    """Fill a parameter with one block of noise, repeated.

    Drawing the 130 million normal numbers of a VGG would take seconds. The standard deviation is
    sqrt(2 / fan in), as for ReLU networks (He et al., 2015, "Delving deep into rectifiers").
    """
    flat = tensor.data.view(-1)
    noise = _noise()
    fan_in = tensor[0].numel() if tensor.ndim > 1 else 100
    for start in range(0, len(flat), len(noise)):
        block = flat[start : start + len(noise)]
        torch.mul(noise[: len(block)], (2 / fan_in) ** 0.5, out=block)


@contextlib.contextmanager
def _filled_once() -> Iterator[None]:
    """Replace torch.nn.init's random functions: `_fill` fills what they get, after the block.

    torchvision's constructors initialise most weights twice: in the layer, and again in the whole
    network. A large network would so be written twice.
    """
    waiting: dict[int, torch.Tensor] = {}  # by id

    def wait(tensor: torch.Tensor, *args: object, **kwargs: object) -> torch.Tensor:
        waiting[id(tensor)] = tensor
        return tensor

    def at_once(set_constant: Callable[..., torch.Tensor]) -> Callable[..., torch.Tensor]:
        def set_now(tensor: torch.Tensor, *args: Any, **kwargs: Any) -> torch.Tensor:
            waiting.pop(id(tensor), None)
            return set_constant(tensor, *args, **kwargs)

        return set_now

    with contextlib.ExitStack() as replaced:
        for function in INITIALISERS:
            replaced.enter_context(mock.patch.object(nn.init, function, wait))
        for function in CONSTANTS:
            constant = at_once(getattr(nn.init, function))
            replaced.enter_context(mock.patch.object(nn.init, function, constant))
        yield
    for tensor in waiting.values():
        _fill(tensor)


def build(name: str) -> nn.Module:
    """Return a torchvision model by name, in train mode, as its constructor makes it.

    Only its random weights differ: they are the same at each call, and quickly made. "narrow" and a
    name, such as "narrow resnet18", is the same network with an eighth of the channels: it has 2 %
    of the parameters, so that what is done with each number takes no time. A transformer has no
    narrow form. Raises ValueError for a name that torchvision does not know.
    """
    full = name.removeprefix(NARROW)
    options: dict[str, object] = {}
    if full in AUXILIARY:
        options["init_weights"] = False  # their own takes long, as torchvision warns
    elif full.startswith("vit_"):
        options["image_size"] = 64
    with contextlib.ExitStack() as replaced:
        replaced.enter_context(_filled_once())
        if name != full:
            for kind in (nn.Conv2d, nn.BatchNorm2d, nn.Linear):
                narrowed = _with_fewer_channels(kind.__init__)
                replaced.enter_context(mock.patch.object(kind, "__init__", narrowed))
        model = torchvision.models.get_model(full, **options)
    if name != full and hasattr(model, "inplanes"):  # a ResNet's note of its last width
        model.inplanes //= NARROWER
    return model


def as_if_used(model: nn.Module) -> nn.Module:
    """Give the BatchNorms of a model running statistics that no new layer has; return the model.

    So an answer that resets them, or builds the network anew, changes what the model computes.
    """
    generator = torch.Generator().manual_seed(3)
    for layer in model.modules():
        if isinstance(layer, nn.BatchNorm2d) and layer.running_mean is not None:
            layer.running_mean.normal_(0, 0.1, generator=generator)
            layer.running_var.uniform_(0.7, 1.3, generator=generator)
            layer.num_batches_tracked.fill_(100)
    return model


def are_reset(model: nn.Module, moved: Iterable[str]) -> bool:
    """Return whether the running means among the tensors that moved are all 0, as in a new layer.

    `moved` has their names. The model comes from `as_if_used`.
    """
    now = dict(model.named_buffers())
    means = [now[name] for name in moved if name.endswith("running_mean") and name in now]
    return bool(means) and not any(mean.any() for mean in means)


def copied(model: nn.Module) -> nn.Module:
    """Return a copy of a model, with parameters and buffers of its own, without gradients.

    It is for models whose modules share no tensor and have no hook, such as those of `build`.
    copy.deepcopy can do the same, and takes seven times as long.
    """
    twin = type(model).__new__(type(model))
    for name, value in vars(model).items():
        vars(twin)[name] = value.copy() if isinstance(value, dict | set | list) else value
    for path, child in model._modules.items():
        twin._modules[path] = None if child is None else copied(child)
    for name, parameter in model._parameters.items():
        if parameter is not None:
            values = parameter.detach().clone()
            twin._parameters[name] = nn.Parameter(values, parameter.requires_grad)
    for name, buffer in model._buffers.items():
        twin._buffers[name] = None if buffer is None else buffer.detach().clone()
    return twin


def copied_with_optimizer(
    model: nn.Module, optimizer: torch.optim.Optimizer
) -> tuple[nn.Module, torch.optim.Optimizer]:
    """Return a copy of a model, as `copied` makes it, and one of its optimizer that trains it."""
    twin = copied(model)
    pairs = zip(model.parameters(), twin.parameters(), strict=True)
    return twin, copy.deepcopy(optimizer, {id(old): new for old, new in pairs})


def _with_fewer_channels(make: Callable[..., None]) -> Callable[..., None]:
    """Return a layer's __init__ that divides its channels, and so its groups, by NARROWER.

    The numbers of channels are its first two arguments. Those of images, 3, and of classes stay.
    """

    def fewer(number: Any) -> Any:
        divisible = isinstance(number, int) and number % NARROWER == 0 and number != CLASSES
        return number // NARROWER if divisible else number

    @functools.wraps(make)
    def make_narrow(layer: nn.Module, *args: Any, **options: Any) -> None:
        if "groups" in options:
            options["groups"] = fewer(options["groups"])
        for key in options.keys() & {"in_channels", "out_channels", "in_features", "out_features"}:
            options[key] = fewer(options[key])
        make(layer, *map(fewer, args[:2]), *args[2:], **options)

    return make_narrow


def images(name: str, count: int = 2) -> torch.Tensor:
    """Return normalised made-up images (count, 3, S, S) of a size that the named model takes."""
    size = IMAGE_SIZES.get(name.removeprefix(NARROW), 64)
    return torch.randn(count, 3, size, size, generator=torch.Generator().manual_seed(1))


def auxiliary_inputs(name: str) -> dict[str, tuple[int, ...]]:
    """Return {path: shape (2, C, H, W) of its input} of the named network's auxiliary heads."""
    shapes = AUXILIARY.get(name.removeprefix(NARROW), {})
    if not name.startswith(NARROW):
        return shapes
    return {path: (count, c // NARROWER, *size) for path, (count, c, *size) in shapes.items()}


def old_head(model: nn.Module) -> tuple[str, nn.Module]:
    """Return (path, layer) of a torchvision classifier's head: its last Linear, or Conv2d.

    The Conv2d is SqueezeNet's. Auxiliary heads do not count.
    """
    found = []
    for path, layer in model.named_modules():
        if path.split(".")[0] not in HEAD_NAMES or "aux" in path.lower():
            continue
        if isinstance(layer, nn.Linear | nn.Conv2d):
            found.append((path, layer))
    return found[-1]


@contextlib.contextmanager
def counted_runs(model: nn.Module) -> Iterator[dict[str, int]]:
    """Give {path: number of forwards} of each nn.Conv2d that runs in the block.

    A forward of a ResNet runs each of its convolutions once: more often means that a part of the
    network runs again, even where the stem runs once.
    """
    runs: dict[str, int] = {}

    def note(path: str) -> None:
        runs[path] = runs.get(path, 0) + 1

    hooks = [
        layer.register_forward_hook(lambda *_, path=path: note(path))
        for path, layer in model.named_modules()
        if isinstance(layer, nn.Conv2d)
    ]
    try:
        yield runs
    finally:
        for hook in hooks:
            hook.remove()


def captured(
    model: nn.Module, layer: nn.Module, batch: torch.Tensor
) -> tuple[torch.Tensor | None, torch.Tensor | None]:
    """Return what flows into `layer` and the model's logits, for a batch of images, in eval mode.

    The first is None where the forward does not reach the layer, the second where it raises: a
    layer behind it may not fit.
    """
    inputs_seen: list[torch.Tensor] = []

    def note(_: nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
        inputs_seen.extend(tensor.detach().clone() for tensor in inputs[:1])

    hook = layer.register_forward_pre_hook(note)
    model.eval()
    logits = None
    with torch.no_grad(), contextlib.suppress(Exception):
        logits = model(batch)
    hook.remove()
    return (inputs_seen[0] if inputs_seen else None), logits
