"""The set as a whole, against NumPy's own functions on all of it at once."""

from __future__ import annotations

import numpy as np
import pytest

from mnistlab.data.digits import Digits
from mnistlab.data.sources import read_sample
from mnistlab.data.summary import CHUNK, Summary

SOME = read_sample()[: 3 * CHUNK + 17]


@pytest.fixture(scope="module")
def summary() -> Summary:
    return Summary.of(SOME)


@pytest.mark.parametrize("digit", range(10))
def test_mean_and_deviation_of_a_digit_are_numpys(summary: Summary, digit: int) -> None:
    images = SOME.images[SOME.labels == digit].astype(np.float64)
    np.testing.assert_allclose(summary.means[digit], images.mean(axis=0), rtol=1e-6, atol=1e-5)
    np.testing.assert_allclose(summary.deviations[digit], images.std(axis=0), rtol=1e-5, atol=1e-4)
    assert summary.counts[digit] == len(images)


def test_pictures_are_float32_in_grey_values(summary: Summary) -> None:
    for pictures in (summary.means, summary.deviations):
        assert (pictures.dtype, pictures.shape) == (np.float32, (10, 28, 28))
    assert 200 < summary.means.max() <= 255


def test_histogram_counts_every_pixel(summary: Summary) -> None:
    values, counts = np.unique(SOME.images, return_counts=True)
    np.testing.assert_array_equal(np.flatnonzero(summary.histogram), values)
    np.testing.assert_array_equal(summary.histogram[values], counts)


def test_inked_counts_the_images_that_use_a_pixel(summary: Summary) -> None:
    np.testing.assert_array_equal(summary.inked, (SOME.images > 0).sum(axis=0))
    assert summary.never_inked == (SOME.images.max(axis=0) == 0).sum() > 0


def test_digit_that_does_not_occur_is_blank_and_not_a_division_by_zero() -> None:
    summary = Summary.of(SOME[SOME.labels != 5])
    assert summary.counts[5] == 0
    assert not summary.means[5].any()
    assert not summary.deviations[5].any()
    assert summary.means[4].any()


def test_equal_images_do_not_deviate_at_all() -> None:
    same = Digits(np.full((1000, 28, 28), 255, np.uint8), np.full(1000, 3, np.uint8))
    summary = Summary.of(same)
    assert (summary.means[3] == 255).all()
    assert not summary.deviations.any()
