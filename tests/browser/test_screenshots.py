"""The README's pictures can be taken at any time, and are small."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Browser

from .driver import DESKTOP, ROOT, Server
from .screenshots import NAMES, take

pytestmark = pytest.mark.browser


def test_screenshots_are_taken_of_the_lab_as_it_is(browser: Browser, own_server: Server, tmp_path: Path) -> None:
    take(browser, own_server, tmp_path)
    for folder in (tmp_path, ROOT / "docs"):
        for name in NAMES:
            file = folder / f"{name}.png"
            with Image.open(file) as picture:
                assert picture.size == (DESKTOP["width"], DESKTOP["height"])
            assert file.stat().st_size < 200_000
            assert f"docs/{name}.png" in (ROOT / "README.md").read_text("utf-8")
