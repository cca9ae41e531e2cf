"""Every page on a desk and on a phone, light and dark; and the first visit that a server ever gets."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from .driver import DESKTOP, PHONE, Server, listen, navigation, open_page, outside, settled, shown, wait_for
from .test_train import train_button

pytestmark = pytest.mark.browser

PAGES = {"": "MNIST Lab", "explore": "Explore", "train": "Train", "evaluate": "Evaluate", "draw": "Draw"}
CHARTS = {"": 10, "explore": 0, "train": 2, "evaluate": 2, "draw": 10}  # at least so many charts or bars are in sight
EXPECTED = ("/_stcore/health", "/_stcore/host-config")  # a deep link looks for these below itself first


def unexpected(complaints: list[str]) -> list[str]:
    return [text for text in complaints if not ("404" in text and text.strip().endswith(EXPECTED))]


@pytest.fixture(params=["light", "dark"])
def screen(request: pytest.FixtureRequest, browser: Browser) -> Iterator[Page]:
    context = browser.new_context(color_scheme=request.param)
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_page_is_whole_and_fits_the_screen(screen: Page, server: Server, size: dict[str, int]) -> None:
    """All pages in one visit each: what a browser has loaded for one is not loaded again for the next."""
    screen.set_viewport_size({"width": size["width"], "height": size["height"]})
    complaints, asked = listen(screen), outside(screen, server)
    for name, title in PAGES.items():
        open_page(screen, f"{server.url}/{name}", title)
        charts = screen.locator(".js-plotly-plot, .figure .bar")
        wait_for(lambda name=name, charts=charts: charts.count() >= CHARTS[name], f"the charts of {title}")
        settled(screen)
        assert screen.get_by_test_id("stException").count() == 0, title
        assert screen.get_by_text("cannot be shown").count() == 0, title
        overflow = screen.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        assert overflow <= 1, f"{title} is {overflow} px wider than the screen"
        inside = screen.get_by_test_id("stMain").evaluate("main => main.scrollWidth - main.clientWidth")
        assert inside <= 1, f"the content of {title} is {inside} px wider than its room"
    assert unexpected(complaints) == []
    assert asked == [], "asked outside the lab"


def test_colours_follow_the_visitor(browser: Browser, server: Server) -> None:
    found = {}
    for scheme in ("light", "dark"):
        context = browser.new_context(color_scheme=scheme)  # type: ignore[arg-type]
        page = context.new_page()
        open_page(page, f"{server.url}/explore", "Explore")
        found[scheme] = page.get_by_test_id("stApp").evaluate("app => getComputedStyle(app).backgroundColor")
        context.close()
    assert found == {"light": "rgb(255, 255, 255)", "dark": "rgb(17, 21, 26)"}


def test_first_visitor_of_a_server_may_come_by_a_deep_link(page: Page, own_server: Server) -> None:
    complaints = listen(page)
    open_page(page, f"{own_server.url}/train", "Train")
    for title in list(PAGES.values())[1:]:
        expect(navigation(page).get_by_role("link", name=title, exact=True)).to_be_visible()
    expect(train_button(page)).to_be_enabled()
    navigation(page).get_by_role("link", name="Explore").click()
    shown(page, "Explore")
    assert page.get_by_test_id("stException").count() == 0
    assert unexpected(complaints) == []
