"""torchvision's architectures, whose real modules answer the questions about heads.

The models are on torch's meta device: shapes are real, but weights take neither time nor memory.
A model is built once, in some 50 ms, and shared. Change it only through `assigned`, which restores
it at the end of the with block.
"""

import contextlib
import functools
import re
import warnings
from collections.abc import Callable, Iterable, Iterator

import torch
import torchvision
from torch import nn

WITH_FC = (
    "resnet18",
    "resnet34",
    "resnet50",
    "resnext50_32x4d",
    "wide_resnet50_2",
    "googlenet",
    "inception_v3",
    "shufflenet_v2_x1_0",
)
# regnet_* is left out: its constructor calls `.tolist()`, which meta tensors do not have.
NAMES = (
    *WITH_FC,
    "densenet121",
    "densenet169",
    "mobilenet_v2",
    "mobilenet_v3_small",
    "mobilenet_v3_large",
    "mnasnet1_0",
    "efficientnet_b0",
    "efficientnet_b1",
    "efficientnet_b2",
    "alexnet",
    "vgg11",
    "vgg16",
    "squeezenet1_0",
    "squeezenet1_1",
    "convnext_tiny",
    "convnext_base",
    "maxvit_t",
    "vit_b_16",
    "vit_l_16",
    "swin_t",
    "swin_b",
)


@functools.cache
def model(name: str) -> nn.Module:
    """The torchvision model of this name, untrained, in eval mode, on the meta device.

    Raises ValueError for an unknown name.
    """
    with torch.device("meta"), warnings.catch_warnings():
        # googlenet and inception_v3 warn that their default initialisation will change
        warnings.simplefilter("ignore", FutureWarning)
        return torchvision.models.get_model(name).eval()


@functools.cache
def side(name: str) -> int:
    """The side in pixels of the square images that the model's newest weights expect."""
    weights = torchvision.models.get_model_weights(name).DEFAULT
    return weights.transforms().crop_size[0]


def output_shape(name: str, batch: int = 1) -> tuple[int, ...]:
    """The shape of what model(name) returns for a batch of images, from a real forward pass.

    Raises RuntimeError where the shapes inside the model do not fit.
    """
    images = torch.empty(batch, 3, side(name), side(name), device="meta")  # (B, 3, S, S)
    with torch.no_grad():
        return tuple(model(name)(images).shape)


@functools.cache
def head_path(name: str) -> str:
    """Where the head is, such as "classifier.6".

    The head is the last layer with parameters that a forward pass in eval mode runs.
    """
    ran = []
    hooks = []
    for path, module in model(name).named_modules():
        is_layer = not list(module.children())
        if is_layer and list(module.parameters()):
            hook = module.register_forward_hook(lambda *_, path=path: ran.append(path))
            hooks.append(hook)
    output_shape(name)
    for hook in hooks:
        hook.remove()
    return ran[-1]


def head(name: str) -> nn.Module:
    """The head itself: an nn.Linear, or SqueezeNet's nn.Conv2d."""
    return model(name).get_submodule(head_path(name))


def head_width(name: str) -> int:
    """How many features the head reads."""
    layer = head(name)
    return layer.in_channels if isinstance(layer, nn.Conv2d) else layer.in_features


def new_head(name: str, classes: int) -> nn.Module:
    """A layer, on the meta device, that fits in the place of the head and has `classes` outputs."""
    if isinstance(head(name), nn.Conv2d):
        return nn.Conv2d(head_width(name), classes, kernel_size=1, device="meta")
    return nn.Linear(head_width(name), classes, device="meta")


@contextlib.contextmanager
def assigned(name: str, path: str, layer: nn.Module | Callable) -> Iterator[nn.Module]:
    """model(name) with `layer` assigned to `path` for the length of a with block."""
    parent_path, _, attribute = path.rpartition(".")
    parent = model(name).get_submodule(parent_path)
    old = getattr(parent, attribute, None)
    setattr(parent, attribute, layer)
    try:
        yield model(name)
    finally:
        if old is None:
            delattr(parent, attribute)
        else:
            setattr(parent, attribute, old)


@functools.cache
def after_fc(name: str, width: int | None, classes: int = 10) -> str:
    """What `model.fc = nn.Linear(width, classes)` leads to in a real forward pass.

    Without a width a function is assigned. "works": the output has `classes` columns. "ignored":
    the old head is still at work. "misfits": the shapes do not fit. "refused": the assignment
    itself raises an error.
    """
    layer: nn.Module | Callable = nn.Linear(width or 1, classes, device="meta")
    if width is None:
        layer = torch.relu
    try:
        with assigned(name, "fc", layer):
            shape = output_shape(name)
    except TypeError:
        return "refused"
    except RuntimeError:
        return "misfits"
    return "works" if shape == (1, classes) else "ignored"


def count(parameters: Iterable[nn.Parameter]) -> int:
    """How many numbers these parameters hold."""
    return sum(parameter.numel() for parameter in parameters)


def as_code(path: str) -> str:
    """A path as one writes it in Python: "classifier.6" is `model.classifier[6]`."""
    return re.sub(r"\.(\d+)", r"[\1]", f"model.{path}")


def head_as_code(name: str, width: int | str, classes: int) -> str:
    """The call that makes a head for this model; `width` is a number or "?"."""
    if isinstance(head(name), nn.Conv2d):
        return f"nn.Conv2d({width}, {classes}, kernel_size=1)"
    return f"nn.Linear({width}, {classes})"
