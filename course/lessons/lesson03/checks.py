"""Lesson 03, the BatchNorm trap: what its exercises ask."""

import contextlib
import copy
from collections import OrderedDict
from unittest import mock

import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.modules.batchnorm import _BatchNorm

from course.checking import comparisons, networks
from course.checking.check import check, expect
from course.checking.misconception import Misconception, expect_something, wrong_result

SIDE = 48  # pixels of the pictures here


# ---- backbones to try answers on -------------------------------------------------------------------------------------------


def small(dimensions):
    """A quick backbone for pictures (dimensions=2) or volumes (3): two kinds of BatchNorm, Dropout, 12 features."""
    conv, norm, pool = {
        2: (nn.Conv2d, nn.BatchNorm2d, nn.AdaptiveAvgPool2d),
        3: (nn.Conv3d, nn.BatchNorm3d, nn.AdaptiveAvgPool3d),
    }[dimensions]
    return nn.Sequential(
        OrderedDict(
            conv1=conv(3, 8, 3, stride=2),
            norm1=norm(8),
            relu1=nn.ReLU(),
            pool=pool(2),
            flatten=nn.Flatten(),
            drop=nn.Dropout(0.5),
            linear=nn.Linear(8 * 2**dimensions, 12),
            norm2=nn.BatchNorm1d(12),
            relu2=nn.ReLU(),
        )
    )


def pictures(name, count=12, seed=1):
    """Made-up input (count, 3, S, S), or volumes for "small3"; each picture has a brightness of its own."""
    shape = (count, 3, 8, 16, 16) if name == "small3" else (count, 3, SIDE, SIDE)
    r = torch.Generator().manual_seed(seed)
    return torch.randn(shape, generator=r) + torch.randn(
        count, *[1] * (len(shape) - 1), generator=r
    )


def seasoned(name):
    """A backbone without its head, in train mode, whose BatchNorms have gammas, betas and statistics as if it had seen data."""
    if name in ("small2", "small3"):
        backbone = small(int(name[-1]))
    else:
        backbone = networks.build(name)
        backbone.set_submodule(networks.old_head(backbone)[0], nn.Identity())
    r = torch.Generator().manual_seed(3)
    momenta = {norm: norm.momentum for _, norm in batchnorms(backbone)}
    for norm in momenta:
        norm.weight.data.uniform_(0.7, 1.3, generator=r)
        norm.bias.data.uniform_(-0.2, 0.2, generator=r)
        norm.momentum = None
    backbone.train()
    with torch.no_grad():
        backbone(2 * pictures(name, 16, seed=7) - 1)
    for norm, momentum in momenta.items():
        norm.momentum = momentum
    return backbone


def batchnorms(model):
    return [(path, layer) for path, layer in model.named_modules() if isinstance(layer, _BatchNorm)]


def features_of(backbone, images):
    """What the backbone gives in eval mode, from a copy, so that nothing of the original moves."""
    with torch.no_grad():
        return copy.deepcopy(backbone).eval()(images)


def differs(found, expected):
    """Largest difference, 0 where it is rounding."""
    if found.shape != expected.shape:
        return float("inf")
    gap = (found - expected).abs().max().item()
    return gap if gap > 1e-4 * max(1, expected.abs().max().item()) else 0


# ---- what moved, and the thought behind it ---------------------------------------------------------------------------------


def everything(model):
    return comparisons.snapshot(comparisons.tensors(model).items())


def a_statistic(model, before, moved):
    """One moved running mean in words, with how far it went."""
    name = next((n for n in moved if n.endswith("running_mean")), moved[0])
    rest = f", and {len(moved) - 1} other tensors moved with it" if len(moved) > 1 else ""
    return f"{name} moved by up to {(comparisons.tensors(model)[name] - before[name]).abs().max():.2g}{rest}"


@contextlib.contextmanager
def watch(model):
    """Note what is done while the block runs: {"evals": BatchNorms sent to eval mode before their first forward, "asked": buffers
    whose requires_grad was set, "modes": train flag of each forward of a BatchNorm, "grad": whether those ran with gradients on}.

    It decides nothing: it helps to name the thought behind statistics that moved."""
    seen = {"evals": 0, "asked": 0, "modes": {}, "grad": []}
    buffers = {id(b) for b in model.buffers()}
    train, ask, flag = nn.Module.train, torch.Tensor.requires_grad_, torch.Tensor.requires_grad

    def noting_train(self, mode=True):
        seen["evals"] += isinstance(self, _BatchNorm) and not mode and not seen["grad"]
        return train(self, mode)

    def noting_ask(self, requires_grad=True):
        seen["asked"] += id(self) in buffers
        return ask(self, requires_grad)

    def noting_set(self, value):
        seen["asked"] += id(self) in buffers
        flag.__set__(self, value)

    def noting_forward(layer, inputs):
        seen["modes"].setdefault(id(layer), []).append(layer.training)
        seen["grad"].append(torch.is_grad_enabled())

    hooks = [layer.register_forward_pre_hook(noting_forward) for _, layer in batchnorms(model)]
    with (
        mock.patch.object(nn.Module, "train", noting_train),
        mock.patch.object(torch.Tensor, "requires_grad_", noting_ask),
        mock.patch.object(torch.Tensor, "requires_grad", property(flag.__get__, noting_set)),
    ):
        yield seen
    for hook in hooks:
        hook.remove()


def why_statistics_moved(model, moved, seen):
    """The code of the thought behind running statistics that moved."""
    layers = dict(batchnorms(model))
    still = [
        path for path, _ in layers.items() if not any(name.startswith(f"{path}.") for name in moved)
    ]
    if (
        still
        and all(isinstance(layers[path], nn.BatchNorm2d) for path in still)
        and len(still) < len(layers)
    ):
        return "only-batchnorm2d"
    if any(layer.momentum == 1 for layer in layers.values()):
        return "momentum-one"
    if any(not modes[0] and any(modes) for modes in seen["modes"].values()):
        return "eval-in-first-epoch-only"
    if seen["asked"]:
        return "buffer-requires-grad"
    if seen["grad"] and not any(seen["grad"]):
        return "no-grad-protects"
    return "eval-before-train" if seen["evals"] else "requires-grad-alone"


# ---- the exercises ---------------------------------------------------------------------------------------------------------


@check
def what_moved(answer, name="resnet18"):
    model = networks.build(name).train()
    _, head = networks.old_head(model)
    with torch.no_grad():
        model(pictures(name, 4))
    optimizer = torch.optim.SGD(head.parameters(), lr=0.1)

    def step():
        optimizer.zero_grad()
        F.cross_entropy(model(pictures(name, 4)), torch.arange(4)).backward()
        optimizer.step()

    def forward():
        with torch.no_grad():
            model(pictures(name, 4))

    def reorder():
        first = next(model.parameters()).data
        first.copy_(first.flip(0))

    said = []
    actions = {
        "a training step of the head": step,
        "a forward in train mode": forward,
        "reversing the first weight": reorder,
        "doing nothing": lambda: None,
    }
    for what, action in actions.items():
        before, calls = everything(model), []

        def counted(action=action, calls=calls):
            calls.append(1)
            action()

        found = answer(model, counted)
        expected = comparisons.moved_since(model, before)
        expect_something(found, f"what_moved after {what}")
        if len(calls) != 1:
            raise wrong_result(f"action() was called {len(calls)} times; asked is once")
        if isinstance(found, dict) or not all(isinstance(n, str) for n in found):
            raise wrong_result(
                f"asked are the names of tensors; you return {type(found).__name__} {str(found)[:60]}"
            )
        missing, too_many = sorted(set(expected) - set(found)), sorted(set(found) - set(expected))
        if too_many:
            raise wrong_result(
                f"after {what} you name {too_many[0]} and {len(too_many) - 1} others, which hold what they held before"
            )
        if missing:
            parameters = dict(model.named_parameters())
            example = next((n for n in missing if n.endswith("running_mean")), missing[0])
            observed = f"{what} moved {len(expected)} of the model's tensors, among them {example}; you name {len(set(found))}"
            if len(missing) == len(expected) and what.startswith("a training step"):
                raise Misconception("snapshot-without-clone", observed)
            if not any(n in parameters for n in missing):
                raise Misconception(
                    "parameters-only",
                    f"{observed} and not one of the {len(missing)} buffers that moved",
                )
            raise wrong_result(observed)
        said.append(f"{what} {len(expected)}")
    return f"tensors of {name} that moved: {', '.join(said)}."


@check
def after_one_batch(answer, sizes=((4, 5, 3, 3), (6, 3, 2, 2)), momenta=(0.1, 0.3), seed=0):
    r = torch.Generator().manual_seed(seed)
    for size, momentum in zip(sizes, momenta, strict=True):
        bn = nn.BatchNorm2d(size[1], momentum=momentum)
        bn.running_mean.normal_(generator=r)
        bn.running_var.uniform_(0.5, 2, generator=r)
        features = 2 * torch.randn(size, generator=r) + 1
        twin, before = copy.deepcopy(bn).train(), everything(bn)
        twin(features)
        result = answer(bn, features)
        if result is None:
            raise Misconception("nothing-returned", "after_one_batch gave None")
        try:
            mean, var = (torch.as_tensor(t).detach() for t in result)
        except (TypeError, ValueError):
            raise wrong_result(
                f"asked is the pair (mean, variance); you return {type(result).__name__}"
            ) from None
        if moved := comparisons.moved_since(bn, before):
            raise Misconception(
                "bn-stats-moved",
                f"your function moved {moved[0]} of the given layer; asked is what *would* be there",
            )
        where = f"channel 0 of a batch {tuple(size)}, momentum {momentum}"
        if mean.shape != (size[1],) or var.shape != (size[1],):
            raise wrong_result(
                f"asked is shape ({size[1]},) twice; you return {tuple(mean.shape)} and {tuple(var.shape)}"
            )
        batch_mean, biased = features.mean((0, 2, 3)), features.var((0, 2, 3), unbiased=False)

        def mixed(old, new, share):
            return (1 - share) * old + share * new

        if not torch.allclose(mean, twin.running_mean, atol=1e-5):
            observed = f"{where}: you say mean {mean[0]:.4f}; it goes from {bn.running_mean[0]:.4f} to {twin.running_mean[0]:.4f}"
            if torch.allclose(mean, mixed(bn.running_mean, batch_mean, 1 - momentum), atol=1e-5):
                raise Misconception("momentum-the-wrong-way", observed)
            if torch.allclose(mean, batch_mean, atol=1e-5):
                raise Misconception(
                    "momentum-one", f"{observed}. Yours is the mean of this batch alone"
                )
            raise wrong_result(observed)
        if not torch.allclose(var, twin.running_var, atol=1e-5):
            observed = f"{where}: you say variance {var[0]:.4f}; it goes from {bn.running_var[0]:.4f} to {twin.running_var[0]:.4f}"
            if torch.allclose(var, mixed(bn.running_var, biased, momentum), atol=1e-5):
                n = features[:, 0].numel()
                raise Misconception(
                    "biased-running-variance",
                    f"{observed}. You divide by n = {n}; asked is n - 1 = {n - 1}",
                )
            raise wrong_result(observed)
    return f"mean and variance after one batch, for momentum {' and '.join(map(str, momenta))}."


def with_many_kinds(name):
    """A model for Exercise 3, with BatchNorms of several kinds among layers that are none."""
    if name in ("small2", "small3"):
        return nn.Sequential(
            OrderedDict(
                backbone=small(int(name[-1])),
                head=nn.Sequential(nn.LayerNorm(12), nn.Linear(12, 4)),
            )
        )
    model = networks.build(name)
    path, head = networks.old_head(model)
    model.set_submodule(
        path, nn.Sequential(nn.BatchNorm1d(head.in_features), nn.Linear(head.in_features, 4))
    )
    return model


@check
def batchnorm_paths(answer, names=("resnet18", "small3", "synchronised")):
    said = []
    for name in names:
        model = (
            nn.SyncBatchNorm.convert_sync_batchnorm(with_many_kinds("small2"))
            if name == "synchronised"
            else with_many_kinds(name)
        )
        expected = dict(batchnorms(model))
        found = answer(model)
        expect_something(found, f"batchnorm_paths({name})")
        found = list(found)
        if not all(isinstance(path, str) for path in found):
            raise wrong_result(
                f"asked are paths such as 'layer1.0.bn1'; you return {type(found[0]).__name__}"
            )
        missing, others = (
            [path for path in expected if path not in found],
            [path for path in found if path not in expected],
        )
        if others:
            kind = type(dict(model.named_modules()).get(others[0])).__name__
            raise wrong_result(f"{name}: you name {others[0]!r}, which is {kind}")
        if missing:
            kind = type(expected[missing[0]]).__name__
            observed = f"{name}: {missing[0]}, a {kind}, is missing: you name {len(found)} of {len(expected)}"
            kinds = {type(expected[path]) for path in found}
            if all(type(expected[path]) not in kinds for path in missing):
                raise Misconception("only-batchnorm2d", observed)
            raise Misconception("batchnorm-by-name", observed)
        said.append(f"{name} {len(found)}")
    return f"every BatchNorm found, whatever its kind and name: {', '.join(said)}."


class OldAndNew(nn.Module):
    """What Exercise 4 gets: one backbone under an old head and a new one."""

    def __init__(self, backbone, width, classes):
        super().__init__()
        self.backbone = backbone
        self.old = nn.Linear(width, 5)
        self.new = nn.Sequential(nn.Dropout(0.5), nn.Linear(width, classes))

    def forward(self, images):
        features = self.backbone(images)  # (B, C)
        return self.old(features), self.new(features)


def coloured(name, count, classes, seed=2):
    """Pictures unlike those that seasoned the backbone, and labels that their brightness tells."""
    labels, images = torch.arange(count) % classes, pictures(name, count, seed)
    images = 0.5 * (images - images.flatten(1).mean(1).view(-1, *[1] * (images.ndim - 1)))
    return images + 2 * labels.view(-1, *[1] * (images.ndim - 1)), labels


@check
def train_new_head(answer, names=("resnet18", "small2"), epochs=6, classes=3):
    for name in names:
        backbone = seasoned(name)
        images, labels = coloured(name, 24, classes)
        model = OldAndNew(backbone, features_of(backbone, images[:2]).shape[1], classes)
        with torch.no_grad():
            old, new = copy.deepcopy(model).eval()(images)
        before, dropout = everything(model), []
        model.new[0].register_forward_pre_hook(
            lambda layer, _, dropout=dropout: dropout.append(
                layer.training and torch.is_grad_enabled()
            )
        )
        with watch(model) as seen:
            answer(model, images.clone(), labels.clone(), epochs)
        moved = comparisons.moved_since(model, before)
        judge_training(name, model, before, moved, images, old, seen)
        if not any(path.startswith("new.") for path in moved):
            raise Misconception("head-not-trained", f"{name}: no tensor of model.new has moved")
        if not any(dropout):
            raise Misconception(
                "whole-model-eval",
                f"{name}: model.new[0], a Dropout, was in eval mode in all {len(dropout)} forwards",
            )
        model.eval()
        with torch.no_grad():
            first, last = (
                F.cross_entropy(logits, labels).item() for logits in (new, model(images)[1])
            )
        if not last < first:
            raise Misconception(
                "head-undertrained",
                f"{name}: the new head's loss on its pictures was {first:.2f}, and is {last:.2f} now",
            )
    return f"the new head has learnt ({first:.2f} to {last:.2f}), and the old one answers as before ({', '.join(names)})."


def judge_training(name, model, before, moved, images, old, seen):
    """Whether backbone and old head are what they were; raises the Misconception that moved them."""
    parameters = [
        path
        for path, _ in model.named_parameters()
        if path in moved and not path.startswith("new.")
    ]
    if parameters:
        affine = {f"{path}.{kind}" for path, _ in batchnorms(model) for kind in ("weight", "bias")}
        far = (comparisons.tensors(model)[parameters[0]] - before[parameters[0]]).abs().max()
        observed = f"{name}: {parameters[0]} moved by up to {far:.2g}"
        if set(parameters) <= affine:
            raise Misconception(
                "eval-freezes-affine",
                f"{observed}: {len(parameters)} gammas and betas of BatchNorm moved",
            )
        code = "eval-freezes-affine" if seen["evals"] else "backbone-not-frozen"
        raise Misconception(
            code,
            f"{observed}, and so did {len(parameters) - 1} other parameters outside the new head",
        )
    gap = differs(features_old(model, images), old)
    if gap:
        statistics = [path for path in moved if path.startswith("backbone.")]
        if not statistics:
            raise wrong_result(f"{name}: the old head's logits changed by up to {gap:.2g}")
        raise Misconception(
            why_statistics_moved(model, statistics, seen),
            f"{name}: the old head's logits changed by up to {gap:.2g}. {a_statistic(model, before, statistics)}",
        )


def features_old(model, images):
    with torch.no_grad():
        return copy.deepcopy(model).eval()(images)[0]


@check
def always_eval(answer, names=("resnet18", "small2")):
    for name in names:
        backbone, images = seasoned(name).requires_grad_(False), coloured(name, 6, 3)[0]
        expected, before = features_of(backbone, images), everything(backbone)
        with watch(backbone) as seen:
            found = answer(backbone)
            expect(found, nn.Module, "a module")
            evals, start = seen["evals"], everything(found)
            if found.train() is not found:
                raise Misconception(
                    "train-returns-nothing",
                    f"{name}: module.train() gives {found.train()!r}; asked is the module itself",
                )
            model = nn.Sequential(found, nn.Dropout(0.5), nn.Linear(expected.shape[1], 3))
            outputs = []
            for mode in (True, False, True):
                model.train(mode)
                outputs.append(found(images).detach())
        seen["evals"] = evals  # the answer's own, not those of the check
        if comparisons.moved_since(backbone, before):
            judge_features(name, backbone, before, outputs, expected, seen)
        judge_features(name, found, start, outputs, expected, seen)
        if not model[1].training:
            raise Misconception(
                "whole-model-eval",
                f"{name}: after model.train() the Dropout of the head above it is in eval mode",
            )
    return f"the features are those of eval mode, in whichever mode the model around is ({', '.join(names)})."


def judge_features(name, backbone, before, outputs, expected, seen):
    """Outputs in train, eval, train mode against the features of eval mode; raises the Misconception that makes them differ."""
    gap = max(differs(output, expected) for output in outputs)
    moved = comparisons.moved_since(backbone, before)
    if moved and not any(
        path.endswith(("running_mean", "running_var")) for path in moved
    ):  # momentum=0 counts batches, no more
        moved = []
    if gap and moved:
        observed = (
            f"{name}: features off by up to {gap:.2g}; {a_statistic(backbone, before, moved)}"
        )
        raise Misconception(why_statistics_moved(backbone, moved, seen), observed)
    if random := differs(outputs[0], outputs[2]):
        raise Misconception(
            "dropout-still-awake",
            f"{name}: no statistic moved, but the same pictures gave features that differ by up to "
            f"{random:.2g} between two forwards: something random runs",
        )
    if gap:
        raise Misconception(
            "batch-statistics-used",
            f"{name}: no statistic moved, but in train mode the features are off by up to "
            f"{gap:.2g}: the batch's own mean and variance went in",
        )


@check
def put_back_after(answer, name="resnet18"):
    backbone = seasoned(name)
    before, calls, head = everything(backbone), [], nn.Linear(4, 2)
    statistics = [path for path, _ in backbone.named_buffers()]

    def train():
        calls.append(1)
        next(backbone.parameters()).data.mul_(1.01)
        backbone.train()
        with torch.no_grad():
            backbone(coloured(name, 8, 3)[0])
        return head

    found = answer(backbone, train)
    if len(calls) != 1:
        raise wrong_result(f"train() was called {len(calls)} times; asked is once")
    moved = comparisons.moved_since(backbone, before)
    if moved:
        what = f"{len(moved)} of {len(before)} tensors are not what they were: {a_statistic(backbone, before, moved)}"
        if set(moved) == set(statistics):
            raise Misconception("parameters-only", what)
        if set(moved) > set(statistics):
            raise Misconception(
                "snapshot-without-clone",
                f"{what}. They hold what train() left there: what you put back had moved along",
            )
        raise Misconception("snapshot-incomplete", what)
    if found is not head:
        expect(found, type(head), f"what train() returned, a {type(head).__name__}")
        raise wrong_result("asked is what train() returned; you return another module of its kind")
    return f"all {len(before)} tensors of {name} hold the bits they held before."


@check
def freeze_batchnorm(answer, names=("resnet18", "mobilenet_v3_small")):
    said = []
    for name in names:
        model, images = seasoned(name), coloured(name, 6, 3)[0]
        for layer in model.modules():
            if isinstance(layer, nn.Dropout):
                layer.p = 0.0  # nothing random beside the BatchNorms
        expected, before, layers = (
            features_of(model, images),
            everything(model),
            dict(batchnorms(model)),
        )
        found = answer(model)
        expect(found, nn.Module, "the model")
        left = [path for path, _ in batchnorms(found)]
        asleep = [path for path, layer in batchnorms(found) if not layer.training]
        found.train()
        with torch.no_grad():
            output = found(images)
        if left:
            moved = comparisons.moved_since(found, before)
            what = (
                f"{name}: {left[0]} is still a BatchNorm, one of {len(left)} left of {len(layers)}"
            )
            if moved:
                what += f"; {a_statistic(found, before, moved)}"
            raise Misconception(
                "eval-before-train" if asleep == left else "batchnorm-left-behind", what
            )
        if gap := differs(output, expected):
            new = dict(found.named_modules())
            path, old = next(
                (
                    (p, layer)
                    for p, layer in layers.items()
                    if p in new and not same_tensors(new[p], layer)
                ),
                (None, None),
            )
            lost = (
                f"; {path} holds other numbers than the {type(old).__name__} that stood there"
                if path
                else ""
            )
            raise Misconception(
                "frozen-batchnorm-not-copied",
                f"{name}: the outputs are off by up to {gap:.2g}{lost}",
            )
        said.append(f"{name} {len(layers)}")
    return f"BatchNorms replaced, answers unchanged in train mode: {', '.join(said)}."


def same_tensors(new, old):
    """Whether a frozen layer holds the four tensors and the eps of the BatchNorm that it replaces."""
    kept = ("weight", "bias", "running_mean", "running_var")
    return getattr(new, "eps", old.eps) == old.eps and all(
        torch.allclose(getattr(new, k), getattr(old, k), atol=1e-6)
        for k in kept
        if isinstance(getattr(new, k, None), torch.Tensor)
    )
