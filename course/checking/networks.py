"""Networks to try answers on: torchvision's classes with random weights that are made quickly."""

import contextlib
from functools import cache
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


@cache
def _noise() -> torch.Tensor:
    return torch.randn(1 << 16, generator=torch.Generator().manual_seed(0))  # (65536,)


def _fill(tensor: torch.Tensor, *args: object, **kwargs: object) -> torch.Tensor:
    """Fill a parameter with one block of noise, repeated; stands in for a torch.nn.init function.

    Drawing the 130 million normal numbers of a VGG would take seconds. The standard deviation is
    sqrt(2 / fan in), as for ReLU networks (He et al., 2015, "Delving deep into rectifiers").
    """
    flat = tensor.data.view(-1)
    noise = _noise()
    for start in range(0, len(flat), len(noise)):
        flat[start : start + len(noise)] = noise[: len(flat) - start]
    fan_in = tensor[0].numel() if tensor.ndim > 1 else 100
    flat *= (2 / fan_in) ** 0.5
    return tensor


def build(name: str) -> nn.Module:
    """Return a torchvision model by name, in train mode, as its constructor makes it.

    Only its random weights differ: they are the same at each call, and quickly made.
    Raises ValueError for a name that torchvision does not know.
    """
    options: dict[str, object] = {}
    if name in AUXILIARY:
        options["init_weights"] = False  # their own takes long, as torchvision warns
    elif name.startswith("vit_"):
        options["image_size"] = 64
    with contextlib.ExitStack() as replaced:
        for function in INITIALISERS:
            replaced.enter_context(mock.patch.object(nn.init, function, _fill))
        return torchvision.models.get_model(name, **options)


def images(name: str, count: int = 2) -> torch.Tensor:
    """Return normalised made-up images (count, 3, S, S) of a size that the named model takes."""
    size = IMAGE_SIZES.get(name, 64)
    return torch.randn(count, 3, size, size, generator=torch.Generator().manual_seed(1))


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


def captured(
    model: nn.Module, layer: nn.Module, batch: torch.Tensor
) -> tuple[torch.Tensor | None, torch.Tensor | None]:
    """Return what flows into `layer` and the model's logits, for a batch of images, in eval mode.

    The first is None where the forward does not reach the layer, the second where it raises a
    RuntimeError: a layer behind it may not fit.
    """
    inputs_seen: list[torch.Tensor] = []

    def note(_: nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
        inputs_seen.extend(tensor.detach().clone() for tensor in inputs[:1])

    hook = layer.register_forward_pre_hook(note)
    model.eval()
    logits = None
    with torch.no_grad(), contextlib.suppress(RuntimeError):
        logits = model(batch)
    hook.remove()
    return (inputs_seen[0] if inputs_seen else None), logits
