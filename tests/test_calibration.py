"""Reliability against a direct count, temperature against SciPy's minimum and Keras' softmax, thresholds against each answer."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax

from mnistlab.calibration import BINS, COLDEST, HOTTEST, Reliability, Selective, cooled, temperature
from mnistlab.evaluation import Evaluation
from tests.answers import certain, evaluations, made


@given(evaluations, st.integers(1, 20))
def test_bins_and_error_are_a_direct_count(found: Evaluation, bins: int) -> None:
    bins_ = Reliability.of(found, bins)
    error = 0.0
    for place in range(bins):
        low, high = place / bins, (place + 1) / bins
        inside = [i for i, sure in enumerate(found.confidence.astype(float)) if low < sure * 1.0 <= high]
        if abs(len(inside) - bins_.counts[place]) > 0:  # a confidence on an edge may fall to either side by rounding
            pytest.skip("on an edge")
        if inside:
            accuracy = np.mean([found.right[i] for i in inside])
            confidence = np.mean([float(found.confidence[i]) for i in inside])
            assert bins_.accuracy[place] == pytest.approx(accuracy)
            assert bins_.confidence[place] == pytest.approx(confidence)
            error += abs(accuracy - confidence) * len(inside) / len(found.labels)
    assert bins_.error == pytest.approx(error)


def test_error_of_answers_as_sure_as_right_is_0() -> None:
    sure = certain([1] * 10, [1] * 8 + [2] * 2, [0.8] * 10)
    assert Reliability.of(sure).error == pytest.approx(0, abs=1e-7)


def test_error_of_a_network_that_is_always_sure_is_its_share_of_mistakes() -> None:
    found = certain([1] * 10, [1] * 7 + [2] * 3, [1.0] * 10)
    assert Reliability.of(found).error == pytest.approx(0.3)
    assert Reliability.of(found).counts.tolist() == [0] * (BINS - 1) + [10]


@pytest.mark.parametrize("sharpness", [0.5, 1.0, 3.0])
def test_temperature_is_where_the_loss_is_lowest(sharpness: float) -> None:
    found = made(3, 400, 10, sharpness)
    logits = np.log(found.probabilities.astype(np.float64))

    def loss(heat: float) -> float:
        return float(-log_softmax(logits / heat, axis=1)[np.arange(400), found.labels].mean())

    best = minimize_scalar(loss, bounds=(COLDEST, HOTTEST), method="bounded", options={"xatol": 1e-7})
    assert temperature(found) == pytest.approx(best.x, rel=1e-3)
    assert loss(temperature(found)) <= loss(1.0)


def test_temperature_undoes_what_made_a_network_too_sure() -> None:
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(20_000, 10)) * 1.5
    labels = np.array([rng.choice(10, p=row) for row in softmax(logits, axis=1)], np.uint8)  # honest at temperature 1
    too_sure = Evaluation.of(labels, softmax(2.5 * logits, axis=1).astype(np.float32))
    heat = temperature(too_sure)
    assert heat == pytest.approx(2.5, rel=0.03)
    assert Reliability.of(cooled(too_sure, heat)).error < 0.02 < Reliability.of(too_sure).error


def test_flawless_answers_can_only_gain_by_being_surer() -> None:
    assert COLDEST <= temperature(certain([1, 2, 3], [1, 2, 3])) < 0.2


@given(evaluations, st.floats(0.1, 10))
def test_cooling_is_softmax_of_divided_logits_and_keeps_the_answers(found: Evaluation, heat: float) -> None:
    expected = softmax(np.log(np.maximum(found.probabilities.astype(np.float64), 1.2e-38)) / heat, axis=1)
    other = cooled(found, heat)
    np.testing.assert_allclose(other.probabilities, expected, atol=1e-6)
    # answers stay, but for two digits that were as good as equally probable
    apart = np.sort(found.probabilities, axis=1)
    clear = apart[:, -1] > apart[:, -2] * 1.001
    np.testing.assert_array_equal(other.answers[clear], found.answers[clear])


def test_impossible_digits_stay_finite() -> None:
    one_hot = Evaluation.of(np.array([3, 4], np.uint8), np.eye(10, dtype=np.float32)[[3, 5]])
    assert np.isfinite(cooled(one_hot, temperature(one_hot)).probabilities).all()


@given(evaluations, st.floats(0, 1))
def test_threshold_answers_what_is_at_least_that_sure(found: Evaluation, threshold: float) -> None:
    sure = found.confidence.astype(np.float64) >= threshold
    assert Selective.of(found).at(threshold) == (int(sure.sum()), int(found.right[sure].sum()))


@given(evaluations)
def test_coverage_ends_with_all_and_accuracy_with_the_networks(found: Evaluation) -> None:
    curve = Selective.of(found)
    assert (np.diff(curve.coverage) > 0).all()
    assert (np.diff(curve.thresholds) < 0).all()
    assert (curve.coverage[-1], curve.accuracy[-1]) == pytest.approx((1.0, found.accuracy))


def test_threshold_for_an_accuracy_is_the_lowest_that_reaches_it() -> None:
    curve = Selective.of(certain([1] * 6, [1, 1, 2, 1, 1, 2], [0.9, 0.8, 0.7, 0.6, 0.6, 0.5]))
    assert curve.threshold_for(1.0) == pytest.approx(0.8)
    assert curve.threshold_for(0.8) == pytest.approx(0.6)  # both of the equally sure ones are answered: 4 of 5
    assert curve.threshold_for(0.5) == pytest.approx(0.5)


def test_no_threshold_when_the_surest_answer_is_wrong() -> None:
    assert Selective.of(certain([1, 1], [2, 1], [0.9, 0.8])).threshold_for(0.999) is None
