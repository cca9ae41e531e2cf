"""Principal components against scikit-learn's, and what must hold of any."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.decomposition import PCA

from mnistlab.data.sources import read_sample
from mnistlab.pca import Components

IMAGES = read_sample().images[:400]


@pytest.mark.parametrize(
    "images", [IMAGES[:300, ::3, ::3], IMAGES[:150]], ids=["more images than pixels", "fewer images than pixels"]
)
def test_components_are_scikit_learns(images: np.ndarray) -> None:
    flat = images.reshape(len(images), -1).astype(np.float64)
    reference = PCA(20, svd_solver="full").fit(flat)
    found = Components.of(images, 20)
    np.testing.assert_allclose(found.shares, reference.explained_variance_ratio_, rtol=1e-3)
    along = (found.axes * reference.components_).sum(axis=1)  # signs are anybody's choice
    np.testing.assert_allclose(np.abs(along), 1, atol=1e-3)
    expected = reference.transform(flat) * np.sign(along)
    np.testing.assert_allclose(found.place(images), expected, atol=1e-3 * np.abs(expected).max())


def test_axes_are_of_length_1_and_at_right_angles() -> None:
    axes = Components.of(IMAGES, 50).axes.astype(np.float64)
    np.testing.assert_allclose(axes @ axes.T, np.eye(50), atol=1e-4)


def test_largest_part_of_each_axis_is_positive() -> None:
    axes = Components.of(IMAGES, 10).axes
    assert (axes[np.arange(10), np.abs(axes).argmax(axis=1)] > 0).all()


def test_no_more_axes_than_there_can_be() -> None:
    assert Components.of(IMAGES[:5], 50).axes.shape == (5, 784)
    assert Components.of(np.ones((30, 3), np.float32), 50).axes.shape == (3, 3)


def test_values_that_do_not_differ_have_no_variance_and_one_place() -> None:
    same = np.repeat(IMAGES[:1], 20, axis=0)
    found = Components.of(same, 2)
    assert not found.shares.any()
    assert np.isfinite(found.place(same)).all()
    np.testing.assert_allclose(found.place(same), 0, atol=1e-3)


def test_shares_of_all_axes_are_everything() -> None:
    assert Components.of(IMAGES, 400).shares.sum() == pytest.approx(1, abs=1e-4)
    assert np.isfinite(Components.of(IMAGES, 400).axes).all()


def test_values_are_left_alone() -> None:
    values = IMAGES[:100].astype(np.float32)
    before = values.copy()
    Components.of(values, 3).place(values)
    np.testing.assert_array_equal(values, before)
