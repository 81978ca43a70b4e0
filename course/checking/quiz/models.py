"""torchvision's models without their weight: on the meta device shapes are real and numbers cost nothing.

A model is built once, in some 50 ms, and shared. Whoever changes it does so through `assigned`, which puts it back.
"""

import contextlib
import functools
import re
import warnings

import torch
import torchvision
from torch import nn

# Left out: regnet_*, whose constructor reads numbers back (`.tolist()`), and meta tensors have none.
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
def model(name):
    """The torchvision model of this name, untrained, in eval mode, on the meta device. ValueError for an unknown name."""
    with torch.device("meta"), warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", FutureWarning
        )  # how googlenet and inception_v3 will be initialised one day
        return torchvision.models.get_model(name).eval()


@functools.cache
def side(name):
    """The side in pixels of the square pictures that the model's best weights ask for."""
    return torchvision.models.get_model_weights(name).DEFAULT.transforms().crop_size[0]


def output_shape(name, batch=1):
    """The shape, a tuple, of what model(name) gives for a batch of pictures: a real forward. RuntimeError where shapes do not fit."""
    images = torch.empty(batch, 3, side(name), side(name), device="meta")
    with torch.no_grad():
        return tuple(model(name)(images).shape)


@functools.cache
def head_path(name):
    """Where the head is, such as "classifier.6": the last layer with parameters that a forward in eval mode runs."""
    ran = []
    layers = [
        (path, module)
        for path, module in model(name).named_modules()
        if not list(module.children()) and list(module.parameters())
    ]
    hooks = [
        module.register_forward_hook(lambda *_, path=path: ran.append(path))
        for path, module in layers
    ]
    output_shape(name)
    for hook in hooks:
        hook.remove()
    return ran[-1]


def head(name):
    """The head itself: an nn.Linear, or SqueezeNet's nn.Conv2d."""
    return model(name).get_submodule(head_path(name))


def head_width(name):
    """How many features come into the head."""
    return head(name).in_channels if isinstance(head(name), nn.Conv2d) else head(name).in_features


def new_head(name, classes):
    """A layer, on the meta device, that fits where the head is and has this many outputs."""
    if isinstance(head(name), nn.Conv2d):
        return nn.Conv2d(head_width(name), classes, kernel_size=1, device="meta")
    return nn.Linear(head_width(name), classes, device="meta")


@contextlib.contextmanager
def assigned(name, path, layer):
    """model(name) with `layer` assigned to `path` for the length of a with block."""
    parent, _, attribute = path.rpartition(".")
    parent = model(name).get_submodule(parent)
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
def after_fc(name, width, classes=10):
    """What `model.fc = nn.Linear(width, classes)` leads to, by a real forward: "works", "misfits" or "ignored"."""
    try:
        with assigned(name, "fc", nn.Linear(width, classes, device="meta")):
            return "works" if output_shape(name) == (1, classes) else "ignored"
    except RuntimeError:
        return "misfits"


def count(parameters):
    """How many numbers there are in these parameters."""
    return sum(parameter.numel() for parameter in parameters)


def as_code(path):
    """A path as one writes it: "classifier.6" is `model.classifier[6]`."""
    return re.sub(r"\.(\d+)", r"[\1]", f"model.{path}")


def head_as_code(name, width, classes):
    """The call that makes a head of this width for this model; width is a number or "?"."""
    if isinstance(head(name), nn.Conv2d):
        return f"nn.Conv2d({width}, {classes}, kernel_size=1)"
    return f"nn.Linear({width}, {classes})"
