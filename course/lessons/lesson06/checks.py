"""Lesson 06, metrics that decide: what its exercises ask. metrics.py has what they are tried on."""

import itertools

import numpy as np
import torch
from torch import nn

from course.checking import comparisons
from course.checking.check import check, expect
from course.checking.misconception import CATALOGUE, Misconception, unlike, wrong_result
from course.lessons.lesson06.fixtures import (
    Photos,
    averaged,
    batch_planted,
    cut,
    f1_of,
    labelled,
    like,
    noise,
    planted_model,
    procedures,
    ranked,
    reads,
    uneven,
    watched,
)

# ---- small things that several exercises need -----------------------------------------------------------------------------


def number(found, asked):
    """`found` as a float, where it is one number of any kind."""
    try:
        return float(found)
    except (TypeError, ValueError, RuntimeError):
        raise unlike(found, f"asked is {asked}; you return {found!r:.80}") from None


def parts(found, count, asked):
    """`found` as a tuple of `count` things."""
    try:
        found = tuple(found)
    except TypeError:
        found = None if found is None else (found,)
    if found is None or len(found) != count:
        raise unlike(found, f"asked is {asked}; you return {found!r:.80}")
    return found


def percent(found, expected):
    return " (a percentage is not a share)" if like(found, 100 * expected) else ""


# ---- the exercises --------------------------------------------------------------------------------------------------------


@check
def confusion(answer, shapes=((6, 6), (50, 3), (4, 4)), seed=1):
    """shapes: (pictures, classes). The first is a square batch, where a mistaken dimension raises no error."""
    for count, classes in shapes:
        logits, labels = (
            noise(seed, count, classes),
            labelled(seed, count, classes - 1),
        )  # the last class never occurs
        logits[:, classes - 2] -= 9  # and one is never guessed
        expected = torch.zeros(classes, classes, dtype=torch.int64)
        for guess, label in zip(logits.argmax(1), labels):
            expected[label, guess] += 1
        where = f"{count} pictures, {classes} classes"
        try:
            found = answer(logits.clone(), labels.clone())
        except NotImplementedError:
            raise
        except (RuntimeError, IndexError, ValueError) as problem:
            raise wrong_result(
                f"{where}: your function raises `{str(problem).splitlines()[0]:.90}`"
            ) from None
        expect(found, torch.Tensor | np.ndarray, f"a tensor ({classes}, {classes})")
        found = torch.as_tensor(found)
        if found.shape != expected.shape:
            missing = sorted(set(range(classes)) - set(labels.tolist()))
            code = (
                "absent-class-forgotten"
                if found.ndim == 2 and len(found) < classes
                else "wrong-result"
            )
            raise Misconception(
                code,
                f"{where}: your matrix is {tuple(found.shape)}; asked is {(classes, classes)}. In these labels class "
                f"{missing[0]} does not occur",
            )
        if torch.equal(found, expected):
            continue
        seen = f"{where}: your matrix is {found.tolist()}; it is {expected.tolist()}"
        if torch.equal(found, expected.T):
            raise Misconception("matrix-transposed", seen)
        across = torch.zeros(classes, classes, dtype=torch.int64)
        for guess, label in zip(logits.argmax(0), labels):
            across[label, guess % classes] += 1
        if torch.equal(found, across) or torch.equal(found, across.T):
            raise Misconception("over-the-batch", seen)
        if found.is_floating_point() and torch.allclose(found.double(), expected.double()):
            raise wrong_result(
                f"{where}: the counts are right, but {found.dtype}; asked are whole numbers"
            )
        raise wrong_result(f"{seen} ({found.sum()} of {count} pictures counted)")
    return f"each of {sum(count for count, _ in shapes)} pictures stands in its row and column, and classes that nobody met have theirs."


SCORES = ("accuracy", "precision", "recall", "f1")


@check
def scores(answer, cases=((40, 5, 10, 45), (24, 24, 176, 9776), (3, 9, 0, 2)), drawn=40, seed=0):
    draws = torch.randint(1, 60, (drawn, 4), generator=torch.Generator().manual_seed(seed)).tolist()
    for tp, fp, fn, tn in (*cases, *draws, (0, 0, 7, 20), (0, 6, 0, 9), (0, 0, 0, 5)):
        call = f"scores(tp={tp}, fp={fp}, fn={fn}, tn={tn})"
        precision, recall = tp / max(tp + fp, 1), tp / max(tp + fn, 1)
        expected = dict(
            zip(SCORES, ((tp + tn) / (tp + fp + fn + tn), precision, recall, f1_of(tp, fp, fn)))
        )
        try:
            found = answer(tp, fp, fn, tn)
        except ZeroDivisionError:
            seen = (
                f"{call} raises ZeroDivisionError; asked is 0 where there is nothing to divide by"
            )
            raise Misconception("zero-division-undecided", seen) from None
        expect(found, dict, f"a dict with {', '.join(SCORES)}")
        if missing := [name for name in SCORES if name not in found]:
            raise wrong_result(
                f"your dict has no {missing[0]!r}, but {', '.join(map(repr, found))}"
            )
        said = {name: number(found[name], f"one number for {name}") for name in SCORES}
        wrong = [name for name in SCORES if not like(said[name], expected[name], 1e-6)]
        if not wrong:
            continue
        name = wrong[0]
        seen = f"{call}: you say {name} {said[name]:.4f}; it is {expected[name]:.4f}{percent(said[name], expected[name])}"
        if any(np.isnan(said[name]) for name in wrong):
            raise Misconception("zero-division-undecided", seen)
        if (
            precision != recall
            and like(said["precision"], recall, 1e-6)
            and like(said["recall"], precision, 1e-6)
        ):
            raise Misconception("precision-recall-swapped", seen)
        if wrong == ["f1"] and like(said["f1"], (precision + recall) / 2, 1e-6):
            raise Misconception(
                "arithmetic-f1", f"{seen}. Precision is {precision:.4f}, recall {recall:.4f}"
            )
        raise wrong_result(seen)
    return f"four scores of {len(cases) + drawn} confusion matrices are right, and 0 where nothing can be divided."


@check
def highest_prevalence(answer, cases=((0.98, 0.12), (0.9, 0.5), (0.8, 0.0))):
    for accuracy, recall in cases:
        found = number(answer(accuracy, recall), "one share from 0 to 1")
        expected = (1 - accuracy) / (1 - recall)
        if like(found, expected, 1e-4):
            continue
        people = 10_000
        positives = round(min(max(found, 0), 1) * people)
        seen = f"highest_prevalence({accuracy}, {recall}): you say {found:.4g}; it is {expected:.4f}{percent(found, expected)}"
        if found > expected:
            seen += (
                f". At {found:.2%}, {positives:,} of 10,000 are positive, {positives * (1 - recall):,.0f} of them are missed, "
                f"and only {people * (1 - accuracy):,.0f} errors are allowed"
            )
        elif like(found, 1 - accuracy, 1e-4):
            seen += f". At {expected:.2%} the misses alone are all the errors there are: that share may be positive"
        raise Misconception(
            "prevalence-is-not-the-error-rate"
            if like(found, 1 - accuracy, 1e-4) and recall
            else "wrong-result",
            seen,
        )
    return f"{', '.join(f'{(1 - a) / (1 - r):.2%} for {a:.0%} and {r:.0%}' for a, r in cases)}."


@check
def evaluate(answer, sizes=((32, 32, 1), (30, 9)), seed=0):
    """sizes: for each epoch the sizes of its batches; each epoch is another set of pictures, and the function is called once for each."""
    history = []
    for epoch, lengths in enumerate(sizes):
        batches, guesses = batch_planted(seed + epoch, lengths, last_alone=1 in lengths)
        model = planted_model(48, 2, pixel=True)
        before, seen = comparisons.snapshot(comparisons.tensors(model).items()), watched(model)
        try:
            found = answer(model, [(images.clone(), labels.clone()) for images, labels in batches])
        except ValueError as problem:
            if "when training" not in str(problem):
                raise
            seen = "the model was in train mode, and its BatchNorm cannot make statistics of the last batch, a single picture"
            raise Misconception("evaluated-in-train-mode", seen) from None
        found = parts(found, 2, "the pair (accuracy, f1)")
        accuracy, f1 = (
            number(value, "one number for " + name)
            for value, name in zip(found, ("accuracy", "f1"))
        )
        judge_mode(model, before, seen)
        pairs = [(guess, labels) for guess, (_, labels) in zip(guesses, batches)]
        judge_evaluation(accuracy, f1, pairs, history, lengths, epoch)
        history.append(pairs)
    return f"counted over all batches and divided once: accuracy {accuracy:.3f} and F1 {f1:.3f} of the last {sum(lengths)} pictures."


def judge_mode(model, before, seen):
    """Whether an evaluation left the buffers alone and ran in eval mode."""
    if moved := comparisons.moved_since(model, before):
        raise Misconception(
            "evaluated-in-train-mode",
            f"after the call {moved[0]} has another value: the model ran in train mode",
        )
    modes = seen["train"]
    if any(modes):
        raise Misconception(
            "evaluated-in-train-mode",
            f"{sum(modes)} of {len(modes)} forwards ran in train mode, Dropout at work",
        )


def judge_evaluation(accuracy, f1, pairs, history, lengths, epoch):
    """Accuracy and F1 of one epoch against its counts; `history` holds what the epochs before were made of."""
    true, wanted = averaged(pairs)
    if like(accuracy, true) and like(f1, wanted):
        return
    seen = f"batches of {', '.join(map(str, lengths))}: you say accuracy {accuracy:.3f}, F1 {f1:.3f}; it is {true:.3f} and {wanted:.3f}"
    each = [averaged([pair]) for pair in pairs]
    for_all = averaged([pair for epoch in (*history, pairs) for pair in epoch])
    if epoch and (like(accuracy, for_all[0]) or like(f1, for_all[1])):
        raise Misconception(
            "metric-never-reset",
            f"call {epoch + 1}, {seen}. Yours are the scores of all pictures since the first call",
        )
    if like(accuracy, np.mean([a for a, _ in each])) and not like(accuracy, true):
        raise Misconception("mean-of-batch-accuracies", seen)
    defined = [f for (_, f), (guess, labels) in zip(each, pairs) if (guess | labels).any()]
    if like(f1, np.mean([f for _, f in each])) or like(f1, np.mean(defined)):
        raise Misconception("f1-averaged-per-batch", seen)
    flipped = [(1 - guess, 1 - labels) for guess, labels in pairs]
    hint = (
        ". That is the F1 of class 0" if like(f1, averaged(flipped)[1]) else percent(accuracy, true)
    )
    raise wrong_result(seen + hint)


@check
def averages(answer, classes=(3, 5, 2), seed=2):
    for k in classes:
        matrix = torch.randint(0, 9, (k, k), generator=torch.Generator().manual_seed(seed + k))
        matrix[0, 0] += 80  # one class is common
        if k > 3:
            matrix[-1], matrix[:, -1] = 0, 0  # and one that neither occurs nor is guessed
        tp = matrix.diag().double()
        precision, recall = ((tp / matrix.sum(d).clamp(min=1)).numpy() for d in (0, 1))
        support, f1 = (
            matrix.sum(1).double().numpy(),
            2 * tp.numpy() / (matrix.sum(0) + matrix.sum(1)).clamp(min=1).numpy(),
        )
        macro, micro = f1.mean(), (tp.sum() / matrix.sum()).item()
        try:
            found = answer(matrix.clone())
        except ZeroDivisionError:
            raise Misconception(
                "zero-division-undecided",
                f"{matrix.tolist()}: your function raises ZeroDivisionError",
            ) from None
        per_class, said_macro, said_micro = parts(found, 3, "(per_class, macro, micro)")
        per_class = np.array([number(value, "a number for each class") for value in per_class])
        said_macro, said_micro = (
            number(said_macro, "one number for macro"),
            number(said_micro, "one number for micro"),
        )
        if per_class.shape != (k,):
            raise wrong_result(f"{len(per_class)} numbers for {k} classes")
        if np.isnan([*per_class, said_macro, said_micro]).any():
            seen = (
                f"{matrix.tolist()}: you say {per_class.round(3).tolist()}, macro {said_macro:.3f}"
            )
            raise Misconception("zero-division-undecided", seen)
        if not np.allclose(per_class, f1, atol=1e-4):
            worst = int(np.abs(per_class - f1).argmax())
            seen = (
                f"class {worst} has precision {precision[worst]:.3f} and recall {recall[worst]:.3f}: its F1 is {f1[worst]:.3f}; "
                f"you say {per_class[worst]:.3f}"
            )
            raise Misconception(
                "arithmetic-f1"
                if np.allclose(per_class, (precision + recall) / 2, atol=1e-4)
                else "wrong-result",
                seen,
            )
        if not like(said_macro, macro, 1e-4):
            seen = f"the F1 of the classes are {f1.round(3).tolist()}; you say macro {said_macro:.3f}, it is {macro:.3f}"
            if like(said_macro, micro, 1e-4):
                raise Misconception("micro-taken-for-macro", seen)
            if like(said_macro, (f1 * support).sum() / support.sum(), 1e-4):
                seen += f". Yours counts each class as often as it occurs, {support.astype(int).tolist()}"
                raise Misconception("weighted-taken-for-macro", seen)
            p, r = precision.mean(), recall.mean()
            raise Misconception(
                "f1-of-averages" if like(said_macro, 2 * p * r / (p + r), 1e-4) else "wrong-result",
                seen,
            )
        if not like(said_micro, micro, 1e-4):
            seen = f"{int(tp.sum())} of {int(matrix.sum())} are right; you say micro {said_micro:.3f}, it is {micro:.3f}"
            raise Misconception(
                "micro-taken-for-macro" if like(said_micro, macro, 1e-4) else "wrong-result", seen
            )
    return f"per class, macro {said_macro:.3f} and micro {said_micro:.3f} of the last matrix, as scikit-learn has them."


@check
def flagged(answer, thresholds=(0.5, 0.9, 0.2), seed=0):
    for threshold in thresholds:
        logits = 2 * noise(seed, 40, 2) + torch.tensor(
            [1.5, 0.5]
        )  # moved along together: only the difference matters
        expected = logits.softmax(1)[:, 1] >= threshold
        found = answer(logits.clone(), threshold)
        expect(found, torch.Tensor, "a bool tensor (B,)")
        if found.shape != expected.shape:
            raise wrong_result(
                f"for 40 rows of logits you return {tuple(found.shape)}; asked is (40,)"
            )
        found = found.bool()
        if torch.equal(found, expected):
            continue
        row = (found != expected).nonzero()[0].item()
        p = logits.softmax(1)[row, 1]
        seen = (
            f"threshold {threshold}: you flag {found.sum()} of 40, {expected.sum()} are asked. Row {row}, logits {logits[row, 0]:.2f} "
            f"and {logits[row, 1]:.2f}, has the probability {p:.2f}: you say {found[row].item()}"
        )
        codes = {
            "logits-taken-for-probabilities": logits[:, 1] >= threshold,
            "over-the-batch": logits.softmax(0)[:, 1] >= threshold,
            "one-logit-of-two": logits[:, 1].sigmoid() >= threshold,
            "argmax-has-decided": logits.argmax(1) == 1,
        }
        raise Misconception(
            next(
                (code for code, flags in codes.items() if torch.equal(found, flags)), "wrong-result"
            ),
            seen,
        )
    return f"flagged where the probability reaches {', '.join(map(str, thresholds))}."


@check
def choose_threshold(
    answer, floors=(("precision", 0.8), ("recall", 0.9), ("precision", 0.5)), seed=1
):
    said = []
    for (purpose, least), trial in itertools.product(floors, range(2)):
        probabilities, labels = ranked(seed + trial)
        call = f"choose_threshold(..., {purpose!r}, {least})"
        points = cut(probabilities, labels)  # {flagged: (threshold, precision, recall, accuracy)}
        other = "recall" if purpose == "precision" else "precision"
        place = {"precision": 1, "recall": 2}
        found = answer(probabilities.clone(), labels.clone(), purpose, least)
        threshold = number(found, "one threshold")
        flags = probabilities >= threshold
        count, tp = int(flags.sum()), int(labels[flags].sum())
        have = {"precision": tp / max(count, 1), "recall": tp / int(labels.sum())}
        best = max(
            (p for p in points.values() if p[place[purpose]] >= least),
            key=lambda p: p[place[other]],
        )
        if have[purpose] >= least - 1e-9 and like(have[other], best[place[other]]):
            said.append(f"{purpose} {have[purpose]:.2f} with {other} {have[other]:.2f}")
            continue
        seen = (
            f"{call}: at your {threshold:.3g}, {count} of {len(labels)} are flagged, precision {have['precision']:.2f}, "
            f"recall {have['recall']:.2f}; {best[0]:.3g} has precision {best[1]:.2f}, recall {best[2]:.2f}"
        )
        swapped = max(
            (p for p in points.values() if p[place[other]] >= least),
            key=lambda p: p[place[purpose]],
            default=None,
        )
        accurate = max(p[3] for p in points.values())
        if swapped and like(have["precision"], swapped[1]) and like(have["recall"], swapped[2]):
            raise Misconception("precision-recall-swapped", seen)
        if have[purpose] < least and threshold == 0.5:
            raise Misconception("argmax-has-decided", seen)
        if like(sum((flags == labels.bool()).tolist()) / len(labels), accurate):
            raise Misconception(
                "accuracy-alone", f"{seen}. Yours has the highest accuracy, {accurate:.2f}"
            )
        if have[purpose] >= least:
            raise Misconception("floor-at-any-price", seen)
        same = int((probabilities == threshold).sum())
        hint = (
            f". {same} fruits have that very probability, and are flagged together"
            if same > 1
            else ""
        )
        raise wrong_result(seen + hint)
    return f"{'; '.join(said[::2])}."


@check
def overfitting_gap(answer, sizes=(45, 40), batch=10, classes=3, seed=0):
    """sizes: pictures for training and for validation. The last incomplete batch of the loader is dropped."""
    train, validation = (
        reads(seed + i, count, classes, right=share)
        for i, (count, share) in enumerate(zip(sizes, (0.9, 0.6)))
    )
    photos = Photos(*train)
    loader = torch.utils.data.DataLoader(photos, batch, shuffle=True, drop_last=True)
    model = planted_model(train[0].shape[1], classes)
    before, seen, augment = (
        comparisons.snapshot(comparisons.tensors(model).items()),
        watched(model),
        photos.augment,
    )
    said = number(answer(model, loader, tuple(t.clone() for t in validation)), "one number")
    judge_mode(model, before, seen)
    if photos.augment is not augment:
        raise wrong_result(
            "dataset.augment is not what it was: the next epoch trains on pictures without it"
        )
    rows = seen["rows"]
    model.eval()
    with torch.no_grad():
        shares = [
            (model(images).argmax(1) == labels).double().mean().item()
            for images, labels in (train, validation)
        ]
    expected = shares[0] - shares[1]
    if like(said, expected, 1e-6):
        return f"{shares[0]:.2f} on {sizes[0]} training pictures, {shares[1]:.2f} on {sizes[1]} others: a gap of {100 * said:.0f} points."
    observed = f"you say {said:.3f}; it is {shares[0]:.3f} - {shares[1]:.3f} = {expected:.3f}"
    if photos.augmented:
        observed += f". dataset.augment altered {photos.augmented} pictures while you counted"
        raise Misconception("evaluated-with-augmentation", observed)
    if rows < sum(sizes):
        raise Misconception(
            "drop-last-forgotten", f"{observed}. The model saw {rows} of {sum(sizes)} pictures"
        )
    hint = (
        " (training minus validation: a positive gap is overfitting)"
        if like(said, -expected, 1e-6)
        else percent(said, expected)
    )
    raise wrong_result(observed + hint)


@check
def near_duplicates(answer, sizes=(40, 25), similarity=0.9, seed=0):
    train, test = noise(seed, sizes[0], 64), noise(seed + 1, sizes[1], 64)
    scale = torch.linspace(0.2, 8, sizes[1])[:, None]  # bright and dark pictures
    planted = sorted(
        torch.randperm(sizes[1], generator=torch.Generator().manual_seed(seed))[:6].tolist()
    )
    for place, row in enumerate(planted):
        test[row] = train[-1 - place] + 0.03 * noise(seed + 2 + place, 64)
    test, free = test * scale, [row for row in range(sizes[1]) if row not in planted]
    test[planted[0]] = train[-1]  # one is the very same file
    test[free[0]] = test[free[1]]  # two test pictures alike: no leak
    found = answer(train.clone(), test.clone(), similarity)
    if found is None:
        raise Misconception(
            "nothing-returned", f"near_duplicates gave None; asked is a list of rows, {planted}"
        )
    try:
        rows = sorted({int(row) for row in found})
    except (TypeError, ValueError):
        raise wrong_result(f"asked is a list of rows of `test`; you return {found!r:.80}") from None
    if rows == planted:
        return f"{len(planted)} of {sizes[1]} test pictures have a twin in the training set: rows {rows}."
    named = rows if len(rows) < 12 else f"{rows[:10]} and {len(rows) - 10} more"
    seen = f"you name the rows {named}; rows {planted} have a twin in the training set"
    unit, twin = (nn.functional.normalize(rows_of, dim=1) for rows_of in (test, train))
    cosines = unit @ twin.T
    partners = (cosines >= similarity).any(0).nonzero().flatten().tolist()
    count = min(sizes)
    patterns = {
        "equal-is-not-alike": (test[:, None] == train).all(2).any(1),
        "dot-is-not-cosine": (test @ train.T >= similarity).any(1),
        "one normalised": (test @ twin.T >= similarity).any(1),
        "the other normalised": (unit @ train.T >= similarity).any(1),
        "compared-row-by-row": cosines[:count, :count].diag() >= similarity,
    }
    for code, pattern in patterns.items():
        if rows == pattern.nonzero().flatten().tolist():
            raise Misconception(code if code in CATALOGUE else "dot-is-not-cosine", seen)
    raise wrong_result(seen + (" (these are rows of `train`)" if rows == partners else ""))


@check
def depends_on_test(answer, classes=2, seed=1):
    for name, (fit, truth) in procedures(classes).items():
        train = noise(seed, 31, 6), classes - 1 - uneven(seed, 31, classes)
        test = (
            2 * noise(seed + 1, 31, 6) + 2,
            uneven(seed + 1, 31, classes),
        )  # another mean, spread and frequency
        calls = []

        def procedure(train, test, fit=fit, calls=calls):
            calls.append([tuple(tensor.clone() for tensor in pair) for pair in (train, test)])
            return fit(train, test)

        found = answer(
            procedure, *(tuple(tensor.clone() for tensor in pair) for pair in (train, test))
        )
        expect(found, set | frozenset | list | tuple, 'a set of "features" and "labels"')
        found = set(found)
        if found == truth:
            continue
        seen = (
            f"a procedure that {name}: you say {sorted(found) or 'nothing'}; "
            f"its head depends on {sorted(truth) or 'nothing'} of the test set"
        )
        if not calls:
            raise Misconception("answer-from-memory", f"{seen}. You never called it")
        if not truth and all(
            torch.equal(x, train[0]) and torch.equal(y, train[1]) for (x, y), _ in calls
        ):
            raise Misconception(
                "score-for-model", f"{seen}: it made the very same head in all {len(calls)} calls"
            )
        seen_tests = [other for _, other in calls]
        reordered = any(not torch.equal(a, b) for other in seen_tests for a, b in zip(other, test))
        if reordered and all(
            torch.equal(a.sort(0).values, b.sort(0).values)
            for other in seen_tests
            for a, b in zip(other, test)
        ):
            seen += f". In all {len(calls)} calls the test set held the same pictures and labels"
            raise Misconception("another-order-is-no-change", seen)
        raise wrong_result(f"{seen}. You called it {len(calls)} times")
    return f"{len(procedures(classes))} procedures audited: what each takes from the test set has come out."
