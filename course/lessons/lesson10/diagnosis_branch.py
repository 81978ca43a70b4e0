"""The thought behind a wrong branch: each function raises or returns the Misconception it finds."""

import torch
from torch import Tensor, nn

from course.checking import comparisons, modes, networks, values
from course.checking.batch_of_one import code_of_shape
from course.checking.misconception import Misconception, first_and_more, wrong_result


def check_trunk(model: nn.Module, images: Tensor, old_stage: nn.Module) -> None:
    """Check that images run once through each convolution, and through one stem.

    old_stage: the old layer4; where its layers run twice, it was not copied (`check_trainable`).
    """
    modes.set_mode(model, False, "with_branch")
    with networks.counted_runs(model) as runs:
        try:
            with torch.no_grad():
                model(images)
        except RuntimeError as problem:
            if "shapes cannot be multiplied" not in str(problem):
                raise
            raise Misconception("in-features-from-memory", str(problem)) from None
    layers = dict(model.named_modules())
    stem = sum(count for path, count in runs.items() if layers[path].in_channels == 3)
    if stem != 1:
        raise Misconception(
            "backbone-run-twice", f"for one batch the first convolution ran {stem} times"
        )
    others = {id(layer) for layer in old_stage.modules()}
    again = [path for path, count in runs.items() if count > 1 and id(layers[path]) not in others]
    if again:
        raise Misconception(
            "backbone-run-twice", f"for one batch {again[0]} ran {runs[again[0]]} times"
        )


def check_new_logits(new: object, again: Tensor, features: Tensor, n: int) -> Tensor:
    """Return the weights (C + 1, n) by which the new logits follow from the old features (B, C).

    Before training, the new logits are a linear function of these features. again: the new logits
    of a second forward on the same images.
    """
    shape = (len(features), n)
    if not isinstance(new, Tensor) or new.shape != shape:
        got = tuple(new.shape) if isinstance(new, Tensor) else type(new).__name__
        raise wrong_result(f"expected new logits {shape}; got {got}")
    if bad := values.not_finite(new):
        raise wrong_result(f"expected finite new logits; {bad}")
    tolerance = 1e-4 * float(new.abs().max())
    if not values.all_near(again, new, tolerance):
        raise wrong_result(
            "expected the same new logits from two forwards in eval mode on the same images; in "
            f"the second, {values.difference(again, new, tolerance)}"
        )
    if comparisons.are_probabilities(new) and n > 1:
        raise Misconception("softmax-in-the-head", "each row of the new logits sums to 1")
    inputs = torch.cat([features, torch.ones(len(features), 1)], 1).double()
    weights = torch.linalg.lstsq(inputs, new.double()).solution
    fitted = inputs @ weights
    error = (fitted - new).norm() / (new - new.mean(0)).norm().clamp(min=1e-9)
    if not error <= 0.02:  # NaN, too
        raise Misconception(
            "branch-not-pretrained",
            "before training the new logits are no linear function of the features of the old "
            f"layer4: {error:.0%} of them is something else",
        )
    return weights


def check_one_large_image(new: object, features: Tensor, weights: Tensor) -> None:
    """Check the new logits of a batch of one image of another size, whose features are (1, C).

    weights: as check_new_logits returns them.
    """
    n = weights.shape[1]
    shape = tuple(new.shape) if isinstance(new, Tensor) else type(new).__name__
    if shape != (1, n):
        code = code_of_shape(new.shape, (1, n)) if isinstance(new, Tensor) else "wrong-result"
        raise Misconception(code, f"one image: expected new logits {(1, n)}; got {shape}")
    expected = torch.cat([features, torch.ones(1, 1)], 1).double() @ weights
    if not values.all_near(new, expected, 0.02 * float(expected.abs().max()) + 1e-4):
        raise Misconception(
            "branch-not-pretrained",
            "for an image of 96 pixels the new logits do not follow from the mean over all places "
            "of layer4's output, as they do for 64 pixels: average pooling takes any size",
        )


def check_trainable(
    model: nn.Module, n: int, sizes: dict[str, int], before: dict[str, Tensor]
) -> None:
    """Check how many numbers require a gradient, and how many there are in all.

    before: the tensors of the old network. A parameter that equals none of them is the new head's.
    """
    trainable = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    held = comparisons.numbers_in(p for _, p in trainable)
    head = n * sizes["width"]
    expected = sizes["layer4"] + head
    seen = (
        f"{held:,} numbers require a gradient; expected {expected:,} or {expected + n:,}: layer4 "
        f"has {sizes['layer4']:,}, and a Linear({sizes['width']}, {n}) {head:,} and its bias {n}"
    )
    total = comparisons.numbers_in(model.parameters())
    if held not in (expected, expected + n):
        if held < sizes["layer4"]:
            if total <= sizes["old"] + head + n:
                seen += f". The old network has {sizes['old']:,}, and the model {total:,} in all: "
                seen += "layer4 was not copied"
            raise Misconception("branch-not-trained", seen)
        if held - sizes["layer4"] in (sizes["logits"] * n, sizes["logits"] * n + n):
            raise Misconception("stacked-on-logits", seen)
        if held > expected + n:
            old = {comparisons.fingerprint(tensor) for tensor in before.values()}
            new = [(name, p) for name, p in trainable if comparisons.fingerprint(p) not in old]
            in_head = comparisons.numbers_in(p for _, p in new)
            if in_head not in (0, head, head + n):
                raise Misconception(
                    "branch-not-pretrained",
                    f"expected one Linear({sizes['width']}, {n}) on the pooled features of the "
                    f"copy, which has {head:,} numbers and a bias of {n}; "
                    f"{first_and_more(name for name, _ in new)} have {in_head:,}",
                )
            names = first_and_more(name for name, _ in trainable)
            raise Misconception("backbone-not-frozen", f"{seen}. They are {names}")
        raise wrong_result(seen)
    if total < sizes["old"] + expected:
        raise Misconception(
            "branch-shares-weights",
            f"the model has {total:,} parameters, and the old network alone {sizes['old']:,}: "
            "layer4 was not copied",
        )
    if total > sizes["old"] + expected + n:
        raise Misconception(
            "shared-part-copied",
            f"the model has {total:,} parameters; expected at most "
            f"{sizes['old'] + expected + n:,}, the old network, a copy of layer4 and a head",
        )


def what_broke_the_old_head(model: nn.Module, before: dict[str, Tensor]) -> Misconception:
    """Return the Misconception for old logits that training has changed.

    before: the tensors of the old network, which `model` may hold under longer names.
    """
    now = comparisons.tensors(model)
    statistics, parameters = [], []
    for name, old in before.items():
        held = [tensor for path, tensor in now.items() if path.endswith(name)]
        if held and not any(comparisons.same(tensor, old) for tensor in held):
            (statistics if "running" in name else parameters).append(name)
    if parameters:
        return Misconception(
            "branch-shares-weights",
            "after three steps the old network's "
            f"{first_and_more(parameters, 'has', 'have')} moved",
        )
    if statistics:
        return Misconception(
            "requires-grad-alone",
            "no parameter of the old network has moved, but "
            f"{first_and_more(statistics, 'has', 'have')}",
        )
    return Misconception("old-head-changed", "after three steps the old logits differ")
