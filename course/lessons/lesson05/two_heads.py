"""The thought behind a wrong model with two heads, Exercise 2 of lesson 05.

Each function raises the Misconception it finds; one called `check_...` returns nothing where the
result is right.
"""

import contextlib
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torchvision.models.resnet import BasicBlock, Bottleneck

from course.checking import comparisons, networks, values
from course.checking.autograd import leaf_tensors
from course.checking.misconception import (
    Misconception,
    first_and_more,
    unlike,
    wrong_result,
)
from course.lessons.lesson05.fixtures import TASKS, WORDS


def logits_of_both(outputs: Any, where: str) -> tuple[Tensor, Tensor]:
    """Return (fruit logits, freshness logits): `outputs` is that pair, or a dict by TASKS."""
    if isinstance(outputs, dict):
        if set(outputs) != set(TASKS):
            keys = sorted(map(str, outputs))
            raise wrong_result(f"{where}: expected the keys 'fruit' and 'fresh'; got {keys}")
        outputs = outputs["fruit"], outputs["fresh"]
    if not isinstance(outputs, tuple | list) or len(outputs) != 2:
        kind = type(outputs).__name__
        raise unlike(outputs, f"{where}: expected two tensors of logits from forward; got {kind}")
    for task, logits in zip(TASKS, outputs, strict=True):
        if not isinstance(logits, Tensor) or not logits.is_floating_point():
            kind = logits.dtype if isinstance(logits, Tensor) else type(logits).__name__
            raise wrong_result(
                f"{where}: expected float tensors; the {WORDS[task]} logits are {kind}"
            )
    fruit, fresh = outputs
    return fruit, fresh


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


def check_same_logits(model: nn.Module, images: Tensor, where: str) -> None:
    """Check that two forwards give the same logits. model: in eval mode."""
    registered = {id(p) for p in model.parameters()}
    pairs = zip(logits_of_both(model(images), where), logits_of_both(model(images), where))
    for task, (logits, again) in zip(TASKS, pairs, strict=True):
        if values.all_near(again, logits, 1e-4 * float(logits.abs().max())):
            continue
        what = (
            f"{where}: two forwards in eval mode on the same images give other {WORDS[task]} logits"
        )
        strangers = [p for p in leaf_tensors(logits) if id(p) not in registered]
        if strangers:
            raise Misconception(
                "made-in-forward",
                f"{what}: they are computed from {len(strangers)} parameters that "
                "model.parameters() does not list",
            )
        raise wrong_result(f"{what}; expected the same: in eval mode nothing is drawn at random")


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


LIMITS = {  # what `why_not_logits` finds: the words for it
    "softmax": "are at least 0 and sum to 1 in each row",
    "constant": "are one and the same number",
    "sigmoid": "are all between 0 and 1",
    "ReLU": "are never negative",
    "tanh": "are all between -1 and 1",
}


def check_logits(task: str, outputs: Tensor, where: str) -> None:
    """Check that outputs (N, C), for many and large features, are logits."""
    limit = comparisons.why_not_logits(outputs)
    if limit is None:
        return
    what = (
        f"{where}: the {WORDS[task]} outputs {LIMITS[limit]}, for {len(outputs)} large inputs; "
        "expected logits, which can have any size and sign"
    )
    raise Misconception("softmax-in-the-head" if limit == "softmax" else "wrong-result", what)


def outputs_for(
    model: nn.Module, images: Tensor, classes: tuple[int, int], where: str
) -> tuple[Tensor, Tensor]:
    """Return the logits of both tasks, after a check that they are finite and of their shapes."""
    outputs = logits_of_both(model(images), where)
    found = [tuple(logits.shape) for logits in outputs]
    expected = [(len(images), count) for count in classes]
    if found != expected:
        plural = "image" if len(images) == 1 else "images"
        squeezed = [tuple(size for size in shape if size != 1) for shape in expected]
        code = "batch-dimension-lost" if len(images) == 1 and found == squeezed else "wrong-result"
        told = f"{where}: {len(images)} {plural}: expected {expected}; got {found}"
        if found == expected[::-1]:
            told += ". The logits of fruit come first, those of freshness second"
        raise Misconception(code, told)
    for task, logits in zip(TASKS, outputs, strict=True):
        bad = int((~logits.isfinite()).sum())
        if bad:
            raise wrong_result(
                f"{where}: expected finite logits; for an input {tuple(images.shape)} {bad} of "
                f"{logits.numel()} {WORDS[task]} logits are NaN or infinite"
            )
    return outputs


def check_alone(model: nn.Module, images: Tensor, classes: tuple[int, int], where: str) -> None:
    """Check that an image has the same logits alone and in a batch. model: in eval mode."""
    outputs = [outputs_for(model, batch, classes, where) for batch in (images[:1], images)]
    for task, alone, together in zip(TASKS, *outputs, strict=True):
        if not values.all_near(alone, together[:1], 1e-3 * float(together.abs().max())):
            raise wrong_result(
                f"{where}: expected that in eval mode an image has the same logits alone and in a "
                f"batch; for the first one the {WORDS[task]} logits are {in_brackets(alone[0])} "
                f"alone and {in_brackets(together[0])} in a batch of {len(images)}"
            )


def in_brackets(logits: Tensor) -> str:
    """Return the logits of one image (C,) for a message."""
    return f"[{', '.join(f'{value:.3g}' for value in logits.tolist())}]"


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


@contextlib.contextmanager
def blocks_run_once(model: nn.Module, heads: Sequence[nn.Parameter]) -> Iterator[None]:
    """Let the residual blocks of a model return the output of before for an input of before.

    For a model in eval mode of which only `heads` change: the rest would be computed again each
    time. A block that holds one of `heads`, or has a forward of its own, runs each time.
    """
    changing = {id(parameter) for parameter in heads}
    blocks = []
    for block in model.modules():
        plain = type(block) in (BasicBlock, Bottleneck) and "forward" not in vars(block)
        if plain and changing.isdisjoint(map(id, block.parameters())):
            block.forward = _remembering(block.forward)
            blocks.append(block)
    try:
        yield
    finally:
        for block in blocks:
            del block.forward


def _remembering(forward: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    """Return a forward that computes its output anew only for another input than its last one."""
    last: list[Tensor] = []  # a copy of the input, and of the output

    def remembered(x: Tensor) -> Tensor:
        if not last or not comparisons.same(x, last[0]):
            last[:] = x.clone(), forward(x).clone()
        return last[1].clone()

    return remembered


def check_free_outputs(model: nn.Module, trained: dict[str, tuple], where: str) -> None:
    """Check that the outputs of both heads are logits, for some random parameters in the heads.

    Each set of parameters is tried with its negative, too: one of both gives a linear head outputs
    below zero. The parameters of the heads are lost.
    """
    prints = set(trained.values())
    heads = [p for p in model.parameters() if comparisons.fingerprint(p) not in prints]
    images = 1000 * torch.randn(8, 3, 32, 32)
    seen: tuple[list[Tensor], list[Tensor]] = ([], [])
    model.eval()
    with torch.no_grad(), blocks_run_once(model, heads):
        for _ in range(4):
            drawn = [3 * torch.randn_like(p) for p in heads]
            for sign in (1, -1):
                for p, numbers in zip(heads, drawn, strict=True):
                    p.copy_(sign * numbers)
                for rows, logits in zip(seen, logits_of_both(model(images), where), strict=True):
                    rows.append(logits)
    for task, rows in zip(TASKS, seen, strict=True):
        check_logits(task, torch.cat(rows), where)
