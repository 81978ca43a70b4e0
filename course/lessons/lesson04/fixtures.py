"""Small networks and images on which the checks of lesson 04 try answers."""

import copy
from collections import OrderedDict
from collections.abc import Iterator

import torch
import torchvision
from torch import nn
from torch.nn import functional as F

from course.checking import networks

Sizes = tuple[int, ...]  # how many outputs each target has
Order = tuple[tuple[int, int], ...]  # (branch, column) of each column

SIZES = (1, 4, 2, 8, 3)  # how many outputs each of the five targets has
# Exercise 6: column k of the result is the output (branch, column) number k. Branches count from 1.
CLINICAL_ORDER = (
    (1, 0),
    (2, 0),
    (2, 1),
    (2, 2),
    (4, 0),
    (2, 3),
    (4, 1),
    (4, 2),
    (5, 0),
    (3, 0),
    (4, 3),
    (3, 1),
    (4, 4),
    (4, 5),
    (4, 6),
    (5, 1),
    (4, 7),
    (5, 2),
)


# ---- networks -----------------------------------------------------------------------------------


def as_if_trained(model: nn.Module, seed: int = 0) -> nn.Module:
    """Return the model in eval mode, with weights and statistics unlike those of a new one.

    So an answer that resets one of them changes the outputs.
    """
    generator = torch.Generator().manual_seed(seed)
    for name, tensor in [*model.named_parameters(), *model.named_buffers()]:
        noise = torch.randn(tensor.shape, generator=generator)
        is_gamma = name.endswith("weight") and tensor.ndim == 1
        if name.endswith("num_batches_tracked"):
            tensor.data.fill_(100 + seed)
        elif name.endswith("running_var") or is_gamma:
            tensor.data.copy_(0.8 + 0.4 * noise.sigmoid())
        elif tensor.ndim == 1:
            tensor.data.copy_(0.2 * noise)
        else:
            inputs = tensor[0].numel()
            tensor.data.copy_(noise * (2 / inputs) ** 0.5)
    return model.eval()


def small_densenet(
    growth: int = 4, blocks: tuple[int, ...] = (2, 2, 2, 2), seed: int = 0
) -> torchvision.models.DenseNet:
    """A small DenseNet of torchvision's own class, as if trained; the same at each call.

    Maps images (B, 3, S, S) to logits (B, 10).
    """
    with torch.random.fork_rng(devices=[]):
        model = torchvision.models.DenseNet(growth, blocks, 2 * growth, num_classes=10)
    return as_if_trained(model, seed)


def pooled(features: torch.Tensor) -> torch.Tensor:
    """Return (B, C) from (B, C, H, W): ReLU, then the mean over height and width.

    torchvision's DenseNet.forward does this after `features`.
    """
    return F.relu(features).mean((2, 3))


class Targets(nn.Module):
    """A trunk, and a branch and a head for each target, as in the lesson.

    Maps images (B, 3, S, S) to a list of logits (B, size), one for each of the `sizes`.
    """

    def __init__(
        self, trunk: nn.Module, branches: list[nn.Module], sizes: tuple[int, ...] = SIZES
    ) -> None:
        super().__init__()
        self.trunk = trunk
        self.branches = nn.ModuleList(branches)
        last_norm = list(self.branches[0].modules())[-1]
        width = last_norm.num_features
        self.heads = nn.ModuleList(nn.Linear(width, size) for size in sizes)

    def forward(self, images: torch.Tensor) -> list[torch.Tensor]:
        features = self.trunk(images)  # (B, C, H, W)
        logits = []
        for branch, head in zip(self.branches, self.heads, strict=True):
            logits.append(head(pooled(branch(features))))
        return logits


# ---- modules that share -------------------------------------------------------------------------


def assigned_from_one_dict(block: nn.Module, count: int) -> list[nn.Module]:
    """Copies of a block whose parameters are different objects, all in the memory of the block."""
    branches = [networks.copied(block) for _ in range(count)]
    for branch in branches:
        branch.load_state_dict(block.state_dict(), assign=True)
    return branches


def copy_sharing_parameters(module: nn.Module) -> nn.Module:
    """A deepcopy with buffers of its own, but the parameters of the module itself."""
    kept = {id(tensor): tensor for tensor in module.parameters()}
    return copy.deepcopy(module, kept)


def copy_sharing_buffers(module: nn.Module) -> nn.Module:
    """A deepcopy with parameters of its own, but the buffers of the module itself."""
    kept = {id(tensor): tensor for tensor in module.buffers()}
    return copy.deepcopy(module, kept)


BRANCH_KINDS = {  # in what way the branches of a model share memory: in words, for messages
    "sliced": "branches that are slices of one network",
    "one object": "branches that are one object",
    "assigned": "branches loaded with assign=True from one dict",
    "buffers": "branches that share only their buffers",
    "one tensor": "branches of which two share one parameter",
    "copied": "copied branches",
}


def with_branches(kind: str) -> str:
    """Name a model by one of the BRANCH_KINDS."""
    return f"a model with {BRANCH_KINDS[kind]}"


def model_with_branches(
    kind: str,
    sizes: tuple[int, ...] = SIZES,
    growth: int = 4,
    blocks: tuple[int, ...] = (2, 2, 2, 2),
    seed: int = 0,
) -> Targets:
    """A model in eval mode whose branches share memory in one of the BRANCH_KINDS of ways.

    "copied" branches share nothing, "buffers" ones their buffers only, and of "one tensor" ones the
    second and a later one share one parameter, so that no answer finds it that compares each branch
    with the first or the last alone. What is not shared has other values in each branch.
    Raises KeyError for another kind.
    """
    features = small_densenet(growth, blocks, seed).features
    trunk = features[:-2]
    block = features[-2:]
    count = len(sizes)
    make_branches = {
        "sliced": lambda: [features[-2:] for _ in sizes],
        "one object": lambda: [block] * count,
        "assigned": lambda: assigned_from_one_dict(block, count),
        "buffers": lambda: [copy_sharing_buffers(block) for _ in sizes],
        "one tensor": lambda: [networks.copied(block) for _ in sizes],
        "copied": lambda: [networks.copied(block) for _ in sizes],
    }[kind]
    branches = make_branches()
    if kind in ("buffers", "one tensor", "copied"):
        for i, branch in enumerate(branches):
            as_if_trained(branch, seed=10 * seed + i)
    if kind == "one tensor":
        later = max(2, count - 2)  # of three branches the last, of more the one before it
        branches[later].norm5.weight = branches[1].norm5.weight
    return Targets(trunk, branches, sizes).eval()


def differing_state(model: nn.Module) -> dict[str, torch.Tensor]:
    """A state_dict for the model in which the branches differ in ways that are easily overlooked.

    The same tensor of two branches has other signs, or the same values in another order, or one
    element that is one rounding step off, or the same sum; some are equal.
    """
    state = {name: tensor.detach().clone() for name, tensor in model.state_dict().items()}
    of_first_branch = [name for name in state if name.startswith("branches.0.")]
    count = len({name.split(".")[1] for name in state if name.startswith("branches.")})
    for number, first_name in enumerate(of_first_branch):
        original = state[first_name]
        for i in range(count):
            name = first_name.replace("branches.0.", f"branches.{i}.", 1)
            state[name] = altered(original, (number + i) % 5)
    return state


def altered(tensor: torch.Tensor, way: int) -> torch.Tensor:
    """A copy of a tensor, changed in one of four ways, or for `way` 0 not at all."""
    if not tensor.is_floating_point():
        return tensor + way
    changed = tensor.clone()
    flat = changed.view(-1)
    if way == 1:
        changed.neg_()
    elif way == 2:
        flat.copy_(flat.flip(0))
    elif way == 3:
        flat[-1] = torch.nextafter(flat[-1], torch.tensor(torch.inf))
    elif way == 4:
        flat[0] += 0.5
        flat[-1] -= 0.5
    return changed


class Tied(nn.Module):
    """An autoencoder whose decoder weight is the encoder's, transposed: another object and shape,
    in the same memory.
    """

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Linear(6, 4)
        self.decoder = nn.Linear(4, 6)
        self.decoder.weight = nn.Parameter(self.encoder.weight.data.t())


class Table(nn.Module):
    """A module with a single buffer, in the memory of another module's weight."""

    def __init__(self, weight: torch.Tensor) -> None:
        super().__init__()
        self.register_buffer("table", weight.detach())


def pairs_of_modules(growth: int) -> Iterator[tuple[str, nn.Module, nn.Module]]:
    """(what, a, b) for Exercise 1: modules that share everything, something or nothing.

    Two parameters of the block are frozen.
    """
    net = small_densenet(growth)
    block = net.features[-2:]
    block.norm5.requires_grad_(False)
    yield "two slices of one DenseNet", net.features[-2:], net.features[-2:]
    yield "a block and its deepcopy", block, copy.deepcopy(block)
    yield "a whole DenseNet and a slice of it", net, block
    yield "a slice and the whole DenseNet", block, net
    yield "two blocks that share their buffers", block, copy_sharing_buffers(block)
    yield "two blocks that share their parameters", block, copy_sharing_parameters(block)
    one, other = assigned_from_one_dict(block, 2)
    yield "two copies loaded with assign=True from one dict", one, other
    tied = Tied()
    yield "an encoder and its decoder, whose weight is transposed", tied.encoder, tied.decoder
    table = Table(tied.encoder.weight)
    yield "a Linear and a module whose buffer is its weight", tied.encoder, table
    yield "a module whose buffer is a Linear's weight and this Linear", table, tied.encoder
    yield "a list that holds one block twice, and this block", nn.ModuleList([block, block]), block


# ---- images and features ------------------------------------------------------------------------


def varied_images(count: int = 2, side: int = 32, seed: int = 1) -> torch.Tensor:
    """Made-up images (count, 3, side, side), each with a brightness and contrast of its own."""
    generator = torch.Generator().manual_seed(seed)
    brightness = torch.randn(count, 1, 1, 1, generator=generator)
    contrast = torch.randn(count, 1, 1, 1, generator=generator).exp()
    noise = torch.randn(count, 3, side, side, generator=generator)
    return brightness + contrast * noise


def block_and_features(name: str) -> tuple[nn.Module, torch.Tensor]:
    """A trained block for Exercise 3, and features (B, C, H, W) that fit it.

    `name` is "narrow" (of a DenseNet), "shufflenet", "small" or "mixed"; each has BatchNorms. The
    mixed one has a layer in train mode, a frozen one and Dropout.
    """
    generator = torch.Generator().manual_seed(5)
    if name == "narrow":
        features = torch.randn(3, 8, 4, 4, generator=generator)
        return small_densenet().features[-2:], features
    if name == "shufflenet":
        features = torch.randn(2, 96, 4, 4, generator=generator)
        return as_if_trained(networks.build("shufflenet_v2_x0_5").stage4), features
    features = torch.randn(3, 3, 8, 8, generator=generator)
    layers = OrderedDict(conv=nn.Conv2d(3, 4, 3), norm=nn.BatchNorm2d(4), act=nn.ReLU())
    if name == "mixed":
        layers.update(drop=nn.Dropout2d(0.3), last=nn.Conv2d(4, 2, 1), scale=nn.BatchNorm2d(2))
    block = as_if_trained(nn.Sequential(layers))
    if name == "mixed":
        block.train()
        block.norm.eval()
        block.conv.requires_grad_(False)
    return block, features
