"""Corruptions are repeatable, do nothing at strength 0, more at each further strength, and each what its name says."""

from __future__ import annotations

import numpy as np
import pytest

from mnistlab.corruptions import CORRUPTIONS, STRENGTHS, corrupt
from mnistlab.data.attributes import measure
from mnistlab.data.sources import read_sample

IMAGES = read_sample().images[:120]
EACH = pytest.mark.parametrize("name", CORRUPTIONS)


def test_there_are_ten_with_five_rising_strengths() -> None:
    assert len(CORRUPTIONS) == 10
    for one in CORRUPTIONS.values():
        assert len(one.amounts) == STRENGTHS
        assert list(one.amounts) == sorted(set(one.amounts))


@EACH
def test_strength_0_is_the_picture_itself(name: str) -> None:
    np.testing.assert_array_equal(corrupt(IMAGES, name, 0), IMAGES)


@EACH
def test_same_seed_is_the_same_picture_and_images_are_left_alone(name: str) -> None:
    before = IMAGES.copy()
    first, again, other = corrupt(IMAGES, name, 3), corrupt(IMAGES, name, 3), corrupt(IMAGES, name, 3, seed=1)
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(IMAGES, before)
    assert (first.dtype, first.shape) == (np.uint8, IMAGES.shape)
    assert (first != other).any() == (name not in ("blur", "contrast", "scale", "thin", "thick"))


@EACH
def test_each_strength_takes_pictures_further_away(name: str) -> None:
    away = [np.abs(corrupt(IMAGES, name, strength).astype(float) - IMAGES).mean() for strength in range(STRENGTHS + 1)]
    assert (np.diff(away) > 0).all()


@EACH
def test_a_digits_chance_does_not_depend_on_the_strength_or_the_others(name: str) -> None:
    whole, part = corrupt(IMAGES, name, 2), corrupt(IMAGES[:50], name, 2)
    if name not in ("rotation", "shear"):  # their sides are drawn all at once, so from the first on alike too
        np.testing.assert_array_equal(whole[:1], part[:1])
    assert (whole[:50] == part).mean() > 0.2


@pytest.mark.parametrize(
    ("name", "attribute", "sign"),
    [
        ("thin", "ink", -1),
        ("thick", "ink", 1),
        ("contrast", "ink", -1),
        ("scale", "height", -1),
        ("shift", "offset", 1),
    ],
)
def test_corruption_does_what_its_name_says(name: str, attribute: str, sign: int) -> None:
    before, after = (measure(corrupt(IMAGES, name, strength))[attribute].mean() for strength in (0, 3))
    assert sign * (after - before) > 0


def test_shear_leans_by_its_angle() -> None:
    upright = np.zeros((200, 28, 28), np.uint8)
    upright[:, 8:21, 13:16] = 255
    slants = measure(corrupt(upright, "shear", 1))["slant"]
    assert np.abs(slants).mean() == pytest.approx(CORRUPTIONS["shear"].amounts[0], abs=1)
    assert {np.sign(s) for s in slants} == {-1, 1}


def test_shift_moves_by_its_pixels() -> None:
    dot = np.zeros((50, 28, 28), np.uint8)
    dot[:, 13:16, 13:16] = 255
    np.testing.assert_allclose(measure(corrupt(dot, "shift", 2))["offset"], CORRUPTIONS["shift"].amounts[1], atol=0.05)


def test_rotation_keeps_the_ink_and_the_middle() -> None:
    bar = np.zeros((50, 28, 28), np.uint8)
    bar[:, 8:21, 13:16] = 255
    turned = measure(corrupt(bar, "rotation", 2))
    np.testing.assert_allclose(turned["ink"], measure(bar)["ink"], rtol=0.02)
    assert turned["offset"].max() < 0.1
    assert np.abs(turned["slant"]).mean() == pytest.approx(CORRUPTIONS["rotation"].amounts[1], abs=3)


def test_noise_has_its_deviation() -> None:
    grey = np.full((50, 28, 28), 128, np.uint8)
    assert corrupt(grey, "noise", 1).std() == pytest.approx(CORRUPTIONS["noise"].amounts[0], rel=0.02)


def test_contrast_fades_ink_by_its_share() -> None:
    white = np.full((1, 28, 28), 200, np.uint8)
    assert set(corrupt(white, "contrast", 2).ravel()) == {100}


@pytest.mark.parametrize("strength", [-1, 6])
def test_other_strengths_are_refused(strength: int) -> None:
    with pytest.raises(ValueError, match=r"a strength is 0 to 5\. Received"):
        corrupt(IMAGES, "noise", strength)
