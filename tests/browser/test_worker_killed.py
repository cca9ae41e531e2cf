"""A training whose worker process is killed: the app says so, stays usable, and trains again."""

from __future__ import annotations

import re

import psutil
import pytest
from playwright.sync_api import Page, expect

from .driver import Server, settled, visit, wait_for
from .test_train import PATIENCE, curve_begins, describe, stop

pytestmark = pytest.mark.browser


def test_killed_worker_interrupts_its_training_and_the_next_one_works(page: Page, own_server: Server) -> None:
    describe(page, own_server)
    page.get_by_role("button", name="Train", exact=True).click()
    curve_begins(page)
    (killed,) = own_server.workers()
    psutil.Process(killed).kill()
    interrupted = page.get_by_test_id("stAlert").get_by_text(re.compile("^Interrupted "))
    expect(interrupted).to_be_visible(timeout=1000 * PATIENCE)
    assert own_server.answers()
    visit(page, "Explore")
    visit(page, "Train")
    expect(interrupted).to_be_visible()
    settled(page)
    page.get_by_role("button", name="Train", exact=True).click()
    wait_for(lambda: len(own_server.own_runs()) == 2, "the second run", PATIENCE)
    expect(interrupted).to_have_count(0)
    curve_begins(page)
    assert own_server.workers() != [killed]
    stop(page)
