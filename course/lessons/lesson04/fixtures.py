"""Who shares memory with whom: small networks to try answers on, and what lesson 04 asks of them."""

import copy

import torch
import torchvision
from torch import nn
from torch.nn import functional as F

from course.checking.misconception import Misconception

SIZES = (1, 4, 2, 8, 3)  # outputs of the five targets


# ---- networks ----------------------------------------------------------------------------------------------------------------


def seasoned(model, seed=0):
    """The model in eval mode, its weights and statistics as different from a new one's as if it had been trained."""
    r = torch.Generator().manual_seed(seed)
    for name, tensor in [*model.named_parameters(), *model.named_buffers()]:
        noise = torch.randn(tensor.shape, generator=r)
        if name.endswith("num_batches_tracked"):
            tensor.data.fill_(100 + seed)
        elif name.endswith("running_var") or (name.endswith("weight") and tensor.ndim == 1):
            tensor.data.copy_(0.8 + 0.4 * noise.sigmoid())
        elif tensor.ndim == 1:
            tensor.data.copy_(0.2 * noise)
        else:
            tensor.data.copy_(noise * (2 / tensor[0].numel()) ** 0.5)
    return model.eval()


def narrow(growth=4, blocks=(2, 2, 2, 2), seed=0):
    """A small DenseNet of torchvision's own class, seasoned; the same at each call."""
    with torch.random.fork_rng(devices=[]):
        return seasoned(
            torchvision.models.DenseNet(growth, blocks, 2 * growth, num_classes=10), seed
        )


def pictures(count=2, side=32, seed=1):
    """Made-up pictures (count, 3, side, side), each of its own brightness and contrast."""
    r = torch.Generator().manual_seed(seed)
    light, contrast = (torch.randn(count, 1, 1, 1, generator=r) for _ in range(2))
    return light + contrast.exp() * torch.randn(count, 3, side, side, generator=r)


class Targets(nn.Module):
    """A trunk, a branch and a head for each target, as in the lesson."""

    def __init__(self, trunk, branches, sizes=SIZES):
        super().__init__()
        self.trunk, self.branches = trunk, nn.ModuleList(branches)
        width = next(
            reversed(list(self.branches[0].modules()))
        ).num_features  # of the norm at the end
        self.heads = nn.ModuleList(nn.Linear(width, size) for size in sizes)

    def forward(self, images):
        features = self.trunk(images)
        return [
            head(pooled(branch(features)))
            for branch, head in zip(self.branches, self.heads, strict=True)
        ]


def pooled(features):
    """What DenseNet does after its last norm: (B, C, H, W) to (B, C)."""
    return F.relu(features).mean((2, 3))


def assigned_from_one_dict(block, count):
    """Copies with parameters of their own that lie, all of them, in one memory."""
    branches = [copy.deepcopy(block) for _ in range(count)]
    for branch in branches:
        branch.load_state_dict(block.state_dict(), assign=True)
    return branches


def sharing(module, kind):
    """A twin of a module that shares its parameters, its buffers, or neither with it."""
    kept = {"parameters": module.parameters(), "buffers": module.buffers(), "nothing": ()}[kind]
    return copy.deepcopy(module, {id(tensor): tensor for tensor in kept})


KINDS = ("sliced", "one object", "assigned", "buffers", "copied")


def targets(kind, sizes=SIZES, growth=4, blocks=(2, 2, 2, 2), seed=0):
    """A model with branches that share their memory in one of the KINDS of ways; "copied" ones share nothing."""
    features = narrow(growth, blocks, seed).features
    trunk, block, count = features[:-2], features[-2:], len(sizes)
    branches = {
        "sliced": lambda: [features[-2:] for _ in sizes],
        "one object": lambda: [block] * count,
        "assigned": lambda: assigned_from_one_dict(block, count),
        "buffers": lambda: [sharing(block, "buffers") for _ in sizes],
        "copied": lambda: [copy.deepcopy(block) for _ in sizes],
    }[kind]()
    return Targets(trunk, branches, sizes).eval()


# ---- memory ------------------------------------------------------------------------------------------------------------------


def address(tensor):
    return tensor.untyped_storage().data_ptr()


def named(module):
    """[(name, tensor)] of all parameters and buffers, shared ones under each of their names."""
    return [
        *module.named_parameters(remove_duplicate=False),
        *module.named_buffers(remove_duplicate=False),
    ]


def shared(a, b):
    """Names in `a` of the parameters and buffers whose memory a tensor of `b` uses too."""
    there = {address(tensor) for _, tensor in named(b)}
    return [name for name, tensor in named(a) if address(tensor) in there]


def first_of(names):
    return f"{names[0]} and {len(names) - 1} more" if len(names) > 1 else names[0]


def leaves(output):
    """{address: parameter} of all that a gradient from `output` reaches, registered in a module or not."""
    found, seen, todo = {}, set(), [output.grad_fn]
    while todo:
        node = todo.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        if hasattr(node, "variable"):
            found[address(node.variable)] = node.variable
        todo.extend(parent for parent, _ in node.next_functions)
    return found


# ---- why branches share ------------------------------------------------------------------------------------------------------


def judge_independence(branches, block=None, where=""):
    """Raises the Misconception that explains why two of the branches share memory. block: what they were made from."""
    for i, a in enumerate(branches):
        for j in range(i + 1, len(branches)):
            b = branches[j]
            names = shared(a, b)
            if names:
                what = f"{where}branches {i + 1} and {j + 1} share {len(names)} of {len(named(a))} tensors, {first_of(names)}"
                raise Misconception(why_shared(a, b, names, block), what)


def why_shared(a, b, names, block):
    """The code of the thought behind two modules that share the tensors called `names`."""
    if a is b:
        return "one-object-n-times" if block is None or a is block else "one-copy-n-times"
    mine, other, buffers = dict(named(a)), dict(named(b)), {name for name, _ in a.named_buffers()}
    if set(names) <= buffers:
        return "buffers-still-shared"
    if any(
        name in other and mine[name] is not other[name] for name in names if name not in buffers
    ):
        return "assigned-from-one-dict"
    if vars(a)["_modules"] is vars(b)["_modules"]:
        return "shallow-copy"
    if block is not None and [name for name, _ in a.named_children()] != [
        name for name, _ in block.named_children()
    ]:
        return "rewrapped-not-copied"
    return "slice-shares-children"
