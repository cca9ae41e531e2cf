"""Enlarged digits."""

from __future__ import annotations

import numpy as np

from mnistlab.figures.digits import enlarge


def test_each_pixel_becomes_a_square_of_its_own_value() -> None:
    image = np.arange(28 * 28).reshape(28, 28).astype(np.uint8)
    large = enlarge(image, 3)
    assert large.shape == (84, 84)
    assert large.dtype == np.uint8
    for row in range(3):
        for column in range(3):
            np.testing.assert_array_equal(large[row::3, column::3], image)
