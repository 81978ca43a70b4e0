"""Models with two heads to try answers on, and what the gradient of their shared weights tells."""

import contextlib
from unittest import mock

import torch
from torch import nn
from torch.nn import functional as F

from course.checking import networks
from course.checking.misconception import Misconception, unlike, wrong_result

TASKS = ("fruit", "fresh")


def pair(outputs, where):
    """(fruit logits, fresh logits) from what a forward returns: the pair, or a dict with these two keys."""
    if isinstance(outputs, dict):
        if set(outputs) != set(TASKS):
            raise wrong_result(
                f"{where}: your dict has the keys {sorted(map(str, outputs))}; asked are 'fruit' and 'fresh'"
            )
        return tuple(outputs[task] for task in TASKS)
    if not isinstance(outputs, tuple | list) or len(outputs) != 2:
        raise unlike(
            outputs,
            f"{where}: forward gives {type(outputs).__name__}; asked are two tensors of logits",
        )
    return tuple(outputs)


def leaves(tensor):
    """ids of the parameters that a tensor's graph leads to."""
    found, todo, seen = set(), [tensor.grad_fn], set()
    while todo:
        node = todo.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        if hasattr(node, "variable"):
            found.add(id(node.variable))
        todo += [next_node for next_node, _ in node.next_functions]
    return found


class TwoHeads(nn.Module):
    """What the exercises after the second get: `backbone`, `fruit` and `fresh`; the forward gives the pair of logits."""

    def __init__(self, name, fruits=6):
        super().__init__()
        if name == "small":
            self.backbone, width = nn.Sequential(nn.Flatten(), nn.Linear(48, 12), nn.Tanh()), 12
        else:
            self.backbone = networks.build(name)
            path, head = networks.old_head(self.backbone)
            self.backbone.set_submodule(path, nn.Identity())
            width = head.in_features
        self.fruit, self.fresh = nn.Linear(width, fruits), nn.Linear(width, 2)

    def forward(self, images):
        features = self.backbone(images)  # (B, C)
        return self.fruit(features), self.fresh(features)


def scene(name, count=8, seed=1):
    """Made-up (images, fruit, rotten) for a TwoHeads model."""
    r = torch.Generator().manual_seed(seed)
    side = 4 if name == "small" else 48
    return (
        torch.randn(count, 3, side, side, generator=r),
        torch.randint(6, (count,), generator=r),
        torch.randint(2, (count,), generator=r),
    )


def numbers(module):
    return sum(p.numel() for p in module.parameters())


@contextlib.contextmanager
def watch(model):
    """Note while the block runs: how often backward() was called and reached the model, and whether a cross-entropy got class weights.

    It decides nothing: it helps to name the thought behind a wrong gradient.
    """
    seen, backward, entropy = (
        {"backwards": 0, "reached": 0, "class weights": False},
        torch.Tensor.backward,
        F.cross_entropy,
    )

    def noting_backward(self, *args, **kwargs):
        seen["backwards"] += 1
        backward(self, *args, **kwargs)
        seen["reached"] += any(p.grad is not None for p in model.parameters())

    def noting_entropy(input, target, weight=None, *args, **kwargs):
        seen["class weights"] |= weight is not None
        return entropy(input, target, weight, *args, **kwargs)

    with (
        mock.patch.object(torch.Tensor, "backward", noting_backward),
        mock.patch.object(F, "cross_entropy", noting_entropy),
    ):
        yield seen


def again(problem):
    """Raise the Misconception behind a second walk through a graph; any other error goes on as it is."""
    if "backward through the graph a second time" in str(problem):
        raise Misconception(
            "graph-used-twice", f"torch says: {str(problem).split(' (')[0]}"
        ) from None
    if "does not require grad" in str(problem):
        raise Misconception(
            "loss-detached", f"torch says: {str(problem).splitlines()[0]}"
        ) from None
    raise problem


def task_gradients_of(model, images, fruit, rotten):
    """{path: (gradient of the fruit loss, of the freshness loss)}, zeros where a task does not reach."""
    logits, named = model(images), dict(model.named_parameters())
    both = [
        torch.autograd.grad(
            F.cross_entropy(z, y), named.values(), retain_graph=True, allow_unused=True
        )
        for z, y in zip(logits, (fruit, rotten), strict=True)
    ]
    return {
        path: tuple(torch.zeros_like(p) if g is None else g for g in (one, other))
        for (path, p), one, other in zip(named.items(), *both, strict=True)
    }


def judge_gradient(found, truth, previous, weights, seen, where):
    """found: {path: gradient or None} as it stood before the step; truth: {path: (fruit gradient, fresh gradient)}."""
    paths = [
        path
        for path in truth
        if path.startswith("backbone.") and truth[path][0].any() and truth[path][1].any()
    ]
    last = paths[-2] if len(paths) > 1 else paths[-1]

    def like(a, b, extra=None):
        for path, (one, other) in truth.items():
            expected = (
                a * one + b * other + (0 if extra is None or extra[path] is None else extra[path])
            )
            got = torch.zeros_like(one) if found[path] is None else found[path]
            if not torch.allclose(
                got,
                expected,
                rtol=1e-3,
                atol=1e-3 * max(one.abs().max(), other.abs().max(), 1e-9).item(),
            ):
                return False
        return True

    a, b = weights
    if like(a, b):
        return
    one, other = truth[last]
    got = torch.zeros_like(one) if found[last] is None else found[last]
    both = torch.stack([one.flatten(), other.flatten()], 1).double()
    first, second = (
        round(x, 3)
        for x in torch.linalg.lstsq(both, got.flatten().double().unsqueeze(1))
        .solution.flatten()
        .tolist()
    )
    what = f"{where}: the gradient at {last} is {first:g} times that of the fruit loss plus {second:g} times that of the freshness loss"
    if previous is not None and like(a, b, previous):
        raise Misconception(
            "gradients-not-cleared",
            f"{where}: at {last} the gradient of the step before is still in .grad, and was stepped again",
        )
    if like(a, 0) or like(0, b):
        if seen["backwards"] > 1:
            raise Misconception(
                "zero-grad-between-backwards",
                f"{what}; backward() ran {seen['backwards']} times, and only the last one was left",
            )
        raise Misconception(
            "loss-detached",
            f"{what}: the {'freshness' if like(a, 0) else 'fruit'} loss has no gradient",
        )
    if like(b, a):
        raise Misconception("weights-swapped", what)
    if like(1, 1):
        if seen["class weights"]:
            raise Misconception(
                "class-weights-for-task-weights",
                f"{what}, although cross_entropy was given weights",
            )
        what += ": the weights have no effect"
    raise wrong_result(what)
