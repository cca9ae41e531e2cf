"""A training whose worker process is killed: it goes on with another; killed again it says so, and the app trains again."""

from __future__ import annotations

import re

import psutil
import pytest
from playwright.sync_api import Page, expect

from .driver import Server, settled, visit, wait_for
from .test_train import PATIENCE, curve_begins, describe, stop, train_button

pytestmark = pytest.mark.browser


def test_killed_worker_is_followed_by_another_and_a_second_time_the_training_is_interrupted(
    page: Page, own_server: Server
) -> None:
    describe(page, own_server)
    train_button(page).click()
    curve_begins(page)
    (run,) = own_server.own_runs()
    wait_for(lambda: run.history.checkpoint is not None, "something to go on from", PATIENCE)
    killed = kill(own_server)
    wait_for(lambda: len(run.history.steered) == 1, "the training to go on by itself", PATIENCE)
    last = run.history.batches[-1]
    wait_for(lambda: run.history.batches[-1] != last, "what comes after", PATIENCE)
    assert own_server.workers() != [killed]
    assert own_server.answers()
    kill(own_server)
    interrupted = page.get_by_test_id("stAlert").get_by_text(re.compile("^Interrupted "))
    expect(interrupted).to_be_visible(timeout=1000 * PATIENCE)
    visit(page, "Explore")
    visit(page, "Train")
    expect(interrupted).to_be_visible()
    settled(page)
    train_button(page).click()
    wait_for(lambda: len(own_server.own_runs()) == 2, "the second run", PATIENCE)
    expect(interrupted).to_have_count(0)
    curve_begins(page)
    stop(page)


def kill(server: Server) -> int:
    (worker,) = server.workers()
    psutil.Process(worker).kill()
    return worker
