"""Backbones, the course's own and torchvision's; and the outputs of a model for images."""

import copy
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path
from urllib.error import URLError

import torch
import torchvision
from IPython.display import Markdown
from safetensors.torch import load_file
from torch import nn
from torchvision.transforms import v2

from course.notebook.waiting import followed

BUNDLED = Path(__file__).parent / "weights" / "resnet18_species1000.safetensors"
IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)

MODEL_CARD = BUNDLED.with_name("README.md")
REAL = BUNDLED.with_name("real.json")  # accuracies on images that nobody here drew

Preprocess = Callable[[torch.Tensor], torch.Tensor]


def load_backbone(name: str = "resnet18", weights: str = "bundled") -> tuple[nn.Module, Preprocess]:
    """A trained network with its 1000-class head, in eval mode, and its preprocessing.

    weights="bundled": the ResNet-18 that travels with the course. It has learnt to name a thousand
    drawn species at 64 pixels and has never seen ImageNet.
    weights="official": torchvision's newest ImageNet weights for any of its classification models,
    downloaded once into torch's cache.

    Returns (model, preprocess). preprocess takes uint8 images (N, 3, H, W) and returns what the
    model was trained on: float32, resized, cropped and normalised.
    Raises ValueError for a name or weights that do not exist, ConnectionError where official
    weights cannot be downloaded.
    """
    if weights == "bundled":
        return _bundled(name)
    if weights == "official":
        return _official(name)
    raise ValueError(f'weights can be "bundled" or "official", not {weights!r}')


def model_card() -> Markdown:
    """The model card of the course's own backbone, folded: what it is for, and measurements."""
    text = MODEL_CARD.read_text(encoding="utf-8").replace("# Model card: ", "## ", 1)
    return Markdown(f"<details><summary>Open the model card</summary>\n\n{text}\n</details>")


def _bundled(name):
    if name != "resnet18":
        raise ValueError(
            f'only resnet18 is bundled: for {name} ask for weights="official" '
            "(needs a network once)"
        )
    model = torchvision.models.resnet18(num_classes=1000)
    model.load_state_dict(load_file(BUNDLED))  # half precision on disk, float32 in the model
    preprocess = v2.Compose(
        [
            v2.Resize(64),
            v2.CenterCrop(64),
            v2.ToDtype(torch.float32, scale=True),
            v2.Normalize(IMAGENET_MEAN, IMAGENET_STD),
        ]
    )
    return model.eval(), preprocess


def _official(name):
    official = torchvision.models.get_model_weights(name).DEFAULT
    return downloaded(name, official), official.transforms()


def downloaded(name: str, weights: torchvision.models.WeightsEnum) -> nn.Module:
    """A model of torchvision's with these weights, in eval mode; they are downloaded once.

    Raises ConnectionError where they cannot be downloaded.
    """
    try:
        return torchvision.models.get_model(name, weights=weights).eval()
    except (URLError, ConnectionError, TimeoutError, HTTPException) as problem:
        cache = Path(torch.hub.get_dir()) / "checkpoints" / Path(weights.url).name
        raise ConnectionError(
            f"the official weights of {name} could not be downloaded "
            f"({getattr(problem, 'reason', problem)}). "
            "Either work on with load_backbone(), which needs no network, "
            f"or fetch {weights.url} on another machine and save it as {cache}"
        ) from problem


def accelerator() -> torch.device:
    """The GPU, Apple's MPS or whatever else torch would rather compute on here; else the CPU."""
    if torch.accelerator.is_available():
        return torch.accelerator.current_accelerator()
    return torch.device("cpu")


def outputs_of(
    model: nn.Module,
    images: torch.Tensor,
    preprocess: Preprocess | None = None,
    batch: int = 100,
) -> torch.Tensor:
    """The outputs (N, ...), without gradients and on the CPU, of a model in eval mode.

    images: (N, 3, H, W), or features (N, ...); they pass through preprocess and the model in
    batches. The accelerator() runs a copy of the model in full float32, so that an output differs
    from the CPU's by no more than rounding. Where it has too little memory or lacks an operation,
    the CPU does the work.
    """
    device = accelerator()
    if device.type != "cpu":
        try:
            return _outputs_on(device, copy.deepcopy(model).to(device), images, preprocess, batch)
        except RuntimeError:
            pass
    return _outputs_on(torch.device("cpu"), model, images, preprocess, batch)


def _outputs_on(device, model, images, preprocess, batch):
    outputs = []
    with torch.no_grad(), torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
        for part in followed(images.split(batch), "batches"):
            prepared = preprocess(part) if preprocess else part
            outputs.append(model(prepared.to(device)).cpu())
    return torch.cat(outputs)
