"""Every figure against scikit-learn's, on answers that are right, wrong, missing and one-sided."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from scipy import stats
from sklearn import metrics

from mnistlab.data.sources import load
from mnistlab.evaluation import Evaluation, label_looks_wrong
from mnistlab.runs import RunStore
from tests.answers import certain, evaluations, unsure
from tests.conftest import FULL_SET

DIGITS = np.arange(10)


@given(evaluations)
def test_confusion_is_scikit_learns(found: Evaluation) -> None:
    np.testing.assert_array_equal(found.confusion, metrics.confusion_matrix(found.labels, found.answers, labels=DIGITS))
    np.testing.assert_array_equal(found.support, np.bincount(found.labels, minlength=10))


@given(evaluations)
def test_precision_recall_and_f1_are_scikit_learns(found: Evaluation) -> None:
    theirs = metrics.precision_recall_fscore_support(found.labels, found.answers, labels=DIGITS, zero_division=0)
    for ours, expected in zip((found.precision, found.recall, found.f1, found.support), theirs, strict=True):
        np.testing.assert_allclose(ours, expected, rtol=1e-12)


@pytest.mark.parametrize("how", ["macro", "weighted", "micro"])
@given(found=evaluations)
def test_averages_are_scikit_learns(how: str, found: Evaluation) -> None:
    theirs = metrics.precision_recall_fscore_support(
        found.labels, found.answers, labels=DIGITS, average=how, zero_division=0
    )
    ours = [found.average(values, how) for values in (found.precision, found.recall, found.f1)]
    assert ours == pytest.approx(theirs[:3], rel=1e-12)


@given(evaluations)
def test_accuracy_is_scikit_learns(found: Evaluation) -> None:
    assert found.accuracy == pytest.approx(metrics.accuracy_score(found.labels, found.answers), rel=1e-12)
    assert found.mistakes == round((1 - found.accuracy) * len(found.labels))


@given(unsure)
def test_loss_is_scikit_learns_log_loss(found: Evaluation) -> None:
    whole = found.probabilities.astype(np.float64)
    whole /= whole.sum(axis=1, keepdims=True)  # float32 rows sum to 1 within a ten-millionth only
    assert found.loss == pytest.approx(metrics.log_loss(found.labels, whole, labels=DIGITS), rel=1e-5)


@given(evaluations)
def test_interval_is_wilsons(found: Evaluation) -> None:
    right = int(found.right.sum())
    theirs = stats.binomtest(right, len(found.labels)).proportion_ci(0.95, "wilson")
    assert found.interval() == pytest.approx((theirs.low, theirs.high), abs=1e-12)


def test_interval_of_a_perfect_score_is_not_a_point() -> None:
    low, high = certain([3] * 100, [3] * 100).interval()
    assert (low, high) == pytest.approx((1 / (1 + 1.959963984540054**2 / 100), 1.0))


def test_digit_that_is_never_answered_has_precision_0() -> None:
    found = certain([0, 1], [0, 0])
    assert found.precision.tolist() == [0.5] + [0.0] * 9
    assert found.recall.tolist() == [1.0] + [0.0] * 9
    assert found.f1 == pytest.approx([2 / 3] + [0.0] * 9)


def test_row_is_the_label_and_column_the_answer() -> None:
    found = certain([4, 4, 9], [9, 9, 9]).confusion
    assert (found[4, 9], found[9, 9], found.sum()) == (2, 1, 3)


def test_loss_of_an_impossible_label_is_finite() -> None:
    probabilities = np.eye(10, dtype=np.float32)[[3]]
    assert Evaluation.of(np.array([4], np.uint8), probabilities).loss == pytest.approx(-np.log(1e-7))


def test_loss_of_a_certain_label_is_0() -> None:
    assert Evaluation.of(np.array([3], np.uint8), np.eye(10, dtype=np.float32)[[3]]).loss == 0


def test_cell_holds_its_images_most_confident_first() -> None:
    found = certain([4, 4, 4, 9, 4], [9, 9, 4, 9, 9], [0.5, 0.9, 0.9, 0.9, 0.7])
    assert found.cell(4, 9).tolist() == [1, 4, 0]
    assert found.cell(9, 4).tolist() == []


@given(evaluations)
def test_every_image_is_in_one_cell(found: Evaluation) -> None:
    cells = [found.cell(label, answer) for label in range(10) for answer in range(10)]
    assert sorted(np.concatenate(cells).tolist()) == list(range(len(found.labels)))
    assert [len(cell) for cell in cells] == found.confusion.ravel().tolist()


def test_worst_are_the_wrong_answers_with_the_highest_loss() -> None:
    found = certain([1, 1, 1, 1], [2, 2, 1, 2], [0.6, 0.99, 0.3, 0.8])
    assert found.worst(10).tolist() == [1, 3, 0]
    assert found.worst(1).tolist() == [1]
    assert found.worst(0).tolist() == []


def test_most_confused_are_the_largest_cells_off_the_diagonal() -> None:
    found = certain([4, 4, 4, 7, 7, 1, 1, 1, 1], [9, 9, 9, 2, 2, 1, 1, 1, 8])
    assert found.most_confused(2) == [(4, 9, 3), (7, 2, 2)]
    assert found.most_confused(50) == [(4, 9, 3), (7, 2, 2), (1, 8, 1)]


def test_nothing_is_confused_when_all_is_right() -> None:
    found = certain(list(range(10)), list(range(10)))
    assert (found.most_confused(5), found.worst(5).tolist(), found.mistakes, found.accuracy) == ([], [], 0, 1.0)


@pytest.mark.parametrize(
    ("probabilities", "sentence"),
    [
        (np.zeros((2, 10)), r"probabilities must be \(3, 10\). Received: \(2, 10\)"),
        (np.zeros((3, 9)), r"Received: \(3, 9\)"),
        (np.zeros(30), r"Received: \(30,\)"),
        (np.full((3, 10), np.nan), "finite and not negative"),
        (np.full((3, 10), np.inf), "finite and not negative"),
        (np.full((3, 10), -0.1), "finite and not negative"),
    ],
)
def test_what_is_no_probability_is_refused(probabilities: np.ndarray, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        Evaluation.of(np.zeros(3, np.uint8), probabilities.astype(np.float32))


@pytest.mark.parametrize("name", ["reference-cnn", "classic-dense-512"])
@pytest.mark.parametrize(
    "full", [False, pytest.param(True, marks=pytest.mark.skipif(not FULL_SET, reason="no full set"))]
)
def test_shipped_runs_have_scikit_learns_scores(name: str, full: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if full:
        monkeypatch.setenv("MNISTLAB_DATA", str(FULL_SET))
    found = RunStore().open(name).evaluation(load().test)
    labels, answers = found.labels, found.answers
    np.testing.assert_array_equal(found.confusion, metrics.confusion_matrix(labels, answers, labels=DIGITS))
    for how in ("macro", "micro", "weighted"):
        theirs = metrics.precision_recall_fscore_support(labels, answers, average=how, zero_division=0)
        ours = [found.average(values, how) for values in (found.precision, found.recall, found.f1)]
        assert ours == pytest.approx(theirs[:3], rel=1e-12)
    floored = np.maximum(found.probabilities.astype(np.float64), 1e-7)
    theirs = metrics.log_loss(labels, floored / floored.sum(axis=1, keepdims=True), labels=DIGITS)
    assert found.loss == pytest.approx(theirs, rel=1e-4)


@given(evaluations)
def test_outcomes_of_a_digit_are_its_four_counts(found: Evaluation) -> None:
    for digit in range(10):
        counts = {which: len(found.outcome(which, digit)) for which in ("TP", "FP", "FN", "TN")}
        ((tn, fp), (fn, tp)) = metrics.confusion_matrix(
            found.labels == digit, found.answers == digit, labels=[False, True]
        )
        assert counts == {"TP": tp, "FP": fp, "FN": fn, "TN": tn}


def test_outcome_lists_the_dearest_first() -> None:
    found = certain([4, 4, 4, 9], [9, 9, 4, 9], [0.5, 0.9, 0.9, 0.9])
    assert found.outcome("FN", 4).tolist() == [1, 0]
    assert found.outcome("FP", 9).tolist() == [1, 0]


def test_surest_mistakes_and_least_sure_right_answers() -> None:
    found = certain([1, 1, 1, 1, 1], [2, 2, 1, 1, 2], [0.6, 0.99, 0.3, 0.8, 0.7])
    assert found.surest_mistakes(10).tolist() == [1, 4, 0]
    assert found.surest_mistakes(1).tolist() == [1]
    assert found.least_sure(10).tolist() == [2, 3]


@pytest.mark.parametrize(
    ("answer", "sure", "near", "doubt"),
    [
        (4, 0.95, [4] * 9 + [9] * 3, True),
        (4, 0.95, [4] * 8 + [9] * 4, False),  # its neighbours are not of one mind
        (4, 0.89, [4] * 12, False),  # the network is not
        (9, 0.99, [4] * 12, False),  # it answers the label itself
        (4, 0.99, [], False),
    ],
)
def test_label_is_doubted_when_network_and_neighbours_agree(
    answer: int, sure: float, near: list[int], doubt: bool
) -> None:
    assert label_looks_wrong(9, answer, sure, np.array(near, np.uint8)) == doubt


def test_the_two_digits_most_often_taken_for_each_other_are_counted_both_ways() -> None:
    labels = np.array([4, 9, 4, 2, 2, 7], np.uint8)
    answers = np.array([9, 4, 4, 3, 3, 7], np.uint8)
    found = Evaluation.of(labels, np.eye(10, dtype=np.float32)[answers])
    assert found.most_mixed_up() == (2, 3, 2)  # as many as 4 and 9, and the smaller digits go first
    answers[3] = 2
    assert Evaluation.of(labels, np.eye(10, dtype=np.float32)[answers]).most_mixed_up() == (4, 9, 2)
    assert Evaluation.of(labels, np.eye(10, dtype=np.float32)[labels]).most_mixed_up() is None
