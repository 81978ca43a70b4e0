"""What lesson 06 says about metrics, measured again; its checks' oracles; its quiz."""

import ast
import contextlib
import io
import math
import re
from fractions import Fraction

import pytest
import sklearn.metrics
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn import functional as F

from course.checking.binary import BinaryCounts, count_binary
from course.checking.quiz import draw
from course.checking.quiz.questions import Option, Question
from course.lessons.lesson06.averages import metrics_of_classes
from course.lessons.lesson06.diagnosis import expected_metrics
from course.lessons.lesson06.fixtures import (
    counts_at_thresholds,
    counts_over,
    planned_batches,
    planned_model,
    ranked,
)
from course.lessons.lesson06.quiz import NAMES, PREVALENCE, RARE, computed, unfolded
from course.lessons.lesson06.thresholds import best_counts, value_of
from course.notebook import look_around
from course.paths import ANSWERS
from course.vision import backbones
from course.vision.backbones import load_backbone, outputs_of
from course.vision.fruit import draw_stall, stall, thinned
from tests.support.given_cells import draw_nothing, given_cells

LESSON = "06-metrics"
DRAWS = 200


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
        micro = sklearn.metrics.f1_score(
            truth, guess, average="micro", labels=range(classes), zero_division=0
        )
        assert micro == pytest.approx((truth == guess).double().mean().item())


def test_counts_agree_with_scikit_learn():
    for seed in range(30):
        r = torch.Generator().manual_seed(seed)
        truth, guess = torch.randint(2, (2, 50), generator=r)
        counts = counts_over([(guess[:20], truth[:20]), (guess[20:], truth[20:])])
        assert counts.accuracy == pytest.approx(sklearn.metrics.accuracy_score(truth, guess))
        assert counts.precision == pytest.approx(sklearn.metrics.precision_score(truth, guess))
        assert counts.recall == pytest.approx(sklearn.metrics.recall_score(truth, guess))
        assert counts.f1 == pytest.approx(sklearn.metrics.f1_score(truth, guess))


def test_scikit_learn_leaves_an_absent_class_out_unless_told():
    truth, guess = [0, 0, 1, 1], [0, 0, 1, 0]
    told = sklearn.metrics.f1_score(truth, guess, average="macro", labels=range(3), zero_division=0)
    not_told = sklearn.metrics.f1_score(truth, guess, average="macro")
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


# ---- the heads at the market ---------------------------------------------------------------------


class Market:
    """The lesson's features, and the two heads trained on them for some seeds."""

    def __init__(self) -> None:
        backbone, preprocess = load_backbone()
        backbone.fc = nn.Identity()
        train, unseen = stall("train"), stall("test")
        later = 1000 + thinned(train.rotten[1000:], (500, 26))
        rare = 1000 + thinned(train.fruit[1000:], (40,) * 7 + (4,) * 3)
        held_out = thinned(unseen.rotten, (500, 26))

        def features_of(images):
            return outputs_of(backbone, images, preprocess)

        features = features_of(train.images[:1000])
        self.validation = features_of(train.images[later]), train.rotten[later]
        self.test = features_of(unseen.images[held_out]), unseen.rotten[held_out]
        self.rare = features_of(train.images[rare]), train.fruit[rare]
        at_market = thinned(train.rotten[:1000], (500, 26))
        few = thinned(train.fruit[:1000], (100,) * 7 + (1,) * 3)
        self.heads = []
        self.fruit_heads = []
        for seed in range(3):
            torch.manual_seed(seed)
            market = fit(features[at_market], train.rotten[at_market])
            even = fit(features, train.rotten[:1000])
            self.heads.append((market, even))
            torch.manual_seed(seed)
            self.fruit_heads.append(fit(features[few], train.fruit[few]))


def fit(features, labels):
    """The lesson's own training of a head."""
    head = nn.Linear(features.shape[1], int(labels.max()) + 1)
    optimizer = torch.optim.AdamW(head.parameters(), lr=1e-2)
    for _ in range(100):
        loss = F.cross_entropy(head(features), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return head.requires_grad_(False)


@pytest.fixture(scope="module")
def market():
    return Market()


def counts_at(logits, labels, threshold=0.5) -> BinaryCounts:
    return count_binary(logits.softmax(1)[:, 1] >= threshold, labels)


def cost(logits, labels, threshold=0.5):
    counts = counts_at(logits, labels, threshold)
    return 10 * counts.fn + counts.fp


def corrected(logits):
    return logits - torch.tensor([1.0, 19.0]).log()


def test_accuracy_prefers_the_first_head_and_cost_the_second(market):
    """Costs of 6 seeds: 190 to 200 and 123 to 137 on validation, 201 to 211 and 95 to 110 on test.
    Never to flag costs 260.
    """
    for first, second in market.heads:
        for name, (inputs, labels) in (("validation", market.validation), ("test", market.test)):
            one, two = counts_at(first(inputs), labels), counts_at(second(inputs), labels)
            assert one.accuracy > 500 / 526 > two.accuracy
            assert one.recall < 0.35  # it misses three of four
            assert two.recall > 0.6
            saved = 1 - cost(second(inputs), labels) / cost(first(inputs), labels)
            assert saved > (0.25 if name == "validation" else 0.4)
            assert (one.f1 > two.f1) == (name == "validation"), "F1 depends on which 26 they are"


def test_the_second_curve_is_higher_between_a_recall_of_one_half_and_nine_tenths(market):
    inputs, labels = market.validation
    for heads in market.heads:
        curves = []
        for head in heads:
            probabilities = head(inputs).softmax(1)[:, 1]
            curves.append(sklearn.metrics.precision_recall_curve(labels, probabilities))
        for found in range(13, 24):  # of 26
            best = [p[r >= found / 26 - 1e-9].max() for p, r, _ in curves]
            assert best[1] > best[0]


def test_a_lower_threshold_makes_the_first_head_cheaper(market):
    """In 6 seeds by 26 to 32 % on validation, 20 to 28 % on test; the second by -15 to 3 % on
    test.
    """
    inputs, labels = market.validation
    for first, second in market.heads:
        for head, is_first in ((first, True), (second, False)):
            logits = head(inputs)
            best = min(range(1, 100), key=lambda t: cost(logits, labels, t / 100)) / 100
            on_test = cost(head(market.test[0]), market.test[1], best)
            saved = 1 - on_test / cost(head(market.test[0]), market.test[1])
            if is_first:
                assert best < 0.3
                assert cost(logits, labels, best) < 0.8 * cost(logits, labels)
                assert saved > 0.15
            else:
                assert cost(logits, labels, best) < cost(logits, labels)
                assert saved < 0.1


def test_one_in_eleven_is_cheap_only_for_calibrated_probabilities(market):
    for _, head in market.heads:
        for inputs, labels in (market.validation, market.test):
            logits = head(inputs)
            probabilities = logits.softmax(1)[:, 1]
            prevalence = labels.float().mean()
            assert probabilities.mean() > 4 * prevalence  # too high
            right = corrected(logits).softmax(1)[:, 1]
            assert (right.mean() - prevalence).abs() < 0.01
            assert F.cross_entropy(corrected(logits), labels) < F.cross_entropy(logits, labels) / 2
            assert cost(logits, labels, 1 / 11) > 260  # more than "always fresh"
            assert cost(corrected(logits), labels, 1 / 11) < 150


def test_both_summaries_of_the_ranking_prefer_the_second_head(market):
    """Test set, 10 seeds: average precision 0.44 to 0.47 and 0.66 to 0.69, AUC 0.77 and 0.91."""
    for heads in market.heads:
        for inputs, labels in (market.validation, market.test):
            p = [head(inputs).softmax(1)[:, 1] for head in heads]
            precision = [sklearn.metrics.average_precision_score(labels, each) for each in p]
            area = [sklearn.metrics.roc_auc_score(labels, each) for each in p]
            assert precision[1] > precision[0] + 0.03 and area[1] > area[0] + 0.05
        assert area[1] > 0.9 and counts_at(heads[1](inputs), labels).precision < 0.35


def test_average_precision_and_auc_are_what_the_lesson_says():
    labels = (torch.arange(60) % 20 == 0).long()
    p = torch.linspace(0, 1, 60)[torch.randperm(60)]
    precision, recall, _ = sklearn.metrics.precision_recall_curve(labels, p)
    by_steps = -(precision[:-1] * (recall[1:] - recall[:-1])).sum()
    assert sklearn.metrics.average_precision_score(labels, p) == pytest.approx(by_steps)
    pairs = (p[labels == 1][:, None] > p[labels == 0]).double().mean().item()
    assert sklearn.metrics.roc_auc_score(labels, p) == pytest.approx(pairs)
    assert sklearn.metrics.roc_auc_score([0, 0, 1], [0.1, 0.7, 0.7]) == 0.75  # a tie counts half
    equal = torch.full((60,), 0.5)
    assert sklearn.metrics.average_precision_score(labels, equal) == pytest.approx(0.05)
    assert sklearn.metrics.roc_auc_score(labels, equal) == 0.5


def test_the_recall_of_26_fruits_is_uncertain_by_more_than_20_points(market):
    for _, head in market.heads:
        found = (head(market.test[0]).argmax(1) == 1)[market.test[1] == 1]
        draws = found[torch.randint(26, (2000, 26))].double().mean(1)
        low, high = draws.quantile(torch.tensor([0.025, 0.975]).double())
        assert high - low > 0.2


def ece(logits, labels):
    """Expected calibration error over ten groups (Guo et al., 2017), for class 1."""
    p = logits.softmax(1)[:, 1]
    group = (10 * p).long().clamp(max=9)
    error = 0.0
    for g in group.unique():
        gap = (p[group == g].mean() - labels[group == g].double().mean()).abs()
        error += gap.item() * (group == g).double().mean().item()
    return error


def temperature_of(logits, labels):
    return min(range(25, 300), key=lambda t: F.cross_entropy(100 / t * logits, labels)) / 100


def test_a_temperature_cannot_correct_a_prevalence(market):
    """Test set, 10 seeds: first head 0.012 to 0.020, then at most 0.014; second 0.19 to 0.21, then
    0.17 to 0.18; corrected 0.007 to 0.013, and not less with a temperature.
    """
    labels = market.validation[1]
    for first, second in market.heads:
        found = []
        known, unseen = market.validation[0], market.test[0]
        pairs = [(head(known), head(unseen)) for head in (first, second)]
        pairs.append(tuple(map(corrected, pairs[1])))
        for on_validation, logits in pairs:
            temperature = temperature_of(on_validation, labels)
            before = ece(logits, market.test[1])
            found.append((temperature, before, ece(logits / temperature, market.test[1])))
        assert found[0][0] > 1.1 and found[0][2] < found[0][1] < 0.03
        assert 0.15 < found[1][2] < found[1][1]
        assert found[2][1] < 0.02 and found[2][2] > found[2][1] - 0.002
    half = torch.zeros(1, 2)
    assert (half / 3).softmax(1)[0, 1] == 0.5


def test_the_threshold_of_one_in_eleven_is_the_cheapest_in_expectation():
    p = torch.linspace(0, 1, 1001)
    flag_costs_less = (1 - p) <= 10 * p
    assert torch.equal(flag_costs_less, p >= 1 / 11)


def test_macro_shows_the_rare_fruits_and_micro_hardly(market):
    """In 6 seeds macro F1 was 0.82 to 0.90, micro F1 0.95 to 0.96."""
    features, labels = market.rare
    for head in market.fruit_heads:
        predicted = head(features).argmax(1)
        macro = sklearn.metrics.f1_score(labels, predicted, average="macro")
        micro = sklearn.metrics.f1_score(labels, predicted, average="micro")
        each = sklearn.metrics.f1_score(labels, predicted, average=None)
        assert macro < micro - 0.03
        assert each[7:].max() < each[:7].min()


# ---- the lesson with other answers and another network -------------------------------------------


@pytest.fixture
def cheap(monkeypatch):
    """A function that replaces the backbone's features by made-up ones of a width."""
    known = {}
    for pictures in (stall("train"), stall("test")):
        for image, fruit, rotten in zip(
            pictures.images, pictures.fruit, pictures.rotten, strict=True
        ):
            known[image.numpy().tobytes()] = 10 * int(rotten) + int(fruit)

    def replace(width):
        def made_up(model, images, preprocess):
            both = torch.tensor([known[image.numpy().tobytes()] for image in images])
            columns = torch.cat([F.one_hot(both % 10, 10), F.one_hot(both // 10, 2)], 1).float()
            columns += torch.randn(len(images), 12) / 2
            return F.pad(columns, (0, width - 12))

        monkeypatch.setattr(backbones, "outputs_of", made_up)

    draw_nothing(monkeypatch, "confusion", "precision_recall", "calibration")
    monkeypatch.setattr(look_around, "thresholds", lambda *args: None)
    return replace


SHORTER = {"range(300)": "range(5)", "steps=100": "steps=30"}


def run_lesson(answers):
    """Run the lesson with answers {name: source} in place of some of its own."""
    space = {"__name__": "__main__"}
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        for name, source in given_cells(
            LESSON, {"range(300)": "range(5)", "steps=100": "steps=30"}
        ):
            exec(answers.get(name, source), space)
    return printed.getvalue()


def test_the_given_cells_run_with_each_right_answer_of_the_bank(cheap):
    cheap(16)
    expected = None
    banks = []
    for folder in sorted((ANSWERS / LESSON / "right").iterdir()):
        banks.append((folder.name, [path.read_text() for path in sorted(folder.glob("*.py"))]))
    for number in range(max(len(sources) for _, sources in banks)):
        answers = {name: sources[number % len(sources)] for name, sources in banks}
        torch.manual_seed(0)
        printed = run_lesson(answers)
        # several thresholds are right, and print other numbers for the test set
        before_thresholds = re.sub("largest difference.*", "", printed.split("precision at")[0])
        expected = expected or before_thresholds
        assert before_thresholds == expected, "another right answer prints other numbers"


def test_the_lesson_works_with_a_resnet50(cheap, monkeypatch):
    from torchvision.models import resnet50

    cheap(2048)
    network = resnet50(weights=None)
    monkeypatch.setattr(backbones, "load_backbone", lambda: (network, None))
    assert "flag all" in run_lesson({})
    assert isinstance(network.fc, nn.Identity)
    with torch.no_grad():
        assert network.eval()(torch.zeros(1, 3, 64, 64)).shape == (1, 2048)


# ---- the oracles of the checks -------------------------------------------------------------------

COUNTS = st.integers(0, 30)


@given(COUNTS, COUNTS, COUNTS, COUNTS)
@settings(max_examples=60, deadline=None)
def test_expected_metrics_are_those_of_scikit_learn(tp, fp, fn, tn):
    found = expected_metrics(BinaryCounts(tp, fp, fn, tn))
    truth, guess = unfolded([[tn, fp], [fn, tp]])
    if not len(truth):
        assert set(found.values()) == {0}
        return
    precision, recall, f1, _ = sklearn.metrics.precision_recall_fscore_support(
        truth, guess, labels=[1], zero_division=0
    )
    assert found["accuracy"] == pytest.approx(sklearn.metrics.accuracy_score(truth, guess))
    assert found["precision"] == pytest.approx(precision[0])
    assert found["recall"] == pytest.approx(recall[0])
    assert found["f1"] == pytest.approx(f1[0])


@given(st.integers(2, 5), st.data())
@settings(max_examples=40, deadline=None)
def test_metrics_of_classes_are_those_of_scikit_learn(k, data):
    pairs = data.draw(
        st.lists(st.tuples(st.integers(0, k - 1), st.integers(0, k - 1)), min_size=1, max_size=30)
    )
    truth, guess = zip(*pairs, strict=True)
    matrix = torch.tensor(sklearn.metrics.confusion_matrix(truth, guess, labels=range(k)))
    options = {"labels": range(k), "zero_division": 0}
    found = metrics_of_classes(matrix)
    each = sklearn.metrics.f1_score(truth, guess, average=None, **options)
    assert found.f1.tolist() == pytest.approx(each.tolist())
    for average, value in (("macro", found.macro), ("weighted", found.weighted)):
        theirs = sklearn.metrics.f1_score(truth, guess, average=average, **options)
        assert value == pytest.approx(theirs)


@pytest.mark.parametrize("metric", ["precision", "recall"])
@pytest.mark.parametrize("crowded", [False, True])
def test_the_best_threshold_is_that_of_scikit_learns_curve(metric, crowded):
    for seed in range(20):
        probabilities, labels = ranked(seed, crowded=crowded)
        minimum = (0.3, 0.5, 0.75, 1.0)[seed % 4]
        _, counts = best_counts(counts_at_thresholds(probabilities, labels), metric, minimum)
        precision, recall, _ = sklearn.metrics.precision_recall_curve(labels, probabilities)
        required, other = (precision, recall) if metric == "precision" else (recall, precision)
        other_name = "recall" if metric == "precision" else "precision"
        best = other[:-1][required[:-1] >= minimum - 1e-9].max()  # the last point flags nothing
        assert value_of(counts, other_name) == pytest.approx(best)


def test_probabilities_of_the_check_are_exact_and_close_together():
    probabilities, labels = ranked(1, crowded=True)
    assert torch.equal(probabilities.float(), probabilities)
    levels = probabilities.unique()
    assert 30 < len(levels) < len(probabilities), "some are equal"
    assert (levels.diff() < 1e-3).sum() > 20
    assert labels.sum() == 24


@pytest.mark.parametrize("sizes", [(32, 32, 1), (30, 9), (20, 20, 3), (50, 7)])
def test_the_planned_model_predicts_what_is_planned(sizes):
    batches, predictions = planned_batches(3, sizes)
    model = planned_model().eval()
    for (images, labels), expected in zip(batches, predictions, strict=True):
        logits = model(images)
        assert torch.equal(logits.argmax(1), expected)
        assert (logits > 0).all(), "neither logit alone says which class it is"
        assert len(labels) == len(images)


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
        if name == "accuracy":
            hits = sum(flag == bool(label) for label, flag in zip(labels, flags, strict=True))
            bottom = len(labels)
        assert right_option(question).text == f"{hits} of {bottom}"
        for option in question.options:
            top, whole = map(int, option.text.split(" of "))
            assert option.right or top * bottom != hits * whole, "a wrong option is as large"


def test_the_correction_of_the_quiz():
    odds = 0.99 / 0.01 / 19
    assert f"{odds / (1 + odds):.2f}" == "0.84"
    assert "0.84" in PREVALENCE.options[2].why
    assert math.isclose((0.5 / 0.5) / (0.05 / 0.95), 19)


def test_every_explanation_of_the_matrix_question_is_true():
    """Each wrong option's reason is computed anew from the matrix."""
    for seed in range(DRAWS // 2):
        question = draw("metric_from_matrix", seed)
        rows = re.findall(r"\[\s*(\d+),\s+(\d+)\]", question.prompt)
        (tn, fp), (fn, tp) = [map(int, row) for row in rows]
        precision, recall = tp / (tp + fp), tp / (tp + fn)
        values = {
            "the accuracy": (tp + tn) / (tp + tn + fp + fn),
            "the precision": precision,
            "the recall": recall,
            "F1.": 2 * tp / (2 * tp + fp + fn),
            "predicted fresh among the *fresh*": tn / (tn + fp),
            "F1 of the class fresh": 2 * tn / (2 * tn + fp + fn),
            "arithmetic mean": (precision + recall) / 2,
        }
        for option in question.options:
            said = [value for words, value in values.items() if f"{words}" in option.why]
            assert option.right or any(f"{value:.3f}" == option.text for value in said)


def test_every_explanation_of_the_threshold_question_is_true():
    for seed in range(DRAWS // 2):
        question = draw("threshold_and_counts", seed)
        lists = re.findall(r"tensor\((\[.*?\])\)", question.prompt)
        probabilities, labels = map(ast.literal_eval, lists)
        threshold = float(re.search(r"at least ([\d.]+)\.", question.prompt)[1])
        flags = [p >= threshold for p in probabilities]
        count, flagged, positive = len(labels), sum(flags), sum(labels)
        hits = sum(label for label, flag in zip(labels, flags, strict=True) if flag)
        right = sum(flag == bool(label) for label, flag in zip(labels, flags, strict=True))
        values = {
            "the recall": (hits, positive),
            "the precision": (hits, flagged),
            "the accuracy": (right, count),
            "share of all images that is flagged": (flagged, count),
            "false alarms among the flagged": (flagged - hits, flagged),
            "positive images that is not flagged": (positive - hits, positive),
            "denominator counts all": (hits, count),
            "leaves out the negatives": (hits, count),
            "the prevalence": (positive, count),
        }
        for option in question.options:
            if not option.right:
                pair = next(pair for words, pair in values.items() if words in option.why)
                assert option.text == f"{pair[0]} of {pair[1]}"
