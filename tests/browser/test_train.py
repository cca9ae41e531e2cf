"""Train, as it is used: the curve of a training that goes on is whole in every tab, and Stop ends it for all of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from mnistlab.data.digits import Dataset
from mnistlab.runs import Run

from .driver import Server, numbers, open_page, settled, shown, traces, visit, wait_for

pytestmark = pytest.mark.browser

EPOCHS = 200  # more than any test waits for
PATIENCE = 90  # seconds; the worker loads Keras first


def describe(page: Page, server: Server) -> None:
    open_page(page, f"{server.url}/train", "Train")
    field = page.get_by_label("Epochs", exact=True)
    field.fill(str(EPOCHS))
    field.press("Enter")
    settled(page)


def loss(page: Page) -> list[float]:
    """Where the points of the loss curve lie on the epoch axis, as the browser has them."""
    lines = [line for line in traces(page, "curve-loss") if line.get("name") == "training"]
    return [float(x) for x in numbers(lines[0]["x"])] if lines else []


def faint(page: Page) -> bool:
    """What is shown is not a training of one's own yet but the backdrop."""
    return page.get_by_text("Nothing trained yet").count() > 0


def curve_begins(page: Page) -> None:
    wait_for(lambda: not faint(page) and len(loss(page)) >= 2, "the first points of the curve", PATIENCE)


def is_whole(xs: list[float], run: Run) -> bool:
    """Every chunk the worker reported, or every second, third … once there are more of them than can be seen."""
    where = {round(x, 9): i for i, x in enumerate(run.history.curve("loss")[0])}
    places = [where[round(x, 9)] for x in xs]
    step = places[0] + 1
    return places == list(range(step - 1, step * len(places), step))


@pytest.fixture
def training(page: Page, server: Server) -> Iterator[Run]:
    """A training that was started in `page` and goes on; ended afterwards."""
    before = {run.id for run in server.own_runs()}
    describe(page, server)
    train_button(page).click()
    wait_for(lambda: len(server.own_runs()) > len(before), "the run to be stored")
    (run,) = [run for run in server.own_runs() if run.id not in before]
    expect(page).to_have_url(re.compile(run.id))
    curve_begins(page)
    yield run
    open_page(page, f"{server.url}/train?run={run.id}", "Train")
    stop(page)


def stop(page: Page) -> None:
    """What a test left running is ended, so that the next one finds a free worker."""
    button = stop_button(page)
    expect(button).to_be_visible()
    if button.is_enabled():
        button.click()
        ended(page)


def train_button(page: Page) -> Locator:
    return page.get_by_role("button", name=re.compile(r"^Train\b"))  # its shortcut is part of its name


def stop_button(page: Page) -> Locator:
    return page.get_by_test_id("stMain").get_by_role("button", name="Stop")


def ended(page: Page) -> None:
    expect(page.get_by_text("Stopped by hand")).to_be_visible(timeout=1000 * PATIENCE)


@pytest.fixture
def elsewhere(browser: Browser) -> Iterator[Callable[[], Page]]:
    """A tab at another desk: it shares nothing with the first but the server."""
    contexts: list[BrowserContext] = []

    def opened() -> Page:
        contexts.append(browser.new_context())
        return contexts[-1].new_page()

    yield opened
    for context in contexts:
        context.close()


def test_curve_is_whole_after_a_visit_elsewhere_and_after_a_reload(page: Page, server: Server, training: Run) -> None:
    first = loss(page)
    assert is_whole(first, training)
    assert faint(page) is False
    visit(page, "Explore")
    strip = page.get_by_test_id("stSidebar")
    expect(strip.get_by_text(training.label)).to_be_visible()
    expect(strip.get_by_text(f"of {EPOCHS}")).to_be_visible()
    expect(strip.get_by_role("progressbar")).to_be_visible()
    expect(strip.get_by_role("button", name="Stop")).to_be_enabled()
    visit(page, "Train")
    expect(page.get_by_label("Epochs", exact=True)).to_have_value(str(EPOCHS))  # what was typed is still there
    rate = page.locator(f".st-key-rate-{training.id}")  # the slider, too, shows what the training uses
    expect(rate).to_contain_text(f"{training.experiment.train.learning_rate:g}")
    wait_for(lambda: len(loss(page)) > len(first), "a longer curve")
    longer = loss(page)
    assert is_whole(longer, training)
    page.reload()
    shown(page, "Train")
    wait_for(lambda: not faint(page) and (loss(page) or [0.0])[-1] >= longer[-1], "the curve after the reload")
    assert is_whole(loss(page), training)


def test_stop_ends_the_training_in_every_tab_and_the_run_is_evaluated(
    page: Page,
    visitor: BrowserContext,
    server: Server,
    elsewhere: Callable[[], Page],
    training: Run,
    dataset: Dataset,
) -> None:
    (worker,) = server.workers()
    link = page.url
    assert f"run={training.id}" in link
    second, third = visitor.new_page(), elsewhere()
    for tab in (second, third):
        open_page(tab, link, "Train")
        curve_begins(tab)
        assert is_whole(loss(tab), training)
    stop_button(second).click()
    for tab in (page, second, third):
        ended(tab)
        expect(tab.get_by_text("keeping those weights.")).to_be_visible()
        settled(tab)
        expect(train_button(tab)).to_be_enabled()
        assert is_whole(loss(tab), training)
    assert server.workers() == [worker], "one worker process serves all tabs"
    wait_for(lambda: training.history.evaluated is not None, "the test digits to be answered")
    page.get_by_role("button", name="Find where it fails").click()
    shown(page, "Evaluate")
    expect(page.get_by_role("combobox", name="Run", exact=True)).to_have_value(
        # with a part of its id where an earlier test made one of this name in the same minute
        re.compile(f"^{re.escape(training.label)} · .* · stopped( · {training.id[1:9]})?$")
    )
    accuracy = training.evaluation(dataset.test).accuracy
    expect(page.get_by_test_id("stMetric").filter(has_text="Test accuracy")).to_contain_text(f"{100 * accuracy:.2f} %")


def test_impatient_clicks_on_train_start_one_run(page: Page, server: Server) -> None:
    before = {run.id for run in server.own_runs()}
    describe(page, server)
    button = train_button(page)
    # as fast as it goes, so that some come after the first one was heard and before the button is off
    button.evaluate(
        """button => new Promise(done => {
            let left = 100
            const timer = setInterval(() => {
                button.click()
                if (!--left) done(clearInterval(timer))
            }, 4)
        })"""
    )
    expect(button).to_be_disabled()
    settled(page)
    assert len({run.id for run in server.own_runs()} - before) == 1
    curve_begins(page)
    expect(page.get_by_test_id("stSidebar").get_by_role("progressbar")).to_have_count(1)
    assert len(server.workers()) == 1
    stop(page)
    stop(page)
