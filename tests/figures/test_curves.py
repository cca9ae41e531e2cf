"""Curves say what the history says: thinned, smoothed, in percent, never moved."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnistlab.events import BatchEnd, EpochEnd, Started
from mnistlab.figures.curves import POINTS, TITLES, _smoothed, _thinned, learning
from mnistlab.history import History

STEPS = 10
BOTH: tuple[Literal["loss", "accuracy"], ...] = ("loss", "accuracy")


def history(chunks: int, epochs: int = 4) -> History:
    """A training that said this many chunks, of one step each, and its epochs as they ended."""
    events: list[Started | BatchEnd | EpochEnd] = [
        Started(digits="", epochs=epochs, steps=STEPS, train_images=10, validation_images=10)
    ]
    for i in range(chunks):
        epoch, step = divmod(i, STEPS)
        events.append(
            BatchEnd(
                epoch=epoch + 1, step=step + 1, loss=2 / (i + 1), accuracy=1 - 1 / (i + 2), learning_rate=0.1, seconds=i
            )
        )
        if step == STEPS - 1:
            events.append(
                EpochEnd(epoch=epoch + 1, loss=1, accuracy=0.5, val_loss=0.5 / (epoch + 1), val_accuracy=0.9, seconds=1)
            )
    return History.of(events)


def test_loss_is_drawn_as_it_was_said() -> None:
    raw, smooth, validation = learning(history(20), "loss").data
    np.testing.assert_allclose(raw.x, np.arange(1, 21) / STEPS)
    np.testing.assert_allclose(raw.y, 2 / np.arange(1, 21))
    np.testing.assert_array_equal(smooth.x, raw.x)
    assert list(validation.x) == [1, 2]
    assert list(validation.y) == [0.5, 0.25]


def test_accuracy_is_drawn_in_percent() -> None:
    raw, _, validation = learning(history(20), "accuracy").data
    np.testing.assert_allclose(raw.y, 100 - 100 / np.arange(2, 22))
    np.testing.assert_allclose(validation.y, [90, 90])


@pytest.mark.parametrize("what", BOTH)
def test_axes_are_named_and_as_wide_as_the_training_will_be(what: Literal["loss", "accuracy"]) -> None:
    first, last = (learning(history(chunks), what).layout for chunks in (1, 40))
    assert first.title.text == TITLES[what]
    assert first.xaxis.title.text == "epoch"
    assert tuple(first.xaxis.range) == tuple(last.xaxis.range) == (0, 4 * 1.02)
    assert first.height == last.height == 300


def test_titles_name_their_units() -> None:
    assert TITLES == {"loss": "Loss (cross-entropy, nats)", "accuracy": "Accuracy (%)"}


@pytest.mark.parametrize("what", BOTH)
def test_nothing_said_yet_is_empty_axes(what: Literal["loss", "accuracy"]) -> None:
    figure = learning(History(), what)
    assert [len(trace.x) for trace in figure.data] == [0, 0, 0]
    assert tuple(figure.layout.xaxis.range) == (0, 1.02)


def test_accuracy_starts_just_below_the_lowest_point_after_the_start() -> None:
    low, high = learning(history(40), "accuracy").layout.yaxis.range
    assert low == pytest.approx(100 - 100 / 6 - 5)  # the first tenth, 4 of 40 chunks, does not count
    assert high == 100.5


def test_loss_starts_at_zero() -> None:
    assert learning(history(20), "loss").layout.yaxis.rangemode == "tozero"


def test_backdrop_is_fainter_than_a_training_of_ones_own() -> None:
    def strengths(faint: bool) -> list[float]:
        figure = learning(history(20), "loss", faint=faint)
        return [float(trace.line.color.rstrip(")").split(",")[-1]) for trace in figure.data]

    assert all(weak < strong for weak, strong in zip(strengths(True), strengths(False), strict=True))


def test_training_and_validation_are_in_the_legend_once() -> None:
    assert [t.name for t in learning(history(20), "loss").data if t.showlegend is not False] == [
        "training",
        "validation",
    ]


@given(st.integers(0, 3 * POINTS))
def test_thinning_never_draws_more_than_can_be_seen_and_ends_at_the_last_whole_group(count: int) -> None:
    x = np.arange(1, count + 1, dtype=float)
    thin, means = _thinned(x, 3 * x)
    assert len(thin) == len(means) <= POINTS
    if count:
        step = -(-count // POINTS)
        assert thin[-1] == count // step * step
        np.testing.assert_allclose(means, 3 * (thin - (step - 1) / 2))  # each the mean of the `step` values up to it


def test_few_points_are_not_thinned() -> None:
    x, y = np.arange(POINTS, dtype=float), np.random.default_rng(0).random(POINTS)
    thin, means = _thinned(x, y)
    np.testing.assert_array_equal(thin, x)
    np.testing.assert_array_equal(means, y)


@given(st.floats(-1e6, 1e6), st.integers(0, 50), st.floats(0.01, 100))
def test_a_constant_is_smoothed_to_itself(value: float, count: int, epochs: float) -> None:
    smooth = _smoothed(np.linspace(epochs / 50, epochs, count), np.full(count, value))
    np.testing.assert_allclose(smooth, np.full(count, value), rtol=1e-9)


def test_smoothing_looks_back_as_far_however_many_points_there_are() -> None:
    """A jump half way through an epoch is followed as fast with ten times the points."""
    for points in (40, 400):
        epochs = np.linspace(1 / points, 1, points)
        smooth = _smoothed(epochs, (epochs > 0.5).astype(float))
        after = smooth[np.searchsorted(epochs, 0.65)]
        assert 0.5 < after < 0.75  # a looking back of 0.15 epochs, 0.15 epochs later: 1 − 1/e


@given(st.lists(st.floats(-100, 100), min_size=1, max_size=50))
def test_smoothing_starts_at_the_first_value_and_stays_within_what_it_has_seen(values: list[float]) -> None:
    smooth = _smoothed(np.linspace(0.1, 2, len(values)), np.array(values))
    assert smooth[0] == pytest.approx(values[0])
    seen = np.array(values)
    assert (smooth <= np.maximum.accumulate(seen) + 1e-9).all()
    assert (smooth >= np.minimum.accumulate(seen) - 1e-9).all()
