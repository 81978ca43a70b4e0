"""What a torchvision classifier is before the learner's code has it."""

from collections import Counter
from typing import Any, NamedTuple

import torch
from torch import nn

from course.checking import comparisons, networks

LAST_OF_AUXILIARY = {"AuxLogits": "fc", "aux1": "fc2", "aux2": "fc2"}
LAST_PLACES = tuple(f"{auxiliary}.{last}." for auxiliary, last in LAST_OF_AUXILIARY.items())


class Original(NamedTuple):
    """A torchvision model before the learner's code has it."""

    name: str  # for messages
    model: nn.Module
    path: str  # of the head, such as "classifier.6"
    head: nn.Module
    old_weights: dict[str, nn.Parameter]  # of the head and the auxiliary heads, by path
    old_values: dict[str, tuple]  # their fingerprints
    inputs: torch.Tensor  # of the head for two images: (2, C), or (2, C, H, W) for a convolution
    logits: torch.Tensor  # (2, 1000)
    outside: dict[str, torch.Tensor]  # a snapshot of all tensors that no head holds
    inside: dict[str, tuple]  # fingerprints of the other tensors in the head's container
    condition: dict[str, Any]  # and the gradients
    beside: dict[str, tuple[nn.Module, dict[str, Any]]]  # layers in the head's container
    shapes: dict[int, tuple[int, ...]]  # id of a parameter: its shape
    dropouts: Counter[float]
    plain: Counter[str]  # how many layers without tensors there are of each class

    @property
    def container(self) -> str:
        """The model's child that is the head or holds it, such as "classifier"."""
        return self.path.split(".")[0]

    def images(self, count: int = 2) -> torch.Tensor:
        """Return images (count, 3, S, S) that the model takes."""
        return networks.images(self.name, count)

    def in_a_head(self, path: str) -> bool:
        """Return whether a module or tensor is in the head's container, or in an auxiliary head."""
        return f"{path}.".startswith((f"{self.container}.", *LAST_PLACES))

    def is_new(self, parameter: nn.Parameter) -> bool:
        """Return whether a parameter was not in the model, or not in this shape."""
        if nn.parameter.is_lazy(parameter):
            return True
        return self.shapes.get(id(parameter)) != tuple(parameter.shape)


def describe(model: nn.Module, name: str, training: bool = False) -> Original:
    """Return what a change of heads must keep. Leaves the model in train mode if `training`."""
    path, head = networks.old_head(model)
    inputs, logits = networks.captured(model, head, networks.images(name))
    model.train(training)
    original = Original(
        name=name,
        model=model,
        path=path,
        head=head,
        old_weights={path: head.weight},
        old_values={},
        inputs=inputs,
        logits=logits,
        outside={},
        inside={},
        condition=comparisons.condition_and_gradients(model),
        beside={},
        shapes={id(parameter): tuple(parameter.shape) for parameter in model.parameters()},
        dropouts=dropouts(model),
        plain=plain_layers(model),
    )
    for auxiliary in networks.auxiliary_inputs(name):
        last = f"{auxiliary}.{LAST_OF_AUXILIARY[auxiliary]}"
        original.old_weights[last] = model.get_submodule(last).weight
    for last, weight in original.old_weights.items():
        original.old_values[last] = comparisons.fingerprint(weight)
    for place, layer in model.named_modules():
        if place.startswith(f"{original.container}.") and head not in layer.modules():
            original.beside[place] = (layer, comparisons.condition_and_gradients(layer))
    for key, tensor in comparisons.tensors(model).items():
        if not original.in_a_head(key):
            original.outside[key] = tensor.detach().clone()
        elif key.startswith(original.container) and not key.startswith(f"{path}."):
            original.inside[key] = comparisons.fingerprint(tensor)
    return original


def dropouts(model: nn.Module) -> Counter[float]:
    """Return how many Dropout layers there are with each probability."""
    return Counter(layer.p for layer in model.modules() if isinstance(layer, nn.Dropout))


def plain_layers(model: nn.Module) -> Counter[str]:
    """Return how many layers of each class there are that hold neither tensors nor layers."""
    found = Counter()
    for layer in model.modules():
        tensors = [*layer._parameters.values(), *layer._buffers.values()]
        if not layer._modules and all(tensor is None for tensor in tensors):
            found[type(layer).__name__] += 1
    return found
