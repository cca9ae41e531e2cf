"""Explore, as it is used: a click on a picture, the arrow keys, the filter by label, and a link sent to somebody else."""

from __future__ import annotations

import numpy as np
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from mnistlab.data.attributes import of
from mnistlab.data.digits import Dataset

from .driver import DESKTOP, Server, captions, chart, open_page, pictures, pixels, settled, table, wait_for

pytestmark = pytest.mark.browser

GALLERY = "gallery"
PER_PAGE = 120


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
    expect(page.get_by_text(f"{len(rows):,} digits. Click one")).to_be_visible()
    settled(page)
    wait_for(lambda: set(captions(page, GALLERY)) == {"7"}, "the gallery of sevens")
    np.testing.assert_array_equal(pixels(page, GALLERY), digits.images[rows[:PER_PAGE]])


def test_link_shows_the_same_view_to_somebody_else(
    page: Page, browser: Browser, server: Server, dataset: Dataset
) -> None:
    train = dataset.train
    rows = np.flatnonzero(train.labels == 7)
    rows = rows[np.argsort(-of(train)["slant"][rows], kind="stable")][:PER_PAGE]
    open_page(page, f"{server.url}/explore", "Explore")
    page.get_by_role("radio", name="training", exact=True).click()
    page.get_by_role("radio", name="7", exact=True).click()
    order = page.locator(".st-key-sort").get_by_role("combobox")
    order.fill("slant, high")
    order.press("Enter")
    settled(page)
    wait_for(lambda: np.array_equal(pixels(page, GALLERY), train.images[rows]), "the most slanted sevens")
    pictures(page, GALLERY).nth(2).click()
    expect(page.get_by_role("heading", name=f"Training digit {rows[2]:,}, labelled 7")).to_be_visible()
    page.get_by_role("tab", name="Attributes").click()
    chart(page, "attribute-slant")
    settled(page)
    wait_for(lambda: "view=Attributes" in page.url, "the link to say which view it is")

    other = browser.new_context(viewport=DESKTOP)
    try:
        theirs = other.new_page()
        open_page(theirs, page.url, "Explore")
        expect(theirs.get_by_role("heading", name=f"Training digit {rows[2]:,}, labelled 7")).to_be_visible()
        wait_for(lambda: captions(theirs, GALLERY) == captions(page, GALLERY), "the same gallery")
        np.testing.assert_array_equal(pixels(theirs, GALLERY), train.images[rows])
        wait_for(lambda: np.array_equal(table(theirs, "numbers"), train.images[rows[2]]), "the numbers of that digit")
        expect(pictures(theirs, GALLERY).nth(2)).to_have_attribute("aria-pressed", "true")
        for name in ("training", "7"):
            expect(theirs.get_by_role("radio", name=name, exact=True)).to_be_checked()
        expect(theirs.get_by_role("tab", name="Attributes")).to_have_attribute("aria-selected", "true")
        chart(theirs, "attribute-slant")
        assert theirs.url == page.url
    finally:
        other.close()


def heading(page: Page, dataset: Dataset, row: int) -> Locator:
    return page.get_by_role("heading", name=f"Test digit {row}, labelled {dataset.test.labels[row]}")
