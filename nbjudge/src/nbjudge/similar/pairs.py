"""Which answers are closer than the class explains; pure functions on tokens.

Two answers are alike by RapidFuzz's normalized Indel similarity: 2 * (length of the longest common
subsequence) / (sum of both lengths). How alike two learners' answers may be by chance is read from
the class: as alike as one of the two is to others, or to the instructor's own solution. What is
above that, in tokens and over all exercises, is what the class does not explain.
"""

import heapq
import itertools
import statistics
from collections import defaultdict
from collections.abc import Mapping
from typing import NamedTuple

from rapidfuzz.distance import Indel

from nbjudge.similar.tokens import Tokens

FEWEST = 5  # learners that have answered an exercise: fewer have no spread
ALIKE = 0.8  # less alike answers are not compared further: they differ in every second line
SMALL = 5  # tokens of an exercise that count for nothing
UNEXPLAINED = 20  # tokens, which are two to four lines of code
SPREADS = 6  # median absolute deviations above the class's median

Answers = Mapping[str, Tokens]  # {learner: the answer's tokens beyond the release}


class Evidence(NamedTuple):
    """How alike two answers to one exercise are."""

    exercise: str
    alike: float  # 0 to 1
    others: float  # how alike one of the two is to other answers of the class
    tokens: float  # that this does not explain


class Pair(NamedTuple):
    """Two learners whose answers are closer than the class explains."""

    learners: tuple[str, str]
    tokens: float  # that the class does not explain, of all exercises
    evidence: list[Evidence]  # by exercise, the strongest first


def close_pairs(exercises: Mapping[str, Answers], solutions: Mapping[str, Tokens]) -> list[Pair]:
    """Return the pairs that are closer than the class explains, the closest first.

    `exercises`: {exercise: answers}; `solutions`: the instructor's own, by exercise.
    """
    found: dict[tuple[str, str], list[Evidence]] = defaultdict(list)
    learners: set[str] = set()
    for name, answers in exercises.items():
        learners |= answers.keys()
        for pair, evidence in unexplained(name, answers, solutions.get(name, ())):
            found[pair].append(evidence)
    pairs = []
    for pair, parts in found.items():
        parts.sort(key=lambda each: -each.tokens)
        pairs.append(Pair(pair, sum(each.tokens for each in parts), parts))
    least = max(UNEXPLAINED, upper_end(pairs, learners))
    close = [pair for pair in pairs if pair.tokens >= least]
    return sorted(close, key=lambda each: (-each.tokens, each.learners))


def upper_end(pairs: list[Pair], learners: set[str]) -> float:
    """Return how many unexplained tokens are still ordinary in this class.

    It is read from each learner's closest pair. Median and median absolute deviation do not move if
    a few of the class have copied.
    """
    closest = dict.fromkeys(learners, 0.0)
    for pair in pairs:
        for learner in pair.learners:
            closest[learner] = max(closest[learner], pair.tokens)
    values = list(closest.values())
    if not values:
        return 0
    middle = statistics.median(values)
    deviation = statistics.median(abs(value - middle) for value in values)
    return middle + SPREADS * deviation


def unexplained(
    exercise: str, answers: Answers, solution: Tokens
) -> list[tuple[tuple[str, str], Evidence]]:
    """Return [((learner, learner), evidence)] of the answers that are alike beyond the class."""
    written = {learner: tokens for learner, tokens in sorted(answers.items()) if tokens}
    if len(written) < FEWEST:
        return []
    alphabet: dict[str, str] = {}
    texts = {learner: as_text(tokens, alphabet) for learner, tokens in written.items()}
    model = as_text(solution, alphabet)
    alike = similarities({*texts.values(), model})
    closest = {learner: nearest(learner, texts, alike) for learner in texts}
    found = []
    for one, other in itertools.combinations(texts, 2):
        here = alike[texts[one]][texts[other]]
        if here < ALIKE:
            continue
        others = max(
            without(closest[one], other),
            without(closest[other], one),
            alike[texts[one]][model] if model else 0,
            alike[texts[other]][model] if model else 0,
        )
        tokens = (len(texts[one]) + len(texts[other])) / 2 * (here - others)
        if tokens >= SMALL:
            found.append(((one, other), Evidence(exercise, here, others, tokens)))
    return found


def as_text(tokens: Tokens, alphabet: dict[str, str]) -> str:
    """Return tokens as a text of one letter each, which RapidFuzz compares fastest."""
    for token in tokens:
        if token not in alphabet:
            number = len(alphabet) + 1
            alphabet[token] = chr(number if number < 0xD800 else number + 0x800)
    return "".join(map(alphabet.__getitem__, tokens))


def similarities(texts: set[str]) -> dict[str, dict[str, float]]:
    """Return {text: {text: how alike they are}}; answers that are the same are compared once."""
    order = sorted(texts)
    found: dict[str, dict[str, float]] = {text: {text: 1.0} for text in order}
    for one, other in itertools.combinations(order, 2):
        found[one][other] = found[other][one] = Indel.normalized_similarity(one, other)
    return found


def rank(learners: int) -> int:
    """Return how many others must be as alike for a likeness to be the class's.

    Two, so that a third who has copied hides nobody; in a large class up to four.
    """
    return min(4, max(2, learners // 20))


def nearest(
    learner: str, texts: Mapping[str, str], alike: Mapping[str, Mapping[str, float]]
) -> list[tuple[float, str]]:
    """Return (how alike, learner) of the others that are most alike, one more than `rank`."""
    row = alike[texts[learner]]
    others = ((row[text], other) for other, text in texts.items() if other != learner)
    return heapq.nlargest(rank(len(texts)) + 1, others)


def without(closest: list[tuple[float, str]], other: str) -> float:
    """Return how alike the last of the closest is, leaving out one learner."""
    left = [likeness for likeness, learner in closest if learner != other]
    return left[len(closest) - 2]
