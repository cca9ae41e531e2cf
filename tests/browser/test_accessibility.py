"""No page has a serious finding of axe, which looks for what bars people with a screen reader, a keyboard or weak sight."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from .driver import Server, open_page, settled
from .test_pages import PAGES, screen  # noqa: F401 (a fixture)

pytestmark = pytest.mark.browser

GRAVE = ("serious", "critical")
NOT_OURS = {
    # the label of a primary button is always white, and a blue on which white can be read cannot be read on a dark page
    ("color-contrast", 'primary"]'),
    # a formula wider than its column scrolls, and only by mouse or finger; screen readers get it as MathML
    ("scrollable-region-focusable", "katex-display"),
    # the frame that the canvas component puts around itself; buttons beside it do without a pointer
    ("scrollable-region-focusable", "dc-scroll"),
}
"""What Streamlit's and the canvas's own markup breaks and no page can mend: the rule, and part of the element."""


def findings(page: Page) -> list[str]:
    """Rule, impact and element of each serious finding."""
    violations = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    found = [
        (one["id"], f"{one['impact']}: {node['target']} {node['html'][:200]}")
        for one in violations
        if one["impact"] in GRAVE
        for node in one["nodes"]
    ]
    return [
        f"{rule}, {where}"
        for rule, where in found
        if not any(rule == known and part in where for known, part in NOT_OURS)
    ]


@pytest.mark.parametrize("name", PAGES)
def test_page_has_no_serious_finding(name: str, screen: Page, server: Server) -> None:  # noqa: F811
    open_page(screen, f"{server.url}/{name}", PAGES[name])
    settled(screen)
    assert findings(screen) == []


def test_finding_is_found(page: Page) -> None:
    page.set_content("<html lang='en'><title>x</title><main><button></button><img src='x.png'></main></html>")
    assert {one.partition(",")[0] for one in findings(page)} == {"button-name", "image-alt"}


def test_digit_stands_still_where_less_motion_is_asked(browser: Browser, server: Server) -> None:
    context = browser.new_context(reduced_motion="reduce")
    page = context.new_page()
    open_page(page, server.url, "MNIST Lab")
    expect(page.get_by_role("switch", name="A new digit every five seconds")).not_to_be_checked()
    settled(page)
    context.close()


def test_digit_moves_else_and_can_be_told_to_stand_still(page: Page, server: Server) -> None:
    open_page(page, server.url, "MNIST Lab")
    said = page.get_by_text("The shipped network answers").inner_text()
    expect(page.get_by_text("The shipped network answers")).not_to_have_text(said)  # within some seconds
