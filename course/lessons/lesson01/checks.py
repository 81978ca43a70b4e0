"""Lesson 01, replace the head: its nine checks."""

import functools
import itertools

import torch
from torch import nn

from course.checking import comparisons, networks, panel
from course.checking.batch_of_one import code_of_shape
from course.checking.check import Answer, check, expect
from course.checking.label_effect import share_by_guessing, why_too_few_right
from course.checking.misconception import (
    Misconception,
    expect_pair,
    expect_something,
    first_and_more,
    wrong_result,
)
from course.checking.preparation import expect_not_standardised
from course.checking.values import all_near, near, number, reaches, shown, whole_number
from course.lessons.lesson01.choosing import choose
from course.lessons.lesson01.diagnosis import expect_no_limit, expect_replaced_head
from course.lessons.lesson01.features import expect_features, expect_model_kept
from course.lessons.lesson01.fixtures import classifier, fruit_features, pixels
from course.lessons.lesson01.forwards import first_line
from course.lessons.lesson01.inputs import why_wrong_input
from course.lessons.lesson01.original import describe
from course.lessons.lesson01.percentages import of_classes, why_wrong_percentage, wrong_percentages
from course.lessons.lesson01.preparing import (
    expect_held,
    expect_only_new_trainable,
    expect_steps_move_only,
)
from course.vision.backbones import IMAGENET_MEAN, IMAGENET_STD

Names = tuple[str, ...]  # of torchvision's models
Cases = tuple[tuple[str, int], ...]  # such a name, and a number of classes or of images


@check
def head_inputs(answer: Answer, names: Names = ("resnet18", "narrow resnet50")) -> str:
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
        thoughts = wrong_percentages(model, n)
        expected = 100 * of_classes(model, 1000 - n) / comparisons.numbers_in(model.parameters())
        found, changed = comparisons.changes_by(functools.partial(answer, model, n), model)
        expect_something(found, f"percent_saved({name}, {n})")
        if changed:
            raise Misconception(
                "model-left-changed",
                f"{name} is not as it was: {first_and_more(changed)}; expected that "
                "percent_saved only counts",
            )
        value = number(found, f"a percentage from percent_saved({name}, {n})")
        if not near(value, expected, relative=1e-6):
            raise why_wrong_percentage(f"for {name} and {n} classes", value, expected, thoughts)
        percentages.append(f"{expected:.1f} % of {name} for {n} classes")
        largest = max(largest, expected)
    told = f"the new head removes {', '.join(percentages)}."
    return f"{told} Most parameters are in the backbone." if largest < 50 else told


def _replace_and_judge(answer: Answer, name: str, n: int, training: bool) -> None:
    """Have `answer` replace the head of one model, and raise Misconception unless it is right.

    The model arrives in train mode if `training`, and with its first parameter frozen.
    """
    model = classifier(name)
    next(model.parameters()).requires_grad = False
    original = describe(model, name, training)
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
def fruit_head(
    answer: Answer, cases: Cases = (("narrow resnet18", 10), ("narrow resnet50", 1))
) -> str:
    """Exercise 3: give a ResNet a head for n classes. Hidden: other ResNets and other n."""
    done = []
    for (name, n), training in zip(cases, itertools.cycle((False, True)), strict=False):
        _replace_and_judge(answer, name, n, training)
        done.append(f"{name} gives {n} logit{'' if n == 1 else 's'}")
    return f"{' and '.join(done)}; the rest of each model is as it was."


VISIBLE_FAMILIES = (
    "narrow resnet18",
    "a small MobileNetV3",
    "a small EfficientNet",
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
    for place, (name, n) in enumerate(zip(names, itertools.cycle(classes), strict=False)):
        _replace_and_judge(answer, name, n, training=place % 2 == 1)
    return (
        f"{len(names)} models ({', '.join(names)}) give logits for the new classes, "
        "and only the head is new."
    )


@check
def prepare(answer: Answer, name: str = "narrow resnet18", n: int = 6, lr: float = 3e-3) -> str:
    """Exercise 5: freeze a ResNet, give it a head for n classes and an optimizer for the head.

    Hidden: another ResNet, n and learning rate.
    """
    model = classifier(name)
    original = describe(model, name, training=True)
    result = answer(model, n, lr)
    expect_something(result, f"prepare({name}, {n}, {lr})")
    expected = f"expected the pair (model, optimizer); got {type(result).__name__}"
    model, optimizer = expect_pair(result, expected)
    expect(optimizer, torch.optim.Optimizer, "an optimizer as the second of the pair")
    expect_replaced_head(model, n, original, may_change=("requires_grad", "training"))
    new = expect_only_new_trainable(model, original)
    expect_held(new, optimizer, model, original)
    held = comparisons.learning_rates(optimizer)
    rates = [held[id(parameter)] for parameter in new.values()]
    if not all(near(rate, lr, tolerance=0, relative=1e-6) for rate in rates):
        different = list(dict.fromkeys(map(shown, rates)))
        raise wrong_result(
            f"expected the learning rate {lr} for all parameters of the new head; got "
            f"{' and '.join(different)}"
        )
    expect_steps_move_only(new, model, optimizer, original, n)
    numbers = comparisons.numbers_in(new.values())
    return (
        f"three steps changed the new head ({numbers:,} parameters) and no other parameter "
        f"of {name}."
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
            raise Misconception(
                code_of_shape(found.shape, images.shape),
                f"expected the shape {tuple(images.shape)}; got {tuple(found.shape)}",
            )
        if found.dtype != torch.float32:
            raise wrong_result(f"expected float32; got {str(found.dtype).removeprefix('torch.')}")
        unit = images / 255
        mean, std = (torch.tensor(values).view(3, 1, 1) for values in (IMAGENET_MEAN, IMAGENET_STD))
        expected = (unit - mean) / std
        if not all_near(found, expected, 2e-4):
            raise why_wrong_input(found.detach(), expected, unit)
    means = [round(value, 2) for value in found.mean((0, 2, 3)).tolist()]
    return f"the images are normalised as the pretrained weights expect; channel means {means}."


@check
def frozen_features(
    answer: Answer, cases: Cases = (("narrow resnet18", 6), ("narrow resnet18", 1))
) -> str:
    """Exercise 7: compute what flows into the head of a ResNet, in eval mode, without a graph.

    The model arrives in train mode, then in eval mode. Hidden: ResNets of another width, other
    numbers of images.
    """
    for (name, count), training in zip(cases, itertools.cycle((True, False)), strict=False):
        model = classifier(name)
        model.layer1.requires_grad_(False)  # and has to stay so
        _, head = networks.old_head(model)
        images = networks.images(name, count)
        expected, _ = networks.captured(model, head, images)  # (count, C)
        model.train(training)
        tensors = comparisons.snapshot(comparisons.tensors(model).items())
        condition = comparisons.condition_and_gradients(model)
        found = answer(model, images)
        expect(found, torch.Tensor, "a tensor of features")
        expect_model_kept(model, head, tensors, condition)
        expect_features(found, expected, name, images)
    return (
        f"the features {tuple(expected.shape)} are right; the model has its head, "
        "and its tensors are unchanged."
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
    _expect_rows_apart(head, unseen)
    right = right_of(head, unseen, unseen_labels)
    count, percent = len(unseen), 100 * THRESHOLDS[target]
    if not reaches(right, count, percent):
        known = right_of(head, features, labels)

        def logits_after(given: torch.Tensor, rows: torch.Tensor = features) -> torch.Tensor:
            torch.manual_seed(0)
            again = answer(rows.clone(), given.clone()).eval()
            with torch.no_grad():
                return again(features)

        told = (
            f"{TASKS[target]}: {right} of {count} validation images are right "
            f"({100 * right / count:.1f} %), and {known} of {len(labels)} training images; "
            f"expected at least {percent:.0f} %"
        )
        expect_not_standardised(logits_after, labels, features, told)
        classes = int(labels.max()) + 1
        by_guessing = share_by_guessing(len(labels), classes)
        if known / len(labels) < 2 / classes - by_guessing:
            told += ". That is fewer than by guessing: the classes are exchanged, or the loss grew"
            if classes == 2:
                told += " (a single logit means class 1 if it is positive)"
        code, seen = why_too_few_right(logits_after, labels, known, features)
        raise Misconception(code, f"{told}. {seen}" if seen else told)
    _expect_any_width(answer)
    return (
        f"{TASKS[target]}: {right} of {count} validation images are right "
        f"({100 * right / count:.1f} %); at least {percent:.0f} % are required."
    )


def _expect_rows_apart(head: nn.Module, features: torch.Tensor) -> None:
    """Raise Misconception unless a head in eval mode gives a row the same logits in any batch."""
    with torch.no_grad():
        alone, together = (
            head(rows).reshape(len(rows), -1)[0] for rows in (features[:1], features)
        )
    if not all_near(alone, together, 1e-3 * max(1.0, float(together.abs().max()))):
        raise wrong_result(
            "expected that in eval mode a row of features has the same logits in any batch; the "
            f"first logit of the first row is {alone[0]:.3g} alone and {together[0]:.3g} in a "
            f"batch of {len(features)}"
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
            raise Misconception(
                code_of_shape(logits.shape, shapes[0]),
                f"features {tuple(rows.shape)} give {tuple(logits.shape)}; expected {shapes[0]}",
            )
        if not logits.is_floating_point():
            kind = str(logits.dtype).removeprefix("torch.")
            raise wrong_result(f"expected logits of a float type; got {kind}")
        if not logits.isfinite().all():
            bad = int((~logits.isfinite()).sum())
            raise wrong_result(
                f"expected finite logits; for features {tuple(rows.shape)} {bad} of your "
                f"{logits.numel()} are NaN or infinite"
            )
        if rows is features and ((logits == 0) | (logits == 1)).all():
            raise Misconception(
                "not-logits", "expected logits; the outputs of your head are zeros and ones alone"
            )
    expect_no_limit(logits.reshape(len(large), -1), "the outputs of your head")


PLANTED = (  # (validation, test) accuracy of the head that each learning rate leads to
    ((0.80, 0.40), (0.90, 0.62), (0.70, 0.80)),
    ((0.0, 0.30), (0.0, 0.56), (0.0, 0.42)),  # no head is better than 0
    ((0.45, 0.66), (0.35, 0.90), (0.85, 0.58)),  # who stops at the first drop misses the best
    ((0.20, 0.10), (0.50, 0.72), (0.50, 0.34)),
    ((0.20, 0.10), (0.501, 0.342), (0.504, 0.722)),  # rounded to two decimals, two are equal
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
    to. In the first case, the third and so on the head that is best on validation is very sure of
    its mistakes, so that its loss is the highest; in the others the worse heads are. Of equally
    good ones, each is right. Hidden: others, one of them best on the test set by far.
    """
    for place, shares in enumerate(cases):
        chosen = choose(answer, shares, learning_rates, best_is_surest=place % 2 == 0)
    return f"{chosen} is chosen on validation, and its head ran once on the test set."
