"""Exercise 9 of lesson 01: which learning rate is chosen, on what, and what is reported."""

from collections import Counter
from typing import Any

from torch import nn
from torch.nn import functional as F

from course.checking.check import Answer
from course.checking.misconception import Misconception, expect_pair, wrong_result
from course.checking.stepping import expect_gradients_on
from course.checking.values import near, number, shown
from course.lessons.lesson01.fixtures import ROWS, TEST, VALIDATION, PlantedHead, planted_set


def choose(
    answer: Answer, shares: tuple[tuple[float, float], ...], rates: tuple, best_is_surest: bool
) -> float:
    """Return the learning rate that an answer chooses; raise Misconception unless it is right.

    best_is_surest: whether the logits of the best head are by far the largest, or those of all
    other heads.
    """
    scales = _scales(shares, best_is_surest)
    heads: list[tuple[int, PlantedHead]] = []

    def fit(learning_rate: Any) -> nn.Module:
        expect_gradients_on("fit")
        place = _place_of(learning_rate, rates, "you call fit with the learning rate")
        head = PlantedHead(shares[place], scales[place])
        heads.append((place, head))
        return head

    result = answer(list(rates), fit, planted_set(VALIDATION), planted_set(TEST))
    expected = "expected the pair (learning rate, accuracy on the test set)"
    found, reported = expect_pair(result, f"{expected}; got {shown(result)}")
    chosen = _place_of(found, rates, "the first of the pair that you return is")
    value = number(reported, "an accuracy on the test set")
    _expect_one_fit_each(Counter(place for place, _ in heads), rates)
    ran_on_test = [place for place, head in heads for _ in range(head.calls[TEST])]
    _expect_best(chosen, shares, rates, scales, tested=bool(set(ran_on_test) - {chosen}))
    if set(ran_on_test) - {chosen}:
        others = [str(rates[place]) for place in sorted(set(ran_on_test) - {chosen})]
        raise Misconception(
            "test-set-for-all",
            f"expected that the head of {rates[chosen]} alone, which you chose, runs on the test "
            f"set; those of {' and '.join(others)} did, too",
        )
    on_validation, on_test = shares[chosen]
    if not near(value, on_test, 1e-4):
        what = f"for {rates[chosen]}: expected {on_test:.3g} of the test set; got {value:.4g}"
        if near(value, on_validation, 1e-4):
            raise Misconception("validation-accuracy-reported", f"{what}, as on validation")
        if near(value, 1 - on_test, 1e-4):
            what += "; that is the share of mistakes"
        elif near(value, 100 * on_test, 1e-2):
            what += "; an accuracy is between 0 and 1"
        elif near(value, on_test * ROWS[TEST], 1e-4):
            what += f"; that is how many of its {ROWS[TEST]} rows are right"
        elif any(near(value, round(on_test, digits), 1e-4) for digits in (1, 2)):
            what += "; that is rounded"
        elif near(value, _of_both(on_validation, on_test), 1e-4):
            what += "; that is the accuracy on both sets together"
        elif near(value, on_test * ROWS[TEST] / ROWS[VALIDATION], 1e-4):
            what += f"; the test set has {ROWS[TEST]} rows, the validation set {ROWS[VALIDATION]}"
        raise wrong_result(what)
    return rates[chosen]


def _of_both(on_validation: float, on_test: float) -> float:
    """Return the accuracy on the rows of both sets."""
    right = ROWS[VALIDATION] * on_validation + ROWS[TEST] * on_test
    return right / (ROWS[VALIDATION] + ROWS[TEST])


def _scales(shares: tuple[tuple[float, float], ...], best_is_surest: bool) -> list[float]:
    """Return the factor of each head's logits. With 100, a head is very sure of its mistakes."""
    best = max(share[VALIDATION] for share in shares)
    return [100.0 if (share[VALIDATION] == best) == best_is_surest else 1.0 for share in shares]


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
    chosen: int,
    shares: tuple[tuple[float, float], ...],
    rates: tuple[float, ...],
    scales: list[float],
    tested: bool,
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
        f"expected {rates[best]}, with {max(on_validation):.3g} on validation; got "
        f"{rates[chosen]}, with {on_validation[chosen]:.3g}"
    )
    if round(on_validation[chosen], 2) == round(max(on_validation), 2):
        raise wrong_result(f"{what}: only if rounded to two decimals are the two equal")
    losses = []
    features, labels = planted_set(VALIDATION)
    for place, share in enumerate(shares):
        head = PlantedHead(share, scales[place])
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
    if scales[chosen] > scales[best]:
        what += "; its head has larger logits, but is right less often"
    elif on_validation[chosen] == min(on_validation):
        what += ", the lowest of all"
    elif chosen == len(rates) - 1:
        what += ", the last of the learning rates"
    raise wrong_result(what)
