"""The copies of networks that checks try answers on."""

import pytest
import torch

from course.checking import comparisons, networks

NAMES = ("narrow resnet18", "narrow squeezenet1_1", "narrow googlenet", "narrow densenet121")


@pytest.mark.parametrize("name", NAMES)
def test_a_copy_computes_the_same_and_shares_nothing(name):
    model = networks.build(name)
    next(model.parameters()).requires_grad_(False)
    twin = networks.copied(model)
    assert comparisons.condition(twin) == comparisons.condition(model)
    kept = comparisons.snapshot(comparisons.tensors(model).items())
    assert not comparisons.moved_since(twin, kept)
    before = comparisons.condition(model)
    images = networks.images(name)
    twin(images)  # in train mode, so BatchNorm's running statistics change
    with torch.no_grad():
        for parameter in twin.parameters():
            parameter.add_(1)
    for module in list(twin.modules()):
        module.register_forward_hook(lambda *_: None)
        module.register_buffer("new", torch.zeros(1))
    twin.eval()
    assert comparisons.condition(model) == before
    assert not comparisons.moved_since(model, kept)


@pytest.mark.parametrize("name", ["narrow resnet18", "narrow densenet121", "mobilenet_v3_small"])
def test_each_tensor_is_filled_once_and_constants_stay(name, monkeypatch):
    filled = []
    fill = networks._fill

    def noted(tensor, *args, **kwargs):
        filled.append(id(tensor))
        return fill(tensor, *args, **kwargs)

    monkeypatch.setattr(networks, "_fill", noted)
    model = networks.build(name)
    assert sorted(filled) == sorted(set(filled))
    for path, parameter in model.named_parameters():
        is_matrix = parameter.ndim > 1
        assert (id(parameter) in filled) == is_matrix or path.endswith("bias"), path
        assert parameter.any() or not is_matrix, path
    for layer in model.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):
            assert (layer.weight == 1).all() and not layer.bias.any()
