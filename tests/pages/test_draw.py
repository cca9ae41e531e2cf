"""Draw: what was drawn is prepared and answered as the core does it, and garbage is no drawing."""

from __future__ import annotations

import base64
import importlib
import io
from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from streamlit.testing.v1 import AppTest

from mnistlab.drawing import prepare, verdict
from mnistlab.ui import cache
from tests.pages.browser import component as received
from tests.pages.browser import figure, opened, run, words

AGAIN = "Please draw again"
SIDE = 336
BLANK = Image.new("RGBA", (SIDE, SIDE), "black")


def seven() -> NDArray[np.uint8]:
    """A seven as the canvas gives it: white on black, RGBA."""
    picture = BLANK.copy()
    ImageDraw.Draw(picture).line([(90, 80), (240, 80), (150, 270)], fill="white", width=24, joint="curve")
    return np.asarray(picture)


def url(picture: Image.Image) -> str:
    """A picture as the browser sends it."""
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"


def sent(data: Any, raw: Any = None) -> dict[str, Any]:
    """The component's value: the drawing as strokes and as a picture."""
    return {"drawing": {"raw": raw or {"objects": []}, "data": data}, "backgroundFit": None}


@pytest.fixture
def component() -> ModuleType:
    """The module around the canvas, which can only be imported where Streamlit runs."""
    opened("4_draw")
    return importlib.import_module("mnistlab.ui.canvas")


@pytest.fixture
def drawn(component: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Callable[..., AppTest]:
    """The page after this was drawn, or after the canvas raised this."""

    def page(image: NDArray[np.uint8] | Exception | None, **session: Any) -> AppTest:
        def canvas(brush: int) -> NDArray[np.uint8] | None:
            if isinstance(image, Exception):
                raise image
            return image

        monkeypatch.setattr(component, "canvas", canvas)
        return opened("4_draw", **session)

    return page


def test_opened_alone_it_waits_for_a_drawing() -> None:
    at = opened("4_draw")
    assert at.header[0].value == "Draw a digit"
    assert list(figure(at, "draw-bars")["data"][0]["y"]) == [0] * 10
    assert "An empty picture of 28 × 28 pixels." in words(at)


@pytest.mark.parametrize("image", [np.asarray(BLANK), None])
def test_blank_canvas_asks_for_a_digit(drawn: Callable[..., AppTest], image: NDArray[np.uint8] | None) -> None:
    at = drawn(image)
    assert at.header[0].value == "Draw a digit"
    assert not at.warning


@pytest.mark.parametrize("name", ["reference-cnn", "classic-dense-512"])
def test_drawing_is_answered_as_the_core_answers_it(drawn: Callable[..., AppTest], name: str) -> None:
    at = drawn(seven(), run=name)
    prepared = prepare(seven())
    probabilities = cache.network(cache.store().open(name)).probabilities(prepared.digit[None])[0]
    np.testing.assert_allclose(figure(at, "draw-bars")["data"][0]["y"], 100 * probabilities, rtol=1e-4)
    assert at.header[0].value == verdict(probabilities, False).capitalize()
    first = probabilities.argmax()
    assert f"Most probable: {first} with {100 * probabilities[first]:.1f} %" in words(at)


def test_seven_is_read_as_a_seven(drawn: Callable[..., AppTest]) -> None:
    assert drawn(seven()).header[0].value.startswith("7 — ")


def test_numbers_shown_are_those_the_network_receives(drawn: Callable[..., AppTest]) -> None:
    assert received(drawn(seven()), "draw-numbers")["values"] == prepare(seven()).digit.tolist()


def test_garbage_from_the_canvas_asks_to_draw_again(component: ModuleType, drawn: Callable[..., AppTest]) -> None:
    at = drawn(component.CanvasError("please draw again"))
    assert [warning.value for warning in at.warning] == [AGAIN]
    assert at.header[0].value == "Draw a digit"


def test_what_the_browser_sends_is_read() -> None:
    at = opened("4_draw", canvas=sent(url(Image.fromarray(seven()))))
    assert at.header[0].value.startswith("7 — ")
    assert not at.warning


def cut(picture: Image.Image) -> str:
    """A picture whose pixels are damaged, behind a header that is right."""
    content = bytearray(base64.b64decode(url(picture).split(",")[1]))
    content[60:70] = bytes(10)
    return f"data:image/png;base64,{base64.b64encode(content).decode()}"


@pytest.mark.parametrize(
    "value",
    [
        sent("no picture"),
        sent("data:image/png;base64,!!!!"),
        sent(7),
        sent(url(Image.new("RGBA", (28, 28)))),
        sent(url(Image.new("L", (SIDE, SIDE)))),
        sent(url(Image.new("L", (20_000, 20_000)))),
        sent(cut(Image.fromarray(seven()))),
        {"drawing": "garbage"},
        {"drawing": ["garbage"]},
        {"drawing": 1},
    ],
    ids=[
        "text",
        "base64",
        "number",
        "size",
        "grey",
        "bomb",
        "damaged",
        "drawing text",
        "drawing list",
        "drawing number",
    ],
)
def test_malformed_value_asks_to_draw_again(value: Any) -> None:
    at = opened("4_draw", canvas=value)
    assert [warning.value for warning in at.warning] == [AGAIN]
    assert at.header[0].value == "Draw a digit"


@pytest.mark.parametrize("raw", ["garbage", ["garbage"], 7])
def test_malformed_strokes_do_not_come_back_with_the_next_visit(raw: Any) -> None:
    at = opened("4_draw", canvas=sent(url(Image.fromarray(seven())), raw=raw))
    again = opened("4_draw", drawing=at.session_state["drawing"])
    assert not again.warning


def test_drawing_is_kept_for_the_next_visit() -> None:
    strokes = {"objects": [{"type": "Path", "path": [["M", 90, 80]]}]}
    at = opened("4_draw", canvas=sent(url(Image.fromarray(seven())), raw=strokes))
    assert at.session_state["drawing"] == strokes


def test_clear_forgets_the_drawing() -> None:
    at = opened("4_draw", canvas=sent(url(Image.fromarray(seven()))))
    (button,) = [button for button in at.button if button.label == "Clear"]
    button.click()
    run(at)
    assert at.header[0].value == "Draw a digit"
    assert at.session_state["drawing"] is None


def test_damaged_weights_are_one_sentence_and_the_canvas_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "network", lambda run: (_ for _ in ()).throw(ValueError("its arrays are damaged")))
    at = opened("4_draw")
    assert [error.value.replace("\\", "") for error in at.error] == [
        "This network cannot answer: its arrays are damaged."
    ]
    assert at.slider(key="brush").value == 24
