"""Explore, as it is used: a click on a picture, and the filter by label."""

from __future__ import annotations

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from mnistlab.data.digits import Dataset

from .driver import Server, click_point, numbers, open_page, settled, traces, wait_for

pytestmark = pytest.mark.browser


def test_third_picture_clicked_shows_its_own_784_numbers(page: Page, server: Server, dataset: Dataset) -> None:
    open_page(page, f"{server.url}/explore", "Explore")
    gallery = "explore-test-None-1"
    wait_for(lambda: traces(page, gallery), "the gallery")
    points = traces(page, gallery)[1]
    click_point(page, gallery, numbers(points["x"])[2], numbers(points["y"])[2])
    expect(page.get_by_role("heading", name=f"Test digit 2, labelled {dataset.test.labels[2]}")).to_be_visible()
    settled(page)
    image = dataset.test.images[2]
    wait_for(lambda: np.array_equal(numbers(traces(page, "numbers")[0]["z"]), image), "the numbers of test digit 2")
    written = np.full((28, 28), -1)
    for texts in traces(page, "numbers")[1:]:  # what can be read in the cells, in two colours
        written[numbers(texts["y"]), numbers(texts["x"])] = [int(text) for text in texts["text"]]
    assert np.array_equal(written, image)


@pytest.mark.parametrize("split", ["test", "training"])
def test_label_pill_leaves_only_pictures_with_that_label(
    page: Page, server: Server, dataset: Dataset, split: str
) -> None:
    open_page(page, f"{server.url}/explore", "Explore")
    page.get_by_text(split, exact=True).click()
    page.locator(".st-key-explore-label").get_by_role("button", name="7", exact=True).click()
    gallery = f"explore-{split}-7-1"
    wait_for(lambda: traces(page, gallery), "the gallery of sevens")
    captions, points = traces(page, gallery)
    digits = dataset.test if split == "test" else dataset.train
    rows = np.flatnonzero(digits.labels == 7)
    expect(page.get_by_text(f"{len(rows):,} digits, page 1 of")).to_be_visible()
    assert set(captions["text"]) == {"7"}
    assert points["customdata"] == rows[:96].tolist()
