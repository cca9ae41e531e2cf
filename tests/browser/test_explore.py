"""Explore, as it is used: a click on a picture, the arrow keys, and the filter by label."""

from __future__ import annotations

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from mnistlab.data.digits import Dataset

from .driver import Server, captions, open_page, pictures, pixels, settled, table, wait_for

pytestmark = pytest.mark.browser

GALLERY = "explore-gallery"
PER_PAGE = 96


def test_third_picture_clicked_shows_its_own_784_numbers(page: Page, server: Server, dataset: Dataset) -> None:
    open_page(page, f"{server.url}/explore", "Explore")
    pictures(page, GALLERY).nth(2).click()
    expect(heading(page, dataset, 2)).to_be_visible()
    settled(page)
    wait_for(lambda: np.array_equal(table(page, "numbers"), dataset.test.images[2]), "the numbers of test digit 2")


def test_digits_are_reached_with_the_arrow_keys(page: Page, server: Server, dataset: Dataset) -> None:
    open_page(page, f"{server.url}/explore", "Explore")
    pictures(page, GALLERY).nth(0).focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(heading(page, dataset, 1)).to_be_visible()
    expect(pictures(page, GALLERY).nth(1)).to_have_attribute("aria-pressed", "true")
    expect(pictures(page, GALLERY).nth(0)).to_have_attribute("aria-pressed", "false")


@pytest.mark.parametrize("split", ["test", "training"])
def test_label_pill_leaves_only_pictures_with_that_label(
    page: Page, server: Server, dataset: Dataset, split: str
) -> None:
    digits = dataset.test if split == "test" else dataset.train
    rows = np.flatnonzero(digits.labels == 7)
    open_page(page, f"{server.url}/explore", "Explore")
    page.get_by_role("radio", name=split, exact=True).click()
    page.get_by_role("radio", name="7", exact=True).click()
    expect(page.get_by_text(f"{len(rows):,} digits, page 1 of")).to_be_visible()
    settled(page)
    wait_for(lambda: set(captions(page, GALLERY)) == {"7"}, "the gallery of sevens")
    np.testing.assert_array_equal(pixels(page, GALLERY), digits.images[rows[:PER_PAGE]])


def heading(page: Page, dataset: Dataset, row: int) -> Locator:
    return page.get_by_role("heading", name=f"Test digit {row}, labelled {dataset.test.labels[row]}")
