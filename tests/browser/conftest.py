"""One Chromium and one running app for all browser tests, and a fresh visitor for each of them."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from mnistlab.data.digits import Dataset

from . import driver
from .driver import DESKTOP, Server

SECONDS = 30  # a wait may be this long: other tests run on the same machine

expect.set_options(timeout=1000 * SECONDS)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A browser test that fails is tried once more: a click can meet a page that is just drawn anew.

    pytest's summary tells every such test as `RERUN`.
    """
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Package scope, so that Playwright's event loop is gone before other tests want one."""
    path = driver.chromium()
    if path is None:
        reason = f"no Chromium here: none of {', '.join(driver.NAMES)} is on the path"
        if os.environ.get("CI") or os.environ.get("MNISTLAB_REQUIRE_BROWSER"):
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=driver.ARGUMENTS)
        yield started
        started.close()


@pytest.fixture(scope="package")
def server(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The app that most tests share. It asks for the browser first: without one nothing is started."""
    yield from running(tmp_path_factory)


@pytest.fixture
def own_server(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """An app that nobody has opened yet, for one test."""
    yield from running(tmp_path_factory)


def running(folders: pytest.TempPathFactory) -> Iterator[Server]:
    server = Server(folders.mktemp("lab"))
    yield server
    assert server.close() == [], "processes that outlived the server"


@pytest.fixture
def visitor(browser: Browser) -> Iterator[BrowserContext]:
    """A person who has never been here, at a desk."""
    context = browser.new_context(viewport=DESKTOP)
    context.set_default_timeout(1000 * SECONDS)
    yield context
    context.close()


@pytest.fixture
def page(visitor: BrowserContext) -> Page:
    return visitor.new_page()


@pytest.fixture(scope="package")
def dataset() -> Dataset:
    return driver.dataset()
