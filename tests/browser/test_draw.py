"""Draw, as it is used: strokes of a mouse or a finger, and the answer to them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from .conftest import SECONDS
from .driver import PHONE, Server, open_page, settled, visit

pytestmark = pytest.mark.browser

Stroke = list[tuple[float, float]]

SEVEN: Stroke = [(90, 80), (240, 80), (150, 270)]
ONE: Stroke = [(170, 60), (168, 280)]
ZERO: Stroke = [
    (168, 60), (120, 80), (95, 130), (92, 190), (115, 250), (168, 275), (222, 250), (244, 190), (240, 130), (215, 80), (168, 60),
]  # fmt: skip


@pytest.fixture
def phone(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True, device_scale_factor=3)
    context.set_default_timeout(1000 * SECONDS)
    yield context
    context.close()


def test_blank_canvas_asks_for_a_digit(page: Page, server: Server) -> None:
    open_page(page, f"{server.url}/draw", "Draw")
    says(page, "Draw a digit")


def test_drawn_digits_are_read_one_after_another(page: Page, server: Server) -> None:
    open_page(page, f"{server.url}/draw", "Draw")
    for stroke, digit in ((SEVEN, 7), (ONE, 1), (ZERO, 0)):
        with_mouse(page, stroke)
        says(page, f"{digit} —")
        page.get_by_role("button", name="Clear").click()
        says(page, "Draw a digit")
        settled(page)


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


def says(page: Page, text: str) -> None:
    """The verdict begins with this."""
    expect(page.get_by_test_id("stHeading").filter(has_text=text)).to_be_visible()


def points(page: Page, stroke: Stroke) -> Stroke:
    """A stroke's points on the page, close enough together to be one line. The canvas is as large as it is shown."""
    canvas = page.locator("canvas.upper-canvas")
    expect(canvas).to_be_visible()
    settled(page)
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box
    scale = box["width"] / 336
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
        page.locator("canvas.dc-canvas.lower-canvas").evaluate(
            """canvas => {
                const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height)
                let count = 0
                for (let i = 0; i < data.length; i += 4) count += data[i] > 128 && data[i + 3] > 128
                return count
            }"""
        )
    )
