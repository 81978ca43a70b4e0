"""The bundled network works, and official weights load from the network, from a cache, or not."""

import functools
import hashlib
import http.server
import subprocess
import sys
import threading
from urllib.error import URLError

import pytest
import torch
import torchvision

from course.vision import backbones
from course.vision.drawing import develop
from course.vision.species import picture


def test_the_bundled_backbone_knows_its_thousand_species():
    model, preprocess = backbones.load_backbone()
    assert type(model) is torchvision.models.ResNet
    assert model.fc.out_features == 1000
    assert not model.training
    assert all(p.dtype == torch.float32 for p in model.parameters())
    indices = range(1, 1000, 4)
    images = develop([picture(31, index) for index in indices])  # (250, 3, 64, 64)
    with torch.no_grad():
        named = model(preprocess(images)).argmax(1)
    right = named == torch.tensor(indices)
    assert right.float().mean() > 0.85  # the model card says more, on more pictures


def test_preprocessing_takes_photographs_of_any_size():
    _, preprocess = backbones.load_backbone()
    out = preprocess(torch.full((2, 3, 90, 120), 255, dtype=torch.uint8))
    assert out.shape == (2, 3, 64, 64)
    mean = torch.tensor(backbones.IMAGENET_MEAN)
    std = torch.tensor(backbones.IMAGENET_STD)
    assert torch.allclose(out[0, :, 0, 0], (1 - mean) / std)


@pytest.fixture
def official(tmp_path, monkeypatch):
    """A server for squeezenet1_1's weights in place of torchvision's, and an empty cache.

    Gives (the file that is served, where it will be cached, the server).
    """
    served = tmp_path / "served"
    served.mkdir()
    cache = tmp_path / "cache"
    torch.manual_seed(3)
    torch.save(torchvision.models.squeezenet1_1().state_dict(), served / "weights.pth")
    digest = hashlib.sha256((served / "weights.pth").read_bytes()).hexdigest()[:8]
    file = (served / "weights.pth").rename(served / f"squeezenet1_1-{digest}.pth")
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=served)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    weights = torchvision.models.SqueezeNet1_1_Weights.DEFAULT.value
    before = weights.url
    url = f"http://127.0.0.1:{server.server_port}/{file.name}"
    object.__setattr__(weights, "url", url)  # a frozen dataclass
    monkeypatch.setattr(torch.hub, "_hub_dir", str(cache))
    yield file, cache / "checkpoints" / file.name, server
    object.__setattr__(weights, "url", before)
    server.shutdown()


def test_official_weights_are_downloaded_once(official):
    file, cached, _ = official
    model, preprocess = backbones.load_backbone("squeezenet1_1", weights="official")
    expected = torch.load(file)
    for name, value in model.state_dict().items():
        assert torch.equal(value, expected[name])
    assert preprocess(torch.zeros(1, 3, 300, 300, dtype=torch.uint8)).shape == (1, 3, 224, 224)
    file.unlink()
    assert cached.exists()
    backbones.load_backbone("squeezenet1_1", weights="official")  # from the cache


def test_a_damaged_download_is_not_used(official):
    file, cached, _ = official
    file.write_bytes(file.read_bytes()[:-1000])
    with pytest.raises(RuntimeError, match="hash"):
        backbones.load_backbone("squeezenet1_1", weights="official")
    assert not cached.exists()


def test_without_a_network_the_error_says_how_to_go_on(official, monkeypatch):
    def no_network(*args, **kwargs):
        raise URLError("no route")

    monkeypatch.setattr("torch.hub.urlopen", no_network)
    message = (
        r"load_backbone\(\), which needs no network, or fetch http.*save it as .*squeezenet1_1"
    )
    with pytest.raises(ConnectionError, match=message):
        backbones.load_backbone("squeezenet1_1", weights="official")


@pytest.mark.parametrize(
    ("name", "weights", "word"),
    [
        ("resnet50", "bundled", "only resnet18 is bundled"),
        ("resnet18", "imagenet", "official"),
        ("resnet99", "official", "Unknown model"),
    ],
)
def test_what_does_not_exist(name, weights, word):
    with pytest.raises(ValueError, match=word):
        backbones.load_backbone(name, weights)


ON_A_DEVICE_THAT_COMPUTES_ELSEWHERE = """
import torch
from torch.utils._pytree import tree_map
from torch.utils.backend_registration import _setup_privateuseone_for_python_backend

_setup_privateuseone_for_python_backend("elsewhere")  # torch takes it for the accelerator here
numbers = {}  # the values of the tensors on that device, by their storage: it has no memory
ran = set()  # names of the operations that ran there
failing = False

def there(tensor):
    made = torch._C._acc.create_empty_tensor(tensor.shape, tensor.dtype)
    numbers[made.untyped_storage()._cdata] = made, tensor
    return made

def here(value):
    if isinstance(value, torch.Tensor) and value.device.type == "elsewhere":
        return numbers[value.untyped_storage()._cdata][1]
    return value

def run(operation, *arguments, **more):
    if operation.name() == "aten::_copy_from":
        here(arguments[1]).copy_(here(arguments[0]))
        return arguments[1]
    ran.add(operation.name())
    more = {name: here(value) for name, value in more.items() if name != "device"}
    result = operation(*tree_map(here, arguments), **more)
    return tree_map(lambda part: there(part) if isinstance(part, torch.Tensor) else part, result)

def convolution(*arguments):
    ran.add("convolution")
    if failing:
        raise torch.OutOfMemoryError("elsewhere is full")
    return there(torch.ops.aten.convolution(*tree_map(here, arguments)))

everything = torch.library.Library("_", "IMPL")
everything.fallback(run, "PrivateUse1")
aten = torch.library.Library("aten", "IMPL")
aten.impl("convolution_overrideable", convolution, "PrivateUse1")

from course.vision.backbones import accelerator, load_backbone, outputs_of
from course.vision.fruit import stall

assert accelerator().type == "elsewhere"
model, preprocess = load_backbone()
images = stall("train", 20).images
with torch.no_grad():
    expected = model(preprocess(images))
for failing in False, True:  # out of memory, the CPU does it
    ran.clear()
    outputs = outputs_of(model, images, preprocess, batch=8)
    assert outputs.device.type == "cpu"
    assert torch.allclose(outputs, expected, atol=1e-5), (outputs - expected).abs().max()
    assert all(tensor.device.type == "cpu" for tensor in model.state_dict().values())
    assert "convolution" in ran and ("aten::native_batch_norm" in ran) != failing, ran
"""


def test_an_accelerator_gives_the_same_outputs_and_the_cpu_stands_in_for_it():
    subprocess.run([sys.executable, "-c", ON_A_DEVICE_THAT_COMPUTES_ELSEWHERE], check=True)
