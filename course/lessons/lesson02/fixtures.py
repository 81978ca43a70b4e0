"""What the checks of lesson 02 try answers on: networks, and steps that train or change them."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.modules.module import register_module_forward_pre_hook

from course.checking import comparisons, networks, panel
from course.checking.misconception import Misconception, wrong_result


@contextmanager
def noted_buffer_reads(reads: list[str]) -> Iterator[None]:
    """Append to `reads` each time that the block lists the buffers of a module."""
    torch_named_buffers = nn.Module.named_buffers
    torch_state_dict = nn.Module.state_dict

    def named_buffers(module, *args, **kwargs):
        reads.append("named_buffers")
        return torch_named_buffers(module, *args, **kwargs)

    def state_dict(module, *args, **kwargs):
        reads.append("state_dict")
        return torch_state_dict(module, *args, **kwargs)

    with (
        mock.patch.object(nn.Module, "named_buffers", named_buffers),
        mock.patch.object(nn.Module, "state_dict", state_dict),
    ):
        yield


class Wrapped(nn.Module):
    """A ResNet-18 in a module of one's own, with `backbone` and `head` side by side."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone = trained("narrow resnet18")
        self.backbone.fc = nn.Identity()
        self.head = nn.Linear(64, 4)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return logits (B, 4) for images (B, 3, S, S)."""
        features = self.backbone(images)  # (B, 64)
        return self.head(features)


class OtherBuffers(nn.Module):
    """A small network with two buffers that never change, and between them one that a forward in
    train mode changes if `moving`, although the sum of its numbers stays the same.
    """

    def __init__(self, moving: bool) -> None:
        super().__init__()
        self.moving = moving
        self.register_buffer("scale", torch.tensor([0.5, 2.0, 1.0]))
        self.register_buffer("order", torch.tensor([1.0, 2.0]))
        self.register_buffer("offset", torch.tensor([0.1, 0.2, 0.3]))
        self.fc = nn.Linear(3, 4)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return logits (B, 4) for images (B, 3, S, S)."""
        if self.training and self.moving:
            with torch.no_grad():
                self.order.copy_(self.order.flip(0))
        return self.fc(images.mean((2, 3)) * self.scale + self.offset)


def trained(name: str) -> nn.Module:
    """Return a torchvision model by name in which no tensor is like one of a fresh network.

    That holds for BatchNorm too, whose fresh tensors are ones and zeros in every network. No two
    numbers of a tensor are the same either, apart from rare ones.
    """
    model = networks.build(name)
    generator = torch.Generator().manual_seed(2)
    with torch.no_grad():
        for tensor in comparisons.tensors(model).values():
            if not tensor.is_floating_point():
                tensor.fill_(1000)
            elif tensor.ndim == 1:
                tensor.add_(torch.rand(tensor.shape, generator=generator), alpha=0.2)
            else:
                tensor.mul_(1.01 + 0.1 * torch.rand((), generator=generator))
    return model


def classifier(name: str, n: int = 4) -> nn.Module:
    """Return a network by name with a head for n classes, in eval mode, everything trainable.

    "wrapped" is a `Wrapped`, which has four classes; SqueezeNet keeps its own head.
    """
    if name == "wrapped":
        return Wrapped().eval()
    model = trained(name)
    path, head = networks.old_head(model)
    if isinstance(head, nn.Linear):
        model.set_submodule(path, nn.Linear(head.in_features, n))
    return model.eval()


def two_labelled_images(name: str, n: int = 4) -> tuple[torch.Tensor, torch.Tensor]:
    """Return two made-up images (2, 3, S, S) for the named network, and labels (2,)."""
    images = networks.images("narrow resnet18" if name == "wrapped" else name)
    labels = torch.tensor([0, n - 1])
    return images, labels


def outputs(model: nn.Module, images: torch.Tensor, call: str) -> torch.Tensor:
    """Return model(images), after the answer has changed the model.

    Raises Misconception, with the layer that does not fit, where the forward raises. An error in
    the learner's own code goes on to the learner.
    """
    entered: list[tuple[nn.Module, Any]] = []

    def note(module: nn.Module, inputs: Any) -> None:
        entered.append((module, inputs))

    hook = register_module_forward_pre_hook(note)
    try:
        return model(images)
    except (RuntimeError, TypeError, ValueError) as problem:
        if panel.raised_by_learner(problem) or not entered:
            raise
        layer, inputs = entered[-1]
        width = inputs[0].shape[-1] if inputs and getattr(inputs[0], "ndim", 0) else None
        if isinstance(layer, nn.Linear) and width not in (None, layer.in_features):
            raise Misconception(
                "in-features-from-memory",
                f"after {call} {layer} gets {width} features for an image; expected "
                f"in_features={width}",
            ) from None
        got = [f"{tuple(x.shape)} {x.dtype}" for x in inputs if torch.is_tensor(x)]
        raise wrong_result(
            f"expected that after {call} the model runs on images {tuple(images.shape)} "
            f"{images.dtype}; its layer {layer} got {', '.join(got) or 'no tensor'} and raises "
            f"{type(problem).__name__}: {str(problem).splitlines()[0] if str(problem) else ''}"
        ) from None
    finally:
        hook.remove()


def backward(model: nn.Module, name: str, n: int = 4, call: str = "your call") -> bool:
    """Run one forward and backward. Return False where nothing in the model can be trained."""
    images, labels = two_labelled_images(name, n)
    with torch.enable_grad():
        loss = F.cross_entropy(outputs(model, images, call), labels)
        if loss.requires_grad:
            loss.backward()
    return loss.requires_grad


def names_with_gradient(
    model: nn.Module, name: str, n: int = 4, call: str = "your call"
) -> set[str]:
    """Return the names of the parameters that a backward gives a gradient; leaves none behind."""
    model.zero_grad()
    backward(model, name, n, call)
    found = set()
    for path, parameter in model.named_parameters():
        if parameter.grad is not None:
            found.add(path)
    model.zero_grad()
    return found


class Factory:
    """Makes a trained ResNet for an answer, and notes what it made."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.head: nn.Module | None = None  # of the last model; None before the first
        self.trained: dict[tuple, str] = {}  # fingerprint of a parameter: its name
        self.grad_enabled = True  # whether gradients were recorded while it was made

    def make(self) -> nn.Module:
        """Return the ResNet with its 1000-class head, in train mode."""
        model = trained(self.name)
        self.grad_enabled = torch.is_grad_enabled()
        self.trained = {comparisons.fingerprint(p): name for name, p in model.named_parameters()}
        self.head = model.fc
        return model


Step = tuple[str, Callable[[], None]]  # what the step does, in words, and the step


def steps(model: nn.Module, name: str, seed: int) -> list[Step]:
    """Return steps for exercise 3: one trains, one does nothing, two change what `seed` chooses."""
    return [
        ("a training step", training_step(model, name)),
        ("a step that changes nothing", lambda: None),
        ("a step that exchanges two numbers in some tensors", _on_some(model, seed, _exchange)),
        ("a step that changes one number a little in some tensors", _on_some(model, seed, _nudge)),
    ]


def training_step(model: nn.Module, name: str) -> Callable[[], None]:
    """Return a function that makes one step of AdamW, in train mode, with all parameters."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)

    def step() -> None:
        model.train()
        optimizer.zero_grad()
        backward(model, name)
        optimizer.step()

    return step


def _on_some(
    model: nn.Module, seed: int, change: Callable[[torch.Tensor], None]
) -> Callable[[], None]:
    """Return a step that changes a trainable tensor, two frozen ones and three buffers."""
    generator = torch.Generator().manual_seed(seed)
    chosen = [
        *_draw((p for p in model.parameters() if p.requires_grad), 1, generator),
        *_draw((p for p in model.parameters() if not p.requires_grad), 2, generator),
        *_draw(model.buffers(), 3, generator),
    ]

    def step() -> None:
        with torch.no_grad():
            for tensor in chosen:
                change(tensor.view(-1))

    return step


def _draw(
    tensors: Iterable[torch.Tensor], count: int, generator: torch.Generator
) -> list[torch.Tensor]:
    """Return up to `count` of those tensors that hold two numbers or more."""
    several = [tensor for tensor in tensors if tensor.numel() > 1]
    order = torch.randperm(len(several), generator=generator)
    return [several[place] for place in order[:count].tolist()]


def _exchange(flat: torch.Tensor) -> None:
    """Exchange the first number of a tensor (N,) and the one in its middle."""
    middle = len(flat) // 2
    flat[[0, middle]] = flat[[middle, 0]]


def _nudge(flat: torch.Tensor) -> None:
    """Change the last number of a tensor (N,) to the next larger float."""
    flat[-1] = torch.nextafter(flat[-1], torch.tensor(torch.inf))


# with momentum and decay, which can move a frozen parameter
OPTIMIZERS: dict[str, tuple[type[torch.optim.Optimizer], dict[str, float]]] = {
    "SGD": (torch.optim.SGD, {"lr": 1e-4, "momentum": 0.9, "weight_decay": 1e-3}),
    "AdamW": (torch.optim.AdamW, {"lr": 1e-3, "weight_decay": 0.1}),
    "RMSprop": (torch.optim.RMSprop, {"lr": 1e-4, "momentum": 0.9, "weight_decay": 1e-3}),
}


def make_optimizer(model: nn.Module, part: str, kind: str, layout: str) -> torch.optim.Optimizer:
    """Return an optimizer with all parameters of a model.

    layout: "two groups" (the part, the rest), "one group", "a group for each tensor", or
    "a group for norms and biases", without decay.
    """
    inside = list(model.get_submodule(part).parameters())
    ids = {id(parameter) for parameter in inside}
    everything = list(model.parameters())
    groups: list[dict[str, Any]]
    if layout == "two groups":
        rest = [parameter for parameter in everything if id(parameter) not in ids]
        groups = [{"params": inside}, {"params": rest}]
    elif layout == "one group":
        groups = [{"params": everything}]
    elif layout == "a group for each tensor":
        groups = [{"params": [parameter]} for parameter in everything]
    else:
        large = [parameter for parameter in everything if parameter.ndim > 1]
        small = [parameter for parameter in everything if parameter.ndim == 1]
        groups = [{"params": large}, {"params": small, "weight_decay": 0.0}]
    make, options = OPTIMIZERS[kind]
    return make(groups, **options)
