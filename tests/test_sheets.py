"""Every step on the canvas can be undone and done again, and a drawing moves without changing."""

from __future__ import annotations

import numpy as np
import pytest

from mnistlab.data.sources import read_sample
from mnistlab.drawing import prepare
from mnistlab.sheets import BLANK, MOST, SIDE, Sheet, Sheets

IMAGES = read_sample().images


def drawn(count: int) -> Sheets:
    sheets = Sheets()
    for image in IMAGES[:count]:
        sheets = sheets.put(Sheet.of(image))
    return sheets


def shows(sheets: Sheets, row: int) -> bool:
    return np.array_equal(sheets.now.picture, Sheet.of(IMAGES[row]).picture)


def test_undo_goes_back_step_by_step_to_an_empty_canvas() -> None:
    sheets = drawn(3).undo()
    assert shows(sheets, 1)
    assert shows(sheets.undo(), 0)
    assert sheets.undo().undo().now is BLANK
    assert sheets.undo().undo().undo().now is BLANK


def test_redo_does_again_what_was_undone_in_order() -> None:
    sheets = drawn(3).undo().undo()
    assert shows(sheets.redo(), 1)
    assert shows(sheets.redo().redo(), 2)
    assert shows(sheets.redo().redo().redo(), 2)


def test_drawing_on_after_undo_forgets_what_was_undone() -> None:
    sheets = drawn(2).undo().put(Sheet.of(IMAGES[5]))
    assert not sheets.undone
    assert shows(sheets.undo(), 0)


def test_only_so_many_steps_are_kept() -> None:
    sheets = Sheets()
    for _ in range(MOST + 10):
        sheets = sheets.put(Sheet.of(IMAGES[0]))
    assert len(sheets.past) == MOST


def test_digit_put_down_fills_the_canvas_with_squares() -> None:
    picture = Sheet.of(IMAGES[0]).picture
    assert picture.shape == (SIDE, SIDE)
    np.testing.assert_array_equal(picture[::12, ::12], IMAGES[0])
    np.testing.assert_array_equal(picture.reshape(28, 12, 28, 12).max(axis=(1, 3)), IMAGES[0])


@pytest.mark.parametrize(("down", "right"), [(14, 0), (-14, 0), (0, 14), (0, -14), (14, -14)])
def test_moved_digit_is_elsewhere_and_prepared_the_same(down: int, right: int) -> None:
    sheet = Sheet.of(IMAGES[0])
    moved = sheet.moved(down, right)
    np.testing.assert_array_equal(np.roll(sheet.picture, (down, right), (0, 1)), moved.picture)
    np.testing.assert_array_equal(prepare(moved.picture).digit, prepare(sheet.picture).digit)


def test_what_leaves_the_canvas_does_not_come_in_on_the_other_side() -> None:
    full = Sheet(np.full((SIDE, SIDE), 255, np.uint8)).moved(-20, 0).picture
    assert full[:-20].all()
    assert not full[-20:].any()


def test_prepared_digit_stays_so_when_it_is_moved() -> None:
    np.testing.assert_array_equal(Sheet.of(IMAGES[0], ready=True).moved(14, 0).ready, IMAGES[0])
    assert Sheet.of(IMAGES[0]).moved(14, 0).ready is None
