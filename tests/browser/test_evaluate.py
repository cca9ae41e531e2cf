"""Evaluate, as it is used: every count of the confusion matrix leads to its pictures, and the report needs no network."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect
from playwright.sync_api import TimeoutError as NotInTime

from mnistlab.data.digits import Dataset
from mnistlab.evaluation import Evaluation

from .driver import Server, captions, chart, listen, open_page, pictures, pixels, settled, wait_for

pytestmark = pytest.mark.browser

RUN = "classic-dense-512"  # it makes more mistakes than the other one, on the sample too
PICTURES = 18
CLICKS, CLICK_MS = 4, 8000
VIEWS = ("counts", "by row", "by column")

# the pictures at the right are those of this cell: which they are, or, of an empty cell, that there are none
SHOWS = """([label, answer, count, keys]) => {
    const heading = `${count.toLocaleString("en")} image${count === 1 ? "" : "s"} of ${label} answered ${answer}`
    if (![...document.querySelectorAll("strong")].some(strong => strong.innerText === heading)) return false
    const parts = [...document.querySelectorAll(`.st-key-cell-${label}-${answer} *`)].filter(part => part.shadowRoot)
    const shown = parts.flatMap(part => [...part.shadowRoot.querySelectorAll("button")].map(b => Number(b.dataset.key)))
    return JSON.stringify(shown) === keys
}"""


@pytest.fixture
def result(server: Server, dataset: Dataset) -> Evaluation:
    return server.runs.open(RUN).evaluation(dataset.test)


def places(page: Page) -> np.ndarray:
    """Where on the screen each cell is, (10, 10, 2): label, answer, (x, y)."""
    plot = chart(page, "matrix")
    plot.evaluate("plot => plot.scrollIntoView({block: 'center'})")
    found = plot.evaluate(
        """plot => {
            const {xaxis, yaxis} = plot._fullLayout, box = plot.getBoundingClientRect()
            return JSON.stringify([...Array(10).keys()].map(label => [...Array(10).keys()].map(answer =>
                [box.x + xaxis._offset + xaxis.d2p(answer), box.y + yaxis._offset + yaxis.d2p(label)])))
        }"""
    )
    return np.array(json.loads(found))


def open_cell(page: Page, where: np.ndarray, label: int, answer: int, rows: np.ndarray) -> None:
    """Click a cell until its pictures are there: a click that meets the chart while it is drawn anew is lost."""
    x, y = where[label, answer]
    keys = json.dumps(rows[:PICTURES].tolist(), separators=(",", ":"))
    for _ in range(CLICKS):
        page.mouse.move(x - 2, y - 2)  # Plotly looks for what is under the mouse as it moves
        page.mouse.click(x, y)
        with suppress(NotInTime):
            page.wait_for_function(SHOWS, arg=[label, answer, len(rows), keys], timeout=CLICK_MS)
            return
    raise AssertionError(f"the pictures of {label} answered {answer} did not come")


def test_every_cell_opens_its_pictures_in_each_normalisation(
    page: Page, server: Server, dataset: Dataset, result: Evaluation
) -> None:
    open_page(page, f"{server.url}/evaluate?run={RUN}", "Evaluate")
    for view in VIEWS:
        page.locator(".st-key-matrix-view").get_by_text(view, exact=True).click()
        title = re.compile({"counts": "images"}.get(view, "%"))
        expect(page.locator(".st-key-matrix .gtitle")).to_have_text([title])  # one: the plot of before is gone
        settled(page)
        where = places(page)
        for label, answer in np.ndindex(10, 10):
            open_cell(page, where, label, answer, result.cell(label, answer))
    label, answer, _ = result.most_confused(1)[0]
    open_cell(page, where, label, answer, result.cell(label, answer))
    rows = result.cell(label, answer)[:PICTURES]
    key, told = f"cell-{label}-{answer}", [f"{100 * p:.0f}%" for p in result.probabilities[rows, answer]]
    wait_for(lambda: captions(page, key) == [f"{label}→{answer} {percent}" for percent in told], "the captions")
    np.testing.assert_array_equal(pixels(page, key), dataset.test.images[rows])


def test_mistake_is_looked_at_closer_and_opens_as_numbers_in_explore(
    page: Page, server: Server, result: Evaluation
) -> None:
    open_page(page, f"{server.url}/evaluate?run={RUN}", "Evaluate")
    label, answer, _ = result.most_confused(1)[0]
    rows = result.cell(label, answer)
    pictures(page, f"cell-{label}-{answer}").nth(1).click()
    expect(page.get_by_text(f"Test digit {rows[1]:,}: label {label}, answered {answer}")).to_be_visible()
    page.locator(".st-key-cell-near-explore").get_by_role("button").click()
    expect(page.get_by_role("heading", name=f"Test digit {rows[1]:,}, labelled {label}")).to_be_visible()


def test_picture_of_a_count_opens_a_dialog(page: Page, server: Server, result: Evaluation) -> None:
    open_page(page, f"{server.url}/evaluate?run={RUN}", "Evaluate")
    weakest = int(result.f1.argmin())
    page.locator(f".st-key-outcome-{weakest}").get_by_text("FP").click()
    row = int(result.outcome("FP", weakest)[0])
    pictures(page, f"outcome-{weakest}-FP").first.click()
    expect(page.get_by_role("dialog").get_by_text(f"Test digit {row:,}:")).to_be_visible()


def test_report_opens_from_disk_without_a_network_and_shows_every_figure(
    page: Page, browser: Browser, server: Server, tmp_path: Path
) -> None:
    open_page(page, f"{server.url}/evaluate?run={RUN}&second=reference-cnn&tab=Report", "Evaluate")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download as HTML").click()
    file = tmp_path / "report.html"
    download.value.save_as(file)
    alone = browser.new_context(offline=True)
    try:
        reader = alone.new_page()
        asked: list[str] = []
        reader.on("request", lambda request: asked.append(request.url))
        said = listen(reader)
        reader.goto(file.as_uri())
        figures = reader.locator(".plotly-graph-div")
        expect(figures.last.locator(".main-svg").first).to_be_visible()
        assert figures.count() == 4 + 1 + 2 + 8 + 2  # matrix, digits, trust, attributes, curves
        drawn = figures.evaluate_all(
            "all => all.map(one => one.querySelectorAll('.main-svg').length > 0 && one.data.length > 0)"
        )
        assert drawn == [True] * figures.count()
        assert said == []
        assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
    finally:
        alone.close()


def test_figure_is_saved_by_its_camera(page: Page, server: Server, tmp_path: Path) -> None:
    open_page(page, f"{server.url}/evaluate?run={RUN}", "Evaluate")
    plot = chart(page, "per-digit")
    plot.hover()
    with page.expect_download() as download:
        plot.locator(".modebar-btn").first.click()
    assert download.value.suggested_filename == "per-digit.svg"
    file = tmp_path / "figure.svg"
    download.value.save_as(file)
    assert "<svg" in file.read_text("utf-8")
