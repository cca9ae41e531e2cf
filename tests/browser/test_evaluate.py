"""Evaluate, as it is used: every count of the confusion matrix leads to its pictures."""

from __future__ import annotations

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from mnistlab.data.digits import Dataset
from mnistlab.evaluation import Evaluation

from .driver import Server, captions, click_point, open_page, pictures, pixels, settled, wait_for

pytestmark = pytest.mark.browser

RUN = "classic-dense-512"  # it makes more mistakes than the other one, on the sample too
CELLS = 5
PICTURES = 36


@pytest.fixture
def result(server: Server, dataset: Dataset) -> Evaluation:
    return server.runs.open(RUN).evaluation(dataset.test)


def test_clicked_cells_show_the_mistakes_they_count(
    page: Page, server: Server, dataset: Dataset, result: Evaluation
) -> None:
    open_page(page, f"{server.url}/evaluate", "Evaluate")
    choose(page, RUN)
    expect(page.get_by_test_id("stMetric").filter(has_text="Test accuracy")).to_contain_text(
        f"{100 * result.accuracy:.2f} %"
    )
    settled(page)
    worst = result.most_confused(CELLS + 1)[1:]  # the first is shown before any click
    assert len(worst) == CELLS
    for label, answer, count in worst:
        click_point(page, "matrix", answer, label)
        expect(
            page.get_by_text(f"{count} {'image' if count == 1 else 'images'} of {label} answered {answer}")
        ).to_be_visible()
        settled(page)
        rows = result.cell(label, answer)[:PICTURES]
        confidence = [f"{100 * p:.0f}%" for p in result.probabilities[rows, answer]]
        key, shown = f"cell-{label}-{answer}", [f"{label}→{answer} {percent}" for percent in confidence]
        wait_for(
            lambda key=key, shown=shown: captions(page, key) == shown, f"the captions of {label} answered {answer}"
        )
        np.testing.assert_array_equal(pixels(page, key), dataset.test.images[rows])


def test_clicked_mistake_opens_as_numbers_in_explore(page: Page, server: Server, result: Evaluation) -> None:
    open_page(page, f"{server.url}/evaluate", "Evaluate")
    choose(page, RUN)
    label, answer, _ = result.most_confused(1)[0]
    pictures(page, f"cell-{label}-{answer}").first.click()
    row = result.cell(label, answer)[0]
    expect(page.get_by_role("heading", name=f"Test digit {row:,}, labelled {label}")).to_be_visible()


def choose(page: Page, run: str) -> None:
    page.get_by_role("combobox", name="Run").click()
    page.get_by_role("option", name=run).click()
    settled(page)
