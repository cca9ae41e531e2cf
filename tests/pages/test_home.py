"""Home: a network that answers, and the ways on from here."""

from __future__ import annotations

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from mnistlab import limits
from mnistlab.experiment import Experiment
from mnistlab.presets import PRESETS
from mnistlab.ui import cache
from tests.pages.browser import ROOT, SECONDS, component, opened, run, words


def probabilities(row: int) -> np.ndarray:
    """What the shipped network answers to a test digit."""
    return cache.network(cache.store().open("reference-cnn")).probabilities(cache.dataset().test.images[row][None])[0]


def app() -> AppTest:
    return run(AppTest.from_file(ROOT / "app.py", default_timeout=SECONDS))


def test_opened_alone_it_shows_a_digit_and_its_ten_bars() -> None:
    at = opened("0_home")
    row = at.session_state["live_digit"]
    np.testing.assert_allclose(component(at, "live-bars")["percent"], 100 * probabilities(row), rtol=1e-4)
    assert len(at.image) == 1
    label = cache.dataset().test.labels[row]
    assert f"answers {probabilities(row).argmax()}** to test digit {row}, labelled {label}" in words(at)


def test_digit_stays_while_it_is_not_asked_to_move() -> None:
    at = opened("0_home", live_moves=False, live_digit=5)
    assert "to test digit 5," in words(at)
    assert "to test digit 5," in words(run(at))


def test_another_digit_comes_by_button(monkeypatch: pytest.MonkeyPatch) -> None:
    at = opened("0_home", live_moves=False, live_digit=5)
    seeded = np.random.default_rng
    monkeypatch.setattr(np.random, "default_rng", lambda: seeded(0))
    (button,) = [button for button in at.button if button.label == "Another digit"]
    button.click()
    assert f"to test digit {seeded(0).integers(1000)}," in words(run(at))


def test_damaged_shipped_network_leaves_the_rest_of_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "network", lambda run: (_ for _ in ()).throw(ValueError("its arrays are damaged")))
    at = opened("0_home")
    assert [error.value for error in at.error] == [r"The shipped network cannot answer\: its arrays are damaged\."]
    assert "Three setups to try" in words(at)


def test_it_leads_to_every_other_page() -> None:
    assert [link.label for link in app().page_link] == ["Explore", "Train", "Evaluate", "Draw"]


def test_opened_alone_it_says_how_to_reach_the_others() -> None:
    at = opened("0_home")
    assert not at.page_link
    assert "streamlit run app.py" in words(at)


def test_it_says_that_only_the_sample_is_here() -> None:
    assert "bundled sample of 5,000 digits" in words(opened("0_home"))


def test_it_tells_what_is_loaded_and_what_is_going_on() -> None:
    assert "4,000 training and 1,000 test digits are loaded." in words(opened("0_home"))
    assert "2 networks came with the lab, none are yours; nothing is training." in words(opened("0_home"))
    mine = cache.store().create(Experiment(), "mine")
    assert "1 is yours; nothing is training." in words(opened("0_home"))
    cache.store().live.add(mine.id)
    assert "1 is yours; 1 of them in training or waiting." in words(opened("0_home"))


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("A good one", PRESETS["classic-convnet-dropout"].experiment),
        (
            "One that overfits",
            PRESETS["classic-dense-512"].experiment.changed({"data.train_images": 1000, "train.epochs": 30}),
        ),
        (
            "One that fails",
            PRESETS["classic-dense-512"].experiment.changed({"train.optimizer": "sgd", "train.learning_rate": 10.0}),
        ),
    ],
)
def test_setup_opens_in_train_as_it_is_and_can_be_trained(title: str, expected: Experiment) -> None:
    at = app()
    at.button(key=f"try-{title}").click()
    run(at)
    assert at.title[0].value == "Train"
    assert at.session_state["experiment"] == expected
    assert not at.button(key="train").disabled
    limits.check(expected, len(cache.dataset().train))
