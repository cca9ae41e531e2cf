"""Changed copies of digits: each option changes what it says, within its bound."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from numpy.typing import NDArray
from scipy import ndimage

from mnistlab.data.sources import read_sample
from mnistlab.experiment import Augmentation
from mnistlab.worker.augment import augment

Floats = NDArray[np.float32]
PIXELS: Floats = read_sample().images[:100, ..., None].astype(np.float32) / 255


def changed(pixels: Floats = PIXELS, seed: int = 1, **spec: float) -> Floats:
    return augment(tf.constant(pixels), Augmentation(**spec), tf.constant([seed, 0])).numpy()


def field(values: NDArray[np.bool_]) -> Floats:
    """The same picture a hundred times."""
    return np.tile(values.astype(np.float32)[None, ..., None], (100, 1, 1, 1))


def centres(pixels: Floats) -> Floats:
    return np.array([ndimage.center_of_mass(image[..., 0]) for image in pixels])


def directions(pixels: Floats) -> Floats:
    """Degrees of a stroke against the vertical, from its second moments: (shear's, rotation's)."""
    y, x = np.mgrid[:28, :28]
    found = []
    for image in pixels[..., 0]:
        mass = image.sum()
        dy, dx = y - (y * image).sum() / mass, x - (x * image).sum() / mass
        found.append(np.degrees(np.arctan((dx * dy * image).sum() / (dy * dy * image).sum())))
    return np.array(found)


Y, X = np.mgrid[:28, :28]
BAR = field((abs(X - 14) <= 1) & (abs(Y - 14) <= 9))  # upright, around the centre
SQUARE = field((abs(X - 14) <= 5) & (abs(Y - 14) <= 5))


def test_nothing_asked_changes_nothing() -> None:
    np.testing.assert_array_equal(changed(), PIXELS)


@pytest.mark.parametrize("option", Augmentation.model_fields)
def test_the_same_seed_gives_the_same_copies_and_another_others(option: str) -> None:
    spec = {option: Augmentation.bound(option).high}
    np.testing.assert_array_equal(changed(seed=5, **spec), changed(seed=5, **spec))
    assert np.abs(changed(seed=5, **spec) - changed(seed=6, **spec)).max() > 0.1


@pytest.mark.parametrize("option", Augmentation.model_fields)
def test_each_image_of_a_batch_is_changed_otherwise(option: str) -> None:
    copies = changed(SQUARE if option == "scale" else BAR, **{option: Augmentation.bound(option).high / 2})
    assert len(np.unique(copies.reshape(100, -1), axis=0)) == 100


@pytest.mark.parametrize("option", Augmentation.model_fields)
def test_values_stay_between_paper_and_ink(option: str) -> None:
    copies = changed(**{option: Augmentation.bound(option).high})
    assert copies.dtype == np.float32
    assert copies.shape == PIXELS.shape
    assert copies.min() >= 0
    assert copies.max() <= 1 + 1e-6


@pytest.mark.parametrize("most", [1.0, 3.0])
def test_shift_moves_by_at_most_its_pixels_every_way(most: float) -> None:
    moved = centres(changed(BAR, shift=most)) - centres(BAR)
    assert np.abs(moved).max() <= most + 0.05
    for axis in (0, 1):
        assert moved[:, axis].min() < -0.8 * most
        assert moved[:, axis].max() > 0.8 * most


@pytest.mark.parametrize("option", ["rotate", "shear"])
def test_rotation_and_shear_lean_by_at_most_their_degrees_both_ways(option: str) -> None:
    lean = directions(changed(BAR, **{option: 20}))
    assert np.abs(lean).max() <= 20.5
    assert lean.min() < -16
    assert lean.max() > 16


def test_rotation_keeps_lengths_and_shear_keeps_height() -> None:
    def height(pixels: Floats) -> Floats:
        return (pixels.max(axis=(2, 3)) > 0.5).sum(axis=1)

    assert height(changed(BAR, shear=30)).min() >= height(BAR).min() - 1
    turned = changed(SQUARE, rotate=45).sum(axis=(1, 2, 3))
    np.testing.assert_allclose(turned, SQUARE.sum(axis=(1, 2, 3)), rtol=0.03)


@pytest.mark.parametrize("option", ["rotate", "shear", "scale"])
def test_what_is_turned_or_resized_stays_in_the_middle(option: str) -> None:
    moved = centres(changed(SQUARE, **{option: Augmentation.bound(option).high})) - 14
    assert np.abs(moved).max() < 0.3


def test_scale_resizes_each_side_within_its_part() -> None:
    copies = changed(SQUARE, scale=0.2)
    for axis in (1, 2):
        sides = copies[:, 14, :, 0].sum(axis=1) if axis == 2 else copies[:, :, 14, 0].sum(axis=1)
        assert sides.min() >= 11 * 0.8 - 0.5
        assert sides.max() <= 11 * 1.2 + 0.5
        assert sides.min() < 11 * 0.85
        assert sides.max() > 11 * 1.15


def test_thickness_makes_strokes_thicker_and_thinner() -> None:
    ink, before = changed(thickness=1).sum(axis=(1, 2, 3)), PIXELS.sum(axis=(1, 2, 3))
    assert (ink > 1.2 * before).any()
    assert (ink < 0.8 * before).any()
    # at most one pixel on each side: never more than the 3×3 maximum, never less than the minimum
    around = [
        ndimage.maximum_filter(PIXELS, (1, 3, 3, 1)),
        ndimage.minimum_filter(PIXELS, (1, 3, 3, 1), mode="nearest"),
    ]
    copies = changed(thickness=1)
    assert (copies <= around[0] + 1e-6).all()
    assert (copies >= around[1] - 1e-6).all()
    assert np.abs(changed(thickness=0.1) - PIXELS).max() <= 0.1 + 1e-6
