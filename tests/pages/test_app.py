"""The frame around every page, and what a visitor sees when a part of a page fails."""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from mnistlab.engine import Engine
from mnistlab.events import BatchEnd, Started
from mnistlab.experiment import Experiment
from mnistlab.ui import cache
from tests.pages.browser import ROOT, SECONDS, run, words

PAGES = ("Home", "Explore", "Train", "Evaluate", "Draw")
SECRET = "/srv/secret/run.json is broken"


def app(**session: Any) -> AppTest:
    at = AppTest.from_file(ROOT / "app.py", default_timeout=SECONDS)
    for key, value in session.items():
        at.session_state[key] = value
    return run(at)


def test_modules_are_set_aside_from_garbage_collection_once_a_page() -> None:
    gc.unfreeze()
    cache.settle.clear()
    try:
        app()
        aside = gc.get_freeze_count()
        assert aside > 10_000
        app()
        assert gc.get_freeze_count() <= aside  # what a visitor makes is still collected
    finally:
        gc.unfreeze()


def strip(at: AppTest) -> str:
    """What the sidebar says."""
    return "\n".join(str(e.value) for kind in ("text", "caption", "error") for e in at.sidebar.get(kind))


def test_navigation_names_every_page(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[Any] = []
    navigation = st.navigation
    monkeypatch.setattr(st, "navigation", lambda pages: shown.extend(pages) or navigation(pages))
    at = app()
    assert tuple(page.title for page in shown) == PAGES
    assert at.title[0].value == "MNIST Lab"


@pytest.mark.parametrize("file", sorted(path.name for path in (ROOT / "pages").glob("*.py")))
def test_every_page_opens_from_the_app(file: str) -> None:
    at = run(app().switch_page(f"pages/{file}"))
    assert at.title[0].value in ("MNIST Lab", *PAGES[1:])
    assert not at.error


def test_sidebar_names_the_digits_and_the_chosen_network() -> None:
    said = strip(app(run="classic-dense-512"))
    assert r"Chosen network: classic\-dense\-512" in said
    assert "5,000 digits loaded (the bundled sample)" in said


def test_chosen_network_that_is_gone_leaves_the_digits() -> None:
    said = strip(app(run="r" + 32 * "0"))
    assert "cannot be shown" not in said
    assert "5,000 digits loaded" in said


def test_sidebar_shows_a_running_training_and_stops_it(monkeypatch: pytest.MonkeyPatch) -> None:
    store = cache.store()
    running = store.create(Experiment(), "![mine](https://example.com)")
    store.live.add(running.id)
    for event in (
        Started(digits="", epochs=4, steps=2, train_images=64, validation_images=10),
        BatchEnd(epoch=2, step=2, loss=1, accuracy=0.5, learning_rate=0.1, seconds=1),
    ):
        store.record(running.id, event)
    told: list[tuple[str, dict[str, object]]] = []
    monkeypatch.setattr(Engine, "steer", lambda engine, run_id, **orders: told.append((run_id, orders)))
    at = app()
    assert at.sidebar.text[0].value == "![mine](https://example.com)"  # as text
    assert at.sidebar.get("progress")[0].value == 50
    assert "epoch 2 of 4" in strip(at)
    at.button(key=f"strip-stop-{running.id}").click()
    run(at)
    assert told == [(running.id, {"stop": True})]


def test_sidebar_forgets_a_training_that_ended() -> None:
    store = cache.store()
    running = store.create(Experiment(), "mine")
    store.live.add(running.id)
    at = app()
    store.live.clear()
    run(at)
    assert not at.sidebar.text
    assert not at.sidebar.get("progress")


def failing(*_: object, **__: object) -> None:
    raise RuntimeError(SECRET)


@pytest.mark.parametrize(
    ("page", "broken", "part", "other"),
    [
        ("0_home", "mnistlab.ui.bars.bars", "The live digit", "Three setups to try"),
        ("1_explore", "mnistlab.ui.cache.order", "The gallery", "pictures that are nothing but numbers"),
        ("2_train", "mnistlab.limits.check", "The editor", "Nothing trained yet"),
        ("2_train", "mnistlab.ui.editor.editor", "The editor", "Nothing trained yet"),
        ("2_train", "mnistlab.ui.monitor.curves", "The training", "34,826 parameters"),
        ("3_evaluate", "mnistlab.ui.cache.evaluation", "The evaluation", "Where a network fails"),
        ("4_draw", "mnistlab.ui.answer.answer", "The answer", "What the network receives"),
        ("4_draw", "mnistlab.ui.preparation.preparation", "The preparation", "Draw a digit"),
        ("4_draw", "mnistlab.ui.canvas.canvas", "The canvas", "What the network receives"),
    ],
)
def test_broken_part_is_one_sentence_with_an_id_and_the_others_stay(
    page: str, broken: str, part: str, other: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(broken, failing)
    at = AppTest.from_file(ROOT / "pages" / f"{page}.py", default_timeout=SECONDS).run()
    (error,) = at.error
    mark = error.value.removesuffix(".").split()[-1]
    assert error.value == f"{part} cannot be shown. Everything else works. In the log this is {mark}."
    assert f"{part} failed ({mark})" in caplog.text
    assert SECRET in caplog.text
    assert not at.exception
    said = words(at)
    assert other in said
    assert "secret" not in said
    assert "Traceback" not in said


def broken_digits(monkeypatch: pytest.MonkeyPatch) -> None:
    store = cache.store()
    monkeypatch.setattr(store, "open", failing)


def broken_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    store = cache.store()
    running = store.create(Experiment(), "mine")
    store.live.add(running.id)
    monkeypatch.setattr("mnistlab.ui.parts.progress_text", failing)


@pytest.mark.parametrize(("breaking", "part"), [(broken_digits, "The digits"), (broken_runs, "The running training")])
def test_broken_part_of_the_sidebar_leaves_the_page(
    breaking: Callable[[pytest.MonkeyPatch], None], part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    breaking(monkeypatch)
    at = AppTest.from_file(ROOT / "app.py", default_timeout=SECONDS).run()
    assert f"{part} cannot be shown." in strip(at)
    assert "Three setups to try" in words(at)
    assert not at.exception
    assert "secret" not in words(at) + strip(at)
