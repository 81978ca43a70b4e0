"""Lesson 01, replace the head: its nine checks."""

import functools
import itertools
from collections import Counter
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from course.checking import comparisons, networks, panel
from course.checking.check import Answer, check, expect
from course.checking.misconception import (
    Misconception,
    expect_pair,
    expect_something,
    first_and_more,
    wrong_result,
)
from course.checking.values import all_near, near, number, reaches, shown, whole_number
from course.lessons.lesson01.diagnosis import (
    Original,
    describe,
    expect_no_limit,
    expect_replaced_head,
    first_line,
)
from course.lessons.lesson01.fixtures import (
    ROWS,
    TEST,
    VALIDATION,
    PlantedHead,
    classifier,
    fruit_features,
    pixels,
    planted_set,
)
from course.vision.backbones import IMAGENET_MEAN, IMAGENET_STD

Names = tuple[str, ...]  # of torchvision's models
Cases = tuple[tuple[str, int], ...]  # such a name, and a number of classes or of images


@check
def head_inputs(answer: Answer, names: Names = ("resnet18", "resnet50")) -> str:
    """Exercise 1: how many features does the head of a ResNet take? Hidden: other ResNets."""
    widths = (512, 2048)  # of all torchvision's ResNets
    for name in names:
        model = networks.build(name)
        expected = model.fc.in_features
        found, changed = comparisons.changes_by(functools.partial(answer, model), model)
        expect_something(found, f"head_inputs({name})")
        if changed:
            raise Misconception(
                "model-left-changed",
                f"head_inputs({name}) changed the model: {first_and_more(changed)}; expected that "
                "it only reads the number",
            )
        count = whole_number(found, f"a number of features from head_inputs({name})")
        if count != expected:
            what = f"for {name}: expected {expected} features; got {count}"
            if count == model.fc.out_features:
                raise wrong_result(f"{what}, the number of its outputs")
            raise Misconception(
                "in-features-from-memory" if count in widths else "wrong-result", what
            )
    return f"the head's number of inputs is right for {' and '.join(names)}."


@check
def percent_saved(
    answer: Answer, cases: Cases = (("resnet18", 10), ("resnet50", 2)), frozen: str = "layer1"
) -> str:
    """Exercise 2: what percentage of its parameters does a ResNet lose with a head for n classes?

    A class has one row of the weight and one number of the bias: in_features + 1 parameters.
    Hidden: narrow ResNets and other numbers of classes. One stage is frozen: it counts as well.
    """
    percentages = []
    largest = 0.0
    for name, n in cases:
        model = networks.build(name)
        model.get_submodule(frozen).requires_grad_(False)
        thoughts = _wrong_percentages(model, n)
        expected = 100 * _of_classes(model, 1000 - n) / comparisons.numbers_in(model.parameters())
        found, changed = comparisons.changes_by(functools.partial(answer, model, n), model)
        expect_something(found, f"percent_saved({name}, {n})")
        if changed:
            raise Misconception(
                "model-left-changed",
                f"{name} is not as it was: {first_and_more(changed)}; expected that "
                "percent_saved only counts",
            )
        value = number(found, f"a percentage from percent_saved({name}, {n})")
        if not near(value, expected, relative=1e-5):
            raise _why_wrong_percentage(f"for {name} and {n} classes", value, expected, thoughts)
        percentages.append(f"{expected:.1f} % of {name} for {n} classes")
        largest = max(largest, expected)
    told = f"the new head removes {', '.join(percentages)}."
    return f"{told} Most parameters are in the backbone." if largest < 50 else told


def _of_classes(model: nn.Module, classes: int) -> int:
    """Return how many parameters of a ResNet's head belong to this many classes."""
    return classes * (model.fc.in_features + 1)


def _wrong_percentages(model: nn.Module, n: int) -> dict[str, tuple[str, float]]:
    """Return {what was counted: (code, the percentage that comes of it)}."""
    total = comparisons.numbers_in(model.parameters())
    trainable = comparisons.numbers_in(each for each in model.parameters() if each.requires_grad)
    buffers = comparisons.numbers_in(model.buffers())
    saved = _of_classes(model, 1000 - n)
    weights = (1000 - n) * model.fc.in_features
    return {
        "that is the share of the classes": (
            "head-is-the-model",
            100 * saved / _of_classes(model, 1000),
        ),
        "that counts only the parameters that require a gradient": (
            "frozen-not-counted",
            100 * saved / trainable,
        ),
        "that counts the buffers, too": ("buffers-counted", 100 * saved / (total + buffers)),
        "that leaves the bias out": ("wrong-result", 100 * weights / total),
        "that is a fraction, not a percentage": ("wrong-result", saved / total),
        "that is the change of the size; the removed share is positive": (
            "wrong-result",
            -100 * saved / total,
        ),
        "that is what remains": ("wrong-result", 100 - 100 * saved / total),
        "that removes the old head and adds no new one": (
            "wrong-result",
            100 * _of_classes(model, 1000) / total,
        ),
        "that is a share of the new model": ("wrong-result", 100 * saved / (total - saved)),
    }


def _why_wrong_percentage(
    where: str, value: float, expected: float, thoughts: dict[str, tuple[str, float]]
) -> Misconception:
    what = f"{where}: expected {expected:.5g} %; got {value:.5g}"
    for counted, (code, percentage) in thoughts.items():
        if near(value, percentage, relative=1e-5):
            return Misconception(code, f"{what}; {counted}")
    if value in [round(expected, digits) for digits in range(4)]:
        what += "; that is rounded"
    return wrong_result(what)


def _replace_and_judge(answer: Answer, name: str, n: int) -> None:
    """Have `answer` replace the head of one model, and raise Misconception unless it is right."""
    model = classifier(name)
    original = describe(model, name)
    try:
        changed = answer(model, n)
    except AttributeError as problem:
        if panel.missing_attribute(problem) == "fc" and problem.obj is model:
            raise Misconception(
                "fc-on-a-model-without-fc",
                f"you read `fc`, and {name} ({type(model).__name__}) has no such attribute; "
                f"expected that you replace its `{original.path}`",
            ) from None
        raise
    expect_replaced_head(changed, n, original)


@check
def fruit_head(answer: Answer, cases: Cases = (("resnet18", 10), ("narrow resnet50", 1))) -> str:
    """Exercise 3: give a ResNet a head for n classes. Hidden: other ResNets and other n."""
    done = []
    for name, n in cases:
        _replace_and_judge(answer, name, n)
        done.append(f"{name} gives {n} logit{'' if n == 1 else 's'}")
    return f"{' and '.join(done)}; the rest of each model is as it was."


VISIBLE_FAMILIES = (
    "resnet18",
    "narrow densenet121",
    "mobilenet_v3_small",
    "narrow efficientnet_b0",
    "narrow squeezenet1_1",
    "narrow googlenet",
    "narrow alexnet",
    "a small ConvNeXt",
    "a small ViT",
    "a small Swin",
    "a small MaxViT",
    "a small DenseNet",
)


@check
def replace_head(
    answer: Answer, names: Names = VISIBLE_FAMILIES, classes: tuple[int, ...] = (10, 10, 2)
) -> str:
    """Exercise 4: give any torchvision classifier a head for n classes.

    Hidden: Inception with its auxiliary head, more families and sizes, other n.
    """
    for name, n in zip(names, itertools.cycle(classes), strict=False):
        _replace_and_judge(answer, name, n)
    return (
        f"{len(names)} models ({', '.join(names)}) give logits for the new classes, "
        "and only the head is new."
    )


@check
def prepare(answer: Answer, name: str = "narrow resnet18", n: int = 10, lr: float = 3e-3) -> str:
    """Exercise 5: freeze a ResNet, give it a head for n classes and an optimizer for the head.

    Hidden: another ResNet, n and learning rate.
    """
    model = networks.build(name)
    original = describe(model, name)
    model.train()
    result = answer(model, n, lr)
    expect_something(result, f"prepare({name}, {n}, {lr})")
    expected = f"expected the pair (model, optimizer); got {type(result).__name__}"
    model, optimizer = expect_pair(result, expected)
    expect(optimizer, torch.optim.Optimizer, "an optimizer as the second of the pair")
    expect_replaced_head(model, n, original, may_change=("requires_grad", "training"))
    new = _expect_only_new_trainable(model, original)
    _expect_held(new, optimizer, model)
    rates = [float(group["lr"]) for group in optimizer.param_groups]
    if not all(near(rate, lr, tolerance=0, relative=1e-6) for rate in rates):
        raise wrong_result(f"expected the learning rate {lr}; the optimizer has {rates}")
    _expect_steps_move_only(new, model, optimizer, original, n)
    numbers = comparisons.numbers_in(new.values())
    return (
        f"three steps changed the new head ({numbers:,} parameters) and no other parameter "
        f"of {name}."
    )


def _expect_only_new_trainable(model: nn.Module, original: Original) -> dict[str, nn.Parameter]:
    """Return the new parameters by name. Raise Misconception where an old one is trainable."""
    new = {}
    trainable = []
    for path, parameter in model.named_parameters():
        if original.is_new(parameter):
            new[path] = parameter
        elif parameter.requires_grad:
            trainable.append(path)
    if trainable:
        raise Misconception(
            "backbone-not-frozen",
            f"{first_and_more(trainable)} of the backbone: expected requires_grad=False; got True",
        )
    return new


def _expect_held(
    new: dict[str, nn.Parameter], optimizer: torch.optim.Optimizer, model: nn.Module
) -> None:
    """Raise Misconception unless the optimizer holds all the new parameters."""
    held = set(comparisons.learning_rates(optimizer))
    missing = [path for path, parameter in new.items() if id(parameter) not in held]
    if not missing:
        return
    what = f"{first_and_more(missing)} of the new head is not in the optimizer"
    strangers = held - {id(parameter) for parameter in model.parameters()}
    if strangers:
        raise Misconception(
            "optimizer-before-swap",
            f"{what}; it holds {len(strangers)} tensors that are not in the model",
        )
    raise Misconception("parameter-not-in-optimizer", what)


def _expect_steps_move_only(
    new: dict[str, nn.Parameter],
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    original: Original,
    n: int,
) -> None:
    """Raise Misconception unless three training steps move the new parameters alone.

    One step would not show what moves by the state that an earlier step has left.
    """
    images = original.images()
    labels = torch.tensor([0, n - 1])
    start = comparisons.snapshot(model.named_parameters())
    learning = set()

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(images), labels)
        loss.backward()
        for path, parameter in new.items():
            if parameter.grad is not None and parameter.grad.abs().max() > 1e-4:
                learning.add(path)
        return loss

    for _ in range(3):
        optimizer.step(closure)
    moved = set(comparisons.moved_since(model, start))
    if moved - set(new):
        raise Misconception(
            "backbone-not-frozen",
            f"expected that three steps of your optimizer change the new head alone; they changed "
            f"{first_and_more(sorted(moved - set(new)))}",
        )
    still = sorted(learning - moved)
    if still or not learning:
        raise wrong_result(
            "expected that three steps of your optimizer change the whole new head; they did not "
            f"change {first_and_more(still or sorted(new))}"
        )


@check
def to_input(answer: Answer, counts: tuple[int, ...] = (4, 1), seed: int = 0) -> str:
    """Exercise 6: normalise uint8 images as the weights expect it. Hidden: other pixels and counts.

    The constants are those of torchvision's classification models
    (https://pytorch.org/vision/stable/models.html).
    """
    for count in counts:
        images = pixels(count, seed)  # (count, 3, 64, 64)
        found = answer(images)
        expect(found, torch.Tensor, "a tensor")
        if found.shape != images.shape:
            raise wrong_result(
                f"expected the shape {tuple(images.shape)}; got {tuple(found.shape)}"
            )
        if found.dtype != torch.float32:
            raise wrong_result(f"expected float32; got {str(found.dtype).removeprefix('torch.')}")
        unit = images / 255
        mean, std = (torch.tensor(values).view(3, 1, 1) for values in (IMAGENET_MEAN, IMAGENET_STD))
        expected = (unit - mean) / std
        if not all_near(found, expected, 2e-4):
            raise _why_wrong_input(found.detach(), expected, unit)
    means = [round(value, 2) for value in found.mean((0, 2, 3)).tolist()]
    return f"the images are normalised as the pretrained weights expect; channel means {means}."


def _why_wrong_input(
    found: torch.Tensor, expected: torch.Tensor, unit: torch.Tensor
) -> Misconception:
    """found: what the answer made of the pixels; unit: the pixels from 0 to 1; (B, 3, 64, 64)."""
    ranges = f"your values are between {found.min():.2f} and {found.max():.2f}"
    if all_near(found, (unit - 0.5) / 0.5, 2e-4):
        return Misconception(
            "normalised-with-a-half",
            f"{ranges}: mean and std are 0.5; expected {IMAGENET_MEAN} and {IMAGENET_STD}",
        )
    for dims, whose in (((0, 2, 3), "each batch"), ((2, 3), "each image")):
        own_mean = unit.mean(dims, keepdim=True)
        own_std = unit.std(dims, keepdim=True)
        if all_near(found, (unit - own_mean) / own_std, 1e-2):
            return Misconception(
                "normalised-with-its-own-statistics",
                f"expected mean {IMAGENET_MEAN} and std {IMAGENET_STD}; you use those of {whose}, "
                "so bright and dark images look the same to the network",
            )
    mean, std = (torch.tensor(values).view(3, 1, 1) for values in (IMAGENET_MEAN, IMAGENET_STD))
    thoughts = {
        "the pixels are not divided by 255": (255 * unit - mean) / std,
        "the pixels are divided by 256, not by 255": (unit * 255 / 256 - mean) / std,
        "the mean is not subtracted": unit / std,
        "the mean is subtracted before the pixels are divided by 255": (255 * unit - mean)
        / 255
        / std,
        "the result is multiplied by the standard deviation, not divided by it": (unit - mean)
        * std,
        "the result is divided by the square of the standard deviation": (unit - mean) / std**2,
        "mean and standard deviation are exchanged": (unit - std) / mean,
        "the pixels are divided by 255 without the fraction, which leaves 0 and 1": (
            ((unit == 1).float() - mean) / std
        ),
        "the values are clamped to -1 ... 1": ((unit - mean) / std).clamp(-1, 1),
        "the values are clamped to 0 ... 1": ((unit - mean) / std).clamp(0, 1),
        "mean and std are the same for the three colours": (unit - mean.mean()) / std.mean(),
        "the result is not divided by the standard deviation": unit - mean,
        "the pixels are only divided by 255": unit,
        "mean and std are in the order blue, green, red": (unit - mean.flip(0)) / std.flip(0),
    }
    for thought, values in thoughts.items():
        if all_near(found, values, 2e-4, 1e-5):
            return Misconception("wrong-input-scale", f"{ranges}: {thought}")
    wrong = ((found - expected).abs() > 2e-4) | ~found.isfinite()
    place = tuple(wrong.nonzero()[0].tolist())
    return Misconception(
        "wrong-input-scale",
        f"{int(wrong.sum()):,} of {wrong.numel():,} values are wrong; at {list(place)} expected "
        f"{expected[place]:.3f}, got {found[place]:.3f}",
    )


@check
def frozen_features(
    answer: Answer, cases: Cases = (("narrow resnet18", 6), ("narrow resnet18", 1))
) -> str:
    """Exercise 7: compute what flows into the head of a ResNet, in eval mode, without a graph.

    The model arrives in train mode, then in eval mode. Hidden: ResNets of another width, other
    numbers of images.
    """
    for (name, count), training in zip(cases, itertools.cycle((True, False)), strict=False):
        model = networks.build(name)
        _, head = networks.old_head(model)
        images = networks.images(name, count)
        expected, _ = networks.captured(model, head, images)  # (count, C)
        model.train(training)
        tensors = comparisons.snapshot(comparisons.tensors(model).items())
        condition = comparisons.condition(model)
        found = answer(model, images)
        expect(found, torch.Tensor, "a tensor of features")
        _expect_model_kept(model, head, tensors, condition)
        _expect_features(found, expected, name, images)
    return (
        f"the features {tuple(expected.shape)} are right; the model has its head, "
        "and its tensors are unchanged."
    )


def _expect_model_kept(
    model: nn.Module,
    head: nn.Module,
    tensors: dict[str, torch.Tensor],
    condition: dict[str, Any],
) -> None:
    """Raise Misconception unless the model is as it was; eval mode may have been turned on."""
    now = getattr(model, "fc", None)
    if dict(model.named_modules()).get("fc") is not head:
        raise Misconception(
            "head-not-put-back",
            "expected that after the call model.fc is the head that was there before; it is "
            f"{'another ' * isinstance(now, type(head))}{type(now).__name__}",
        )
    moved = comparisons.moved_since(model, tensors)
    parameters = {name for name, _ in model.named_parameters()}
    if moved and parameters.isdisjoint(moved):
        raise Misconception(
            "features-in-train-mode",
            f"expected that the call changes no buffer; it changed {first_and_more(moved)}: the "
            "model ran in train mode",
        )
    if moved:
        raise Misconception(
            "model-left-changed",
            f"expected that the model stays as it was; the call changed {first_and_more(moved)}",
        )
    changed = comparisons.differences(condition, comparisons.condition(model), but=("training",))
    for path, module in model.named_modules():
        before = condition[f"{path or 'model'}.training"]
        if module.training and not before:
            changed.append(f"{path or 'model'} was in eval mode and is in train mode")
    if changed:
        raise Misconception(
            "model-left-changed",
            f"expected that the model stays as it was; {first_and_more(changed)}",
        )


def _expect_features(
    found: torch.Tensor, expected: torch.Tensor, name: str, images: torch.Tensor
) -> None:
    """Raise Misconception unless these are the features (B, C) of a network, without a graph."""
    if found.shape == (len(expected), 1000):
        raise Misconception(
            "logits-for-features",
            f"{len(expected)} images give {tuple(found.shape)}: these are the old head's logits",
        )
    if found.shape != expected.shape:
        raise wrong_result(
            f"{name}, images {tuple(images.shape)}: expected {tuple(expected.shape)}; "
            f"got {tuple(found.shape)}"
        )
    if found.dtype != torch.float32:
        raise wrong_result(f"expected float32; got {str(found.dtype).removeprefix('torch.')}")
    if found.requires_grad:
        raise Misconception(
            "graph-kept",
            "expected features without a graph; yours have requires_grad=True, and carry the graph "
            "of the whole backbone",
        )
    if all_near(found, expected, 1e-3, 1e-3):
        return
    if len(images) > 1:
        model = networks.build(name)
        model.fc = nn.Identity()
        with torch.no_grad():
            in_train_mode = model.train()(images)
        if all_near(found, in_train_mode, 1e-3, 1e-3):
            raise Misconception(
                "features-in-train-mode",
                f"{name}: expected the features of eval mode; got those of train mode",
            )
    wrong = ~torch.isclose(found, expected, atol=1e-3, rtol=1e-3)
    row, column = wrong.nonzero()[0].tolist()
    raise wrong_result(
        f"{name}: {int(wrong.sum())} of {wrong.numel()} features are wrong; in row {row}, "
        f"column {column} expected {expected[row, column]:.4g}, got {found[row, column]:.4g}"
    )


# the accuracy that exercise 8 requires; `python -m course.authoring.thresholds` shows what
# reference and wrong answers reach
THRESHOLDS = {"fruit": 0.70, "rotten": 0.65}
TASKS = {"fruit": "which of ten fruits", "rotten": "fresh or rotten"}


def right_of(head: nn.Module, features: torch.Tensor, labels: torch.Tensor) -> int:
    """Return how many rows of features (N, C) a head that makes logits (N, K) is right about.

    For two classes a single logit is enough: positive means class 1.
    """
    with torch.no_grad():
        logits = head(features)
    if logits.numel() == len(labels):
        predicted = (logits.flatten() > 0).long()
    else:
        predicted = logits.argmax(1)
    return int((predicted == labels).sum())


def score_head(answer: Answer, target: str) -> float:
    """Return the validation accuracy of the head that `answer` trains for "fruit" or "rotten"."""
    (features, train), (unseen, validation) = fruit_features()
    head = answer(features.clone(), getattr(train, target).clone())
    return right_of(head.eval(), unseen, getattr(validation, target)) / len(unseen)


def ignores_labels(answer: Answer, features: torch.Tensor, labels: torch.Tensor) -> bool:
    """Return whether the head comes out the same, from the same seed, with other labels.

    Then no step of the training has reached it.
    """
    outputs = []
    for wanted in (labels, labels.flip(0)):
        torch.manual_seed(0)
        head = answer(features.clone(), wanted.clone()).eval()
        outputs.append(head(features))
    return torch.equal(*outputs)


@check
def train_head(answer: Answer, target: str = "fruit") -> str:
    """Exercise 8: train a head on features (N, C), to 70 % on unseen images.

    Hidden: fresh or rotten, at least 65 %.
    """
    (features, train), (unseen, validation) = fruit_features()
    # copies, taken before the answer runs: its code could change the cached tensors
    unseen = unseen.clone()  # (200, 512)
    labels = getattr(train, target).clone()  # (200,)
    unseen_labels = getattr(validation, target).clone()  # (200,)
    head = answer(features.clone(), labels.clone())
    expect(head, nn.Module, "the trained head, an nn.Module")
    head.eval()
    _expect_logits(head, unseen, int(labels.max()) + 1)
    right = right_of(head, unseen, unseen_labels)
    count, percent = len(unseen), 100 * THRESHOLDS[target]
    if not reaches(right, count, percent):
        unreached = ignores_labels(answer, features, labels)
        known = right_of(head, features, labels)
        raise Misconception(
            "head-not-trained" if unreached else "head-undertrained",
            f"{TASKS[target]}: {right} of {count} validation images are right "
            f"({100 * right / count:.1f} %), and {known} of {len(labels)} training images; "
            f"expected at least {percent:.0f} %",
        )
    _expect_any_width(answer)
    return (
        f"{TASKS[target]}: {right} of {count} validation images are right "
        f"({100 * right / count:.1f} %); at least {percent:.0f} % are required."
    )


def _expect_any_width(answer: Answer) -> None:
    """Raise Misconception unless the answer makes a head for other features: 16 wide, 3 classes."""
    features = torch.randn(30, 16)
    labels = torch.arange(30) % 3
    head = answer(features.clone(), labels)
    expect(head, nn.Module, "the trained head, an nn.Module")
    _expect_logits(head.eval(), features, 3)


def _expect_logits(head: nn.Module, features: torch.Tensor, classes: int) -> None:
    """Raise Misconception unless a head makes logits (N, classes), or (N,) for two classes."""
    large = torch.randn(64, features.shape[1]) * 1000
    for rows in (features, features[:1], large):
        shapes = [(len(rows), classes)]
        if classes == 2:
            shapes += [(len(rows), 1), (len(rows),)]
        try:
            with torch.no_grad():
                logits = head(rows)
        except Exception as problem:
            if panel.raised_by_learner(problem):
                raise
            kinds = {str(each.dtype).removeprefix("torch.") for each in head.parameters()}
            if kinds - {"float32"}:
                raise wrong_result(
                    f"expected a head with float32 parameters, as the features; got {kinds}"
                ) from None
            raise wrong_result(
                f"expected logits {shapes[0]} for features {tuple(rows.shape)}; your head raises "
                f"{type(problem).__name__}: {first_line(problem)}"
            ) from None
        expect(logits, torch.Tensor, "a tensor of logits from your head")
        if tuple(logits.shape) not in shapes:
            got = f"features {tuple(rows.shape)} give {tuple(logits.shape)}; expected {shapes[0]}"
            if len(rows) == 1 and logits.ndim < 2:
                raise Misconception("batch-dimension-lost", got)
            raise wrong_result(got)
        if not logits.isfinite().all():
            bad = int((~logits.isfinite()).sum())
            raise wrong_result(
                f"expected finite logits; {bad} of your {logits.numel()} are NaN or infinite"
            )
    expect_no_limit(logits.reshape(len(large), -1), "the outputs of your head")


PLANTED = (  # (validation, test) accuracy of the head that each learning rate leads to
    ((0.80, 0.40), (0.90, 0.60), (0.70, 0.80)),
    ((0.20, 0.10), (0.50, 0.70), (0.50, 0.30)),
)


@check
def choose_learning_rate(
    answer: Answer,
    cases: tuple[tuple[tuple[float, float], ...], ...] = PLANTED,
    learning_rates: tuple[float, ...] = (1e-4, 1e-2, 0.3),
) -> str:
    """Exercise 9: choose a learning rate on the validation set, and report accuracy on the test
    set.

    cases: for each, (validation, test) accuracy of the head that each of the learning rates leads
    to. The head that is best on validation is very sure of its mistakes, so that its loss is the
    highest. Of equally good ones, each is right. Hidden: others, one of them best on the test set
    by far.
    """
    for shares in cases:
        chosen = _choose(answer, shares, learning_rates)
    return f"{chosen} is chosen on validation, and its head ran once on the test set."


def _choose(answer: Answer, shares: tuple[tuple[float, float], ...], rates: tuple) -> float:
    """Return the learning rate that an answer chooses; raise Misconception unless it is right."""
    heads: list[tuple[int, PlantedHead]] = []

    def fit(learning_rate: Any) -> nn.Module:
        place = _place_of(learning_rate, rates, "you call fit with the learning rate")
        head = PlantedHead(shares[place], _scale(place, shares))
        heads.append((place, head))
        return head

    result = answer(list(rates), fit, planted_set(VALIDATION), planted_set(TEST))
    expected = "expected the pair (learning rate, accuracy on the test set)"
    found, reported = expect_pair(result, f"{expected}; got {shown(result)}")
    chosen = _place_of(found, rates, "the first of the pair that you return is")
    value = number(reported, "an accuracy on the test set")
    _expect_one_fit_each(Counter(place for place, _ in heads), rates)
    ran_on_test = [place for place, head in heads for _ in range(head.calls[TEST])]
    _expect_best(chosen, shares, rates, tested=bool(set(ran_on_test) - {chosen}))
    if set(ran_on_test) - {chosen}:
        others = [str(rates[place]) for place in sorted(set(ran_on_test) - {chosen})]
        raise Misconception(
            "test-set-for-all",
            f"expected that the head of {rates[chosen]} alone, which you chose, runs on the test "
            f"set; those of {' and '.join(others)} did, too",
        )
    on_validation, on_test = shares[chosen]
    if not near(value, on_test, 1e-4):
        what = f"for {rates[chosen]}: expected {on_test:.2f} of the test set; got {value:.4g}"
        if near(value, on_validation, 1e-4):
            raise Misconception("validation-accuracy-reported", f"{what}, as on validation")
        if near(value, 1 - on_test, 1e-4):
            what += "; that is the share of mistakes"
        elif near(value, 100 * on_test, 1e-2):
            what += "; an accuracy is between 0 and 1"
        elif near(value, on_test * ROWS[TEST], 1e-4):
            what += f"; that is how many of its {ROWS[TEST]} rows are right"
        elif near(value, on_test * ROWS[TEST] / ROWS[VALIDATION], 1e-4):
            what += f"; the test set has {ROWS[TEST]} rows, the validation set {ROWS[VALIDATION]}"
        raise wrong_result(what)
    return rates[chosen]


def _scale(place: int, shares: tuple[tuple[float, float], ...]) -> float:
    """Return the factor of a head's logits: the best one is by far the surest."""
    best = max(share[VALIDATION] for share in shares)
    return 100.0 if shares[place][VALIDATION] == best else 1.0


def _place_of(found: Any, rates: tuple[float, ...], what: str) -> int:
    """Return the place of a learning rate in `rates`. Raise Misconception where it is none."""
    value = number(found, f"one of the learning rates {list(rates)}")
    for place, rate in enumerate(rates):
        if near(value, rate, tolerance=0, relative=1e-6):
            return place
    raise wrong_result(f"{what} {shown(found)}, which is not one of the learning rates {rates}")


def _expect_one_fit_each(fits: Counter[int], rates: tuple[float, ...]) -> None:
    for place, rate in enumerate(rates):
        if not fits[place]:
            raise wrong_result(
                f"expected that fit runs once for each of {rates}; it did not for {rate}"
            )
        if fits[place] != 1:
            raise Misconception(
                "fit-again", f"fit ran {fits[place]} times for {rate}; expected once"
            )


def _expect_best(
    chosen: int, shares: tuple[tuple[float, float], ...], rates: tuple[float, ...], tested: bool
) -> None:
    """Raise Misconception unless no head is better on the validation set than the chosen one.

    tested: whether another head ran on the test set, without which the test set did not choose.
    """
    on_validation = [share[VALIDATION] for share in shares]
    on_test = [share[TEST] for share in shares]
    if on_validation[chosen] == max(on_validation):
        return
    best = on_validation.index(max(on_validation))
    what = (
        f"expected {rates[best]}, with {max(on_validation):.2f} on validation; got "
        f"{rates[chosen]}, with {on_validation[chosen]:.2f}"
    )
    losses = []
    features, labels = planted_set(VALIDATION)
    for place, share in enumerate(shares):
        head = PlantedHead(share, _scale(place, shares))
        losses.append(F.cross_entropy(head(features), labels).item())
    lowest_loss = losses[chosen] == min(losses)
    best_on_test = tested and on_test[chosen] == max(on_test)
    if lowest_loss and best_on_test:  # the case tells the two apart no more
        raise wrong_result(f"{what}, with the lowest validation loss, and the best on the test set")
    if lowest_loss:
        raise Misconception(
            "loss-chooses", f"{what}, whose validation loss is the lowest: {min(losses):.2f}"
        )
    if best_on_test:
        raise Misconception("test-set-chooses", f"{what} and the best on the test set")
    if chosen == len(rates) - 1:
        what += ", the last of the learning rates"
    raise wrong_result(what)
