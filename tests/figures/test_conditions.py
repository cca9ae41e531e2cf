"""Accuracy by attribute and by strength, as the groups and the card count it."""

from __future__ import annotations

import numpy as np
import pytest

from mnistlab.corruptions import CORRUPTIONS
from mnistlab.figures.conditions import by_attribute, by_strength, span
from mnistlab.intervals import wilson
from mnistlab.slices import Slices
from tests.answers import made
from tests.test_robustness import card

RESULT = made(1, 500, 10, 2.0)
GROUPS = Slices.of(np.random.default_rng(0).normal(size=500))


def test_points_are_the_groups_shares_with_their_intervals() -> None:
    (points,) = by_attribute(GROUPS, RESULT, "slant", "degrees").data
    right = GROUPS.right(RESULT)
    np.testing.assert_allclose(points.y, 100 * right / GROUPS.counts)
    low, high = wilson(right, GROUPS.counts)
    np.testing.assert_allclose(np.add(points.y, points.error_y.array), 100 * high)
    np.testing.assert_allclose(np.subtract(points.y, points.error_y.arrayminus), 100 * low)
    assert [row[:3] for row in points.customdata] == [[i, int(r), 50] for i, r in enumerate(right)]


def test_figure_says_attribute_unit_counts_and_accuracy_of_all() -> None:
    figure = by_attribute(GROUPS, RESULT, "distance_from_mean", "pixel values", marked=3)
    assert figure.layout.title.text == "Accuracy by distance from mean, with 95 % intervals"
    assert figure.layout.xaxis.title.text == "distance from mean, pixel values, and how many digits"
    assert all(text.endswith("<br>50") for text in figure.layout.xaxis.ticktext)
    assert figure.layout.shapes[0].y0 == pytest.approx(100 * RESULT.accuracy)
    assert [i for i, width in enumerate(figure.data[0].marker.line.width) if width] == [3]


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [(1.234, 2.346, "1.23–2.35"), (1, 1, "1"), (-12.34, -5, "−12.3–−5"), (0.5001, 0.5002, "0.5")],
)
def test_span_is_short_and_never_twice_the_same(low: float, high: float, text: str) -> None:
    assert span(low, high) == text


def test_lines_are_the_cards_accuracies_and_the_chosen_one_is_strong() -> None:
    found = card({("blur", 2): [7, 4]})
    figure = by_strength(found, "blur")
    assert [trace.name for trace in figure.data] == list(CORRUPTIONS)
    for trace, accuracy in zip(figure.data, found.accuracy, strict=True):
        np.testing.assert_allclose(trace.y, 100 * accuracy)
    assert max(figure.data, key=lambda trace: trace.line.width).name == "blur"
    assert len({trace.line.color for trace in figure.data}) == 10
