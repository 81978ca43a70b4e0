"""Networks to try answers on: real torchvision classes with quick made-up weights, and what can be asked of any network."""

import contextlib
from functools import cache
from unittest import mock

import torch
import torchvision
from torch import nn

SIZES = {"maxvit_t": 224, "inception_v3": 96}  # pixels; the others take 64
AUXILIARY = {  # what flows into the auxiliary heads of the two networks that have them
    "inception_v3": {"AuxLogits": (2, 768, 17, 17)},
    "googlenet": {"aux1": (2, 512, 14, 14), "aux2": (2, 528, 14, 14)},
}


@cache
def _noise():
    return torch.randn(1 << 16, generator=torch.Generator().manual_seed(0))


def _fill(tensor, *args, **kwargs):
    """Repeat one block of noise: drawing 130 million normal numbers for a VGG would take seconds."""
    flat, noise = tensor.data.view(-1), _noise()
    for start in range(0, len(flat), len(noise)):
        flat[start : start + len(noise)] = noise[: len(flat) - start]
    fan = tensor[0].numel() if tensor.ndim > 1 else 100
    flat *= (2 / fan) ** 0.5
    return tensor


def build(name):
    """A torchvision model by name, in train mode, as its constructor leaves it but for quickly made weights."""
    drawn = (
        "normal_",
        "uniform_",
        "trunc_normal_",
        "kaiming_normal_",
        "kaiming_uniform_",
        "xavier_normal_",
        "xavier_uniform_",
    )
    with contextlib.ExitStack() as stack:
        for function in drawn:
            stack.enter_context(mock.patch.object(nn.init, function, _fill))
        quick = (
            {"init_weights": False}
            if name in AUXILIARY
            else {"image_size": 64}
            if name.startswith("vit_")
            else {}
        )
        return torchvision.models.get_model(name, **quick)


def images(name, count=2):
    """Normalised made-up pictures (count, 3, S, S) of a size that the named model takes."""
    size = SIZES.get(name, 64)
    return torch.randn(count, 3, size, size, generator=torch.Generator().manual_seed(1))


def old_head(model):
    """(path, layer) of a torchvision classifier's own head: its last Linear, or SqueezeNet's Conv2d."""
    layers = [
        (path, layer)
        for path, layer in model.named_modules()
        if isinstance(layer, nn.Linear | nn.Conv2d)
        and "aux" not in path.lower()
        and path.split(".")[0] in ("fc", "classifier", "heads", "head")
    ]
    return layers[-1]


def captured(model, layer, x):
    """(what flows into `layer`, what `model` answers) when the model sees x, in eval mode; None for what is never reached.

    A forward that fails after the layer is no matter."""
    seen, logits = [], None
    hook = layer.register_forward_pre_hook(
        lambda _, inputs: seen.extend(tensor.detach().clone() for tensor in inputs[:1])
    )
    model.eval()
    with torch.no_grad(), contextlib.suppress(RuntimeError):
        logits = model(x)
    hook.remove()
    return seen[0] if seen else None, logits
