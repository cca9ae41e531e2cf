"""The editor in a browser: a classic built from nothing by clicking only, and its link opened at another desk."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlparse

import pytest
from playwright.sync_api import Browser, Page, expect

from mnistlab import links
from mnistlab.presets import PRESETS

from .driver import Server, open_page, settled, wait_for

pytestmark = pytest.mark.browser

PACE_MS = 500
CLASSIC = PRESETS["classic-dense-128-64"].experiment


def column(page: Page, name: str) -> list[str]:
    """What the table of layers says in a column; nothing before it is there."""
    table = page.locator(".st-key-layers table")
    heads = table.locator("thead th").all_text_contents()
    rows = [row.locator("th, td").all_text_contents() for row in table.locator("tbody tr").all()]
    return [row[heads.index(name)] for row in rows] if name in heads else []


def step(page: Page, field: str, button: str, times: int) -> None:
    """Click a number's plus or minus."""
    box = page.get_by_test_id("stNumberInput").filter(has=page.get_by_label(field, exact=True)).first
    for _ in range(times):
        box.get_by_test_id(f"stNumberInputStep{button}").click()
        in_peace(page)


def in_peace(page: Page) -> None:
    """At a person's pace: a click within the rerun that the one before began may be lost on its way to the server."""
    page.wait_for_timeout(PACE_MS)
    settled(page)


def described(page: Page) -> object:
    return links.read(dict(parse_qsl(urlparse(page.url).query))).experiment


def test_classic_is_built_by_clicking_only_and_its_link_brings_it_back(
    page: Page, browser: Browser, server: Server
) -> None:
    open_page(page, f"{server.url}/train", "Train")
    page.get_by_role("combobox", name="Start from").click()
    page.get_by_role("option", name="softmax-regression").click()
    expect(page.get_by_text("7,850 parameters").first).to_be_visible()
    settled(page)
    for number in (1, 2):
        page.get_by_role("button", name="Dense", exact=True).click()
        expect(page.get_by_text(f"Dense {number}", exact=True)).to_be_visible()
        in_peace(page)
    step(page, "Dropout", "Up", 4)
    step(page, "Epochs", "Up", 5)
    step(page, "Batch size", "Down", 3)
    wait_for(lambda: described(page) == CLASSIC, "the link to say the classic")
    wait_for(lambda: len(column(page, "parameters")) == 6, "the table of layers")
    assert column(page, "parameters")[1:5] == ["100,480", "0", "8,256", "650"]
    context = browser.new_context()
    fresh = context.new_page()
    open_page(fresh, page.url, "Train")
    expect(fresh.get_by_text("109,386 parameters").first).to_be_visible()
    expect(fresh.get_by_label("Epochs", exact=True)).to_have_value("10")
    assert described(fresh) == CLASSIC
    context.close()
