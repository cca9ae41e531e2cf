"""What is ink in a picture: on even paper, and under a shadow, with noise and dust."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from mnistlab.data.digits import Bytes
from mnistlab.data.sources import read_sample
from mnistlab.ink import CONTRAST, SOLID, grey, ink, without_specks
from tests.photos import grid, paper, written

SAMPLE = read_sample()


def stroke(ink_shade: int, paper_shade: int) -> Bytes:
    picture = np.full((200, 200), paper_shade, np.uint8)
    picture[50:150, 90:110] = ink_shade
    return picture


INKED = stroke(1, 0) == 1


# shades of grey


def test_colours_are_weighed_as_the_eye_does() -> None:
    colours = np.array([[[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255]]], np.uint8)
    assert grey(colours).tolist() == [[76, 150, 29, 255]]  # ITU-R BT.601


@pytest.mark.parametrize(("shade", "paper_shade"), [(20, 255), (240, 0)])
def test_transparent_paper_becomes_the_opposite_of_the_ink(shade: int, paper_shade: int) -> None:
    picture = np.zeros((20, 20, 4), np.uint8)
    picture[5:15, 9:11] = (shade, shade, shade, 255)
    assert set(np.unique(grey(picture))) == {shade, paper_shade}


# even paper


@pytest.mark.parametrize(("shade", "paper_shade"), [(255, 0), (0, 255), (100, 140), (200, 170), (90, 60)])
def test_ink_is_1_and_paper_0_whichever_is_darker(shade: int, paper_shade: int) -> None:
    np.testing.assert_array_equal(ink(stroke(shade, paper_shade)), INKED.astype(np.float32))


def test_half_strength_ink_is_half_ink() -> None:
    picture = stroke(0, 200)
    picture[150:160, 90:110] = 100
    assert ink(picture)[155, 100] == pytest.approx(0.5)


@pytest.mark.parametrize(("contrast", "blank"), [(CONTRAST - 1, True), (CONTRAST, False)])
def test_too_little_contrast_is_no_ink(contrast: int, blank: bool) -> None:
    assert (not ink(stroke(200 - contrast, 200)).any()) is blank


# photos


def overlap(found: NDArray[np.float32], true: NDArray[np.bool_]) -> float:
    """Intersection over union of what is found and what was written."""
    solid = found > SOLID
    return float((solid & true).sum() / (solid | true).sum())


def truth(count: int) -> NDArray[np.bool_]:
    return np.asarray(written(SAMPLE[:count], grid(count), noise=0) < 0.7 * paper(noise=0))


@pytest.mark.parametrize("noise", [0, 4, 8])
@pytest.mark.parametrize("shadow", [0, 0.3, 0.5])
def test_ink_is_found_under_a_shadow_and_with_noise(shadow: float, noise: float) -> None:
    photo = written(SAMPLE[:7], grid(7), shadow=shadow, noise=noise)
    assert overlap(ink(photo), truth(7)) > 0.75


@pytest.mark.parametrize("shadow", [0, 0.3, 0.5])
@pytest.mark.parametrize("noise", [0, 4, 8])
def test_blank_paper_has_no_ink_whatever_the_light(shadow: float, noise: float) -> None:
    assert not ink(np.clip(paper(3, shadow, noise), 0, 255).astype(np.uint8)).any()


def test_chalk_on_a_board_with_uneven_light_is_ink() -> None:
    photo = 255 - written(SAMPLE[:7], grid(7), shadow=0)
    assert overlap(ink(photo), truth(7)) > 0.7


# specks


def test_dust_is_taken_away_and_strokes_stay() -> None:
    inked = INKED.astype(np.float32)
    dusty = inked.copy()
    dusty[10:13, 10:13] = dusty[180, 180] = 1
    np.testing.assert_array_equal(without_specks(dusty), inked)


def test_two_strokes_of_one_digit_both_stay() -> None:
    inked = np.zeros((200, 200), np.float32)
    inked[50:150, 60:70] = inked[50:60, 80:120] = 1  # a five's bar apart from its body
    np.testing.assert_array_equal(without_specks(inked), inked)
