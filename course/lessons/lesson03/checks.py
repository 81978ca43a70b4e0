"""The checks of lesson 03, the BatchNorm trap: one for each exercise."""

import copy
from collections.abc import Callable

import torch
from torch import nn
from torch.nn import functional as F

from course.checking import comparisons, networks
from course.checking.batchnorm import Record, batchnorms, watch, why_statistics_moved
from course.checking.check import check, expect
from course.checking.misconception import (
    Misconception,
    expect_pair,
    expect_something,
    wrong_result,
)
from course.lessons.lesson03.fixtures import (
    OldAndNew,
    backbone_with_statistics,
    eval_outputs,
    gap_beyond_rounding,
    images_for,
    labelled_images,
    model_with_many_kinds,
    same_batchnorm,
    snapshot_of,
)

State = dict[str, torch.Tensor]  # a snapshot: parameters and buffers by name


def telling_example(names: list[str]) -> str:
    """Return the first running mean among the names, or the first name where there is none."""
    for name in names:
        if name.endswith("running_mean"):
            return name
    return names[0]


def describe_moved(model: nn.Module, before: State, moved: list[str]) -> str:
    """Say in words how far one of the moved tensors went, and how many others moved."""
    path = telling_example(moved)
    distance = (comparisons.tensors(model)[path] - before[path]).abs().max()
    observed = f"{path} moved by up to {distance:.2g}"
    if len(moved) > 1:
        observed += f", and {len(moved) - 1} other tensors moved with it"
    return observed


# ---- Exercise 1: what moved? --------------------------------------------------------------------


@check
def what_moved(answer: Callable, name: str = "resnet18") -> str:
    """Exercise 1: which parameters and buffers did an action change, to the bit?

    Tried with a training step of the head, a forward in train mode, a change that only reorders the
    values of a tensor, and an action that does nothing. Hidden: another network.
    """
    model = networks.build(name).train()
    _, head = networks.old_head(model)
    with torch.no_grad():
        model(images_for(name, 4))
    optimizer = torch.optim.SGD(head.parameters(), lr=0.1)

    def step():
        optimizer.zero_grad()
        loss = F.cross_entropy(model(images_for(name, 4)), torch.arange(4))
        loss.backward()
        optimizer.step()

    def forward():
        with torch.no_grad():
            model(images_for(name, 4))

    def reverse():
        first = next(model.parameters()).data
        first.copy_(first.flip(0))

    def nothing():
        pass

    actions = {
        "a training step of the head": step,
        "a forward in train mode": forward,
        "reversing the first weight": reverse,
        "doing nothing": nothing,
    }
    said = []
    for what, action in actions.items():
        count = expect_moved_names(answer, model, what, action)
        said.append(f"{what} {count}")
    return f"tensors of {name} that moved: {', '.join(said)}."


def expect_moved_names(answer: Callable, model: nn.Module, what: str, action: Callable) -> int:
    """Return how many tensors `action`, called by the answer, moved.

    Raises Misconception unless the answer calls it once and names just these tensors. `what` is the
    action in words.
    """
    before = snapshot_of(model)
    calls = []

    def counted():
        calls.append(1)
        action()

    found = answer(model, counted)
    expected = comparisons.moved_since(model, before)
    expect_something(found, f"what_moved after {what}")
    if len(calls) != 1:
        raise wrong_result(f"action() was called {len(calls)} times; expected once")
    if isinstance(found, dict) or not all(isinstance(name, str) for name in found):
        kind = type(found).__name__
        raise wrong_result(f"expected the names of tensors; you return {kind} {str(found)[:60]}")
    too_many = sorted(set(found) - set(expected))
    if too_many:
        raise wrong_result(
            f"after {what} you name {too_many[0]} and {len(too_many) - 1} others, "
            "which hold what they held before"
        )
    missing = sorted(set(expected) - set(found))
    if not missing:
        return len(expected)
    observed = (
        f"{what} moved {len(expected)} of the model's tensors, among them "
        f"{telling_example(missing)}; you name {len(set(found))}"
    )
    # a training step moves parameters and buffers: a snapshot that misses both holds the very
    # tensors that moved
    if len(missing) == len(expected) and what.startswith("a training step"):
        raise Misconception("snapshot-without-clone", observed)
    parameters = dict(model.named_parameters())
    if not any(name in parameters for name in missing):
        raise Misconception(
            "parameters-only",
            f"{observed} and not one of the {len(missing)} buffers that moved",
        )
    raise wrong_result(observed)


# ---- Exercise 2: one batch later ----------------------------------------------------------------


@check
def after_one_batch(
    answer: Callable,
    sizes: tuple[tuple[int, ...], ...] = ((4, 5, 3, 3), (6, 3, 2, 2)),
    momenta: tuple[float, ...] = (0.1, 0.3),
    seed: int = 0,
) -> str:
    """Exercise 2: which running mean and variance does a BatchNorm2d have after one batch?

    Expected is what a copy of the layer has after a real forward. `sizes` are shapes (B, C, H, W)
    of batches, one for each of the `momenta`. Hidden: other shapes, momenta and numbers.
    """
    generator = torch.Generator().manual_seed(seed)
    for size, momentum in zip(sizes, momenta, strict=True):
        norm = nn.BatchNorm2d(size[1], momentum=momentum)
        norm.running_mean.normal_(generator=generator)
        norm.running_var.uniform_(0.5, 2, generator=generator)
        features = 2 * torch.randn(size, generator=generator) + 1  # (B, C, H, W)
        expect_statistics(answer, norm, features)
    return f"mean and variance after one batch, for momentum {' and '.join(map(str, momenta))}."


def expect_statistics(answer: Callable, norm: nn.BatchNorm2d, features: torch.Tensor) -> None:
    """Raise Misconception unless the answer predicts the statistics after `features` (B, C, H, W)
    and leaves the layer alone.
    """
    twin = copy.deepcopy(norm).train()
    twin(features)
    before = snapshot_of(norm)
    result = answer(norm, features)
    expect_something(result, "after_one_batch")
    unfit = f"expected the pair (mean, variance); you return {type(result).__name__}"
    pair = expect_pair(result, unfit)
    try:
        mean, variance = (torch.as_tensor(part).detach() for part in pair)
    except (TypeError, ValueError):
        raise wrong_result(unfit) from None
    moved = comparisons.moved_since(norm, before)
    if moved:
        raise Misconception(
            "bn-stats-moved",
            f"your function moved {moved[0]} of the given layer; expected what *would* be there",
        )
    shape = (norm.num_features,)
    if mean.shape != shape or variance.shape != shape:
        raise wrong_result(
            f"expected shape {shape} twice; you return {tuple(mean.shape)} and "
            f"{tuple(variance.shape)}"
        )
    if not torch.allclose(mean, twin.running_mean, atol=1e-5):
        raise why_wrong_mean(mean, norm, features, twin.running_mean)
    if not torch.allclose(variance, twin.running_var, atol=1e-5):
        raise why_wrong_variance(variance, norm, features, twin.running_var)


def mixed(old: torch.Tensor, batch: torch.Tensor, momentum: float) -> torch.Tensor:
    """The new running statistic (C,): (1 - momentum) * old + momentum * batch.

    Source: the documentation of torch.nn.BatchNorm2d, which notes that its momentum is the share of
    the new value, unlike an optimizer's. BatchNorm is by Ioffe and Szegedy, 2015.
    """
    return (1 - momentum) * old + momentum * batch


def why_wrong_mean(
    mean: torch.Tensor, norm: nn.BatchNorm2d, features: torch.Tensor, expected: torch.Tensor
) -> Misconception:
    """Return the Misconception behind a wrong running mean (C,)."""
    observed = (
        f"{batch_in_words(norm, features)}: you say mean {mean[0]:.4f}; "
        f"it goes from {norm.running_mean[0]:.4f} to {expected[0]:.4f}"
    )
    batch_mean = features.mean((0, 2, 3))  # (C,)
    inverted = mixed(norm.running_mean, batch_mean, 1 - norm.momentum)
    if torch.allclose(mean, inverted, atol=1e-5):
        return Misconception("momentum-the-wrong-way", observed)
    if torch.allclose(mean, batch_mean, atol=1e-5):
        return Misconception("momentum-one", f"{observed}. Yours is the mean of this batch alone")
    return wrong_result(observed)


def why_wrong_variance(
    variance: torch.Tensor, norm: nn.BatchNorm2d, features: torch.Tensor, expected: torch.Tensor
) -> Misconception:
    """Return the Misconception behind a wrong running variance (C,).

    The running variance is made of unbiased variances, divided by n - 1, while train mode
    normalises with the biased one (documentation of torch.nn.BatchNorm2d).
    """
    observed = (
        f"{batch_in_words(norm, features)}: you say variance {variance[0]:.4f}; "
        f"it goes from {norm.running_var[0]:.4f} to {expected[0]:.4f}"
    )
    biased = features.var((0, 2, 3), unbiased=False)  # (C,)
    if torch.allclose(variance, mixed(norm.running_var, biased, norm.momentum), atol=1e-5):
        n = features[:, 0].numel()
        return Misconception(
            "biased-running-variance",
            f"{observed}. You divide by n = {n}; expected n - 1 = {n - 1}",
        )
    return wrong_result(observed)


def batch_in_words(norm: nn.BatchNorm2d, features: torch.Tensor) -> str:
    """Say for a message which layer and batch (B, C, H, W) it is about."""
    return f"channel 0 of a batch {tuple(features.shape)}, momentum {norm.momentum}"


# ---- Exercise 3: find them all ------------------------------------------------------------------


@check
def batchnorm_paths(
    answer: Callable, names: tuple[str, ...] = ("resnet18", "small3", "synchronised")
) -> str:
    """Exercise 3: at which paths of a model are its BatchNorm layers, of whatever kind?

    Hidden: two other models, one of them a DenseNet.
    """
    said = []
    for name in names:
        model = model_with_many_kinds(name)
        count = expect_batchnorm_paths(answer, model, name)
        said.append(f"{name} {count}")
    return f"every BatchNorm found, whatever its kind and name: {', '.join(said)}."


def expect_batchnorm_paths(answer: Callable, model: nn.Module, name: str) -> int:
    """Return how many paths the answer found; raise Misconception unless it found just these."""
    expected = dict(batchnorms(model))
    result = answer(model)
    expect_something(result, f"batchnorm_paths({name})")
    found = list(result)
    if not all(isinstance(path, str) for path in found):
        kind = type(found[0]).__name__
        raise wrong_result(f"expected paths such as 'layer1.0.bn1'; you return {kind}")
    layers = dict(model.named_modules())
    for path in found:
        if path not in expected:
            kind = type(layers.get(path)).__name__
            raise wrong_result(f"{name}: you name {path!r}, which is {kind}")
    missing = [path for path in expected if path not in found]
    if not missing:
        return len(found)
    kind = type(expected[missing[0]]).__name__
    observed = (
        f"{name}: {missing[0]}, a {kind}, is missing: you name {len(found)} of {len(expected)}"
    )
    found_kinds = {type(expected[path]) for path in found}
    missing_kinds = {type(expected[path]) for path in missing}
    if found_kinds.isdisjoint(missing_kinds):
        raise Misconception("only-batchnorm2d", observed)
    raise Misconception("batchnorm-by-name", observed)


# ---- Exercise 4: a new head, an old one unharmed ------------------------------------------------


@check
def train_new_head(
    answer: Callable,
    names: tuple[str, ...] = ("resnet18", "small2"),
    epochs: int = 6,
    classes: int = 3,
) -> str:
    """Exercise 4: train the new head, with its Dropout, while the old head answers as before.

    Hidden: another network, volumes in place of images, and other numbers of epochs and classes.
    """
    for name in names:
        backbone = backbone_with_statistics(name)
        images, labels = labelled_images(name, 24, classes)
        width = eval_outputs(backbone, images[:2]).shape[1]
        model = OldAndNew(backbone, width, classes)
        first, last = expect_new_head_trained(answer, name, model, images, labels, epochs)
    return (
        f"the new head has learnt ({first:.2f} to {last:.2f}), and the old one answers as before "
        f"({', '.join(names)})."
    )


def expect_new_head_trained(
    answer: Callable,
    name: str,
    model: OldAndNew,
    images: torch.Tensor,
    labels: torch.Tensor,
    epochs: int,
) -> tuple[float, float]:
    """Return the new head's loss before and after; raise Misconception unless the answer trains it
    and nothing else.
    """
    old_logits, new_logits = eval_outputs(model, images)
    before = snapshot_of(model)
    dropout_at_work = []

    def note_dropout(layer, inputs):
        dropout_at_work.append(layer.training and torch.is_grad_enabled())

    model.new[0].register_forward_pre_hook(note_dropout)
    with watch(model) as record:
        answer(model, images.clone(), labels.clone(), epochs)
    moved = comparisons.moved_since(model, before)
    expect_parameters_unmoved(name, model, before, moved, record)
    gap = gap_beyond_rounding(eval_outputs(model, images)[0], old_logits)
    if gap:
        raise why_old_logits_changed(name, model, before, moved, record, gap)
    if not any(path.startswith("new.") for path in moved):
        raise Misconception("head-not-trained", f"{name}: no tensor of model.new has moved")
    if not any(dropout_at_work):
        raise Misconception(
            "whole-model-eval",
            f"{name}: model.new[0], a Dropout, was in eval mode in all {len(dropout_at_work)} "
            "forwards",
        )
    model.eval()
    with torch.no_grad():
        first = F.cross_entropy(new_logits, labels).item()
        last = F.cross_entropy(model(images)[1], labels).item()
    if not last < first:
        raise Misconception(
            "head-undertrained",
            f"{name}: the new head's loss on its pictures was {first:.2f}, and is {last:.2f} now",
        )
    return first, last


def expect_parameters_unmoved(
    name: str, model: OldAndNew, before: State, moved: list[str], record: Record
) -> None:
    """Raise Misconception where a parameter outside the new head moved."""
    parameters = []
    for path, _ in model.named_parameters():
        if path in moved and not path.startswith("new."):
            parameters.append(path)
    if not parameters:
        return
    first = parameters[0]
    distance = (comparisons.tensors(model)[first] - before[first]).abs().max()
    observed = f"{name}: {first} moved by up to {distance:.2g}"
    affine = set()  # gammas and betas
    for path, _ in batchnorms(model):
        affine.update((f"{path}.weight", f"{path}.bias"))
    if affine.issuperset(parameters):
        raise Misconception(
            "eval-freezes-affine",
            f"{observed}: {len(parameters)} gammas and betas of BatchNorm moved",
        )
    code = "eval-freezes-affine" if record.evals else "backbone-not-frozen"
    raise Misconception(
        code,
        f"{observed}, and so did {len(parameters) - 1} other parameters outside the new head",
    )


def why_old_logits_changed(
    name: str, model: OldAndNew, before: State, moved: list[str], record: Record, gap: float
) -> Misconception:
    """Return the Misconception behind old logits that changed, in eval mode, by up to `gap`."""
    observed = f"{name}: the old head's logits changed by up to {gap:.2g}"
    statistics = [path for path in moved if path.startswith("backbone.")]
    if not statistics:
        return wrong_result(observed)
    code = why_statistics_moved(model, statistics, record)
    return Misconception(code, f"{observed}. {describe_moved(model, before, statistics)}")


# ---- Exercise 5: a backbone that stays in eval --------------------------------------------------


@check
def always_eval(answer: Callable, names: tuple[str, ...] = ("resnet18", "small2")) -> str:
    """Exercise 5: wrap a backbone so that it gives eval-mode features, whatever mode it is put in.

    Tried inside a larger model, in train, eval and again train mode. Hidden: an EfficientNet, which
    has stochastic depth, and volumes in place of images.
    """
    for name in names:
        expect_always_eval(answer, name)
    return (
        "the features are those of eval mode, in whichever mode the model around is "
        f"({', '.join(names)})."
    )


def expect_always_eval(answer: Callable, name: str) -> None:
    """Raise Misconception unless the answer's module stays in eval mode, and its neighbours not."""
    backbone = backbone_with_statistics(name).requires_grad_(False)
    images, _ = labelled_images(name, 6, 3)
    expected = eval_outputs(backbone, images)  # (6, C)
    before = snapshot_of(backbone)
    with watch(backbone) as record:
        found = answer(backbone)
        expect(found, nn.Module, "a module")
        evals_of_answer = record.evals
        start = snapshot_of(found)
        trained = found.train()
        if trained is not found:
            raise Misconception(
                "train-returns-nothing",
                f"{name}: module.train() gives {trained!r}; expected the module itself",
            )
        model = nn.Sequential(found, nn.Dropout(0.5), nn.Linear(expected.shape[1], 3))
        outputs = []
        for mode in (True, False, True):
            model.train(mode)
            outputs.append(found(images).detach())
    record.evals = evals_of_answer  # without those of the loop above
    if comparisons.moved_since(backbone, before):
        expect_eval_features(name, backbone, before, outputs, expected, record)
    expect_eval_features(name, found, start, outputs, expected, record)
    dropout = model[1]
    if not dropout.training:
        raise Misconception(
            "whole-model-eval",
            f"{name}: after model.train() the Dropout of the head above it is in eval mode",
        )


def expect_eval_features(
    name: str,
    module: nn.Module,
    before: State,
    outputs: list[torch.Tensor],
    expected: torch.Tensor,
    record: Record,
) -> None:
    """Raise Misconception unless outputs (B, C) in train, eval and train mode are the expected."""
    gap = max(gap_beyond_rounding(output, expected) for output in outputs)
    moved = comparisons.moved_since(module, before)
    # with momentum=0 the batch counters move and the statistics do not
    statistics_moved = any(path.endswith(("running_mean", "running_var")) for path in moved)
    if gap and statistics_moved:
        code = why_statistics_moved(module, moved, record)
        raise Misconception(
            code,
            f"{name}: features off by up to {gap:.2g}; {describe_moved(module, before, moved)}",
        )
    random_gap = gap_beyond_rounding(outputs[0], outputs[2])
    if random_gap:
        raise Misconception(
            "dropout-still-awake",
            f"{name}: no statistic moved, but the same pictures gave features that differ by up to "
            f"{random_gap:.2g} between two forwards: something random runs",
        )
    if gap:
        raise Misconception(
            "batch-statistics-used",
            f"{name}: no statistic moved, but in train mode the features are off by up to "
            f"{gap:.2g}: the batch's own mean and variance went in",
        )


# ---- Exercise 6: put it back --------------------------------------------------------------------


@check
def put_back_after(answer: Callable, name: str = "resnet18") -> str:
    """Exercise 6: call train() once, then give the backbone every bit back that it had before.

    `train` changes a parameter and runs the backbone in train mode. Hidden: another network.
    """
    backbone = backbone_with_statistics(name)
    before = snapshot_of(backbone)
    head = nn.Linear(4, 2)
    calls = []

    def train():
        calls.append(1)
        next(backbone.parameters()).data.mul_(1.01)
        backbone.train()
        images, _ = labelled_images(name, 8, 3)
        with torch.no_grad():
            backbone(images)
        return head

    found = answer(backbone, train)
    if len(calls) != 1:
        raise wrong_result(f"train() was called {len(calls)} times; expected once")
    moved = comparisons.moved_since(backbone, before)
    if moved:
        raise why_not_put_back(backbone, before, moved)
    if found is not head:
        expect(found, type(head), f"what train() returned, a {type(head).__name__}")
        raise wrong_result("expected what train() returned; you return another module of its kind")
    return f"all {len(before)} tensors of {name} hold the bits they held before."


def why_not_put_back(backbone: nn.Module, before: State, moved: list[str]) -> Misconception:
    """Return the Misconception behind tensors that do not have their old values."""
    observed = (
        f"{len(moved)} of {len(before)} tensors are not what they were: "
        f"{describe_moved(backbone, before, moved)}"
    )
    buffers = {path for path, _ in backbone.named_buffers()}
    if buffers == set(moved):
        return Misconception("parameters-only", observed)
    if buffers < set(moved):
        return Misconception(
            "snapshot-without-clone",
            f"{observed}. They hold what train() left there: what you put back had moved along",
        )
    return Misconception("snapshot-incomplete", observed)


# ---- Exercise 7: frozen for good ----------------------------------------------------------------


@check
def freeze_batchnorm(
    answer: Callable, names: tuple[str, ...] = ("resnet18", "mobilenet_v3_small")
) -> str:
    """Exercise 7: replace each BatchNorm2d by a FrozenBatchNorm2d with its numbers and eps.

    The model must answer in train mode as it did in eval mode. Hidden: a DenseNet.
    """
    said = []
    for name in names:
        count = expect_frozen(answer, name)
        said.append(f"{name} {count}")
    return f"BatchNorms replaced, answers unchanged in train mode: {', '.join(said)}."


def expect_frozen(answer: Callable, name: str) -> int:
    """Return how many BatchNorms the answer replaced; raise Misconception where one is left or the
    outputs differ.
    """
    model = backbone_with_statistics(name)
    for layer in model.modules():
        if isinstance(layer, nn.Dropout):
            layer.p = 0.0  # so that train and eval mode differ in the BatchNorms alone
    images, _ = labelled_images(name, 6, 3)
    expected = eval_outputs(model, images)  # (6, C)
    before = snapshot_of(model)
    layers = dict(batchnorms(model))
    found = answer(model)
    expect(found, nn.Module, "the model")
    left = batchnorms(found)
    all_in_eval = not any(layer.training for _, layer in left)
    found.train()
    with torch.no_grad():
        output = found(images)
    if left:
        first, _ = left[0]
        observed = f"{name}: {first} is still a BatchNorm, one of {len(left)} left of {len(layers)}"
        moved = comparisons.moved_since(found, before)
        if moved:
            observed += f"; {describe_moved(found, before, moved)}"
        code = "eval-before-train" if all_in_eval else "batchnorm-left-behind"
        raise Misconception(code, observed)
    gap = gap_beyond_rounding(output, expected)
    if gap:
        raise Misconception(
            "frozen-batchnorm-not-copied",
            f"{name}: the outputs are off by up to {gap:.2g}{first_not_copied(found, layers)}",
        )
    return len(layers)


def first_not_copied(model: nn.Module, replaced: dict[str, nn.Module]) -> str:
    """Say which frozen layer differs first from the BatchNorm that it replaces; "" if none does.

    `replaced` has the BatchNorms by path.
    """
    modules = dict(model.named_modules())
    for path, old in replaced.items():
        if path in modules and not same_batchnorm(modules[path], old):
            kind = type(old).__name__
            return f"; {path} holds other numbers than the {kind} that stood there"
    return ""
