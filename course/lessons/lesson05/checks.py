"""Lesson 05, two heads, one loss: the checks of its exercises.

fixtures.py has what they try answers on; the other modules beside it, each of one or two exercises,
name the thought behind a wrong result.
"""

import copy
import functools
from collections.abc import Callable, Sequence

import torch
from torch import nn
from torch.nn import functional as F

from course.checking import comparisons, modes, networks, values
from course.checking.check import check, expect
from course.checking.misconception import (
    Misconception,
    expect_pair,
    first_and_more,
    wrong_result,
)
from course.lessons.lesson05.choosing import OTHER_TABLES as OTHER_TABLES  # for the hidden test
from course.lessons.lesson05.choosing import TABLES, check_choice
from course.lessons.lesson05.diagnosis import check_selection, miscounted
from course.lessons.lesson05.fixtures import (
    CRATE,
    TASKS,
    WORDS,
    TwoHeads,
    made_up_batch,
    made_up_data,
    model_to_count,
    split_of,
    trained_backbone,
)
from course.lessons.lesson05.gradients import (
    check_grads_left,
    check_task_gradients,
    graph_errors_explained,
)
from course.lessons.lesson05.logits import (
    check_alone,
    check_free_outputs,
    check_same_logits,
    outputs_for,
)
from course.lessons.lesson05.loss_weights import (
    check_adamw,
    check_first_step,
    check_optimizer,
    check_reaches,
    check_start_weights,
    check_total,
    log_variances_of,
    set_numbers,
    task_order,
)
from course.lessons.lesson05.steps import SETTINGS, check_step, grads, joined
from course.lessons.lesson05.training import (
    checked_outputs,
    percents,
    train_on,
    why_too_low,
)
from course.lessons.lesson05.two_heads import (
    check_heads_apart,
    check_heads_read,
    check_losses_reach_backbone,
    check_old_head_removed,
    check_one_backbone,
    features_of,
    is_first_convolution,
    prints_of,
    width_errors_explained,
)

# ---- images by name, and a model with two heads --------------------------------------------------


@check
def only(
    answer: Callable,
    cases: Sequence = (
        (("apple", "lemon", "cherry"), 0),
        (["tomato", "apple"], 1),  # the new label of one is the old label of the other
        (("orange",), 2),
    ),
) -> str:
    """Exercise 1: which images show one of these fruits, and what are their new labels?

    cases: pairs (names of the fruits, seed of the images). In a last one no image shows the fruits.
    Hidden: four fruits in an order of their own, and another single fruit.
    """
    tried = [(names, made_up_data(60, seed)) for names, seed in cases]
    names = cases[0][0]
    tried.append((names, made_up_data(40, 5, without=names)))
    for names, data in tried:
        before = [tensor.clone() for tensor in data]
        result = answer(data, names)
        for part, tensor, old in zip(data._fields, data, before, strict=True):
            if not comparisons.same(tensor, old):
                raise Misconception(
                    "input-changed",
                    f"{names}: `data.{part}` is another after the call; expected that it stays "
                    "as it was",
                )
        check_selection(result, data, names)
    return (
        f"{len(tried)} selections of fruits, labelled from 0 in the order of their names; one of "
        "them was empty."
    )


@check
def two_heads(
    answer: Callable, name: str = "narrow resnet18", fruit_classes: int = 6, fresh_classes: int = 2
) -> str:
    """Exercise 2: do two heads give logits from one trained backbone that both losses can train?

    name: a torchvision ResNet. Hidden: ResNet-50, whose features are 2048 and not 512, with other
    numbers of classes.
    """
    backbone, images = trained_backbone(name), networks.images(name, 2)
    first, old = backbone.conv1, backbone.fc
    trained = prints_of(backbone)
    features = features_of(backbone, images)
    where = f"{name}, {fruit_classes} and {fresh_classes} classes"
    model = answer(backbone, fruit_classes, fresh_classes)
    expect(model, nn.Module, "an nn.Module")
    check_one_backbone(model, images, trained, where)
    modes.expect_modes(model, where)
    classes = (fruit_classes, fresh_classes)
    with width_errors_explained(old.in_features, where):
        for batch in (images[:1], images):
            outputs_for(model.eval(), batch, classes, where)
    check_heads_read(model, images, features, trained, where)
    check_same_logits(model, images, where)
    check_heads_apart(model, images, trained, where)
    forwards = []
    hooks = []
    for layer in model.modules():
        if is_first_convolution(layer, first):
            hooks.append(layer.register_forward_hook(lambda *_: forwards.append(1)))
    for mode in (False, True):
        with networks.counted_runs(model) as runs:
            outputs = outputs_for(model.train(mode), images, classes, where)
        again = [path for path, count in runs.items() if count > 1]
        if again:
            raise Misconception(
                "trunk-copied", f"{where}: one forward runs {again[0]} {runs[again[0]]} times"
            )
    for hook in hooks:
        hook.remove()
    check_old_head_removed(model, outputs, old, where)
    if len(forwards) > 2:  # two forwards above
        raise Misconception(
            "trunk-copied", f"{where}: two forwards run the first convolution {len(forwards)} times"
        )
    check_losses_reach_backbone(model, outputs, trained, where)
    check_alone(model.eval(), images, classes, where)
    check_free_outputs(model, trained, where)
    size = comparisons.numbers_in(model.parameters())
    return (
        f"two heads on one {name}: {size:,} parameters, and both losses reach the whole backbone."
    )


@check
def times_as_many(
    answer: Callable, names: Sequence[str] = ("small", "narrow resnet18", "mobilenet_v3_small")
) -> str:
    """Exercise 3: how many times as many parameters do two models have as one with two heads?

    names: torchvision models that give the backbones, or "small", whose heads are of several
    layers. Hidden: other backbones.
    """
    for name in names:
        model = model_to_count(name)
        shared = comparisons.numbers_in(model.backbone.parameters())
        one = comparisons.numbers_in(model.parameters())
        two = one + shared
        if name == names[0]:
            first = two / one
        result, changed = comparisons.changes_by(functools.partial(answer, model), model)
        found = values.number(result, "a number")
        if changed:
            raise Misconception(
                "model-left-changed",
                f"{name}: {first_and_more(changed)}; expected that times_as_many only counts",
            )
        if values.near(found, two / one, 1e-6):
            continue
        what = (
            f"{name}: two models have {two:,} parameters, yours has {one:,}: expected "
            f"{two / one:.6f}, got {found:.6f}"
        )
        if found == 2:
            raise Misconception("heads-counted-twice", what)
        shared_tensors = len(list(model.backbone.parameters()))
        tensors = len(list(model.parameters()))
        if values.near(found, (tensors + shared_tensors) / tensors, 1e-6):
            raise Misconception("tensors-not-numbers", what)
        for code, times in miscounted(model).items():
            if values.near(found, times, 1e-6):
                raise Misconception(code, what)
        if found == 1.9996 or (name != names[0] and values.near(found, first, 1e-5)):
            raise Misconception("answer-from-memory", what)
        thoughts = {
            "yours is rounded": [round(two / one, digits) for digits in range(6)],
            "yours says how many times more": [two / one - 1],
            "yours is a percentage": [100 * two / one],
            "yours is the share of one in two": [one / two],
        }
        for thought, numbers in thoughts.items():
            if any(values.near(found, wrong, 1e-6) for wrong in numbers):
                what += f": {thought}"
        raise wrong_result(what)
    return f"{found:.4f} times as many parameters in two models with {name} as in one."


# ---- one step, and its gradients -----------------------------------------------------------------


@check
def joint_step(
    answer: Callable,
    name: str = "small",
    weights: Sequence[tuple[float, float]] = ((2.0, 1.0), (2, 1), (0.5, 3.0)),
) -> str:
    """Exercise 4: does one training step use the weighted sum of both losses' gradients?

    weights: those of the steps, ints or floats, made one after another on one model. Before the
    first there are random numbers in `.grad`, so that what is not cleared shows up. Hidden: a
    ShuffleNet, and other weights.
    """
    settings = SETTINGS if name == "small" else SETTINGS[:1]
    for setting in settings:
        model = TwoHeads(name).train(setting.training)
        model.fresh.eval()  # a part can be in another mode than the model
        heads = [*model.fruit.parameters(), *model.fresh.parameters()]
        groups = [{"params": list(model.backbone.parameters())}, {"params": heads, "lr": 5e-4}]
        optimizer = setting.make(groups)
        for p in model.parameters():
            p.grad = 0.1 * torch.randn_like(p)
        for seed, (a, b) in enumerate(weights):
            batch = made_up_batch(name, setting.size, seed)
            where = f"{name}, {setting.optimizer}, loss weights {a:g} and {b:g}"
            check_step(answer, model, optimizer, batch, (a, b), seed == 0, where)
    return (
        f"on every tensor the gradient was {a:g} times that of the fruit loss plus {b:g} times "
        "that of the freshness loss."
    )


@check
def task_gradients(answer: Callable, name: str = "small", seed: int = 1) -> str:
    """Exercise 5: what is the gradient of each loss alone, with every `.grad` left as it was?

    Two losses, three and one; some parameters have a `.grad` before. Last comes a single parameter.
    Hidden: a ShuffleNet, and another batch.
    """
    for count, alone in ((2, False), (3, False), (1, False), (2, True)):
        model = TwoHeads(name).eval()
        images, fruit, rotten = made_up_batch(name, seed=seed)
        one, two, three = list(model.backbone.parameters())[-3:]
        shared = [two, one, three] if count == 2 else [three, one, two]  # no order of their own
        if alone:
            shared = [one]  # a matrix, so that flattening it makes a difference
        fruit_logits, fresh_logits = model(images)
        losses = [
            F.cross_entropy(fruit_logits, fruit),
            F.cross_entropy(fresh_logits, rotten),
            fruit_logits.square().mean(),
        ][:count]
        expected = []
        for loss in losses:
            gradients = torch.autograd.grad(loss, shared, retain_graph=True)
            expected.append(joined(gradients))
        for p in (shared[0], model.fruit.weight):
            p.grad = 0.1 * torch.randn_like(p)
        old = joined([torch.zeros_like(p) if p.grad is None else p.grad for p in shared])
        before = grads(model)
        condition = comparisons.condition(model)
        with graph_errors_explained():
            found = answer(losses, shared)
        check_task_gradients(found, expected, old)
        check_grads_left(model, before)
        changed = comparisons.differences(condition, comparisons.condition(model))
        if changed:
            raise Misconception(
                "model-left-changed", f"{changed[0]}; expected that it stays as it was"
            )
        with graph_errors_explained():
            sum(losses).backward()  # the losses must still be usable
    return "the gradients of two losses, of three and of one; every .grad is as it was."


# ---- loss weights --------------------------------------------------------------------------------


@check
def start_weights(
    answer: Callable, cases: Sequence[tuple[int, ...]] = ((6, 2), (4, 10, 2), (7,), (5, 5))
) -> str:
    """Exercise 6: which loss weights make the losses of untrained heads equal?

    cases: the numbers of classes of the tasks. Hidden: more tasks, and very unequal numbers.
    """
    for classes in cases:
        check_start_weights(answer(list(classes)), classes)
    told = "; ".join(", ".join(map(str, case)) for case in cases)
    return f"the weighted first losses are equal, for tasks with these numbers of classes: {told}."


@check
def learned_weighting(
    answer: Callable,
    lr: float = 1e-2,
    log_variances: Sequence[tuple[float, float]] = ((0.5, -1.0), (-0.3, 1.2)),
) -> str:
    """Exercise 7: do learned log variances s weigh the losses as the sum of exp(-s) L + s?

    log_variances: the s to try, besides zeros. Hidden: others, and another learning rate.
    """
    # float64, so that a decay of a millionth shows
    model = TwoHeads("small").double()
    before = comparisons.condition(model)
    result = answer(model, lr)
    changed = comparisons.differences(before, comparisons.condition(model))
    if changed:
        raise Misconception(
            "model-left-changed",
            f"{first_and_more(changed)}; expected that the model stays as it is",
        )
    asked = "expected the pair (combine, optimizer), an nn.Module and an AdamW"
    combine, optimizer = expect_pair(result, f"{asked}; got {type(result).__name__}")
    for found, kind in ((combine, nn.Module), (optimizer, torch.optim.Optimizer)):
        if not issubclass(type(found), kind):
            raise wrong_result(f"{asked}; got {type(found).__name__} for the {kind.__name__}")
    learnt = log_variances_of(combine)
    losses = [torch.tensor(1.7, requires_grad=True), torch.tensor(0.4, requires_grad=True)]
    check_total(combine(losses), losses, (0.0, 0.0))
    places = task_order(combine, learnt, losses)
    for s in log_variances:
        set_numbers(learnt, [s[places.index(place)] for place in range(2)])
        total = combine(losses)
        check_total(total, losses, s)
        check_reaches(total, losses, s, learnt, places)
    check_optimizer(optimizer, model, learnt, lr)
    twin, its_numbers, its_optimizer = copy.deepcopy((model, learnt, optimizer))
    check_adamw(optimizer, model, learnt, lr)
    check_first_step(its_optimizer, twin, its_numbers, lr)
    return "exp(-s) L + s for each task; AdamW holds both s, without weight decay."


# ---- a way of weighting --------------------------------------------------------------------------


@check
def choose(answer: Callable, cases: Sequence = TABLES) -> str:
    """Exercise 8: of the runs with the required accuracy in both tasks, which has the best mean?

    cases: tables as in TABLES. Hidden: OTHER_TABLES, with a negative loss, NaN, and runs just below
    a required accuracy.
    """
    tables = []
    for rows, accuracies in cases:
        results = {}
        for name, loss, fruit, fresh in rows:
            results[name] = {"loss": loss, "fruit": fruit, "fresh": fresh}
        tables.append((results, dict(zip(TASKS, accuracies, strict=True))))
    chosen = []
    for results, required in tables:
        copies = {name: dict(run) for name, run in results.items()}
        chosen.append(answer(copies, dict(required)))
        if all(found is None for found in chosen):
            continue  # a missing return, unless another table gets a name
        for found, table in zip(chosen, tables, strict=False):
            check_choice(found, *table)
    if all(found is None for found in chosen):
        raise Misconception("nothing-returned", f"None for each of {len(cases)} tables of runs")
    return f"{len(cases)} tables: the required accuracy in both tasks, then the best mean."


# ---- training both heads -------------------------------------------------------------------------


@check
def train_both(answer: Callable, names: Sequence[str] = CRATE) -> str:
    """Exercise 9: do both heads that the answer trains reach their thresholds on the test split?

    names: the fruits to tell apart. Hidden: four other fruits.
    """
    test = split_of("test", names)  # before the answer runs: its code could change what is cached
    fewer = names[:3]  # another number of fruits: the width of the fruit head must be read
    outputs_for(train_on(answer, fewer), test[0], (len(fewer), 2), f"trained on {fewer}")
    model = train_on(answer, names)
    outputs = checked_outputs(model, test, names)
    right, told = [], []
    for logits, labels, name, percent in zip(outputs, test[1:], TASKS, percents(), strict=True):
        right.append(int((logits.argmax(1) == labels).sum()))
        told.append(f"{WORDS[name]} {right[-1]} of {len(labels)} (required: {percent} %)")
    what = f"right on test images: {', '.join(told)}"
    count = len(test[0])
    passed = [values.reaches(r, count, p) for r, p in zip(right, percents(), strict=True)]
    if not all(passed):
        raise why_too_low(answer, model, names, passed, right, what)
    return f"{what}."
