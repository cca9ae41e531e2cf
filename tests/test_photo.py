"""Several digits in one picture: each found once, in reading order, and read as it would be alone."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from mnistlab.data.sources import read_sample
from mnistlab.drawing import prepare
from mnistlab.forward import Network
from mnistlab.photo import MOST, find
from mnistlab.runs import RunStore
from tests.photos import HEIGHT, WIDTH, grid, paper, written

SAMPLE = read_sample()


@pytest.fixture(scope="module")
def network() -> Network:
    return Network.from_run(RunStore().open("reference-cnn"))


@pytest.mark.parametrize("shadow", [0, 0.4])
@pytest.mark.parametrize("first", [0, 100, 200, 300])
def test_digits_of_a_photo_are_found_in_order_and_read(network: Network, first: int, shadow: float) -> None:
    digits = SAMPLE[first : first + 12]
    page = find(written(digits, grid(12), side=100, seed=first, shadow=shadow))
    assert len(page.found) == 12
    answers = network.probabilities(np.stack([one.digit for one in page.found])).argmax(axis=1)
    assert (answers == digits.labels).sum() >= 11


def test_each_box_holds_its_digit_and_nothing_else() -> None:
    places = grid(7)
    for one, (top, left) in zip(find(written(SAMPLE[:7], places)).found, places, strict=True):
        assert top <= one.top < one.bottom <= top + 112
        assert left <= one.left < one.right <= left + 112


def test_single_digit_is_what_a_drawing_of_it_is() -> None:
    picture = np.asarray(Image.fromarray(SAMPLE.images[0]).resize((280, 280), Image.Resampling.BICUBIC))
    (one,) = find(picture).found
    np.testing.assert_array_equal(one.digit, prepare(picture).digit)


def test_bar_apart_from_a_five_belongs_to_it() -> None:
    picture = np.zeros((300, 300), np.uint8)
    picture[60:70, 120:180] = picture[76:200, 112:122] = picture[190:200, 112:180] = 255
    (one,) = find(picture).found
    assert (one.top, one.bottom) == (60, 200)


def test_neighbours_that_reach_into_a_box_stay_out_of_its_digit() -> None:
    picture = np.zeros((200, 300), np.uint8)
    for i in range(100):  # two parallel slanted strokes: their boxes overlap
        picture[50 + i, 150 - i : 160 - i] = picture[50 + i, 190 - i : 200 - i] = 255
    first, second = find(picture).found
    assert first.right > second.left
    np.testing.assert_array_equal(first.digit, second.digit)


def test_lines_of_the_paper_are_no_digits() -> None:
    photo = written(SAMPLE[:4], grid(4)).astype(float)
    photo[160:164] *= 0.5
    assert len(find(photo.astype(np.uint8)).found) == 4


def test_no_more_than_40_are_read_and_the_rest_counted() -> None:
    picture = np.zeros((600, 1000), np.uint8)
    for i in range(MOST + 5):
        top, left = 20 + 110 * (i // 9), 20 + 105 * (i % 9)
        picture[top : top + 60, left : left + 12] = 255
    page = find(picture)
    assert (len(page.found), page.left_out) == (MOST, 5)


@pytest.mark.parametrize("picture", [
    np.zeros((280, 280), np.uint8),
    np.full((28, 28), 255, np.uint8),
    np.clip(paper(), 0, 255).astype(np.uint8),
    np.pad(np.full((4, 4), 255, np.uint8), 138),
], ids=["blank", "small", "paper", "dot"])  # fmt: skip
def test_nothing_to_read_is_nothing_found(picture: np.ndarray) -> None:
    assert find(picture).found == ()


def test_photo_kept_in_grey_has_its_own_size() -> None:
    assert find(np.dstack([written(SAMPLE[:3], grid(3))] * 3)).shades.shape == (HEIGHT, WIDTH)
