"""The thought behind wrong averages over classes, exercise 5 of lesson 06."""

from typing import Any, NamedTuple

import numpy as np
from torch import Tensor

from course.checking.misconception import Misconception, unlike, wrong_result
from course.checking.values import described, near, number_in, shown
from course.lessons.lesson06.diagnosis import share
from course.lessons.lesson06.parts import is_undefined, parts_of, percent_hint


class ClassMetrics(NamedTuple):
    """Metrics of a confusion matrix (K, K), true classes down; arrays (K,), one number a class.

    Macro and micro F1 are those of scikit-learn's f1_score with `zero_division=0`.
    """

    precision: np.ndarray
    recall: np.ndarray
    f1: np.ndarray
    support: np.ndarray  # how often each class occurs
    predicted: np.ndarray  # how often each class is predicted

    @property
    def macro(self) -> float:
        """The mean of the F1 of the classes."""
        return self.f1.mean()

    @property
    def weighted(self) -> float:
        """The mean of the F1 of the classes, each weighted by how often it occurs."""
        return (self.f1 * self.support).sum() / max(self.support.sum(), 1)

    @property
    def f1_of_means(self) -> float:
        """The F1 of the mean precision and the mean recall."""
        precision, recall = self.precision.mean(), self.recall.mean()
        return 2 * precision * recall / max(precision + recall, 1e-12)


def metrics_of_classes(matrix: Tensor) -> ClassMetrics:
    """Return the ClassMetrics of a confusion matrix (K, K) of whole numbers."""
    counts = matrix.double().numpy()
    hits = counts.diagonal()
    predicted, support = counts.sum(0), counts.sum(1)
    return ClassMetrics(
        precision=hits / predicted.clip(min=1),
        recall=hits / support.clip(min=1),
        f1=2 * hits / (predicted + support).clip(min=1),
        support=support,
        predicted=predicted,
    )


def check_averages(found: Any, matrix: Tensor) -> None:
    """Check the triple (F1 of each class, macro F1, micro F1) of a confusion matrix (K, K)."""
    metrics = metrics_of_classes(matrix)
    micro = share(int(matrix.diag().sum()), int(matrix.sum()))
    per_class, macro_found, micro_found = parts_of(
        found, 3, "the three values per_class, macro and micro"
    )
    try:
        values = list(per_class)
        if isinstance(per_class, dict | set | str):  # their order or elements are not the classes'
            raise TypeError
    except TypeError:
        raise unlike(
            per_class,
            f"expected a tensor or list of {len(matrix)} numbers for per_class; got "
            f"{described(per_class)}",
        ) from None
    for value in (*values, macro_found, micro_found):
        if value is None or is_undefined(value):
            raise Misconception(
                "zero-division-undecided",
                f"averages({matrix.tolist()}): expected 0 where a denominator is 0; got "
                f"{shown(value)}",
            )
    said = np.array([number_in(value, "a number for each class") for value in values])
    said_macro = number_in(macro_found, "one number for macro")
    said_micro = number_in(micro_found, "one number for micro")
    check_per_class(said, metrics, matrix)
    check_macro(said_macro, metrics, micro)
    if not near(said_micro, micro):
        seen = (
            f"averages({matrix.tolist()}): expected micro {micro:.3f}; got {said_micro:.3f}"
            f"{percent_hint(said_micro, micro)}"
        )
        if near(said_micro, metrics.macro):
            raise Misconception("micro-taken-for-macro", f"{seen}, which is the macro F1")
        raise wrong_result(seen)


def check_per_class(said: np.ndarray, metrics: ClassMetrics, matrix: Tensor) -> None:
    """Check the F1 (K,) of the classes."""
    classes = len(matrix)
    if len(said) != classes:
        occurring = {
            int((metrics.support > 0).sum()),
            int((metrics.support + metrics.predicted > 0).sum()),
        }
        raise Misconception(
            "absent-class-forgotten" if len(said) in occurring else "wrong-result",
            f"averages({matrix.tolist()}): expected {classes} numbers in per_class; got "
            f"{len(said)}",
        )
    differences = np.abs(said - metrics.f1)
    if (differences <= 1e-5).all():
        return
    worst = int(differences.argmax())
    seen = (
        f"averages({matrix.tolist()}): class {worst} has precision "
        f"{metrics.precision[worst]:.3f} and recall {metrics.recall[worst]:.3f}; expected its F1, "
        f"{metrics.f1[worst]:.3f}; got {said[worst]:.3f}"
        f"{percent_hint(said[worst], metrics.f1[worst])}"
    )
    if (np.abs(said - (metrics.precision + metrics.recall) / 2) <= 1e-5).all():
        raise Misconception("arithmetic-f1", seen)
    for name, values in (("recall", metrics.recall), ("precision", metrics.precision)):
        if (np.abs(said - values) <= 1e-5).all():
            raise wrong_result(f"{seen}. Your numbers are the {name} of each class")
    raise wrong_result(seen)


def check_macro(said: float, metrics: ClassMetrics, micro: float) -> None:
    """Check the macro F1."""
    if near(said, metrics.macro):
        return
    seen = (
        f"the F1 of the classes are {metrics.f1.round(3).tolist()}: expected macro "
        f"{metrics.macro:.3f}; got {said:.3f}{percent_hint(said, metrics.macro)}"
    )
    if near(said, micro):
        raise Misconception("micro-taken-for-macro", f"{seen}, which is the micro F1")
    if near(said, metrics.weighted):
        support = metrics.support.astype(int).tolist()
        raise Misconception(
            "weighted-taken-for-macro",
            f"{seen}. Yours weights each class by how often it occurs, {support}",
        )
    if near(said, metrics.f1_of_means):
        raise Misconception("f1-of-averages", seen)
    for kept in (metrics.support > 0, metrics.support + metrics.predicted > 0):
        if kept.any() and near(said, metrics.f1[kept].mean()):
            raise Misconception(
                "absent-class-forgotten",
                f"{seen}. Yours is the mean over {kept.sum()} of {len(kept)} classes",
            )
    raise wrong_result(seen)
