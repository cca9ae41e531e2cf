"""Enlarged digits and ten bars."""

from __future__ import annotations

import numpy as np
import pytest

from mnistlab.figures.colours import OTHER, RIGHT, TRAINING, WRONG
from mnistlab.figures.digits import bars, enlarge

ANSWERS = np.array([0.004, 0.0, 0.05, 0.7, 0.006, 0.1, 0.0, 0.14, 0.0, 0.0], np.float32)


def test_each_pixel_becomes_a_square_of_its_own_value() -> None:
    image = np.arange(28 * 28).reshape(28, 28).astype(np.uint8)
    large = enlarge(image, 3)
    assert large.shape == (84, 84)
    assert large.dtype == np.uint8
    for row in range(3):
        for column in range(3):
            np.testing.assert_array_equal(large[row::3, column::3], image)


def test_bars_are_the_probabilities_in_percent() -> None:
    (bar,) = bars(ANSWERS).data
    np.testing.assert_allclose(bar.y, 100 * ANSWERS.astype(np.float64))
    assert list(bar.x) == list(range(10))


def test_bars_below_half_a_percent_carry_no_number() -> None:
    assert list(bars(ANSWERS).data[0].text) == ["", "", "5", "70", "1", "10", "", "14", "", ""]


@pytest.mark.parametrize(("label", "colour"), [(None, TRAINING), (3, RIGHT), (8, WRONG)])
def test_only_the_answer_is_coloured_by_whether_it_is_right(label: int | None, colour: str) -> None:
    assert list(bars(ANSWERS, label).data[0].marker.color) == [colour if digit == 3 else OTHER for digit in range(10)]


def test_axes_are_named_with_their_unit_and_fixed() -> None:
    layout = bars(ANSWERS, height=200, title="A drawing").layout
    assert (layout.xaxis.title.text, layout.yaxis.title.text) == ("digit", "probability, %")
    assert list(layout.xaxis.tickvals) == list(range(10))
    assert tuple(layout.yaxis.range) == (0, 112)  # the same for every digit, with room for a number above 100
    assert (layout.height, layout.title.text) == (200, "A drawing")
    assert layout.xaxis.fixedrange
    assert layout.yaxis.fixedrange


def test_probabilities_are_left_as_they_were() -> None:
    before = ANSWERS.copy()
    bars(ANSWERS, 3)
    np.testing.assert_array_equal(ANSWERS, before)
