"""Lesson 01, replace the head: its ten checks."""

import torch
from torch import nn
from torch.nn import functional as F

from course.checking import comparisons, networks
from course.checking.check import Answer, check, expect
from course.checking.misconception import (
    Misconception,
    expect_pair,
    expect_something,
    wrong_result,
)
from course.lessons.lesson01.diagnosis import (
    Original,
    describe,
    expect_replaced_head,
    first_line,
)
from course.lessons.lesson01.fixtures import (
    TEST,
    VALIDATION,
    PlantedHead,
    fruit_features,
    pixels,
    planted_set,
)
from course.vision.backbones import IMAGENET_MEAN, IMAGENET_STD

Names = tuple[str, ...]  # of torchvision's models


@check
def head_inputs(answer: Answer, names: Names = ("resnet18", "resnet50")) -> str:
    """Exercise 1: how many features does the head of a ResNet take? Hidden: other ResNets."""
    for name in names:
        model = networks.build(name)
        found = answer(model)
        expected = model.fc.in_features
        expect_something(found, f"head_inputs({name})")
        if found != expected:
            code = "in-features-from-memory" if found in (512, 1024, 2048) else "wrong-result"
            raise Misconception(
                code, f"for {name} your function says {found}; its head takes {expected} features"
            )
    return f"you read the width from the model, not from memory ({', '.join(names)})."


@check
def percent_saved(answer: Answer, cases: tuple[tuple[str, int], ...] = (("resnet18", 10),)) -> str:
    """Exercise 2: what percentage of its parameters does a ResNet lose with a head for n classes?

    A class has one row of the weight and one number of the bias: in_features + 1 parameters.
    Hidden: other ResNets and numbers of classes.
    """
    percentages = []
    for name, n in cases:
        model = networks.build(name)
        saved = (1000 - n) * (model.fc.in_features + 1)
        expected = 100 * saved / comparisons.numbers_in(model.parameters())
        found = answer(model, n)
        expect_something(found, f"percent_saved({name}, {n})")
        if not abs(found - expected) <= 0.05:  # nan is no answer, and no comparison with it holds
            what = f"for {name} and {n} classes you say {found:.4g} per cent; it is {expected:.1f}"
            if abs(found - (100 - n / 10)) < 1:  # the share of the head's parameters alone
                raise Misconception("head-is-the-model", what)
            if abs(100 * found - expected) < 0.05:
                what += " (a fraction is not yet a percentage)"
            raise wrong_result(what)
        percentages.append(f"{expected:.1f} % of {name}")
    return f"{', '.join(percentages)} goes; nearly all of a network is backbone."


def _replace_and_judge(answer: Answer, name: str, n: int) -> None:
    """Have `answer` replace the head of one model, and raise Misconception unless it is right."""
    model = networks.build(name)
    original = describe(model, name)
    try:
        changed = answer(model, n)
    except AttributeError as problem:
        raise Misconception("fc-on-a-model-without-fc", f"{name}: {first_line(problem)}") from None
    expect_replaced_head(changed, n, name, original)


@check
def fruit_head(answer: Answer, names: Names = ("resnet18", "resnet50"), n: int = 10) -> str:
    """Exercise 3: give a ResNet a head for n classes. Hidden: another ResNet and another n."""
    for name in names:
        _replace_and_judge(answer, name, n)
    return f"{' and '.join(names)} answer with {n} logits, and every other tensor is untouched."


VISIBLE_FAMILIES = (
    "resnet18",
    "densenet121",
    "mobilenet_v3_small",
    "efficientnet_b0",
    "squeezenet1_1",
    "convnext_tiny",
    "vit_b_32",
    "swin_t",
    "googlenet",
)


@check
def replace_head(answer: Answer, names: Names = VISIBLE_FAMILIES, n: int = 10) -> str:
    """Exercise 4: give any torchvision classifier a head for n classes.

    Hidden: Inception with its auxiliary head, four more families, another n.
    """
    for name in names:
        _replace_and_judge(answer, name, n)
    families = f"{len(names)} families ({', '.join(names)})"
    return f"{families} answer with {n} logits and lost nothing else."


@check
def prepare(answer: Answer, name: str = "resnet18", n: int = 10, lr: float = 1e-3) -> str:
    """Exercise 5: freeze a ResNet, give it a head for n classes and an optimizer for the head.

    Hidden: another ResNet, n and learning rate.
    """
    model = networks.build(name)
    original = describe(model, name)
    model.train()
    result = answer(model, n, lr)
    expect_something(result, f"prepare({name}, {n}, {lr})")
    asked = f"expected the pair (model, optimizer); you return {type(result).__name__}"
    model, optimizer = expect_pair(result, asked)
    try:
        rates = [group["lr"] for group in optimizer.param_groups]
    except (TypeError, ValueError, AttributeError):
        raise wrong_result(asked) from None
    expect_replaced_head(model, n, name, original)
    new = _expect_only_new_trainable(model, original)
    _expect_held(new, optimizer, model)
    if any(rate != lr for rate in rates):
        raise wrong_result(f"expected a learning rate of {lr}; the optimizer has {rates}")
    _expect_step_moves_only(new, model, optimizer, networks.images(name), n)
    numbers = comparisons.numbers_in(new.values())
    return f"one step moved the new head ({numbers:,} numbers) and nothing else."


def _expect_only_new_trainable(model: nn.Module, original: Original) -> dict[str, nn.Parameter]:
    """Return the new parameters by name. Raise Misconception where an old one is trainable."""
    new = {}
    trainable = []
    for path, parameter in model.named_parameters():
        if id(parameter) not in original.parameter_ids:
            new[path] = parameter
        elif parameter.requires_grad:
            trainable.append(path)
    if trainable:
        raise Misconception(
            "backbone-not-frozen",
            f"{trainable[0]} and {len(trainable) - 1} other tensors of the backbone "
            "still require a gradient",
        )
    return new


def _expect_held(
    new: dict[str, nn.Parameter], optimizer: torch.optim.Optimizer, model: nn.Module
) -> None:
    """Raise Misconception unless the optimizer holds all the new parameters."""
    held = set(comparisons.learning_rates(optimizer))
    for path, parameter in new.items():
        if id(parameter) in held:
            continue
        what = f"{path} {tuple(parameter.shape)} is not in the optimizer"
        strangers = held - {id(p) for p in model.parameters()}
        if strangers:
            what += f", which holds {len(strangers)} tensors that are no longer in the model"
        raise Misconception("optimizer-before-swap", what)


def _expect_step_moves_only(
    new: dict[str, nn.Parameter],
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    images: torch.Tensor,
    n: int,
) -> None:
    """Raise Misconception unless one training step on two images moves new parameters alone."""
    start = comparisons.snapshot(model.named_parameters())
    loss = F.cross_entropy(model(images), torch.tensor([0, n - 1]))
    loss.backward()
    optimizer.step()
    moved = set(comparisons.moved_since(model, start))
    if not moved & set(new):
        raise wrong_result("after a step of your optimizer no tensor of the new head has moved")
    if moved - set(new):
        raise Misconception(
            "backbone-not-frozen", f"a step of your optimizer moved {min(moved - set(new))}"
        )


@check
def to_input(answer: Answer, count: int = 4, seed: int = 0) -> str:
    """Exercise 6: normalise uint8 images as the weights expect it. Hidden: one image, other pixels.

    The constants are those of torchvision's classification models
    (https://pytorch.org/vision/stable/models.html).
    """
    images = pixels(count, seed)  # (count, 3, 64, 64)
    untouched = images.clone()
    found = answer(images)
    expect(found, torch.Tensor, "a tensor")
    if not torch.equal(images, untouched):
        raise wrong_result("your function changed the pictures that it was given; make new ones")
    if found.shape != images.shape or not found.is_floating_point():
        raise wrong_result(
            f"expected float32 {tuple(images.shape)}; you return {found.dtype} {tuple(found.shape)}"
        )
    unit = images / 255
    mean, std = (torch.tensor(values).view(3, 1, 1) for values in (IMAGENET_MEAN, IMAGENET_STD))
    expected = (unit - mean) / std
    if not torch.allclose(found, expected, atol=1e-3):
        raise _why_wrong_input(found, expected, unit)
    means = [round(value, 2) for value in found.mean((0, 2, 3)).tolist()]
    return f"{count} pictures arrive as the weights saw theirs: channel means {means}."


def _why_wrong_input(
    found: torch.Tensor, expected: torch.Tensor, unit: torch.Tensor
) -> Misconception:
    """found: what the answer made of the pixels; unit: the pixels from 0 to 1; (B, 3, 64, 64)."""
    ranges = f"your values run from {found.min():.2f} to {found.max():.2f}"
    if torch.allclose(found, (unit - 0.5) / 0.5, atol=1e-3):
        return Misconception(
            "normalised-with-a-half",
            f"{ranges}: mean and std are 0.5, the weights expect {IMAGENET_MEAN} "
            f"and {IMAGENET_STD}",
        )
    own_mean = unit.mean((0, 2, 3), keepdim=True)
    own_std = unit.std((0, 2, 3), keepdim=True)
    if torch.allclose(found, (unit - own_mean) / own_std, atol=1e-2):
        return Misconception(
            "normalised-with-its-own-statistics",
            "each batch comes out with mean 0 and std 1, "
            "so the same picture changes with its neighbours",
        )
    return Misconception(
        "wrong-input-scale",
        f"{ranges}; (pixel / 255 - mean) / std runs from {expected.min():.2f} "
        f"to {expected.max():.2f}",
    )


@check
def frozen_features(answer: Answer, name: str = "resnet18", count: int = 6) -> str:
    """Exercise 7: compute what flows into the head of a ResNet, in eval mode, without a graph.

    Hidden: a ResNet of another width and another number of images.
    """
    model = networks.build(name).train()
    _, head = networks.old_head(model)
    images = networks.images(name, count)
    expected, _ = networks.captured(model, head, images)  # (count, C)
    model.train()
    buffers = comparisons.snapshot(model.named_buffers())
    found = answer(model, images)
    expect(found, torch.Tensor, "a tensor")
    if dict(model.named_modules()).get("fc") is not head:
        raise Misconception(
            "head-not-put-back",
            f"after the call model.fc is {type(getattr(model, 'fc', None)).__name__}, "
            "no longer its Linear head",
        )
    moved = comparisons.moved_since(model, buffers)
    if moved:
        raise Misconception(
            "features-in-train-mode",
            f"the call moved {moved[0]} and {len(moved) - 1} other buffers: "
            "the model was in train mode",
        )
    _expect_features(found, expected)
    return (
        f"{count} pictures became {tuple(expected.shape)}, the same in every epoch, "
        "and the model is as it was."
    )


def _expect_features(found: torch.Tensor, expected: torch.Tensor) -> None:
    """Raise Misconception unless these are the features (B, C), without a graph."""
    if found.shape == (len(expected), 1000):
        raise Misconception(
            "logits-for-features",
            f"{len(expected)} pictures give {tuple(found.shape)}: that is the old head's verdict",
        )
    if found.shape != expected.shape:
        raise wrong_result(f"expected {tuple(expected.shape)}; you return {tuple(found.shape)}")
    if found.requires_grad:
        raise Misconception(
            "graph-kept",
            "your features still carry the graph of the whole backbone: they require a gradient",
        )
    if not torch.allclose(found, expected, atol=1e-3, rtol=1e-3):
        gap = (found - expected).abs().max()
        raise wrong_result(f"shape and mode are right, but the values are off by up to {gap:.2g}")


# the accuracy that exercise 8 asks for; `python -m course.authoring.thresholds` shows what
# reference and wrong answers reach
THRESHOLDS = {"fruit": 0.70, "rotten": 0.65}


def share_right(head: nn.Module, features: torch.Tensor, labels: torch.Tensor) -> float:
    """Return the accuracy of a head that makes logits (N, K) of features (N, C).

    For two classes a single logit is enough: positive means class 1.
    """
    with torch.no_grad():
        logits = head(features)
    if logits.numel() == len(labels):
        predicted = (logits.flatten() > 0).long()
    else:
        predicted = logits.argmax(1)
    return (predicted == labels).float().mean().item()


def score_head(answer: Answer, target: str) -> float:
    """Return the validation accuracy of the head that `answer` trains for "fruit" or "rotten"."""
    (features, train), (unseen, validation) = fruit_features()
    head = answer(features.clone(), getattr(train, target).clone())
    return share_right(head.eval(), unseen, getattr(validation, target))


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
    """Exercise 8: train a head on features (N, 512), to 70 % on unseen pictures.

    Hidden: fresh or rotten, with a threshold of its own.
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
    accuracy = share_right(head, unseen, unseen_labels)
    known = share_right(head, features, labels)
    count, threshold = len(unseen), THRESHOLDS[target]
    if accuracy < threshold:
        unreached = ignores_labels(answer, features, labels)
        raise Misconception(
            "head-not-trained" if unreached else "head-undertrained",
            f"{accuracy:.0%} of {count} validation pictures are right, "
            f"{known:.0%} of the training pictures; expected {threshold:.0%}",
        )
    return (
        f"{accuracy:.0%} of {count} validation pictures ({target}) are right; "
        f"the required accuracy was {threshold:.0%}."
    )


def _expect_logits(head: nn.Module, features: torch.Tensor, classes: int) -> None:
    """Raise Misconception unless a head makes logits (N, classes), or (N,) for two classes."""
    count = len(features)
    with torch.no_grad():
        logits = head(features)
    one_each = classes == 2 and logits.numel() == count
    if logits.shape != (count, classes) and not one_each:
        raise wrong_result(
            f"{count} feature rows give {tuple(logits.shape)}; expected ({count}, {classes})"
        )
    several_columns = logits.ndim == 2 and logits.shape[1] > 1
    if several_columns and comparisons.are_probabilities(logits):
        raise Misconception(
            "softmax-in-the-head",
            "the outputs of your head are positive and sum to 1.000: "
            "CrossEntropyLoss saw a softmax of a softmax",
        )


@check
def choose_rate(
    answer: Answer,
    shares: tuple[tuple[float, float], ...] = ((0.30, 0.40), (0.90, 0.60), (0.70, 0.80)),
    rates: tuple[float, ...] = (1e-4, 1e-2, 1.0),
) -> str:
    """Exercise 9: choose a learning rate on the validation set, and report accuracy on the test
    set.

    shares: (validation, test) accuracy of the head that each of `rates` leads to.
    Hidden: other rates, of which one is best on the test set by far.
    """
    validation, test = planted_set(VALIDATION), planted_set(TEST)

    def fit(rate: float) -> nn.Module:
        return PlantedHead(shares[rates.index(rate)])

    result = answer(list(rates), fit, validation, test)
    rate, accuracy = expect_pair(result, "expected the pair (rate, accuracy on the test set)")
    best = _best_place(shares, VALIDATION)
    best_on_test = _best_place(shares, TEST)
    if rate == rates[best_on_test]:
        raise Misconception(
            "test-set-chooses",
            f"you chose {rate}, best on the test set; {rates[best]} is best on the validation set",
        )
    if rate != rates[best]:
        raise wrong_result(f"you chose {rate}; {rates[best]} has the highest validation accuracy")
    expected = shares[best][TEST]
    if not abs(float(accuracy) - expected) <= 0.005:
        raise wrong_result(
            f"you report {float(accuracy):.2f}; "
            f"the chosen head is right on {expected:.2f} of the test set"
        )
    return f"chosen on validation ({rate}), reported on the test set once ({float(accuracy):.2f})."


def _best_place(shares: tuple[tuple[float, float], ...], split: int) -> int:
    """Return the place in `shares` of the head that is best on a split."""
    return max(range(len(shares)), key=lambda place: shares[place][split])


@check
def last_stage_too(
    answer: Answer,
    name: str = "resnet18",
    n: int = 10,
    head_rate: float = 1e-3,
    stage_rate: float = 1e-4,
) -> str:
    """Exercise 10: unfreeze `layer4`, and give it and the head a learning rate each.

    Hidden: another ResNet, n and learning rates.
    """
    model = networks.build(name)
    model.fc = nn.Linear(model.fc.in_features, n)
    model.requires_grad_(False)
    model.fc.requires_grad_(True)
    optimizer = answer(model, head_rate, stage_rate)
    expect(optimizer, torch.optim.Optimizer, "an optimizer")
    rates = comparisons.learning_rates(optimizer)
    asked = {"fc": head_rate, "layer4": stage_rate}
    for path, parameter in model.named_parameters():
        rate = asked.get(path.split(".")[0])
        if rate is None:
            if parameter.requires_grad:
                raise Misconception(
                    "backbone-not-frozen",
                    f"{path} requires a gradient; expected layer4 and the head alone",
                )
        elif not parameter.requires_grad:
            raise Misconception("stage-still-frozen", f"{path} does not require a gradient")
        elif id(parameter) not in rates:
            raise Misconception(
                "stage-not-in-optimizer",
                f"{path} is unfrozen, but no group of your optimizer holds it",
            )
        elif rates[id(parameter)] != rate:
            raise Misconception(
                "one-rate-for-all", f"{path} learns at {rates[id(parameter)]}; expected {rate}"
            )
    return f"layer4 learns at {stage_rate}, the head at {head_rate}, the rest rests."
