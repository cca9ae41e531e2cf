"""Explore: which digits are shown, and that the numbers shown are the digit's own."""

from __future__ import annotations

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from mnistlab.data.digits import Dataset, Digits
from mnistlab.ui import cache
from tests.pages.browser import figure, opened, run, words


def sheet(at: AppTest, split: str = "test", label: int | None = None, page: int = 1) -> tuple[list[str], list[int]]:
    """Captions and row numbers of the digits in the gallery."""
    texts, squares = figure(at, f"explore-{split}-{label}-{page}")["data"]
    return list(texts["text"]), list(squares["customdata"])


def labels(digits: Digits, rows: list[int]) -> list[str]:
    return [str(n) for n in digits.labels[rows]]


def test_opened_alone_it_shows_the_first_test_digits() -> None:
    captions, rows = sheet(opened("1_explore"))
    assert rows == list(range(96))
    assert captions == labels(cache.dataset().test, rows)


def test_label_leaves_only_its_digits() -> None:
    at = opened("1_explore")
    at.pills(key="explore-label").set_value(4)
    captions, rows = sheet(run(at), label=4)
    test = cache.dataset().test
    assert set(captions) == {"4"}
    assert rows == list(np.flatnonzero(test.labels == 4)[:96])
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
        captions, rows = sheet(run(at), split)
        assert captions == labels(digits, rows)
        assert at.subheader[0].value == f"{split.capitalize()} digit 0, labelled {digits.labels[0]}"
        assert f"{len(digits):,} digits" in words(at)


def test_page_number_goes_on_where_the_page_before_ended() -> None:
    at = opened("1_explore")
    at.number_input(key="explore-page").set_value(11)
    assert sheet(run(at), page=11)[1] == list(range(960, 1000))


def test_another_label_starts_at_its_first_page() -> None:
    at = opened("1_explore")
    at.number_input(key="explore-page").set_value(11)
    run(at).pills(key="explore-label").set_value(7)
    assert set(sheet(run(at), label=7)[0]) == {"7"}


@pytest.mark.parametrize(("split", "row"), [("test", 7), ("training", 3999)])
def test_numbers_of_the_selected_digit_are_its_own(split: str, row: int) -> None:
    at = opened("1_explore", split=split, digit=row)
    data = cache.dataset()
    digits = data.train if split == "training" else data.test
    image = digits.images[row]
    shades, *numbers = figure(at, "numbers")["data"]
    np.testing.assert_array_equal(shades["z"], image)
    written = {(y, x): int(t) for trace in numbers for x, y, t in zip(trace["x"], trace["y"], trace["text"], strict=True)}
    assert written == {place: int(value) for place, value in np.ndenumerate(image)}
    assert at.subheader[0].value == f"{split.capitalize()} digit {row:,}, labelled {digits.labels[row]}"
    assert f"{(image > 0).sum()} of them are above 0 and the largest is {image.max()}" in words(at)


def test_digit_that_is_not_there_any_more_is_the_last_one() -> None:
    assert opened("1_explore", digit=9_999).subheader[0].value.startswith("Test digit 999,")


def test_label_without_a_digit_is_an_empty_sheet(monkeypatch: pytest.MonkeyPatch) -> None:
    data = cache.dataset()
    few = Dataset(data.train, data.test[data.test.labels != 4], "MNISTLAB_DATA")
    monkeypatch.setattr(cache, "dataset", lambda: few)
    at = opened("1_explore")
    at.pills(key="explore-label").set_value(4)
    assert sheet(run(at), label=4) == ([], [])
    assert "0 digits" in words(at)
