"""Explore: which digits are shown, and that the numbers shown are the digit's own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from mnistlab.data.digits import Dataset, Digits
from mnistlab.ui import cache
from tests.pages.browser import component, opened, pick, pictures, run, words

GALLERY = "explore-gallery"


def sheet(at: AppTest, digits: Digits) -> list[int]:
    """Row numbers of the digits in the gallery, once their pictures and labels are found to be those of these digits."""
    drawn = component(at, GALLERY)
    rows: list[int] = drawn["keys"]
    np.testing.assert_array_equal(pictures(at, GALLERY), digits.images[rows])
    assert drawn["captions"] == [str(n) for n in digits.labels[rows]]
    return rows


def test_opened_alone_it_shows_the_first_test_digits() -> None:
    assert sheet(opened("1_explore"), cache.dataset().test) == list(range(96))


def test_label_leaves_only_its_digits() -> None:
    at = opened("1_explore")
    at.pills(key="explore-label").set_value(4)
    test = cache.dataset().test
    assert sheet(run(at), test) == list(np.flatnonzero(test.labels == 4)[:96])
    assert f"{(test.labels == 4).sum()} digits, page 1 of 2." in words(at)


def test_label_can_be_taken_back() -> None:
    at = opened("1_explore")
    at.pills(key="explore-label").set_value(4)
    at.pills(key="explore-label").set_value(None)
    assert "1,000 digits" in words(run(at))


def test_set_can_be_changed_again_and_again() -> None:
    at = opened("1_explore")
    data = cache.dataset()
    for split in ("training", "test", "training", "test"):
        at.segmented_control(key="explore-split").set_value(split)
        digits = data.train if split == "training" else data.test
        assert sheet(run(at), digits) == list(range(96))
        assert at.subheader[0].value == f"{split.capitalize()} digit 0, labelled {digits.labels[0]}"
        assert f"{len(digits):,} digits" in words(at)


def test_page_number_goes_on_where_the_page_before_ended() -> None:
    at = opened("1_explore")
    at.number_input(key="explore-page").set_value(11)
    assert sheet(run(at), cache.dataset().test) == list(range(960, 1000))


def test_another_set_starts_at_its_first_page() -> None:
    at = opened("1_explore")
    at.number_input(key="explore-page").set_value(11)
    run(at).segmented_control(key="explore-split").set_value("training")
    assert sheet(run(at), cache.dataset().train) == list(range(96))


def test_another_label_starts_at_its_first_page() -> None:
    at = opened("1_explore")
    at.number_input(key="explore-page").set_value(11)
    run(at).pills(key="explore-label").set_value(7)
    test = cache.dataset().test
    assert sheet(run(at), test) == list(np.flatnonzero(test.labels == 7)[:96])


@pytest.mark.parametrize(("split", "row"), [("test", 7), ("training", 3999)])
def test_numbers_of_the_selected_digit_are_its_own(split: str, row: int) -> None:
    at = opened("1_explore", split=split, digit=row)
    data = cache.dataset()
    digits = data.train if split == "training" else data.test
    image = digits.images[row]
    assert component(at, "numbers")["values"] == image.tolist()
    assert at.subheader[0].value == f"{split.capitalize()} digit {row:,}, labelled {digits.labels[row]}"
    assert f"{(image > 0).sum()} of them are above 0 and the largest is {image.max()}" in words(at)


def test_clicked_digit_shows_its_numbers_and_is_framed() -> None:
    at = opened("1_explore")
    assert component(at, GALLERY)["marked"] == 0
    pick(at, GALLERY, 17)
    test = cache.dataset().test
    assert at.subheader[0].value == f"Test digit 17, labelled {test.labels[17]}"
    assert component(at, "numbers")["values"] == test.images[17].tolist()
    assert component(at, GALLERY)["marked"] == 17


@pytest.mark.parametrize("garbage", [None, "17", 17.0, True, -1, 96, 10**30, [17], {"digit": 17}], ids=str)
def test_click_on_what_is_not_on_the_sheet_changes_nothing(garbage: Any) -> None:
    at = pick(opened("1_explore", digit=5), GALLERY, garbage)
    assert at.subheader[0].value.startswith("Test digit 5,")


def test_digit_that_is_not_there_any_more_is_the_last_one() -> None:
    assert opened("1_explore", digit=9_999).subheader[0].value.startswith("Test digit 999,")


def test_label_without_a_digit_is_an_empty_sheet(monkeypatch: pytest.MonkeyPatch) -> None:
    data = cache.dataset()
    few = Dataset(data.train, data.test[data.test.labels != 4], "MNISTLAB_DATA")
    monkeypatch.setattr(cache, "dataset", lambda: few)
    at = opened("1_explore")
    at.pills(key="explore-label").set_value(4)
    assert sheet(run(at), few.test) == []
    assert "0 digits" in words(at)
