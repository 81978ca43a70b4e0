"""The thought behind a wrong training or a wrong interval, Exercises 6 and 7 of lesson 07.

Each function raises the Misconception it finds; one called `check_...` returns nothing where the
result is right.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from course.checking import comparisons
from course.checking.misconception import Misconception, first_and_more, wrong_result
from course.checking.values import near, whole_number
from course.lessons.lesson07.fixtures import TrainingRun, early_stopping

# ---- a training with early stopping --------------------------------------------------------------


def check_steps_and_rates(run: TrainingRun, batches: Sequence, line: str) -> None:
    """Check that each epoch of `run` made a step for each of `batches`, one step of the scheduler,
    and then one validation.
    """
    count = len(batches)
    epochs = len(run.steps_before)
    expected = [count * (epoch + 1) for epoch in range(epochs)]
    if not epochs or run.steps_before != expected or len(run.batches) != count * epochs:
        raise wrong_result(
            f"{line}: expected {count} steps and then validate(), in each epoch; validate() came "
            f"after {run.steps_before} steps, of {len(run.batches)} in all"
        )
    for epoch in range(epochs):
        used = run.batches[count * epoch : count * (epoch + 1)]
        if sorted(used) != sorted(batches):
            raise wrong_result(
                f"{line}: expected step(batch) for each of {list(batches)}; got {used} in epoch "
                f"{epoch}"
            )
    for start in range(0, count * epochs, count):
        if len(set(run.rates[start : start + count])) > 1:
            told = ", ".join(f"{rate:.1e}" for rate in run.rates[:count])
            raise Misconception(
                "scheduler-per-batch",
                f"{line}: within the first epoch the learning rate was {told}",
            )
    calls = run.scheduler.calls
    if any(calls):
        raise Misconception(
            "scheduler-takes-no-metric",
            f"{line}: you called scheduler.step({next(filter(None, calls))[0]})",
        )
    if len(calls) != epochs:
        raise wrong_result(
            f"{line}: expected one scheduler.step() in each of {epochs} epochs; got {len(calls)}"
        )
    if run.rates[0] != run.first_rate:
        raise wrong_result(
            f"{line}: the first epoch used the learning rate {run.rates[0]:.3g}; expected "
            f"{run.first_rate:.3g}, so scheduler.step() comes after the steps of an epoch"
        )
    if epochs > 1 and run.rates[0] == run.rates[count]:
        raise wrong_result(
            f"{line}: expected that the second epoch uses the next learning rate of the schedule; "
            f"it used the first, {run.rates[0]:.3g}: call scheduler.step() after the steps of each "
            "epoch"
        )


class Rule(NamedTuple):
    """Another rule for stopping that an answer could follow."""

    code: str
    told: str
    outcome: Callable[[Sequence[float], Sequence[float], int], tuple[int, int]]


def stopped(
    values: Sequence[float],
    patience: int,
    *,
    gain: float = 0.0,
    last_of_equals: bool = False,
    against_previous: bool = False,
    reset: bool = True,
) -> tuple[int, int]:
    """Return (best epoch, epochs run) of another rule than `early_stopping`."""
    best = waited = 0
    for epoch, value in enumerate(values):
        reference = values[epoch - 1] if against_previous and epoch else values[best]
        if epoch == 0 or value > reference + gain or (last_of_equals and value == reference):
            waited = 0 if reset or epoch == 0 else waited
        else:
            waited += 1
        if value > values[best] + gain or (last_of_equals and value == values[best]):
            best = epoch
        if waited >= patience:
            break
    return best, epoch + 1


def means_of(fruit: Sequence[float], fresh: Sequence[float]) -> list[float]:
    """Return the mean of both accuracies of each epoch."""
    return [(one + other) / 2 for one, other in zip(fruit, fresh, strict=True)]


def ended_by_nan(means: Sequence[float], patience: int) -> tuple[int, int]:
    """Return (best epoch, epochs run) if the first NaN ends the training; (-1, -1) without one."""
    places = [epoch for epoch, mean in enumerate(means) if math.isnan(mean)]
    if not places:
        return -1, -1
    best, epochs = early_stopping(means[: places[0]], patience)
    return best, epochs + 1


NAN_RULES = (
    Rule(
        "wrong-result",
        "NaN counts as better",
        lambda a, b, p: (len(a) - 1, len(a)) if any(map(math.isnan, (*a, *b))) else (-1, -1),
    ),
    Rule("wrong-result", "NaN ends the training", lambda a, b, p: ended_by_nan(means_of(a, b), p)),
)
RULES = (
    *NAN_RULES,
    Rule("one-task-decides", "fruit alone decides", lambda a, b, p: early_stopping(a, p)),
    Rule("one-task-decides", "freshness alone decides", lambda a, b, p: early_stopping(b, p)),
    Rule(
        "one-task-decides",
        "the lower of both accuracies decides",
        lambda a, b, p: early_stopping([min(pair) for pair in zip(a, b)], p),
    ),
    Rule(
        "one-task-decides",
        "the higher of both accuracies decides",
        lambda a, b, p: early_stopping([max(pair) for pair in zip(a, b)], p),
    ),
    Rule(
        "one-task-decides",
        "the product of both accuracies decides",
        lambda a, b, p: early_stopping([one * other for one, other in zip(a, b)], p),
    ),
    Rule(
        "patience-against-the-last-epoch",
        "each epoch is compared with the one before",
        lambda a, b, p: stopped(means_of(a, b), p, against_previous=True),
    ),
    Rule(
        "smaller-gain-ignored",
        "an improvement of less than 0.01 does not count",
        lambda a, b, p: stopped(means_of(a, b), p, gain=0.01),
    ),
    Rule(
        "smaller-gain-ignored",
        "an improvement of less than 0.0001 does not count",
        lambda a, b, p: stopped(means_of(a, b), p, gain=0.0001),
    ),
    Rule(
        "smaller-gain-ignored",
        "an improvement of less than 0.001 does not count",
        lambda a, b, p: stopped(means_of(a, b), p, gain=0.001),
    ),
    Rule(
        "smaller-gain-ignored",
        "an improvement of less than 0.00001 does not count",
        lambda a, b, p: stopped(means_of(a, b), p, gain=0.00001),
    ),
    Rule(
        "smaller-gain-ignored",
        "the means are rounded to four decimals",
        lambda a, b, p: early_stopping([round(mean, 4) for mean in means_of(a, b)], p),
    ),
    Rule(
        "patience-miscounted",
        "the last of equal epochs is the best",
        lambda a, b, p: stopped(means_of(a, b), p, last_of_equals=True),
    ),
    Rule(
        "patience-miscounted",
        "the count goes on after a better epoch",
        lambda a, b, p: stopped(means_of(a, b), p, reset=False),
    ),
    Rule(
        "patience-miscounted",
        "one epoch more than patience",
        lambda a, b, p: early_stopping(means_of(a, b), p + 1),
    ),
    Rule(
        "patience-miscounted",
        "one epoch fewer than patience",
        lambda a, b, p: early_stopping(means_of(a, b), p - 1),
    ),
    Rule(
        "patience-miscounted",
        "the first epoch that is not better ends it",
        lambda a, b, p: early_stopping(means_of(a, b), 1),
    ),
    Rule(
        "patience-miscounted",
        "it never stops early",
        lambda a, b, p: early_stopping(means_of(a, b), len(a)),
    ),
)


def check_best_epoch(found: Any, run: TrainingRun, patience: int, line: str) -> int:
    """Check the best epoch `found` and the number of epochs of `run`; return the best epoch."""
    fruit, fresh = run.plan
    best, epochs = early_stopping(means_of(fruit, fresh), patience)
    ran = len(run.steps_before)
    said = best if found is None else whole_number(found, "the number of the best epoch")
    if (said, ran) == (best, epochs):
        if found is None:
            raise Misconception(
                "nothing-returned", f"{line}: expected the number of the best epoch; got None"
            )
        return best
    means = ", ".join(f"{mean:.7g}" for mean in means_of(fruit, fresh))
    seen = (
        f"{line}, patience {patience}, means {means}: expected best epoch {best} and {epochs} "
        f"epochs in all; got {found} and {ran}"
    )
    fitting = [rule for rule in RULES if rule.outcome(fruit, fresh, patience) == (said, ran)]
    if fitting and fitting[0] in NAN_RULES:
        fitting = fitting[:1]
    if found is not None and len({rule.code for rule in fitting}) == 1:
        rules = " or ".join(rule.told for rule in fitting)
        raise Misconception(fitting[0].code, f"{seen}, as if {rules}")
    if (said, ran) == (best + 1, epochs):
        raise wrong_result(f"{seen}. Count the epochs from 0")
    if ran > len(fruit):
        seen += f". The call asks for {len(fruit)} epochs at most"
    raise wrong_result(seen)


def check_restored(run: TrainingRun, best: int, line: str) -> None:
    """Check that the model's parameters and buffers are those of the epoch `best`."""
    wrong = comparisons.moved_since(run.model, run.states[best])
    if not wrong:
        return
    buffers = {name for name, _ in run.model.named_buffers()}
    if set(wrong) <= buffers:
        raise Misconception(
            "parameters-only",
            f"{line}: the parameters are those of epoch {best}, but {what_is_held(run, wrong)}",
        )
    held = [
        epoch
        for epoch, state in enumerate(run.states)
        if not comparisons.moved_since(run.model, state)
    ]
    of = f"the model has the state of epoch {held[0]}" if held else what_is_held(run, wrong)
    if held == [best - 1]:
        of += ", the one before: copy the state after the steps of the best epoch"
    if not held and not comparisons.moved_since(run.model, run.state_before):
        of = "the model has the state from before the training"
    seen = f"{line}: expected the state of epoch {best} in `model`; {of}"
    if held == [len(run.states) - 1]:
        if run.model.loaded_own:
            raise Misconception(
                "snapshot-without-clone", f"{seen}. The state that you loaded was not a copy"
            )
        raise Misconception("best-state-not-restored", seen)
    raise wrong_result(seen)


def what_is_held(run: TrainingRun, names: Sequence[str]) -> str:
    """Say from which epoch the tensors of these names are, where the others are of another."""
    told = first_and_more(names, "has", "have")
    for epoch, state in enumerate(run.states):
        part = {name: state[name] for name in names}
        if not comparisons.moved_since(run.model, part):
            return f"{told} the values of epoch {epoch}"
    return f"{told} values that no epoch ended with"


# ---- an interval ---------------------------------------------------------------------------------


def binomial_quantile(count: int, share: float, level: float) -> float:
    """Return the quantile of the accuracy of `count` draws with replacement, `share` of them right.

    The number of right ones follows a binomial distribution (Efron, "Bootstrap methods", 1979,
    example 1).
    """
    k = torch.arange(count + 1, dtype=torch.float64)
    n = torch.tensor(float(count), dtype=torch.float64)
    p = min(max(share, 1e-12), 1 - 1e-12)
    log_choose = torch.lgamma(n + 1) - torch.lgamma(k + 1) - torch.lgamma(n - k + 1)
    log_probability = log_choose + k * math.log(p) + (n - k) * math.log1p(-p)
    return int((log_probability.exp().cumsum(0) < level).sum()) / count


class Interval(NamedTuple):
    """What an answer returned for the accuracy of `correct` (N,) in `draws` draws."""

    low: float
    high: float
    correct: Tensor
    draws: int

    @property
    def share(self) -> float:
        """The accuracy of `correct`."""
        return self.correct.double().mean().item()

    def at(self, level: float, size: int | None = None) -> float:
        """Return the quantile of the accuracy of draws of `size` elements, by default N."""
        return binomial_quantile(size or len(self.correct), self.share, level)

    def is_at(self, levels: tuple[float, float], size: int | None = None) -> bool:
        """Return whether both ends are near these quantiles.

        The tolerance: five standard errors of a quantile of `draws` draws, and one and a half
        images. Of few images the quantile is a whole number, and which one is certain.
        """
        count = size or len(self.correct)
        deviation = math.sqrt(self.share * (1 - self.share) / count)
        tolerance = 2.673 * 5 / math.sqrt(self.draws) * deviation + 1.5 / count
        if count < 20:
            tolerance = 1e-6
        return all(
            near(end, self.at(level, size), tolerance)
            for end, level in zip((self.low, self.high), levels, strict=True)
        )

    def averages_each_image(self) -> bool:
        """Return whether the ends are those of the N means over the draws, one for each place.

        Each is the mean of `draws` elements. Among N of them the quantiles vary more.
        """
        deviation = math.sqrt(self.share * (1 - self.share) / self.draws)
        tolerance = 2.673 * 5 / math.sqrt(len(self.correct)) * deviation + 1.5 / self.draws
        if len(self.correct) < 20:
            tolerance = 7 * deviation  # so few means can lie five deviations from the share
        ends = (self.low, self.at(0.025, self.draws)), (self.high, self.at(0.975, self.draws))
        return all(near(end, expected, tolerance) for end, expected in ends)


ENDS = (0.025, 0.975)
OTHER_ENDS = (0.001, 0.05, 0.159, 0.25)  # lower levels of other intervals


def check_intervals(found: Sequence[Interval]) -> None:
    """Check 95 % bootstrap intervals of the accuracy.

    A thought is named only where it explains all of them.
    """
    wrong = [each for each in found if not each.is_at(ENDS)]
    if not wrong:
        return
    first = wrong[0]
    low, high, share = first.low, first.high, first.share
    expected = first.at(ENDS[0]), first.at(ENDS[1])
    seen = (
        f"{int(first.correct.sum())} of {len(first.correct)} right, {first.draws} draws: expected "
        f"about ({expected[0]:.3f}, {expected[1]:.3f}); got ({low:.3f}, {high:.3f})"
    )
    if near(low, high, 1e-6):
        if near(low, share, 1e-6):
            raise Misconception("drawn-without-replacement", f"{seen}: all draws are alike")
        if len(first.correct) == 2:
            raise wrong_result(
                f"{seen}: one of the two images is in no draw; expected that each can be drawn"
            )
        raise wrong_result(f"{seen}: both ends are equal")
    if all(each._replace(low=each.high, high=each.low).is_at(ENDS) for each in found):
        raise wrong_result(f"{seen}. The lower end comes first")
    if all(each._replace(low=each.low / 100, high=each.high / 100).is_at(ENDS) for each in found):
        raise wrong_result(f"{seen}. A share from 0 to 1 is expected, not a percentage")
    if low < 0 or high > 1:
        raise wrong_result(f"{seen}. No accuracy is below 0 or above 1")
    if (low, high) == (0, 1):
        raise wrong_result(f"{seen}. Those are the quantiles of `correct`, not of accuracies")
    if all(each.averages_each_image() for each in found):
        raise Misconception(
            "averaged-over-the-draws",
            f"{seen}. Of {first.draws} draws one place is right in {low:.1%} to {high:.1%}",
        )
    large = [each for each in found if len(each.correct) >= 20]
    for level in OTHER_ENDS:
        if large and all(each.is_at((level, 1 - level)) for each in large):
            raise wrong_result(
                f"{seen}. Yours are about the quantiles {level:.1%} and {1 - level:.1%}"
            )
    for words, share_of in (("half", 0.5), ("twice", 2.0)):
        sizes = [max(round(share_of * len(each.correct)), 1) for each in found]
        if all(each.is_at(ENDS, size) for each, size in zip(found, sizes, strict=True)):
            raise wrong_result(
                f"{seen}. Your draws seem to have {words} as many elements as `correct`"
            )
    raise wrong_result(seen)
