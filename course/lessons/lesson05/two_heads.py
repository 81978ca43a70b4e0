"""The thought behind a wrong model with two heads, Exercise 2 of lesson 05.

Each function raises the Misconception it finds; one called `check_...` returns nothing where the
result is right.
"""

import contextlib
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from course.checking import comparisons, networks, values
from course.checking.autograd import leaf_tensors
from course.checking.misconception import (
    Misconception,
    first_and_more,
    wrong_result,
)
from course.lessons.lesson05.fixtures import TASKS, WORDS
from course.lessons.lesson05.logits import logits_of_both


@contextlib.contextmanager
def width_errors_explained(width: int, where: str) -> Iterator[None]:
    """Raise the Misconception behind a matrix product whose sizes do not fit; other errors go on.

    width: how many features the backbone gives.
    """
    try:
        yield
    except RuntimeError as problem:
        shapes = re.search(r"\((\d+)x(\d+) and (\d+)x(\d+)\)", str(problem))
        if shapes and int(shapes[2]) == width:
            raise Misconception(
                "in-features-from-memory",
                f"{where}: the backbone gives {width} features, and a head of yours takes "
                f"{shapes[3]}",
            ) from None
        raise


def prints_of(model: nn.Module) -> dict[str, tuple]:
    """Return {path: fingerprint} of a model's parameters and running statistics, without its fc."""
    prints = {}
    for path, tensor in comparisons.tensors(model).items():
        if not path.startswith("fc.") and tensor.ndim > 0:
            prints[path] = comparisons.fingerprint(tensor)
    return prints


def check_one_backbone(
    model: nn.Module, images: Tensor, trained: Mapping[str, tuple], where: str
) -> None:
    """Check that the trained backbone is in the model, with its values, and once.

    images: what the forward takes; trained: `prints_of` the backbone that the answer was given.
    """
    held: Counter[tuple] = Counter()
    for tensor in comparisons.tensors(model).values():
        if not nn.parameter.is_lazy(tensor) and tensor.ndim > 0:
            held[comparisons.fingerprint(tensor)] += 1
    expected = Counter(trained.values())
    missing = [path for path, print_ in trained.items() if held[print_] < expected[print_]]
    if missing:
        what = f"{where}: {first_and_more(missing)} of the backbone"
        dtypes = {p.dtype for p in model.parameters()} - {torch.float32}
        if dtypes:
            raise wrong_result(f"{where}: your model holds {dtypes.pop()}; expected float32")
        if len(missing) == len(trained):
            if forward_uses(model, images, trained, where):
                raise wrong_result(
                    f"{where}: expected that model.parameters() lists the backbone; the forward "
                    "computes with it, but it is in no attribute of the model, such as "
                    "self.backbone: a plain list, a dict or a variable of the function hides it"
                )
            raise Misconception(
                "backbone-thrown-away", f"{where}: no trained parameter is in your model"
            )
        raise wrong_result(
            f"{what}: expected the trained values; {len(missing)} of {len(trained)} tensors are "
            "not in your model as they were"
        )
    copied = [path for path, print_ in trained.items() if held[print_] > expected[print_]]
    if copied:
        times = held[trained[copied[0]]] // expected[trained[copied[0]]]
        raise Misconception(
            "trunk-copied", f"{where}: {copied[0]} is in your model {times} times; expected once"
        )


def forward_uses(
    model: nn.Module, images: Tensor, trained: Mapping[str, tuple], where: str
) -> bool:
    """Return whether the logits are computed from one of the parameters in `trained`.

    A forward of another network may raise, because its width is another.
    """
    used = set()
    with contextlib.suppress(RuntimeError):
        for logits in logits_of_both(model(images), where):
            used |= {comparisons.fingerprint(p) for p in leaf_tensors(logits)}
    return not used.isdisjoint(trained.values())


def check_old_head_removed(
    model: nn.Module, outputs: Sequence[Tensor], old: nn.Linear, where: str
) -> None:
    """Check that the old head, which gives 1000 logits, is no part of the model."""
    used = set()
    for logits in outputs:
        used |= {id(p) for p in leaf_tensors(logits)}
    if id(old.weight) in used:
        raise Misconception(
            "stacked-on-logits",
            f"{where}: your logits are computed from the 1000 logits of the old head",
        )
    print_ = comparisons.fingerprint(old.weight)
    if any(comparisons.fingerprint(p) == print_ for p in model.parameters()):
        raise wrong_result(
            f"{where}: expected that the old head is no longer in the model; its weight "
            f"{tuple(old.weight.shape)} is, {old.weight.numel():,} numbers that neither task needs"
        )


def check_losses_reach_backbone(
    model: nn.Module,
    outputs: Sequence[Tensor],
    trained: Mapping[str, tuple],
    where: str,
) -> None:
    """Check that a gradient from the logits of each task reaches all of the backbone.

    trained: `prints_of` the backbone that the answer was given.
    """
    registered = {id(p) for p in model.parameters()}
    prints = set(trained.values())
    backbone = {}
    for path, p in model.named_parameters():
        if comparisons.fingerprint(p) in prints:
            backbone[path] = p
    frozen = [path for path, p in backbone.items() if not p.requires_grad]
    if frozen:
        raise Misconception(
            "backbone-not-trainable",
            f"{where}: {len(frozen)} of {len(backbone)} parameter tensors of the backbone have "
            f"requires_grad=False: {first_and_more(frozen)}",
        )
    own_frozen = [
        path for path, p in model.named_parameters() if path not in backbone and not p.requires_grad
    ]
    if own_frozen:
        raise Misconception(
            "froze-the-new-head",
            f"{where}: {first_and_more(own_frozen)} of the heads: expected requires_grad=True; got "
            "False",
        )
    in_heads = [
        {id(p) for p in leaf_tensors(logits)} - {id(p) for p in backbone.values()}
        for logits in outputs
    ]
    for (task, own), others in zip(zip(TASKS, in_heads, strict=True), reversed(in_heads)):
        if others < own:
            raise Misconception(
                "head-on-a-head",
                f"{where}: the {WORDS[task]} logits are computed from all parameters of the other "
                f"head, and {len(own - others)} of their own; expected that each head reads the "
                "features",
            )
    for task, logits in zip(TASKS, outputs, strict=True):
        reached = {id(p) for p in leaf_tensors(logits)}
        strangers = len(reached - registered)
        if strangers:
            raise Misconception(
                "heads-not-registered",
                f"{where}: the {WORDS[task]} logits are computed from {strangers} parameters that "
                "model.parameters() does not list",
            )
        if not reached:
            raise Misconception(
                "features-detached", f"{where}: the {WORDS[task]} logits have no gradient at all"
            )
        missed = [path for path, p in backbone.items() if id(p) not in reached]
        if missed and next(iter(backbone)) not in missed:
            raise wrong_result(
                f"{where}: expected that the {WORDS[task]} head reads the features, which depend "
                f"on all of the backbone; its logits depend on the beginning, and not on "
                f"{first_and_more(missed)}"
            )
        if missed:
            raise Misconception(
                "features-detached",
                f"{where}: from the {WORDS[task]} logits no gradient reaches {len(missed)} of "
                f"{len(backbone)} parameter tensors of the backbone: {first_and_more(missed)}",
            )


def check_heads_read(
    model: nn.Module, images: Tensor, features: Tensor, trained: Mapping[str, tuple], where: str
) -> None:
    """Check that the heads read the features of the backbone.

    model: in eval mode; features: (B, width), of these images; trained: `prints_of` the backbone.
    Some layer must get or return them. A head of convolutions may get them before the mean over
    height and width.
    """
    prints = set(trained.values())
    seen: list[Tensor] = []
    read: list[Tensor] = []  # by layers of the heads

    def keep(layer: nn.Module, inputs: tuple, output: Any) -> None:
        own = [p for p in layer.parameters(recurse=False) if comparisons.fingerprint(p) in prints]
        in_head = not own and any(True for _ in layer.parameters(recurse=False))
        for tensor in inputs:
            if in_head and isinstance(tensor, Tensor):
                read.append(tensor.mean((2, 3)) if tensor.ndim == 4 else tensor.flatten(1))
        seen.extend(t.flatten(1) for t in (*inputs, output) if isinstance(t, Tensor))

    hooks = [layer.register_forward_hook(keep) for layer in model.modules()]
    with torch.no_grad():
        model(images)
    for hook in hooks:
        hook.remove()
    tolerance = 1e-4 * float(features.abs().max())
    same_size = [tensor for tensor in (*read, *seen) if tensor.shape == features.shape]
    if any(values.all_near(tensor, features, tolerance) for tensor in same_size):
        return
    if not same_size:
        return  # no layer is called with features, so it is not known what the heads read
    raise wrong_result(
        f"{where}: expected that the heads read the features {tuple(features.shape)} that the "
        f"backbone without its old head returns, {in_short(features)}; got {in_short(same_size[0])}"
    )


def in_short(features: Tensor) -> str:
    """Return the first two numbers of the first row of features (B, width), for a message."""
    return f"[{features[0, 0]:.3f}, {features[0, 1]:.3f}, ...] for the first image"


def check_heads_apart(
    model: nn.Module, images: Tensor, trained: Mapping[str, tuple], where: str
) -> None:
    """Check that the logits of a task do not depend on the parameters of the other head alone.

    Detached logits of the other head leave no trace in the graph, so the other head's parameters
    are changed for a moment. model: in eval mode; trained: `prints_of` the backbone.
    """
    prints = set(trained.values())
    outputs = logits_of_both(model(images), where)
    used = [{id(p): p for p in leaf_tensors(logits)} for logits in outputs]
    for task, other in ((0, 1), (1, 0)):
        alone = [p for key, p in used[other].items() if key not in used[task]]
        alone = [p for p in alone if comparisons.fingerprint(p) not in prints]
        old = [p.detach().clone() for p in alone]
        with torch.no_grad():
            for p in alone:
                p.add_(1.0)
            moved = logits_of_both(model(images), where)[task]
            for p, numbers in zip(alone, old, strict=True):
                p.copy_(numbers)
        size = float(outputs[task].abs().max())
        if not values.all_near(moved, outputs[task], tolerance=1e-4 * size):
            raise Misconception(
                "head-on-a-head",
                f"{where}: the {WORDS[TASKS[task]]} logits change if only parameters of the "
                f"{WORDS[TASKS[other]]} head change; expected that each head reads the features",
            )


def features_of(backbone: nn.Module, images: Tensor) -> Tensor:
    """Return the features (B, width) that a ResNet computes in eval mode, without its old head."""
    twin = networks.copied(backbone)
    twin.fc = nn.Identity()
    with torch.no_grad():
        return twin(images)


def is_first_convolution(layer: nn.Module, first: nn.Conv2d) -> bool:
    """Return whether a layer is like `first`, the 7 x 7 convolution that a ResNet begins with."""
    if not isinstance(layer, nn.Conv2d):
        return False
    return layer.weight.shape == first.weight.shape and layer.kernel_size == (7, 7)
