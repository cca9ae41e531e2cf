"""Draw, as it is used: strokes of a mouse or a finger, and the answer to them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from mnistlab.sheets import SIDE

from .conftest import SECONDS
from .driver import PHONE, Server, open_page, outside, settled, visit, wait_for

pytestmark = pytest.mark.browser

Stroke = list[tuple[float, float]]

HAND: dict[int, list[Stroke]] = {
    0: [[
        (168, 60), (120, 80), (95, 130), (92, 190), (115, 250), (168, 275), (222, 250), (244, 190), (240, 130), (215, 80),
        (168, 60),
    ]],
    1: [[(170, 60), (168, 280)]],
    2: [[(100, 110), (125, 70), (175, 58), (225, 80), (232, 125), (200, 175), (140, 230), (95, 270), (240, 270)]],
    3: [[
        (105, 80), (150, 58), (210, 70), (225, 110), (200, 150), (155, 162), (205, 175), (232, 215), (215, 260), (160, 280),
        (100, 262),
    ]],
    4: [[(130, 60), (95, 180), (240, 180)], [(205, 70), (200, 280)]],
    5: [[(125, 65), (115, 150), (165, 138), (220, 160), (232, 215), (205, 262), (150, 278), (100, 260)], [(125, 65), (230, 62)]],
    6: [[
        (200, 58), (150, 95), (115, 160), (105, 220), (130, 268), (180, 278), (222, 250), (222, 205), (185, 180), (135, 195),
        (108, 225),
    ]],
    7: [[(90, 80), (240, 80), (150, 270)]],
    8: [[
        (215, 85), (170, 58), (120, 80), (125, 125), (175, 160), (222, 205), (215, 255), (165, 280), (112, 255), (112, 205),
        (165, 160), (212, 125), (215, 85),
    ]],
    9: [[(218, 110), (190, 68), (140, 65), (112, 100), (120, 145), (165, 160), (210, 135), (222, 90), (215, 170), (200, 280)]],
}  # fmt: skip
(SEVEN,) = HAND[7]


@pytest.fixture
def phone(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True, device_scale_factor=3)
    context.set_default_timeout(1000 * SECONDS)
    yield context
    context.close()


def test_blank_canvas_asks_for_a_digit(page: Page, server: Server) -> None:
    open_page(page, f"{server.url}/draw", "Draw")
    says(page, "Draw a digit")


def test_all_ten_digits_drawn_with_the_mouse_are_read(page: Page, server: Server) -> None:
    open_page(page, f"{server.url}/draw", "Draw")
    for digit, strokes in HAND.items():
        for stroke in strokes:
            with_mouse(page, stroke)
        says(page, re.compile(rf"^{digit} — (sure|likely)"))
        tool(page, "clear").click()
        says(page, "Draw a digit")
        settled(page)


def test_each_stroke_is_sent_when_it_ends_and_nothing_else_is(page: Page, server: Server) -> None:
    open_page(page, f"{server.url}/draw", "Draw")
    expect(page.locator("canvas.upper-canvas")).to_be_visible()
    settled(page)
    send = page.get_by_role("button", name="Update the app with this drawing", include_hidden=True)
    send.evaluate("button => { window.sent = 0; button.addEventListener('click', () => window.sent++); }")
    for number, stroke in enumerate(HAND[4], 1):
        with_mouse(page, stroke)
        wait_for(lambda wanted=number: page.evaluate("window.sent") == wanted, "the stroke to be sent")
    page.get_by_role("heading", name="Draw", exact=True).click()
    says(page, re.compile("^4 —"))
    expect(page.get_by_role("status").filter(has_text=re.compile("^4 —"))).to_have_count(1)
    assert page.evaluate("window.sent") == len(HAND[4])


def test_undo_redo_and_a_put_digit_are_seen_on_the_canvas(page: Page, server: Server) -> None:
    open_page(page, f"{server.url}/draw", "Draw")
    with_mouse(page, SEVEN)
    says(page, "7 —")
    before = ink(page)
    one = bars(page)
    with_mouse(page, [(40, 300), (300, 300)])
    wait_for(lambda: bars(page) != one, "the answer to the second stroke")
    settled(page)
    for name, expected in (("undo", before), ("undo", 0), ("redo", before)):
        tool(page, name).click()
        wait_for(lambda wanted=expected: ink(page) == wanted, f"the canvas after {name}")
        settled(page)
    says(page, "7 —")
    tool(page, "put-random").click()
    wait_for(lambda: ink(page) not in (0, before), "a digit on the canvas")
    settled(page)
    tool(page, "undo").click()
    wait_for(lambda: ink(page) == before, "the drawing again")


def test_bars_are_as_high_as_they_say(page: Page, server: Server) -> None:
    open_page(page, f"{server.url}/draw", "Draw")
    with_mouse(page, SEVEN)
    says(page, "7 —")
    percent = bars(page)
    page.wait_for_timeout(500)  # until they have moved there
    figure = page.locator(".st-key-draw-bars")
    height, tops = figure.evaluate(
        """figure => {
            const root = [...figure.querySelectorAll("*")].find(part => part.shadowRoot).shadowRoot
            const heights = [...root.querySelectorAll(".bar")].map(bar => bar.getBoundingClientRect().height)
            return [root.querySelector(".plot").getBoundingClientRect().height, heights]
        }"""
    )
    np.testing.assert_allclose(tops, height * np.array(percent) / 100, atol=0.5)
    assert figure.locator(".number").all_inner_texts() == [f"{p:.0f}" if p >= 0.5 else "" for p in percent]
    expect(figure.locator(".answer")).to_have_count(1)
    expect(figure.locator(".column").nth(7)).to_have_attribute("title", f"7: {percent[7]:.2f} %")


def test_black_on_white_gives_the_same_answer(page: Page, server: Server) -> None:
    open_page(page, f"{server.url}/draw", "Draw")
    with_mouse(page, SEVEN)
    says(page, "7 —")
    before = bars(page)
    page.get_by_test_id("stButtonGroup").get_by_text("black on white").click()
    wait_for(lambda: ink(page) > SIDE * SIDE / 2, "white paper")
    settled(page)
    says(page, "7 —")
    assert bars(page) == before


def test_link_to_a_drawing_opens_with_the_same_answer(page: Page, server: Server) -> None:
    open_page(page, f"{server.url}/draw", "Draw")
    with_mouse(page, SEVEN)
    says(page, "7 —")
    before = bars(page)
    page.get_by_role("tab", name="Link").click()
    link = page.get_by_test_id("stCode")
    expect(link).to_contain_text("?drawing=")
    address = link.inner_text().strip()
    assert address.startswith(server.url)
    page.goto(address)
    says(page, "7 —")
    wait_for(lambda: ink(page) > 1000, "the drawing on the canvas")
    np.testing.assert_allclose(bars(page), before, rtol=1e-5)


def test_no_file_name_makes_the_browser_call_out(page: Page, server: Server, tmp_path: Path) -> None:
    asked = outside(page, server)
    open_page(page, f"{server.url}/draw", "Draw")
    page.get_by_role("tab", name="Photo").click()
    sender = page.locator(".st-key-upload input[type=file]")
    for name in ("![x](http:example.org).png", "<img src=http:example.org>.png"):
        file = tmp_path / name
        file.write_bytes(b"no picture")
        sender.set_input_files(file)
        expect(page.get_by_test_id("stAlert").filter(has_text="Not read")).to_be_visible()
        settled(page)
    assert asked == []


def test_upload_needs_the_visitors_own_token_and_has_a_limit(page: Page, server: Server, tmp_path: Path) -> None:
    open_page(page, f"{server.url}/draw", "Draw")
    page.get_by_role("tab", name="Photo").click()
    (tmp_path / "digit.png").write_bytes(b"no picture")
    with page.expect_request("**/_stcore/upload_file/**") as sent:
        page.locator(".st-key-upload input[type=file]").set_input_files(tmp_path / "digit.png")
    settled(page)
    url, token = sent.value.url, sent.value.headers["x-xsrftoken"]

    def status(size: int, **headers: str) -> int:
        file = {"name": "digit.png", "mimeType": "image/png", "buffer": bytes(size)}
        return page.request.put(url, multipart={"file": file}, headers=headers).status

    assert status(10) == 403
    assert status(10, **{"X-Xsrftoken": token}) == 204
    assert status(13 << 20, **{"X-Xsrftoken": token}) == 413


def test_drawing_outlives_a_visit_to_another_page(page: Page, server: Server) -> None:
    open_page(page, f"{server.url}/draw", "Draw")
    with_mouse(page, SEVEN)
    says(page, "7 —")
    before = ink(page)
    assert before > 1000
    visit(page, "Explore")
    visit(page, "Draw")
    says(page, "7 —")
    expect(page.locator("canvas.dc-canvas.lower-canvas")).to_be_visible()
    assert abs(ink(page) - before) < 0.05 * before


def test_digit_drawn_with_a_finger_is_read(phone: BrowserContext, server: Server) -> None:
    page = phone.new_page()
    open_page(page, f"{server.url}/draw", "Draw")
    with_finger(page, SEVEN)
    says(page, "7 —")


def tool(page: Page, key: str) -> Locator:
    """A button below the canvas."""
    return page.locator(f".st-key-{key}").get_by_role("button").first


def says(page: Page, text: str | re.Pattern[str]) -> None:
    """The verdict begins with this."""
    expect(page.get_by_test_id("stHeading").filter(has_text=text)).to_be_visible()


def bars(page: Page) -> list[float]:
    """The ten probabilities, in percent, once a drawing is answered: the bars come after the verdict."""

    def told() -> list[float]:
        found = page.locator(".st-key-draw-bars .bar").evaluate_all("bars => bars.map(bar => bar.dataset.percent)")
        return [float(percent) for percent in found]

    wait_for(lambda: any(told()), "the bars of an answer")
    return told()


def points(page: Page, stroke: Stroke) -> Stroke:
    """A stroke's points on the page, close enough together to be one line. The canvas is as large as it is shown."""
    canvas = page.locator("canvas.upper-canvas")
    expect(canvas).to_be_visible()
    settled(page)
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box
    scale = box["width"] / SIDE
    path = [stroke[0]]
    for (x0, y0), (x1, y1) in pairwise(stroke):
        path += [(x0 + (x1 - x0) * i / 8, y0 + (y1 - y0) * i / 8) for i in range(1, 9)]
    return [(box["x"] + x * scale, box["y"] + y * scale) for x, y in path]


def with_mouse(page: Page, stroke: Stroke) -> None:
    first, *rest = points(page, stroke)
    page.mouse.move(*first)
    page.mouse.down()
    for point in rest:
        page.mouse.move(*point)
    page.mouse.up()


def with_finger(page: Page, stroke: Stroke) -> None:
    first, *rest = points(page, stroke)
    session = page.context.new_cdp_session(page)

    def touch(kind: str, *at: tuple[float, float]) -> None:
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y} for x, y in at]})

    touch("touchStart", first)
    for point in rest:
        touch("touchMove", point)
    touch("touchEnd")


def ink(page: Page) -> int:
    """White pixels of the canvas as it is shown."""
    return int(
        page.locator("canvas.dc-canvas.lower-canvas").last.evaluate(
            """canvas => {
                const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height)
                let count = 0
                for (let i = 0; i < data.length; i += 4) count += data[i] > 128 && data[i + 3] > 128
                return count
            }"""
        )
    )
