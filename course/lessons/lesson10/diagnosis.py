"""The thought behind a wrong result of lesson 10: each function raises the Misconception it finds.

diagnosis_branch.py has those of the branch. A function called `check_...`
returns nothing where the result is right, if it does not say more.
"""

import contextlib
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torchvision.transforms.v2.functional import pil_to_tensor, to_pil_image

from course.checking import comparisons
from course.checking.batch_of_one import code_of_shape
from course.checking.misconception import Misconception, first_and_more, unlike, wrong_result
from course.checking.values import difference, shown
from course.lessons.lesson10.fixtures import Draws, Fits, PhotoFile, linked, not_a_row

# ---- Exercise 1: a photo -------------------------------------------------------------------------


def check_photo(found: Tensor, file: PhotoFile) -> None:
    """Check an image that was read from a file, to one step of rounding."""
    height, width = file.shown.shape[1:]
    has_form = found.dtype == torch.uint8 and found.shape == file.shown.shape
    form = f"torch.uint8 (3, {height}, {width}); got {found.dtype} {tuple(found.shape)}"
    seen = file.what if has_form else f"{file.what}: expected {form}"
    if found.dtype == torch.uint8 and alike(found, file.shown):
        return
    if file.shown.shape[1:] != file.shown.shape[:0:-1]:  # not square
        for image in (file.shown, *(image for _, image in file.wrong)):
            if found.shape == image.permute(1, 2, 0).shape and found.shape != image.shape:
                raise Misconception("channels-last", seen)
    for code, image in file.wrong:
        if code == "grey-has-one-channel" and found.shape in (image.shape, image.shape[1:]):
            raise Misconception(code, seen)
        if alike(found, image):
            raise Misconception(code, f"{seen}{where_it_differs(found, file.shown)}")
    if found.ndim == 3 and found.shape[0] in (2, 4):
        raise Misconception("transparency-ignored", seen)
    if not has_form:
        raise wrong_result(seen)
    raise wrong_result(
        f"{seen}{where_it_differs(found, file.shown)}{why_pixels_differ(found, file)}"
    )


def why_pixels_differ(found: Tensor, file: PhotoFile) -> str:
    """Return what explains all pixels of an image of the right shape and dtype; "" if nothing."""
    expected = file.shown
    if (found == found[:, :1, :1]).all():
        return f". Every pixel is {found[:, 0, 0].tolist()}: the image shows nothing"
    if found.max() <= 1:
        return ". Every value is 0 or 1: expected values from 0 to 255"
    others = {
        "the channels in the order blue, green, red": expected.flip(0),
        "the image mirrored from left to right": expected.flip(2),
        "the image mirrored from top to bottom": expected.flip(1),
        "the image turned by 180 degrees": expected.rot90(2, (1, 2)),
        "the colours inverted, 255 minus each value": 255 - expected,
        "the image in shades of grey": to_grey(expected),
    }
    for words, image in others.items():
        if alike(found, image):
            return f". That is {words}"
    return ""


def to_grey(image: Tensor) -> Tensor:
    """Return an RGB image (3, H, W) in Pillow's shades of grey, in three equal channels."""
    return pil_to_tensor(to_pil_image(image).convert("L")).expand(3, -1, -1)


def alike(one: Tensor, other: Tensor) -> bool:
    """Return whether two images have one shape, and pixels that differ by at most 1."""
    if one.shape != other.shape or one.is_complex():
        return False
    return bool((one.double() - other.double()).abs().max() <= 1)


def where_it_differs(found: Tensor, expected: Tensor) -> str:
    """Return the first pixel that differs, in words; "" where the shapes do."""
    if found.shape != expected.shape:
        return ""
    far = (found.double() - expected.double()).abs().amax(0) > 1
    row, column = far.nonzero()[0].tolist()
    return (
        f"; at row {row}, column {column}, expected RGB {expected[:, row, column].tolist()}, got "
        f"{found[:, row, column].tolist()}"
    )


# ---- Exercise 2: groups --------------------------------------------------------------------------


def check_groups(found: Tensor, count: int, together: list[list[int]]) -> int:
    """Check which photos have equal numbers; return the size of the largest group."""
    listed = str(together) if len(together) < 6 else f"{len(together)} lists"
    call = f"groups_of({count}, {listed})"
    if found.shape != (count,) or found.dtype != torch.int64:
        raise wrong_result(
            f"{call}: expected an int64 tensor ({count},); got {found.dtype} {tuple(found.shape)}"
        )
    linked_photos = linked(count, together)
    same = found[:, None] == found[None]
    seen = f"{call}: got {found.tolist() if count < 12 else 'groups'}"
    torn = (linked_photos & ~same).nonzero().tolist()
    if torn:
        one, other = torn[0]
        alone = [photos for photos in together if photos_in_no_other(photos, together)]
        simple = any(one in photos and other in photos for photos in alone)
        code = "lists-ignored" if simple else "lists-not-followed"
        how = "are in one list" if simple else "are linked by lists"
        raise Misconception(code, f"{seen}; photos {one} and {other} {how}")
    merged = (same & ~linked_photos).nonzero().tolist()
    if merged:
        one, other = merged[0]
        in_no_list = {one, other} - {photo for photos in together for photo in photos}
        code = "single-photos-merged" if in_no_list else "wrong-result"
        what = f"photos {one} and {other} have one number, and no list links them"
        raise Misconception(code, f"{seen}; {what}")
    return int(linked_photos.sum(1).max())


def photos_in_no_other(photos: list[int], together: list[list[int]]) -> bool:
    """Return whether no other list shares a photo with this one."""
    return sum(bool(set(photos) & set(other)) for other in together) == 1


# ---- Exercise 3: out of fold ---------------------------------------------------------------------


def check_fits(fits: Fits, labels: Tensor, folds: Tensor) -> None:
    """Check on which photos the heads were trained, and how often `fit` was called."""
    names = folds.unique().tolist()
    everything = list(range(len(folds)))
    if not fits.rows:
        raise wrong_result("`fit` was not called; expected a call for each fold")
    if fits.without_gradients:
        raise wrong_result(
            "expected that you call `fit` with gradients on; you call it under torch.no_grad(), "
            "where it cannot train"
        )
    for rows, given in zip(fits.rows, fits.labels, strict=True):
        if unknown := set(rows) - set(everything):
            raise not_a_row(min(unknown))
        if len(rows) != len(given):
            raise wrong_result(
                f"expected as many labels as features in a call of `fit`; got {len(rows)} features "
                f"and {len(given)} labels"
            )
        for place, (row, label) in enumerate(zip(rows, given, strict=True)):
            if labels[row].item() != label:
                raise wrong_result(
                    f"`fit` got the features of photo {row} in row {place}, and the label {label} "
                    f"there; expected its own label, {labels[row].item()}"
                )
    with_gaps = names != list(range(len(names)))
    missed = [sorted(rows) in (everything, []) for rows in fits.rows]
    if with_gaps and any(missed) and not all(missed):
        raise Misconception(
            "folds-from-zero",
            f"the folds are {names}; `fit` was called {len(fits.rows)} times, once with "
            f"{max(map(len, fits.rows))} of {len(folds)} photos",
        )
    wanted = [[i for i in everything if folds[i] != name] for name in names]
    for rows in fits.rows:
        if not any(set(rows) <= set(others) for others in wanted):
            raise Misconception(
                "trained-on-own-fold",
                f"`fit` got {len(rows)} of {len(folds)} photos; the folds {names} have "
                f"{[len(folds) - len(each) for each in wanted]}, and one of them has to be left "
                "out as a whole",
            )
    if len(fits.rows) != len(names):
        raise wrong_result(
            f"expected a call of `fit` for each of {len(names)} folds; got {len(fits.rows)} calls"
        )


@contextlib.contextmanager
def shapes_explained(classes: int, labels: Tensor) -> Iterator[None]:
    """Explain an error about shapes where an answer counts K by the labels.

    Raises Misconception for an error whose text has both numbers; others pass unchanged.
    """
    most = int(labels.max()) + 1
    try:
        yield
    except (RuntimeError, ValueError, IndexError) as problem:
        if not {str(classes), str(most)} <= set(re.findall(r"\d+", str(problem))):
            raise
        raise Misconception(
            "absent-class-forgotten",
            f"the heads return {classes} logits, and the labels here are below {most}: K is the "
            f"number of logits. {type(problem).__name__}: {problem}",
        ) from None


def check_logits(found: Tensor, fits: Fits, folds: Tensor) -> None:
    """Check whose logits each photo has. `check_fits` has passed."""
    count = len(folds)
    if found.shape != (count, fits.classes):
        raise wrong_result(
            f"expected logits ({count}, {fits.classes}); got shape {tuple(found.shape)}"
        )
    if not found.is_floating_point():
        raise wrong_result(f"expected logits as the heads return them, floats; got {found.dtype}")
    if found.requires_grad:
        raise Misconception(
            "graph-kept",
            "the result has requires_grad=True: it keeps all heads in memory. Expected logits "
            "without a graph",
        )
    if comparisons.are_probabilities(found):
        raise wrong_result(
            "expected logits, as the heads return them; got probabilities: each row sums to 1"
        )
    made = (0 <= found) & (found == found.round()) & (found < max(count, len(fits.rows)))
    if found[:, 3:].any() or not made.all() or (found[:, 1] >= len(fits.rows)).any():
        bad = (found[:, 3:] != 0).any(1) | ~made.all(1) | (found[:, 1] >= len(fits.rows))
        raise wrong_result(
            "expected logits, as the heads return them; got other numbers, such as "
            f"{found[bad.nonzero()[0, 0]].tolist()} in row {int(bad.nonzero()[0, 0])}, which no "
            "head has returned"
        )
    asked, heads, in_train_mode = found[:, 0].tolist(), found[:, 1].tolist(), found[:, 2]
    if asked != list(range(count)):
        row = next(i for i in range(count) if asked[i] != i)
        raise Misconception(
            "fold-order", f"row {row} has logits for the features of photo {asked[row]:g}"
        )
    for row in range(count):
        if row in fits.rows[int(heads[row])]:
            raise Misconception(
                "trained-on-own-fold",
                f"photo {row} has logits of a head that was trained on it",
            )
    if in_train_mode.any():
        raise Misconception(
            "evaluated-in-train-mode",
            f"{int(in_train_mode.sum())} of {count} logits come from a head in train mode",
        )


def check_all_others(found: Tensor, fits: Fits, folds: Tensor) -> None:
    """Check that each head was trained on all photos of the other folds, each once.

    `check_logits` has passed: the second logit of a photo is the number of its head.
    """
    for name, head in dict.fromkeys(zip(folds.tolist(), found[:, 1].int().tolist(), strict=True)):
        expected = (folds != name).nonzero().flatten().tolist()
        rows = fits.rows[head]
        if sorted(rows) != expected:
            raise wrong_result(
                f"for the fold {name}: expected that `fit` gets all {len(expected)} photos of the "
                f"other folds, each once; got {len(rows)} rows, of {len(set(rows))} photos"
            )


# ---- Exercise 5: an interval ---------------------------------------------------------------------


def check_draws(noted: Draws, groups: Tensor, draws: int) -> None:
    """Check which photos each draw took; groups (N,) has the group of each photo."""
    if len(noted.photos) != draws:
        each = len(noted.photos) % draws == 0 and len(noted.photos) > draws
        how = ": call it once for a draw, on the rows of all its groups together" if each else ""
        raise wrong_result(
            f"draws={draws}: expected {draws} calls of `metric`; got {len(noted.photos)}{how}"
        )
    if noted.torn:
        raise Misconception(
            "truth-and-prediction-apart",
            f"in {noted.torn} of {draws} draws a prediction is not that of its photo",
        )
    others = {photo for photos in noted.photos for photo in photos} - set(range(len(groups)))
    if others:
        raise wrong_result(
            f"`metric` got the label {min(others)}, which is in no row of `truth`; expected rows "
            "of the photos drawn, as they are"
        )
    names = groups.unique().tolist()
    members = {name: (groups == name).nonzero().flatten().tolist() for name in names}
    drawn = []  # how many groups each draw has
    times = []  # how often each draw has each group
    for photos in noted.photos:
        counts = torch.bincount(torch.tensor(photos, dtype=torch.int64), minlength=len(groups))
        times.append([])
        for name in names:
            of_group = counts[members[name]].unique().tolist()
            if len(of_group) > 1:
                raise Misconception(
                    "groups-torn",
                    f"group {name} has photos {members[name]}; one draw has them "
                    f"{counts[members[name]].tolist()} times",
                )
            times[-1].append(of_group[0])
        drawn.append(sum(times[-1]))
    told = f"there are {len(names)} groups; the draws have {min(drawn)} to {max(drawn)}"
    if not min(drawn):
        raise wrong_result(
            f"{told}; expected {len(names)} in each. The groups have numbers such as {names[:3]}, "
            "not 0, 1, 2, ..."
        )
    if max(map(max, times)) < 2 and draws > 1:
        if min(drawn) == max(drawn) == len(names):
            raise Misconception("drawn-without-replacement", f"{told}, and none twice")
        raise Misconception("group-counted-once", f"{told}, and none twice")
    if min(drawn) != len(names) or max(drawn) != len(names):
        raise wrong_result(f"{told}; expected {len(names)} in each draw")
    different = len({tuple(sorted(photos)) for photos in noted.photos})
    if draws > 1 and different < min(draws // 4, len(names)):
        raise wrong_result(
            f"expected {draws} draws at random; only {different} of them are different"
        )
    check_chances(torch.tensor(times), members)


SURE = 6  # standard deviations: chance goes as far once in 500 million counts


def check_chances(times: Tensor, members: dict[int, list[int]]) -> None:
    """Check that each group has the same chance in each place of a draw.

    times (draws, G): how often each draw has each group; members: {group: its photos}. With n
    draws of G groups the number of times that a group is drawn follows the binomial distribution
    of n * G trials with the probability 1 / G. The draws that lack it are n trials.
    """
    draws, count = times.shape
    if count == 1:
        return
    often, lacking = times.sum(0).double(), (times == 0).sum(0).double()
    lacks = (1 - 1 / count) ** count
    for total, trials, chance in ((often, draws * count, 1 / count), (lacking, draws, lacks)):
        expected, deviation = trials * chance, (trials * chance * (1 - chance)) ** 0.5
        far = (total - expected) / deviation
        worst = int(far.abs().argmax())
        if abs(far[worst]) <= SURE:
            continue
        name, photos = list(members.items())[worst]
        told = (
            f"{draws} draws of {count} groups: group {name}, with {len(photos)} photo"
            f"{'s' * (len(photos) > 1)},"
        )
        if total is often:
            sizes = torch.tensor([len(each) for each in members.values()]).double()
            by_size = draws * count * sizes / sizes.sum()
            told += f" is drawn {int(often[worst])} times; expected about {expected:.0f}"
            if ((often - by_size).abs() <= SURE * by_size.sqrt()).all():
                told += ". Your groups are drawn the more often the more photos they have"
            raise Misconception("unequal-chances", told)
        raise Misconception(
            "unequal-chances",
            f"{told} is missing in {int(lacking[worst])} draws; expected about {expected:.0f}: a "
            "draw with replacement leaves some groups out",
        )


def check_quantiles(found: tuple[float, float], values: Sequence[float]) -> None:
    """Check the two ends against the values of the draws; any rule of interpolation passes."""
    ordered = torch.tensor(values, dtype=torch.float64).sort().values
    middle, spread = ordered.mean().item(), 1.96 * ordered.std().item()
    normal = (middle - spread, middle + spread)
    approximated = all(abs(e - n) <= 0.02 * spread for e, n in zip(found, normal, strict=True))
    how = ": mean and standard deviation give no quantiles" if approximated else ""
    last = len(ordered) - 1
    for end, share, name in zip(found, (0.025, 0.975), ("low", "high"), strict=True):
        place = share * last
        lowest = ordered[max(int(place) - 1, 0)].item()
        highest = ordered[min(int(place) + 2, last)].item()
        if not lowest - 1e-6 <= end <= highest + 1e-6:
            below = int((ordered < end).sum())
            raise Misconception(
                "other-quantiles",
                f"{name} is {end:.4g}, and {below} of {len(ordered)} draws are below it; expected "
                f"about {share * len(ordered):.0f}{how}",
            )


# ---- Exercise 6: decisions -----------------------------------------------------------------------

Case = tuple[Tensor, Tensor, Tensor]  # probabilities (N, K), costs (K, D), decisions (N,)


def transposed(probabilities: Tensor, costs: Tensor) -> Tensor | None:
    """Return the decisions with the costs read the other way round; None where that cannot be."""
    return (probabilities @ costs.T).argmin(1) if len(set(costs.shape)) == 1 else None


WRONG_DECISIONS: dict[str, tuple[Callable[[Tensor, Tensor], Tensor | None], ...]] = {
    "likeliest-class-decides": (
        lambda probabilities, costs: probabilities.argmax(1),
        lambda probabilities, costs: costs[probabilities.argmax(1)].argmin(1),
    ),
    "costs-transposed": (transposed,),
    "highest-cost-decides": (lambda probabilities, costs: (probabilities @ costs).argmax(1),),
}


def check_decisions(cases: Sequence[Case]) -> None:
    """Check decisions against the expected costs, computed one by one."""
    for probabilities, _, found in cases:
        count = len(probabilities)
        if found.shape != (count,) or found.dtype != torch.int64:
            raise Misconception(
                code_of_shape(found.shape, (count,)),
                f"expected an int64 tensor ({count},); got {found.dtype} {tuple(found.shape)}",
            )
    for probabilities, costs, found in cases:
        for row in range(len(probabilities)):
            expected = []
            for decision in range(costs.shape[1]):
                each = zip(probabilities[row].tolist(), costs[:, decision].tolist())
                expected.append(sum(p * c for p, c in each))
            taken = int(found[row])
            inside = 0 <= taken < len(expected)
            if inside and expected[taken] <= min(expected) + 1e-3:
                continue
            seen = (
                f"row {row}, probabilities {rounded(probabilities[row])}: the expected costs of "
                f"the decisions are {[round(value, 2) for value in expected]}: expected decision "
                f"{expected.index(min(expected))}, got {taken}"
            )
            raise Misconception(why_decided(cases), seen)


def why_decided(cases: Sequence[Case]) -> str:
    """Return the code of the rule that explains all wrong decisions, or "wrong-result"."""
    for code, rules in WRONG_DECISIONS.items():
        for rule in rules:
            explained = [
                (rule(probabilities, costs), found) for probabilities, costs, found in cases
            ]
            if all(made is None or torch.equal(made, found) for made, found in explained):
                return code
    return "wrong-result"


def rounded(row: Tensor) -> list[float]:
    """Return numbers for a message."""
    return [round(value, 2) for value in row.tolist()]


# ---- Exercise 7: a file --------------------------------------------------------------------------


def check_card(model: object, found: Any, card: dict, built: list[dict]) -> None:
    """Check the second result, the card; `built` has the cards that `build` was called with."""
    if isinstance(model, dict) and isinstance(found, nn.Module):
        raise wrong_result("expected the pair (model, card); got the card first, then the model")
    if isinstance(found, str) or (type(found) is dict and "card" in found):
        raise Misconception("card-not-decoded", f"expected the card, a dict; got {shown(found)}")
    if type(found) is not dict:
        raise unlike(found, f"expected the card as a dict; got {shown(found)}")
    if len(built) != 1:
        raise wrong_result(f"expected one call of `build`; got {len(built)}")
    for given, what in ((built[0], "`build` got"), (found, "the second result is")):
        if given != card:
            lost = [key for key in card if key not in given or given[key] != card[key]]
            other = f"; {lost[0]!r} differs" if lost else ""
            raise wrong_result(f"expected the whole card of the file; {what} {shown(given)}{other}")


def check_loaded(model: nn.Module, state: dict[str, Tensor]) -> None:
    """Check a loaded model: all tensors of the file, in eval mode."""
    now = model.state_dict()
    moved = [
        name
        for name, tensor in state.items()
        if name not in now or not comparisons.same(now[name], tensor)
    ]
    if moved and not any(name.endswith(("weight", "bias")) for name in moved):
        differ = first_and_more(moved, "is not as", "are not as")
        raise Misconception("parameters-only", f"{differ} in the file")
    if moved:
        name = moved[0]
        how = "it is gone" if name not in now else difference(now[name], state[name])
        raise wrong_result(
            "expected the tensors of the file in the model; "
            f"{first_and_more(moved, 'differs', 'differ')}. {name}: {how}"
        )
    awake = [name or "the model" for name, layer in model.named_modules() if layer.training]
    if awake:
        raise Misconception("loaded-in-train-mode", f"in train mode: {first_and_more(awake)}")


def check_refused(
    answer: Callable, path: str | Path, build: Callable[[dict], nn.Module], what: str
) -> None:
    """Check that a file whose tensors do not fit raises an error."""
    try:
        answer(path, build)
    except Exception:  # torch raises RuntimeError; a check of one's own may raise another
        return
    raise Misconception("loaded-not-strict", f"a file in which {what}: expected an error, got none")
