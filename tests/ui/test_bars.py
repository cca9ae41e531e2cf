"""Ten probabilities, as the browser is told to draw them."""

from __future__ import annotations

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from mnistlab.figures.colours import RIGHT, TRAINING, WRONG
from tests.pages.browser import component

ANSWERS = np.array([0.004, 0.0, 0.05, 0.7, 0.006, 0.1, 0.0, 0.14, 0.0, 0.0], np.float32)


def page(label: int | None) -> None:
    from mnistlab.ui.bars import bars
    from tests.ui.test_bars import ANSWERS

    bars(ANSWERS, label, key="bars", height=200, title="A drawing")


def told(label: int | None = None) -> dict[str, object]:
    at = AppTest.from_function(page, args=(label,)).run()
    assert not at.exception
    return component(at, "bars")


def test_bars_are_the_probabilities_in_percent() -> None:
    given = told()
    np.testing.assert_allclose(given["percent"], 100 * ANSWERS.astype(np.float64))  # type: ignore[arg-type]
    assert (given["height"], given["title"]) == (200, "A drawing")


@pytest.mark.parametrize(("label", "colour"), [(None, TRAINING), (3, RIGHT), (8, WRONG)])
def test_the_answer_is_coloured_by_whether_it_is_right(label: int | None, colour: str) -> None:
    given = told(label)
    assert (given["answer"], given["colour"]) == (3, colour)


def test_a_screen_reader_hears_every_bar() -> None:
    assert str(told()["alt"]).startswith("Probability of each digit: 0 0 %, 1 0 %, 2 5 %, 3 70 %")
