"""What the checks of lesson 02 try answers on: networks, and steps that train or change them."""

from collections.abc import Callable

import torch
from torch import nn
from torch.nn import functional as F

from course.checking import comparisons, networks
from course.checking.misconception import Misconception


class Wrapped(nn.Module):
    """A ResNet-18 in a module of one's own, with `backbone` and `head` side by side."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone = networks.build("resnet18")
        self.backbone.fc = nn.Identity()
        self.head = nn.Linear(512, 4)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return logits (B, 4) for images (B, 3, S, S)."""
        features = self.backbone(images)  # (B, 512)
        return self.head(features)


def classifier(name: str, n: int = 4) -> nn.Module:
    """Return a network by name with a head for n classes, in eval mode, everything trainable.

    "wrapped" is a `Wrapped`, which has four classes; SqueezeNet keeps its own head.
    """
    if name == "wrapped":
        return Wrapped().eval()
    model = networks.build(name)
    path, head = networks.old_head(model)
    if isinstance(head, nn.Linear):
        model.set_submodule(path, nn.Linear(head.in_features, n))
    return model.eval()


def two_labelled_images(name: str, n: int = 4) -> tuple[torch.Tensor, torch.Tensor]:
    """Return two made-up images (2, 3, S, S) for the named network, and labels (2,)."""
    images = networks.images("resnet18" if name == "wrapped" else name)
    labels = torch.tensor([0, n - 1])
    return images, labels


def backward(model: nn.Module, name: str, n: int = 4) -> None:
    """Run one forward and backward. Raises Misconception where nothing is left to train."""
    images, labels = two_labelled_images(name, n)
    try:
        with torch.enable_grad():
            loss = F.cross_entropy(model(images), labels)
            loss.backward()
    except RuntimeError as problem:
        first_line = str(problem).splitlines()[0]
        raise Misconception(
            "froze-the-new-head",
            f"backward raises `{first_line}`: nothing in {name} is left to train",
        ) from None


def names_with_gradient(model: nn.Module, name: str, n: int = 4) -> set[str]:
    """Return the names of the parameters that a backward gives a gradient; leaves none behind."""
    model.zero_grad()
    backward(model, name, n)
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
        self.trained: set[tuple] = set()  # fingerprints of its parameters
        self.grad_enabled = True  # whether gradients were recorded while it was made

    def make(self) -> nn.Module:
        """Return the ResNet with its 1000-class head, in train mode."""
        model = networks.build(self.name)
        self.grad_enabled = torch.is_grad_enabled()
        self.trained = {comparisons.fingerprint(p) for p in model.parameters()}
        self.head = model.fc
        return model


def training_step(model: nn.Module, name: str) -> Callable[[], None]:
    """Return a function that makes one step of AdamW, in train mode, with all parameters."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)

    def step() -> None:
        model.train()
        optimizer.zero_grad()
        backward(model, name)
        optimizer.step()

    return step


def hidden_change(model: nn.Module, seed: int) -> Callable[[], None]:
    """Return a function that changes seven tensors, whatever requires_grad says; `seed` chooses."""
    everything = list(comparisons.tensors(model).values())
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(everything), generator=generator)
    chosen = [everything[place] for place in order[:7].tolist()]

    def step() -> None:
        with torch.no_grad():
            for tensor in chosen:
                tensor.add_(1)

    return step


# with momentum and decay, which can move a frozen weight
OPTIMIZERS = {
    "SGD": (torch.optim.SGD, {"lr": 1e-4, "momentum": 0.9, "weight_decay": 1e-3}),
    "AdamW": (torch.optim.AdamW, {"lr": 1e-3, "weight_decay": 0.1}),
}


def optimizer_of_two_groups(
    model: nn.Module, part: str, kind: str
) -> tuple[torch.optim.Optimizer, dict[str, nn.Parameter]]:
    """Return an optimizer with a group for the part and one for the rest, and the rest by name."""
    inside = list(model.get_submodule(part).parameters())
    ids = {id(parameter) for parameter in inside}
    rest = {}
    for path, parameter in model.named_parameters():
        if id(parameter) not in ids:
            rest[path] = parameter
    groups = [{"params": inside}, {"params": list(rest.values())}]
    make, options = OPTIMIZERS[kind]
    optimizer = make(groups, **options)
    return optimizer, rest
