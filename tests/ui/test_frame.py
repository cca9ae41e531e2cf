"""The words that every page begins with."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from mnistlab.ui import frame
from tests.pages.browser import ROOT, SECONDS


def test_first_words_of_a_page_wait_for_nothing_of_ours() -> None:
    code = "import sys, mnistlab.ui.frame; print(sorted({'numpy', 'pydantic'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("room", frame.PAGES.values(), ids=lambda room: room.title)
def test_words_stand_once_with_the_frame_and_without(room: frame.Room, lab: Path) -> None:
    app = AppTest.from_file(ROOT / "app.py", default_timeout=SECONDS)
    for _ in range(2):
        app.run()
        assert [title.value for title in app.title] == ["MNIST Lab"]
        assert [text.value for text in app.markdown].count(frame.PAGES["home"].about) == 1
    for at in (app.switch_page(room.path).run(), AppTest.from_file(ROOT / room.path, default_timeout=SECONDS).run()):
        assert [title.value for title in at.title] == [room.title if room.title != "Home" else "MNIST Lab"]
        assert [text.value for text in at.markdown].count(room.about) == 1
