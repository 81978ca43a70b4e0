"""What lesson 06 says about metrics, measured again, and the answers of its quiz."""

import ast
import re
from fractions import Fraction

import pytest
import torch
from sklearn import metrics

from course.checking.quiz import draw
from course.checking.quiz.questions import Option, Question
from course.lessons.lesson06.fixtures import counts_over
from course.lessons.lesson06.quiz import NAMES, RARE, computed, unfolded
from course.vision.fruit import draw_stall, thinned

DRAWS = 1000


def test_forty_ten_five_forty_five():
    truth, guess = unfolded([[45, 5], [10, 40]])
    exact = {}
    for name in NAMES:
        exact[name] = Fraction(computed(name, truth, guess)).limit_denominator(100)
    assert exact == {
        "accuracy": Fraction(17, 20),
        "precision": Fraction(8, 9),
        "recall": Fraction(4, 5),
        "F1": Fraction(16, 19),
    }
    arithmetic_mean = float(exact["precision"] + exact["recall"]) / 2
    assert f"{float(exact['F1']):.4f} {arithmetic_mean:.4f}" == "0.8421 0.8444"


def test_ninety_eight_and_twelve():
    truth, guess = unfolded([[9776, 24], [176, 24]])
    assert computed("accuracy", truth, guess) == 0.98
    assert computed("precision", truth, guess) == 0.5
    assert computed("recall", truth, guess) == 0.12
    highest = 0.02 / 0.88
    assert f"{highest:.2%}" == "2.27%"
    assert "2.27 %" in right_option(RARE).text
    for positives in range(0, 10_001, 7):
        without_false_alarms = 10_000 - 0.88 * positives  # right answers, at 12 % recall
        assert (without_false_alarms >= 9_800) == (positives / 10_000 <= highest)


def test_the_mean_of_batch_accuracies():
    assert f"{(1 + 1 + 0) / 3:.3f}" == "0.667"
    assert f"{64 / 65:.3f}" == "0.985"


@pytest.mark.parametrize("classes", [2, 3, 7])
def test_micro_f1_is_accuracy(classes):
    for seed in range(30):
        r = torch.Generator().manual_seed(seed)
        truth, guess = torch.randint(classes, (2, 50), generator=r)
        micro = metrics.f1_score(
            truth, guess, average="micro", labels=range(classes), zero_division=0
        )
        assert micro == pytest.approx((truth == guess).double().mean().item())


def test_counts_agree_with_scikit_learn():
    for seed in range(30):
        r = torch.Generator().manual_seed(seed)
        truth, guess = torch.randint(2, (2, 50), generator=r)
        counts = counts_over([(guess[:20], truth[:20]), (guess[20:], truth[20:])])
        assert counts.accuracy == pytest.approx(metrics.accuracy_score(truth, guess))
        assert counts.precision == pytest.approx(metrics.precision_score(truth, guess))
        assert counts.recall == pytest.approx(metrics.recall_score(truth, guess))
        assert counts.f1 == pytest.approx(metrics.f1_score(truth, guess))


def test_scikit_learn_leaves_an_absent_class_out_unless_told():
    truth, guess = [0, 0, 1, 1], [0, 0, 1, 0]
    told = metrics.f1_score(truth, guess, average="macro", labels=range(3), zero_division=0)
    not_told = metrics.f1_score(truth, guess, average="macro")
    assert told == pytest.approx(not_told * 2 / 3)


def test_the_order_of_probabilities_survives_a_shift_of_the_odds():
    logits = torch.randn(200, 2, generator=torch.Generator().manual_seed(0))
    shift = torch.tensor([0.0, torch.tensor(19.0).log()])
    before = logits.softmax(1)[:, 1]
    after = (logits - shift).softmax(1)[:, 1]
    assert torch.equal(before.argsort(), after.argsort())
    odds_before, odds_after = before / (1 - before), after / (1 - after)
    assert torch.allclose(odds_after, odds_before / 19, rtol=1e-3)


def test_thinned_keeps_the_first_of_each_class_in_their_order():
    pictures = draw_stall(99, 40)
    kept = thinned(pictures.rotten, (20, 3))
    rotten = pictures.rotten[kept]
    assert rotten.bincount().tolist() == [20, 3]
    assert torch.equal(kept, kept.sort().values)
    assert sorted(pictures.fruit[kept][rotten == 1].tolist()) == [0, 1, 2]
    with pytest.raises(ValueError, match="class 1 has 20 pictures, not 21"):
        thinned(pictures.rotten, (1, 21))


# ---- the quiz ------------------------------------------------------------------------------------


def right_option(question: Question) -> Option:
    return next(option for option in question.options if option.right)


def test_metric_from_matrix():
    names = set()
    for seed in range(DRAWS):
        question = draw("metric_from_matrix", seed)
        rows = re.findall(r"\[\s*(\d+),\s+(\d+)\]", question.prompt)
        (tn, fp), (fn, tp) = [map(int, row) for row in rows]
        name = re.search(r"What is the (\w+)\?", question.prompt)[1]
        by_hand = {
            "accuracy": (tp + tn) / (tp + tn + fp + fn),
            "precision": tp / (tp + fp),
            "recall": tp / (tp + fn),
            "F1": 2 * tp / (2 * tp + fp + fn),
        }[name]
        assert right_option(question).text == f"{by_hand:.3f}"
        for option in question.options:
            assert option.right or abs(float(option.text) - by_hand) > 1e-3
        names.add(name)
    assert names == set(NAMES)


def test_threshold_and_counts():
    for seed in range(DRAWS):
        question = draw("threshold_and_counts", seed)
        lists = re.findall(r"tensor\((\[.*?\])\)", question.prompt)
        probabilities, labels = map(ast.literal_eval, lists)
        pattern = r"at least ([\d.]+)\. What is the (\w+)\?"
        threshold, name = re.search(pattern, question.prompt).groups()
        flags = [p >= float(threshold) for p in probabilities]
        hits = sum(label for label, flag in zip(labels, flags, strict=True) if flag)
        bottom = sum(flags) if name == "precision" else sum(labels)
        assert right_option(question).text == f"{hits} of {bottom}"
        for option in question.options:
            top, whole = map(int, option.text.split(" of "))
            assert option.right or top * bottom != hits * whole, "a wrong option is as large"
