"""Pretrained backbones: the course's own, bundled and offline, or torchvision's official ones; and running them over many pictures."""

import copy
from pathlib import Path
from urllib.error import URLError

import torch
import torchvision
from safetensors.torch import load_file
from torchvision.transforms import v2

BUNDLED = Path(__file__).parent / "weights" / "resnet18_species1000.safetensors"
IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def load_backbone(name="resnet18", weights="bundled"):
    """A trained network with its 1000-class head, in eval mode, and the preprocessing that its weights expect.

    weights="bundled": the ResNet-18 that travels with the course. It has learnt to name a thousand drawn species at 64 pixels
    and has never seen ImageNet. weights="official": torchvision's newest ImageNet weights for any of its classification models,
    downloaded once into torch's cache.

    Returns (model, preprocess); preprocess takes uint8 images (N, 3, H, W) and gives what the model wants.
    Raises ValueError for a name or weights that do not exist, ConnectionError where official weights cannot be downloaded.
    """
    if weights == "bundled":
        if name != "resnet18":
            raise ValueError(
                f'only resnet18 is bundled: for {name} ask for weights="official" (needs a network once)'
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
    if weights != "official":
        raise ValueError(f'weights can be "bundled" or "official", not {weights!r}')
    official = torchvision.models.get_model_weights(name).DEFAULT
    try:
        model = torchvision.models.get_model(name, weights=official)
    except URLError as problem:
        cache = Path(torch.hub.get_dir()) / "checkpoints" / Path(official.url).name
        raise ConnectionError(
            f"the official weights of {name} could not be downloaded ({problem.reason}). Either work on with load_backbone(), which needs no "
            f"network, or fetch {official.url} on another machine and save it as {cache}"
        ) from problem
    return model.eval(), official.transforms()


def accelerator():
    """The GPU, Apple's MPS or whatever else torch would rather compute on here; else the CPU."""
    return (
        torch.accelerator.current_accelerator()
        if torch.accelerator.is_available()
        else torch.device("cpu")
    )


def outputs_of(model, images, preprocess=None, batch=100):
    """What a model in eval mode makes of images (N, 3, H, W), or of features (N, ...), without gradients: its outputs (N, ...) on the CPU.

    The work is done by the accelerator() on a copy of the model, in full float32, so that an output differs from the CPU's by no more
    than rounding; where that fails, for want of memory or of an operation, by the CPU.
    """

    def run(model, device):
        with torch.no_grad(), torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
            return torch.cat(
                [
                    model((preprocess(part) if preprocess else part).to(device)).cpu()
                    for part in images.split(batch)
                ]
            )

    if (device := accelerator()).type != "cpu":
        try:
            return run(copy.deepcopy(model).to(device), device)
        except RuntimeError:
            pass
    return run(model, torch.device("cpu"))
