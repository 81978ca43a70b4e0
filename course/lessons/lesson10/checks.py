"""Lesson 10, your own photographs: the checks of its exercises.

fixtures.py has what they try answers on; diagnosis.py and diagnosis_branch.py name the thought
behind a wrong result.
"""

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from course.checking import batch_of_one, comparisons, networks
from course.checking.check import check, expect
from course.checking.misconception import Misconception, expect_pair, wrong_result
from course.checking.values import all_near, difference, number_in, shown
from course.lessons.lesson10.diagnosis import (
    check_all_others,
    check_card,
    check_decisions,
    check_draws,
    check_fits,
    check_groups,
    check_loaded,
    check_logits,
    check_photo,
    check_quantiles,
    check_refused,
    shapes_explained,
)
from course.lessons.lesson10.diagnosis_branch import (
    check_new_logits,
    check_one_large_image,
    check_trainable,
    check_trunk,
    what_broke_the_old_head,
)
from course.lessons.lesson10.fixtures import (
    Draws,
    Fits,
    close_probabilities,
    drawn_lists,
    generator,
    grey_file,
    noise,
    numbered_features,
    old_network,
    palette_file,
    plain_file,
    small_network,
    trained_network,
    transparent_file,
    turned_file,
    write_file,
)

# ---- a photo -------------------------------------------------------------------------------------


@check
def open_photo(answer: Callable, orientations: Sequence[int] = (6, 5), seed: int = 0) -> str:
    """Exercise 1: is a photo file shown as a viewer shows it?

    orientations: of EXIF, one of them mirrored; a PNG file is turned by 180 degrees. Hidden: the
    other ones, and other scenes.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = [plain_file(folder, seed), grey_file(folder, seed + 1)]
        files += [turned_file(folder, orientation, seed + 2) for orientation in orientations]
        files.append(turned_file(folder, 3, seed + 7, "PNG"))
        files.append(transparent_file(folder, seed + 3))
        files += [transparent_file(folder, seed + 4, grey=True), palette_file(folder, seed + 5)]
        files.append(grey_file(folder, seed + 6, "grey.png"))
        for index, file in enumerate(files):
            before = file.path.read_bytes()
            found = answer(str(file.path) if index % 2 else file.path)
            expect(found, Tensor, "a uint8 tensor (3, H, W)")
            check_photo(found, file)
            if not file.path.exists() or file.path.read_bytes() != before:
                raise wrong_result(f"{file.what}: expected that the file stays, but it has changed")
    return f"{len(files)} files are shown as a viewer shows them: turned, in RGB, on white."


# ---- groups --------------------------------------------------------------------------------------

SMALL_CASES: tuple[tuple[int, list[list[int]]], ...] = (
    (4, []),
    (1, []),
    (6, [[4, 1]]),
    (5, [[3], [0, 2]]),
    (6, [[0, 1], [3, 4], [1, 3]]),
    (6, [[4, 3], [3, 2], [2, 1]]),
    (5, [[0, 1], [2, 1], [1, 0]]),
    (7, [[5, 0, 3], [6, 3]]),
    (8, [[k, k + 1] for k in reversed(range(7))]),
)


@check
def groups_of(
    answer: Callable, cases: Sequence[tuple[int, int]] = ((30, 8), (40, 15)), seed: int = 0
) -> str:
    """Exercise 2: which photos do overlapping lists hold together?

    cases: (photos, lists drawn at random), after SMALL_CASES, which are chains, a star, one list
    and none. Hidden: others, and one with so many lists that nearly all belong together.
    """
    largest = 1
    drawn = [(count, drawn_lists(count, lists, seed + count)) for count, lists in cases]
    for count, together in (*SMALL_CASES, *drawn):
        found = answer(count, [list(photos) for photos in together])
        expect(found, Tensor, f"an int64 tensor ({count},)")
        largest = max(largest, check_groups(found, count, together))
    return f"lists that share a photo are one group; the largest has {largest} photos."


# ---- out of fold ---------------------------------------------------------------------------------


@check
def out_of_fold(
    answer: Callable,
    cases: Sequence[tuple[int, tuple[int, ...]]] = (
        (24, (0, 1, 2)),
        (31, (3, 5, 9, 4)),
        (4, (2, 0, 5)),
    ),
    seed: int = 0,
) -> str:
    """Exercise 3: does each photo get the logits of a head that has not seen its fold?

    cases: (photos, numbers of the folds). `fit` returns a head whose logits tell which head it is
    and whose features it got. The last case has folds of one photo. Hidden: others, and folds of
    very different sizes.
    """
    for count, names in cases:
        features = numbered_features(count, seed + count)
        places = torch.rand(count, generator=torch.Generator().manual_seed(seed + count)) ** 2
        folds = torch.tensor(names)[(places * len(names)).long()]
        folds[: len(names)] = torch.tensor(names)  # each occurs
        labels = (features[:, 1] > 0).long() + (features[:, 2] > 0)  # 0, 1 or 2
        if len(names) > 3:  # as images and feature maps have, more than one axis
            features = features[:, :, None]
        fits = Fits(classes=4, row=tuple(features.shape[1:]))
        with shapes_explained(fits.classes, labels):
            found = answer(features.clone(), labels.clone(), folds.clone(), fits.fit)
        expect(found, Tensor, f"logits ({count}, 4)")
        check_fits(fits, labels, folds)
        check_logits(found, fits, folds)
        check_all_others(found, fits, folds)
    return "each photo has the logits of the one head that was trained without its fold."


# ---- a branch ------------------------------------------------------------------------------------


@check
def with_branch(answer: Callable, name: str = "narrow resnet18", n: int = 4) -> str:
    """Exercise 4: does a trained copy of layer4 leave the old head the same to the bit?

    name: a torchvision ResNet. Three steps of SGD train what requires a gradient. Hidden: a
    ResNet-50, and other numbers of classes.
    """
    model = old_network(name)
    # more images than features: otherwise any logits would be a linear function of them
    images = networks.images(name, model.fc.in_features + 90)  # (B, 3, 64, 64)
    with torch.no_grad():
        large = nn.functional.interpolate(images[:1], size=96)
        features, of_large = features_of(model, images), features_of(model, large)
        old = model(images)
    before = comparisons.snapshot(comparisons.tensors(model).items())
    sizes = {
        "old": comparisons.numbers_in(model.parameters()),
        "layer4": comparisons.numbers_in(model.layer4.parameters()),
        "width": features.shape[1],
        "logits": old.shape[1],
    }
    old_stage = model.layer4
    found = answer(model, n)
    expect(found, nn.Module, "an nn.Module")
    check_trunk(found, images[:2], old_stage)
    with torch.no_grad():
        outputs, outputs_again = found(images), found(images)
    old_logits, new = logits_of(outputs)
    if not comparisons.same(old_logits, old):
        if comparisons.same(new, old):
            raise wrong_result(
                "expected the pair (old logits, new logits); got the old logits second: the pair "
                "is the other way round"
            )
        raise Misconception(
            "old-head-changed",
            f"{name}: in eval mode the old logits differ before training: "
            f"{difference(old_logits, old)}",
        )
    weights = check_new_logits(new, logits_of(outputs_again)[1], features, n)
    with torch.no_grad():
        check_one_large_image(logits_of(found(large))[1], of_large, weights)
    check_trainable(found, n, sizes, before)
    found.train()
    train(found, images[:48], n, old[:48])
    found.eval()
    with torch.no_grad():
        after = logits_of(found(images))[0]
    if not comparisons.same(after, old):
        raise what_broke_the_old_head(found, before)
    return (
        f"{name}: {sizes['layer4']:,} parameters of the copy and a head for {n} classes were "
        "trained, and the old logits are the same to the bit."
    )


def features_of(model: nn.Module, images: Tensor) -> Tensor:
    """Return the features (B, C) that the head `fc` of a ResNet gets."""
    features, _ = networks.captured(model, model.fc, images)
    assert features is not None
    return features


def logits_of(outputs: object) -> tuple[Tensor, Tensor]:
    """Return the two tensors that a branch returned for images."""
    seen = f"expected the pair (old logits, new logits), two tensors; got {type(outputs).__name__}"
    old_logits, new = expect_pair(outputs, seen)
    expect(old_logits, Tensor, "a tensor for the old logits")
    expect(new, Tensor, "a tensor for the new logits")
    return old_logits, new


def train(model: nn.Module, images: Tensor, n: int, old: Tensor) -> None:
    """Train a branch for three steps, and check gradients and, in train mode, the old logits."""
    trainable = {name: p for name, p in model.named_parameters() if p.requires_grad}
    start = comparisons.snapshot(trainable.items())
    optimizer = torch.optim.SGD(trainable.values(), lr=0.05, momentum=0.9)
    for step, batch in enumerate(images.split(16)):
        old_logits, new = logits_of(model(batch))
        expected = old[16 * step : 16 * step + 16]
        if not all_near(old_logits, expected, tolerance=1e-4, relative=1e-5):
            again, _ = logits_of(model(batch))
            if not comparisons.same(again, old_logits):
                raise wrong_result(
                    "expected that in train mode the old logits are those of eval mode, up to "
                    "rounding; they are random: two forwards on the same images give different "
                    "ones, as behind a Dropout in train mode"
                )
            raise Misconception(
                "requires-grad-alone",
                "in train mode the old logits differ from those in eval mode: the shared part or "
                "the old layer4 uses the statistics of the batch. `train()` puts every submodule "
                "into train mode, also one that was in eval mode",
            )
        if new.shape != (len(batch), n) or not new.requires_grad:
            raise Misconception(
                "branch-not-trained",
                f"in train mode the new logits have shape {tuple(new.shape)} and "
                f"requires_grad={new.requires_grad}; expected ({len(batch)}, {n}) and True",
            )
        if comparisons.are_probabilities(new) and n > 1:
            raise Misconception("softmax-in-the-head", "in train mode each row sums to 1")
        labels = torch.arange(len(batch)) % n
        loss = nn.functional.cross_entropy(new, labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    moved = comparisons.moved_since(model, start)
    rested = [name for name in trainable if name not in moved]
    if rested:
        raise Misconception(
            "branch-not-trained",
            f"after three steps {rested[0]} has not moved: no gradient reaches it",
        )


# ---- an interval ---------------------------------------------------------------------------------


@check
def interval(
    answer: Callable,
    cases: Sequence[tuple[tuple[int, ...], int]] = (((1,) * 20, 200), ((5, 1, 1, 3, 1, 2, 8), 400)),
    seed: int = 0,
) -> str:
    """Exercise 5: between which values of a metric do 95 % of the draws of whole groups lie?

    cases: (sizes of the groups, draws). The metric notes which photos it gets. The numbers of
    the groups are not 0, 1, 2, ... Hidden: other sizes.
    """
    for sizes, draws in cases:
        r = generator(seed + draws)
        names = torch.randperm(10 * len(sizes), generator=r)[: len(sizes)] + len(sizes)
        groups = names.repeat_interleave(torch.tensor(sizes))
        groups = groups[torch.randperm(len(groups), generator=r)]
        truth = torch.randperm(len(groups), generator=r)  # a photo's number is its label
        noted = Draws(offset=1000 + seed)
        predicted = truth + noted.offset
        if len(set(sizes)) > 1:  # two predictions for each photo
            predicted = torch.stack([predicted, truth], 1)
        noted.row = tuple(predicted.shape[1:])
        result = answer(noted.metric, truth.clone(), predicted, groups.clone(), draws)
        low, high = expect_pair(result, f"expected the pair (low, high); got {shown(result)}")
        check_draws(noted, groups[truth.argsort()], draws)
        ends = number_in(low, "a number for low"), number_in(high, "a number for high")
        check_quantiles(ends, noted.values)
    return "whole groups are drawn with replacement, and 95 % of the values lie between the two."


# ---- decisions -----------------------------------------------------------------------------------


@check
def decide(
    answer: Callable,
    shapes: Sequence[tuple[int, int, int]] = ((40, 3, 3), (30, 4, 2), (12, 2, 5), (1, 2, 5)),
    seed: int = 0,
) -> str:
    """Exercise 6: which decision has the lowest expected cost?

    shapes: (photos, classes, decisions), square ones first: there, transposed costs fit, too. Each
    is judged at once. Some costs are negative, which is a gain, and few are whole numbers. Those of
    the second case are near 5000, where half precision is too coarse. Hidden: others.
    """
    cases = []
    for place, (count, classes, decisions) in enumerate(shapes):
        drawn = noise(seed + classes, classes, decisions)
        costs = (100 * (drawn - drawn.mean(0))).round() / 10  # no decision is always the cheapest
        if place == 1:
            costs += 5000
        probabilities = close_probabilities(count, costs, seed + count)
        where = f"probabilities ({count}, {classes}) and costs ({classes}, {decisions})"
        with batch_of_one.errors_told(count, where):
            found = answer(probabilities.clone(), costs.clone())
        expect(found, Tensor, f"an int64 tensor ({count},)")
        cases.append((probabilities, costs, found))
        check_decisions(cases)
    total = sum(count for count, _, _ in shapes)
    return f"{total} decisions have the lowest expected cost."


# ---- a file --------------------------------------------------------------------------------------

CARD = {"classes": ["bird", "flower", "paws"], "width": 12, "note": None, "tested": True}


@check
def load_model(answer: Callable, card: dict = CARD, seed: int = 0) -> str:
    """Exercise 7: does a file give back the model and its card, or an error if they do not fit?

    Hidden: another card, and another network.
    """
    model = trained_network(card, seed)
    state = model.state_dict()
    names = list(state)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.safetensors"
        write_file(state, card, path)
        built: list[dict] = []
        made: list[nn.Module] = []

        def build(found_card: dict) -> nn.Module:
            built.append(found_card)
            if type(found_card) is not dict or "card" in found_card:
                raise Misconception("card-not-decoded", f"`build` got {shown(found_card)}")
            made.append(small_network(found_card))
            return made[-1]

        result = answer(path, build)
        found, found_card = expect_pair(result, f"expected (model, card); got {shown(result)}")
        check_card(found, found_card, card, built)
        expect(found, nn.Module, "an nn.Module")
        if found is not made[0]:
            raise wrong_result(
                "expected the very model that `build` returned; got another object, a "
                f"{type(found).__name__}"
            )
        check_loaded(found, state)
        rest = {key: state[key] for key in names[1:]}
        for what, tensors in (
            (f"{names[0]} is missing", rest),
            ("running_var is missing", {k: v for k, v in state.items() if "running_var" not in k}),
            ("a tensor is left over", {**state, "old.weight": torch.ones(2)}),
            (f"{names[0]} has another name", rest | {"old.weight": state[names[0]]}),
        ):
            write_file(tensors, card, path)
            check_refused(answer, str(path), small_network, what)
    return (
        f"{len(names)} tensors and the card come back, in eval mode; files that do not fit raise."
    )
