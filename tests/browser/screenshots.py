"""The README's four pictures of the lab as it is now: a program, run by `make screenshots`."""

from __future__ import annotations

import io
import re
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

from . import driver
from .driver import DESKTOP, Server, open_page, pictures, settled, traces, wait_for
from .test_draw import HAND, says, with_mouse
from .test_train import PATIENCE, curve_begins, stop, train_button

NAMES = ("explore", "train", "evaluate", "draw")
WORST = "classic-dense-512"  # of the shipped runs: it makes enough mistakes to look at


def explore(page: Page, url: str) -> None:
    open_page(page, f"{url}/explore?digit=18", "Explore")
    expect(pictures(page, "gallery")).to_have_count(120)


def train(page: Page, url: str) -> None:
    """What Train opens with, while it trains."""
    open_page(page, f"{url}/train", "Train")
    train_button(page).click()
    curve_begins(page)
    expect(page.get_by_test_id("stMain").get_by_text(re.compile(r"epoch [3-9] of"))).to_be_visible(
        timeout=4000 * PATIENCE
    )


def evaluate(page: Page, url: str) -> None:
    """With the pictures of the pair that is confused most."""
    open_page(page, f"{url}/evaluate?run={WORST}", "Evaluate")
    page.locator("[class*='st-key-pair-']").first.get_by_role("button").click()
    expect(page.get_by_text(re.compile(r"images of \d answered \d"))).to_be_visible()
    wait_for(lambda: traces(page, "matrix-1"), "the confusion matrix with its cell marked")
    settled(page)
    page.get_by_text("Click a cell to see its pictures").evaluate("text => text.scrollIntoView({block: 'end'})")


def draw(page: Page, url: str) -> None:
    open_page(page, f"{url}/draw", "Draw")
    for stroke in HAND[3]:
        with_mouse(page, stroke)
    says(page, "3 —")
    settled(page)


def take(browser: Browser, server: Server, folder: Path) -> None:
    """Take all four, at a desk in daylight; as files of 256 colours, which are a third as large and look the same."""
    for shown in (explore, train, evaluate, draw):
        context = browser.new_context(viewport=DESKTOP, color_scheme="light", reduced_motion="reduce")  # type: ignore[arg-type]
        page = context.new_page()
        open_page(page, server.url, "MNIST Lab")  # a server's first page has the sidebar's width of before
        shown(page, server.url)
        page.mouse.move(DESKTOP["width"] - 1, 1)
        page.evaluate("document.activeElement.blur()")
        expect(page.get_by_test_id("stTooltipContent")).to_have_count(0)
        picture = Image.open(io.BytesIO(page.screenshot(animations="disabled"))).convert("RGB")
        picture.quantize(256, dither=Image.Dither.NONE).save(folder / f"{shown.__name__}.png", optimize=True)
        if shown is train:
            stop(page)
        context.close()


def main() -> int:
    path = driver.chromium()
    if path is None:
        print(f"There is no Chromium here: none of {', '.join(driver.NAMES)} is on the path.", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        server = Server(Path(folder))
        try:
            take(playwright.chromium.launch(executable_path=path, args=driver.ARGUMENTS), server, driver.ROOT / "docs")
        finally:
            server.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
