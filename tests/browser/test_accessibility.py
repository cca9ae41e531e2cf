"""No page has a serious finding of axe, which looks for what bars people with a screen reader, a keyboard or weak sight."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from .driver import Server, open_page, settled
from .test_pages import PAGES, screen  # noqa: F401 (a fixture)

pytestmark = pytest.mark.browser

GRAVE = ("serious", "critical")
STREAMLITS: dict[str, str] = {}
"""Rules that Streamlit's own markup breaks and no page can mend: each with the elements that it breaks them in."""


def findings(page: Page) -> list[str]:
    """Rule, impact and element of each serious finding."""
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    return [
        f"{one['id']} ({one['impact']}): {node['target']} {node['html'][:200]}"
        for one in found
        if one["impact"] in GRAVE
        for node in one["nodes"]
    ]


@pytest.mark.parametrize("name", PAGES)
def test_page_has_no_serious_finding(name: str, screen: Page, server: Server) -> None:  # noqa: F811
    open_page(screen, f"{server.url}/{name}", PAGES[name])
    settled(screen)
    assert findings(screen) == []
