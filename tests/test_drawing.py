"""From canvas or photo to a digit as MNIST has them, whatever its colours, size and place."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from PIL import Image, ImageDraw
from scipy import ndimage

from mnistlab.data.sources import read_sample
from mnistlab.drawing import BOX, STEPS, THICK, Prepared, prepare, prepare_ink, prepared_before

SAMPLE = read_sample()
Picture = np.ndarray


def drawn(row: int = 0, side: int = 280) -> Picture:
    """A sample digit as a large drawing, white on black."""
    return np.asarray(Image.fromarray(SAMPLE.images[row]).resize((side, side), Image.Resampling.BICUBIC))


def likeness(first: Picture, second: Picture) -> float:
    """Correlation of two pictures' pixels: 1 is the same picture."""
    return float(np.corrcoef(first.ravel(), second.ravel())[0, 1])


def ink_box(found: Prepared) -> tuple[int, int]:
    """Height and width of the ink once it has its size, before it is moved by parts of a pixel."""
    rows, columns = np.nonzero({stage.name: stage.image for stage in found.stages}["size"])
    return int(np.ptp(rows)) + 1, int(np.ptp(columns)) + 1


# polarity, colour and transparency


@pytest.mark.parametrize("row", range(10))
def test_dark_on_light_is_light_on_dark(row: int) -> None:
    np.testing.assert_array_equal(prepare(255 - drawn(row)).digit, prepare(drawn(row)).digit)


@pytest.mark.parametrize(("ink", "paper"), [(250, 60), (60, 250), (140, 100), (0, 30), (255, 235)])
def test_faint_drawing_is_as_good_as_a_strong_one(ink: int, paper: int) -> None:
    shape = drawn() / 255
    faint = np.rint(paper + (ink - paper) * shape).astype(np.uint8)
    assert likeness(prepare(faint).digit, prepare(drawn()).digit) > 0.99


@pytest.mark.parametrize("colour", [(0, 0, 0), (255, 255, 255), (200, 0, 0), (0, 0, 180), (255, 220, 0)])
def test_transparent_paper_is_paper(colour: tuple[int, int, int]) -> None:
    picture = np.dstack([np.full((280, 280, 3), colour, np.uint8), drawn()])
    assert likeness(prepare(picture).digit, prepare(drawn()).digit) > 0.999


@pytest.mark.parametrize("hidden", [0, 255])
def test_colour_under_transparent_paper_does_not_matter(hidden: int) -> None:
    picture = np.zeros((280, 280, 4), np.uint8)
    picture[..., :3], picture[..., 3] = hidden, 0
    picture[60:220, 130:150] = (10, 20, 30, 255)
    assert likeness(prepare(picture).digit, prepare(bar(160, 20)).digit) > 0.999


def test_opaque_colours_are_shades_of_grey() -> None:
    grey = drawn()
    for picture in (np.dstack([grey] * 3), np.dstack([grey, grey, grey, np.full_like(grey, 255)])):
        np.testing.assert_array_equal(prepare(picture).digit, prepare(grey).digit)


# place and size


def bar(height: int, width: int, top: int = 60, left: int = 130, side: int = 280) -> Picture:
    picture = np.zeros((side, side), np.uint8)
    picture[top : top + height, left : left + width] = 255
    return picture


@given(st.integers(-30, 30), st.integers(-30, 30))
@settings(max_examples=20)
def test_place_on_the_canvas_does_not_matter(down: int, right: int) -> None:
    middle = np.pad(drawn(side=200), 40)
    moved = np.roll(middle, (down, right), (0, 1))
    np.testing.assert_array_equal(prepare(moved).digit, prepare(middle).digit)


@pytest.mark.parametrize("side", [56, 140, 560, 1120])
@pytest.mark.parametrize("row", range(5))
def test_size_of_the_canvas_does_not_matter(row: int, side: int) -> None:
    assert likeness(prepare(drawn(row, side)).digit, prepare(drawn(row)).digit) > 0.98


def test_small_drawing_on_a_large_canvas_is_a_large_digit() -> None:
    small = np.pad(drawn(side=84), 98)
    assert likeness(prepare(small).digit, prepare(drawn()).digit) > 0.98


@pytest.mark.parametrize(("shape", "across"), [((280, 420), (0, 70)), ((420, 280), (70, 0))])
def test_canvas_need_not_be_square(shape: tuple[int, int], across: tuple[int, int]) -> None:
    wide = np.pad(drawn(), ((across[0],) * 2, (across[1],) * 2))
    assert wide.shape == shape
    np.testing.assert_array_equal(prepare(wide).digit, prepare(drawn()).digit)


@pytest.mark.parametrize(("height", "width"), [(200, 100), (100, 200), (200, 20), (30, 60)])
def test_longest_side_of_the_ink_is_20_pixels_with_the_aspect_kept(height: int, width: int) -> None:
    longest = max(height, width)
    box = ink_box(prepare(bar(height, width, top=40, left=40), without=["thin"]))
    assert box == (BOX * height // longest, BOX * width // longest)


@pytest.mark.parametrize("row", range(0, 100, 5))
def test_centre_of_mass_is_in_the_middle(row: int) -> None:
    centre = ndimage.center_of_mass(prepare(drawn(row)).digit)
    assert centre == pytest.approx((14, 14), abs=0.1)


def test_hair_thin_line_is_still_ink() -> None:
    found = prepare(bar(200, 1))
    assert found.digit.max() == 255
    assert ink_box(found) == (BOX, 1)


# thick strokes, and strokes over the edge


def ring(width: int, height: int = 100, across: int = 70) -> Picture:
    """A nought drawn along an ellipse with a pen of this width."""
    picture = Image.new("L", (280, 280))
    half = width / 2
    box = (140 - across / 2 - half, 140 - height / 2 - half, 140 + across / 2 + half, 140 + height / 2 + half)
    ImageDraw.Draw(picture).ellipse(box, outline=255, width=width)
    return np.asarray(picture)


def stroke_pixels(found: Prepared, row: int = 14) -> float:
    """The thickness of a nought's left side on its way over this row of the digit, in its pixels."""
    return float(found.digit[row, :14].sum()) / 255


@pytest.mark.parametrize("width", [28, 34, 40, 46])
def test_stroke_of_a_wide_pen_gets_the_thickness_of_mnist(width: int) -> None:
    drawing = ring(width)
    assert stroke_pixels(prepare(drawing, without=["thin"])) > THICK + 0.3
    assert stroke_pixels(prepare(drawing)) == pytest.approx(THICK, abs=0.3)
    assert likeness(prepare(drawing).digit, prepare(ring(24)).digit) > 0.95


@pytest.mark.parametrize("width", [2, 10, 20])
def test_stroke_no_thicker_than_those_of_mnist_is_left_as_it_is(width: int) -> None:
    np.testing.assert_array_equal(prepare(ring(width)).digit, prepare(ring(width), without=["thin"]).digit)


@pytest.mark.parametrize(("height", "width"), [(60, 60), (200, 100), (28, 140)])
def test_half_of_a_stroke_stays_however_thick_it_is(height: int, width: int) -> None:
    found = {stage.name: stage.image for stage in prepare(bar(height, width, left=40)).stages}
    longest = max(found["thin"].shape)
    assert found["thin"].min() > 127
    assert min(found["thin"].shape) / longest >= min(height, width) / max(height, width) / 2


def test_a_drawing_cut_by_the_canvas_is_no_photo() -> None:
    cut = np.roll(ring(30, height=220, across=180), 100, axis=0)
    cut[:100] = 0  # its lower part is beyond the canvas
    whole = np.pad(cut, 40)  # the same drawing on paper that goes on
    np.testing.assert_array_equal(prepare(cut).digit, prepare(whole).digit)


# MNIST itself


def test_sample_digits_come_back_nearly_themselves() -> None:
    found = [likeness(prepare(image).digit, image) for image in SAMPLE.images[:300]]
    assert np.mean(found) > 0.95
    assert min(found) > 0.75


def test_no_sample_digit_is_taken_for_blank() -> None:
    assert not any(prepare(image).empty for image in SAMPLE.images[:1000])


def test_prepared_again_changes_little() -> None:
    once = [prepare(image).digit for image in SAMPLE.images[:100]]
    assert np.mean([likeness(prepare(digit).digit, digit) for digit in once]) > 0.95


# nothing to read


@pytest.mark.parametrize("shade", [0, 7, 128, 255])
@pytest.mark.parametrize("shape", [(280, 280), (280, 280, 3), (280, 280, 4), (1, 1), (1, 500)])
def test_blank_is_empty(shade: int, shape: tuple[int, ...]) -> None:
    found = prepare(np.full(shape, shade, np.uint8))
    assert found.empty
    assert not found.digit.any()


def test_canvas_that_was_never_touched_is_empty() -> None:
    assert prepare(np.zeros((280, 280, 4), np.uint8)).empty


@pytest.mark.parametrize(
    ("height", "width", "empty"),
    [
        (1, 1, True),
        (22, 22, True),
        (22, 8, True),
        (23, 8, False),
        (8, 23, False),
        (40, 40, True),
        (40, 20, False),
        (60, 60, False),
    ],
)
def test_dot_is_empty_and_a_short_stroke_is_not(height: int, width: int, empty: bool) -> None:
    assert prepare(bar(height, width)).empty is empty


@pytest.mark.parametrize("brush", [12, 26, 40])
def test_one_touch_of_any_pen_is_a_dot(brush: int) -> None:
    down, right = np.ogrid[:336, :336]
    touch = (down - 150) ** 2 + (right - 90) ** 2 <= (brush / 2) ** 2
    assert prepare(touch.astype(np.uint8) * 255).empty


def test_small_zero_is_no_dot() -> None:
    down, right = np.ogrid[:336, :336]
    away = np.hypot(down - 150, right - 90)
    assert not prepare(((away <= 30) & (away >= 20)).astype(np.uint8) * 255).empty


def test_dot_is_measured_by_the_shorter_side() -> None:
    stroke = bar(40, 20)  # of 280 × 1,400 pixels
    assert not prepare(np.pad(stroke, ((0, 0), (0, 1120)))).empty


def test_paper_that_is_not_quite_even_is_empty() -> None:
    paper = np.random.default_rng(0).integers(248, 256, (280, 280), np.uint8)
    assert prepare(paper).empty


# what comes out, and what does not go in


@given(arrays(np.uint8, array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=40)))
def test_any_picture_becomes_28_by_28_bytes(picture: Picture) -> None:
    check(prepare(picture))


@given(arrays(np.uint8, st.tuples(st.integers(1, 30), st.integers(1, 30), st.sampled_from((3, 4)))))
def test_any_coloured_picture_becomes_28_by_28_bytes(picture: Picture) -> None:
    check(prepare(picture))


def check(found: Prepared) -> None:
    assert (found.digit.dtype, found.digit.shape) == (np.uint8, (28, 28))
    assert found.empty == (not found.digit.any())
    assert all(stage.image.dtype == np.uint8 and stage.image.ndim == 2 for stage in found.stages)


def test_every_stage_is_shown_and_the_last_is_the_digit() -> None:
    found = prepare(drawn())
    assert [stage.name for stage in found.stages] == ["drawing", "ink", "crop", "thin", "size", "centre"]
    np.testing.assert_array_equal(found.stages[-1].image, found.digit)


def test_empty_picture_stops_at_the_ink() -> None:
    assert [stage.name for stage in prepare(bar(5, 5)).stages] == ["drawing", "ink"]


def test_picture_is_left_as_it_was() -> None:
    picture = np.dstack([drawn()] * 4)
    before = picture.copy()
    prepare(picture)
    np.testing.assert_array_equal(picture, before)


@pytest.mark.parametrize(
    "wrong",
    [
        drawn().astype(np.float32), drawn() > 128, drawn().tolist(), None, drawn()[0], drawn()[None, None],
        np.dstack([drawn()] * 2), np.dstack([drawn()] * 5), np.zeros((0, 28), np.uint8), np.zeros((28, 28, 0), np.uint8),
    ],
    ids=lambda wrong: f"{wrong.dtype} {wrong.shape}" if isinstance(wrong, np.ndarray) else type(wrong).__name__,
)  # fmt: skip
def test_array_that_is_no_picture_is_refused(wrong: Any) -> None:
    with pytest.raises(ValueError, match="a picture"):
        prepare(wrong)


# steps left out, and digits prepared before


@pytest.mark.parametrize("step", STEPS)
def test_a_step_left_out_changes_that_stage_and_no_earlier_one(step: str) -> None:
    thick = ndimage.grey_dilation(drawn(side=140), 15)
    picture = 255 - np.pad(thick, ((20, 120), (90, 50)))
    whole, less = prepare(picture), prepare(picture, without=[step])
    names = [stage.name for stage in whole.stages]
    same = [np.array_equal(a.image, b.image) for a, b in zip(whole.stages, less.stages, strict=True)]
    assert all(same[: names.index(step)])
    assert not same[names.index(step)]
    assert less.digit.shape == (28, 28)


def test_without_the_crop_a_small_drawing_stays_small() -> None:
    small = np.pad(drawn(side=84), 98)
    with_it, without_it = prepare(small).digit, prepare(small, without=["crop"]).digit
    assert (without_it > 64).sum() < 0.3 * (with_it > 64).sum()


def test_without_the_centre_the_box_is_in_the_middle() -> None:
    rows, columns = np.nonzero(prepare(bar(200, 20, top=10, left=10), without=["centre"]).digit)
    assert (rows.min() + rows.max() + 1, columns.min() + columns.max() + 1) == (28, 28)


def test_ink_alone_goes_the_same_way_from_the_crop_on() -> None:
    inked = (drawn() / np.float32(drawn().max())).astype(np.float32)
    np.testing.assert_array_equal(prepare_ink(inked), prepare(drawn()).digit)
    assert not prepare_ink(np.zeros((50, 50), np.float32)).any()


def test_digit_prepared_before_is_taken_as_it_is() -> None:
    found = prepared_before(SAMPLE.images[0])
    np.testing.assert_array_equal(found.digit, SAMPLE.images[0])
    assert (found.empty, len(found.stages)) == (False, 1)
    assert prepared_before(np.zeros((28, 28), np.uint8)).empty
