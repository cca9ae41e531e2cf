"""Draw: what was drawn is prepared and answered as the core does it, and garbage is no drawing."""

from __future__ import annotations

import base64
import io
import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageOps
from streamlit.testing.v1 import AppTest

from mnistlab.__main__ import main
from mnistlab.confidence import Confidence
from mnistlab.data.digits import Bytes
from mnistlab.data.sources import read_sample
from mnistlab.drawing import STEPS, prepare
from mnistlab.photo import find
from mnistlab.pictures import NO_PICTURE
from mnistlab.runs import RunError
from mnistlab.sheets import Sheet, Sheets
from mnistlab.ui import cache
from tests.not_digits import scribbles
from tests.pages.browser import component, opened, pictures, run, words
from tests.photos import grid, written

DIGITS = read_sample()
NUDGE = 14


@pytest.fixture(autouse=True)
def few_to_compare_with(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not 10,000 digits through the network for each page that is opened."""
    monkeypatch.setattr(cache, "FEATURE_CANDIDATES", 200)


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


def opened_with(picture: NDArray[np.uint8], **session: Any) -> AppTest:
    """The page after this came from the canvas."""
    return opened("4_draw", canvas=sent(url(Image.fromarray(picture))), **session)


def button(at: AppTest, key: str) -> Any:
    return at.button(key=key)


def pressed(at: AppTest, key: str) -> AppTest:
    button(at, key).click()
    return run(at)


def put(image: Bytes, *, ready: bool = False) -> dict[str, Any]:
    """A session with a digit on the canvas."""
    return {"sheets": Sheets().put(Sheet.of(image, ready=ready))}


def probabilities(name: str, digit: Bytes) -> NDArray[np.float32]:
    return cache.network(cache.store().open(name)).probabilities(digit[None])[0]


# the canvas and the answer


def test_opened_alone_it_waits_for_a_drawing() -> None:
    at = opened("4_draw")
    assert at.header[0].value == "Draw a digit"
    assert list(component(at, "draw-bars")["percent"]) == [0] * 10
    assert "An empty picture of 28 × 28 pixels." in words(at)


def test_blank_canvas_and_a_dot_ask_for_a_digit() -> None:
    dot = BLANK.copy()
    ImageDraw.Draw(dot).ellipse((150, 150, 172, 172), fill="white")
    for picture in (BLANK, dot):
        at = opened_with(np.asarray(picture))
        assert at.header[0].value == "Draw a digit"
        assert not at.warning


@pytest.mark.parametrize("name", ["reference-cnn", "classic-dense-512"])
def test_drawing_is_answered_as_the_core_answers_it(name: str) -> None:
    at = opened_with(seven(), run=name)
    digit = prepare(seven()).digit
    expected = probabilities(name, digit)
    np.testing.assert_allclose(component(at, "draw-bars")["percent"], 100 * expected, rtol=1e-4)
    run_ = cache.store().open(name)
    assert at.header[0].value == cache.confidence(run_).judge(cache.network(run_), digit).text
    assert at.header[0].value.startswith("7 — ")
    first = expected.argmax()
    assert f"Most probable: {first} with {100 * expected[first]:.1f} %" in words(at)


def test_page_and_command_line_give_the_same_probabilities(lab: Path, capsys: pytest.CaptureFixture[str]) -> None:
    at = opened_with(seven())
    file = lab / "seven.png"
    Image.fromarray(seven()).save(file)
    assert main(["predict", "reference-cnn", str(file), "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)["predictions"]
    np.testing.assert_allclose(component(at, "draw-bars")["percent"], 100 * np.array(found["probabilities"]), rtol=1e-6)
    assert at.header[0].value == found["verdict"]


def test_both_colour_schemes_give_the_same_answer() -> None:
    paper = ImageOps.invert(Image.fromarray(seven()).convert("RGB")).convert("RGBA")
    light = opened("4_draw", scheme="black on white")
    light.session_state["canvas-light"] = sent(url(paper))
    run(light)
    dark = opened_with(seven())
    np.testing.assert_array_equal(component(light, "draw-bars")["percent"], component(dark, "draw-bars")["percent"])
    assert light.header[0].value == dark.header[0].value


def test_numbers_are_computed_only_once_they_are_asked_for() -> None:
    assert "draw-numbers" not in [element.key for element in opened_with(seven()).get("bidi_component")]


def test_coverage_slider_says_what_it_trades() -> None:
    at = opened_with(seven())
    confidence = cache.confidence(cache.store().open("reference-cnn"))
    for chosen in (95, 80):
        at.slider(key="coverage").set_value(chosen)
        run(at)
        digits, answered, right = confidence.trade(chosen / 100)
        assert f"of the {digits:,} digits it was validated on, {answered:,} are called sure" in words(at)
        assert f"{100 * right / answered:.2f} %" in words(at)


def test_scribbles_are_marked_as_no_digit_or_not_sure() -> None:
    said = []
    for scribble in scribbles(4):
        picture = Image.fromarray(scribble).resize((SIDE, SIDE)).convert("RGBA")
        said.append(opened_with(np.asarray(picture)).header[0].value)
    assert sum("— sure" not in text for text in said) >= 3


def test_network_that_is_never_clear_is_never_sure(monkeypatch: pytest.MonkeyPatch) -> None:
    vague = Confidence(np.eye(128, dtype=np.float16), np.zeros(9, np.float32), np.ones(9, np.float32), np.ones(9, bool))
    monkeypatch.setattr(cache, "confidence", lambda run: vague)
    assert "of the 9 digits it was validated on, 0 are called sure, too few are answered clearly" in words(
        opened_with(seven())
    )


# what comes from the browser


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


@pytest.mark.parametrize(
    "raw", ["garbage", ["garbage"], 7, {"objects": [{"type": "Image", "src": "https://example.org"}]}]
)
def test_list_of_strokes_from_the_browser_is_never_used(raw: Any) -> None:
    at = opened("4_draw", canvas=sent(url(Image.fromarray(seven())), raw=raw))
    assert at.header[0].value.startswith("7 — ")
    assert "example" not in json.dumps(at.session_state["canvas_start"])


def test_garbage_leaves_the_drawing_that_was_there() -> None:
    at = opened("4_draw", canvas=sent("no picture"), **put(DIGITS.images[0]))
    assert [warning.value for warning in at.warning] == [AGAIN]
    np.testing.assert_array_equal(at.session_state["sheets"].now.picture, Sheet.of(DIGITS.images[0]).picture)


# the tools


def test_drawing_is_kept_for_the_next_visit() -> None:
    at = opened_with(seven())
    again = opened("4_draw", sheets=at.session_state["sheets"])
    assert again.header[0].value == at.header[0].value
    assert len(again.session_state["canvas_start"][1]["objects"]) == 1


def test_clear_empties_the_canvas_and_undo_brings_the_drawing_back() -> None:
    at = opened_with(seven())
    before = at.session_state["sheets"].now
    pressed(at, "clear")
    assert at.header[0].value == "Draw a digit"
    assert at.session_state["canvas_start"][1]["objects"] == []
    pressed(at, "undo")
    assert at.header[0].value.startswith("7 — ")
    assert at.session_state["sheets"].now is before
    pressed(at, "redo")
    assert at.header[0].value == "Draw a digit"
    assert button(at, "redo").disabled


def test_what_was_drawn_before_a_clear_does_not_come_back_by_itself() -> None:
    at = pressed(opened_with(seven()), "clear")
    assert run(at).header[0].value == "Draw a digit"


def test_random_test_digit_is_put_there_and_read() -> None:
    at = pressed(opened("4_draw"), "put-random")
    shown = at.session_state["sheets"].now.picture[::12, ::12]
    assert (cache.digits("test").images == shown).all(axis=(1, 2)).any()
    assert at.header[0].value != "Draw a digit"


def test_digit_selected_in_explore_is_put_there() -> None:
    at = pressed(opened("4_draw", set="training", digit=12), "put-selected")
    np.testing.assert_array_equal(
        at.session_state["sheets"].now.picture[::12, ::12], cache.digits("training").images[12]
    )


def test_without_a_pointer_a_digit_is_chosen_and_moved() -> None:
    at = opened("4_draw")
    at.session_state["keyboard"] = True
    run(at)
    at.pills(key="wanted").set_value(4)
    run(at)
    shown = at.session_state["sheets"].now.picture
    (row,) = np.flatnonzero((cache.digits("test").images == shown[::12, ::12]).all(axis=(1, 2)))
    assert cache.digits("test").labels[row] == 4
    answer = component(at, "draw-bars")["percent"]
    pressed(at, "nudge-left")
    np.testing.assert_array_equal(at.session_state["sheets"].now.picture, np.roll(shown, -NUDGE, axis=1))
    np.testing.assert_allclose(component(at, "draw-bars")["percent"], answer, atol=0.5)


# the preparation


def test_each_step_can_be_left_out_and_says_the_answer_without_it() -> None:
    at = opened_with(seven())
    for step in STEPS:
        row = probabilities("reference-cnn", prepare(seven(), without=[step]).digit)
        assert f"Without it: {row.argmax()}, {100 * row.max():.0f} %" in words(at)
    at.toggle(key="step-size").set_value(False)
    run(at)
    expected = probabilities("reference-cnn", prepare(seven(), without=["size"]).digit)
    np.testing.assert_allclose(component(at, "draw-bars")["percent"], 100 * expected, rtol=1e-4)
    assert "With it: 7" in words(at)


# the tabs


def tab(at: AppTest, name: str) -> AppTest:
    at.session_state["draw-tab"] = name
    return run(at)


def test_eight_nearest_training_digits_vote() -> None:
    at = opened_with(seven())
    assert len(pictures(at, "alike")) == 8
    assert "They vote 7, as the network does:" in words(at)


def test_networks_side_by_side_each_with_its_bars() -> None:
    at = tab(opened_with(seven()), "Other networks")
    digit = prepare(seven()).digit
    for name in ("reference-cnn", "classic-dense-512"):
        np.testing.assert_allclose(
            component(at, f"bars-{name}")["percent"], 100 * probabilities(name, digit), rtol=1e-4
        )
    assert [box.value for box in at.success] == ["Both networks read 7."]


def test_link_opens_with_the_same_answer() -> None:
    at = opened_with(seven())
    at.selectbox(key="choose-run").select("classic-dense-512")
    at = tab(run(at), "Link")
    query = dict(parse_qsl(urlsplit(at.code[0].value).query))
    assert query["network"] == "classic-dense-512"
    assert len(query["drawing"]) < 400
    there = opened("4_draw", query=query)
    np.testing.assert_allclose(
        component(there, "draw-bars")["percent"], component(at, "draw-bars")["percent"], rtol=1e-6
    )
    assert there.header[0].value == at.header[0].value
    assert there.selectbox(key="choose-run").value == "classic-dense-512"


def test_link_to_a_network_that_is_not_here_is_said_and_another_answers() -> None:
    text = dict(parse_qsl(urlsplit(tab(opened_with(seven()), "Link").code[0].value).query))["drawing"]
    at = opened("4_draw", query={"drawing": text, "network": "../elsewhere"})
    assert "The network in this link is not in this lab" in words(at)
    assert at.header[0].value == "7 — sure"


@pytest.mark.parametrize("text", ["garbage", "A" * 5000, "![x](https://example.org)", ""])
def test_link_that_holds_no_drawing_is_said_and_the_page_works(text: str) -> None:
    at = opened("4_draw", query={"drawing": text})
    assert at.header[0].value == "Draw a digit"
    assert len(at.info) == 1
    assert "could not be used" in at.info[0].value
    assert "example" not in at.info[0].value


PHOTO = written(DIGITS[:6], grid(6))


def uploaded(content: bytes, name: str = "photo.png") -> AppTest:
    at = tab(opened("4_draw"), "Photo")
    at.file_uploader(key="upload").upload(name, content, "image/png")
    return run(at)


def as_png(picture: NDArray[np.uint8]) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "PNG")
    return buffer.getvalue()


def test_digits_of_a_photo_are_read_one_by_one() -> None:
    at = uploaded(as_png(PHOTO))
    found = find(PHOTO).found
    np.testing.assert_array_equal(pictures(at, "photo-digits"), np.stack([one.digit for one in found]))
    answers = [int(probabilities("reference-cnn", one.digit).argmax()) for one in found]
    assert "**Read in order:** " + " ".join(map(str, answers)) in words(at)


@pytest.mark.parametrize("name", ["![x](https:example.org).png", "<img src=x>.png", "a" * 250 + ".png"])
def test_file_that_is_no_picture_is_refused_without_its_name(name: str) -> None:
    at = uploaded(b"no picture", name)
    assert [error.value for error in at.error] == [f"Not read: {NO_PICTURE}. Choose another picture."]
    assert name not in words(at)


def test_photo_without_a_digit_says_so() -> None:
    assert "No digit was found here" in uploaded(as_png(np.full((300, 300), 200, np.uint8))).info[0].value


# my handwriting


def drawings(each: int) -> tuple[tuple[Bytes, int], ...]:
    rows = [np.flatnonzero(DIGITS.labels == digit)[:each] for digit in range(10)]
    return tuple((DIGITS.images[row], digit) for digit, found in enumerate(rows) for row in found)


def test_drawing_is_kept_as_the_digit_that_was_asked_for() -> None:
    at = tab(opened_with(seven()), "My handwriting")
    assert "**Draw a 0** on the canvas above" in words(at)
    pressed(at, "keep")
    ((image, label),) = at.session_state["examples"]
    assert label == 0
    np.testing.assert_array_equal(image, prepare(seven()).digit)
    assert at.header[0].value == "Draw a digit"
    assert "**Draw a 1**" in words(at)
    pressed(at, "drop")
    assert at.session_state["examples"] == ()


def test_accuracy_on_ones_own_drawings_is_said() -> None:
    examples = drawings(2)
    at = tab(opened("4_draw", examples=examples), "My handwriting")
    images, labels = np.stack([image for image, _ in examples]), np.array([label for _, label in examples])
    network = cache.network(cache.store().open("reference-cnn"))
    right = int((network.probabilities(images).argmax(axis=1) == labels).sum())
    assert f"({right} of 20)" in words(at)
    assert not button(at, "adapt").disabled


def test_adapting_needs_each_digit_once() -> None:
    at = tab(opened("4_draw", examples=drawings(1)[:9]), "My handwriting")
    assert button(at, "adapt").disabled
    assert "at least one drawing of each digit" in words(at)


def test_drawings_are_deleted_for_good() -> None:
    at = tab(opened("4_draw", examples=drawings(1)), "My handwriting")
    pressed(at, "delete")
    assert at.session_state["examples"] == ()
    assert "0 of 40 drawings" in [bar.text for bar in at.get("progress")] or "Draw 3 of each digit" in words(at)


@pytest.mark.slow
def test_copy_is_adapted_and_the_original_untouched() -> None:
    at = tab(opened("4_draw", examples=drawings(4)), "My handwriting")
    original = cache.store().open("reference-cnn").weights()
    pressed(at, "adapt")
    name, copy, learned = at.session_state["adapted"]
    assert (name, learned) == ("reference-cnn", 30)
    assert cache.engine().wait(copy, 180)
    run(at)
    assert "On 10 drawings it never learned from:" in words(at)
    assert "On MNIST's test digits:" in words(at)
    after = cache.store().open(copy)
    assert (after.status, after.label) == ("finished", "reference-cnn, my handwriting")
    for key, array in cache.store().open("reference-cnn").weights().items():
        np.testing.assert_array_equal(array, original[key])
    with pytest.raises(RunError, match="handwriting"):
        cache.engine().resume(copy, cache.dataset().sha256, 5)


# what goes wrong


def test_damaged_weights_are_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "network", lambda run: (_ for _ in ()).throw(ValueError("its arrays are damaged")))
    at = opened("4_draw")
    assert [error.value.replace("\\", "") for error in at.error] == [
        "This network cannot answer: its arrays are damaged."
    ]
