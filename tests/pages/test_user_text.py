"""What a person writes is shown as they wrote it: nowhere as Markdown or HTML, in which it could call out or mislead."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from google.protobuf.message import Message
from streamlit.testing.v1 import AppTest

from mnistlab.events import Finished, Started
from mnistlab.runs import Run
from mnistlab.ui import cache
from tests.pages.browser import ROOT, SECONDS, opened, run
from tests.pages.test_boundaries import VIEWS

LABEL = "![x](https://example.com/x.png) <img src=x> **b** $x$"
TAKEN_AS_MARKUP = re.compile(r"\]\(https|(?<!\\)<img|(?<!\\)\*\*b|(?<!\\)\$x")
PLAIN = {
    "text": {"body"}, "code": {"code_text"}, "selectbox": {"options", "default"}, "multiselect": {"options", "default"},
    "bidi_component": {"json", "js_content", "css_content", "html_content"}, "plotly_chart": {"alt"},
}  # fmt: skip
"""Of each element the fields that are shown as they are; all others are taken for Markdown."""


@pytest.fixture
def named() -> Run:
    """A finished run with a name made to mislead."""
    store = cache.store()
    shipped = store.open("classic-dense-512")
    made = store.create(shipped.experiment, LABEL)
    store.record(made.id, Started(digits="", epochs=1, steps=1, train_images=64, validation_images=10))
    store.record(made.id, Finished(reason="all_epochs", epochs=1, kept_epoch=1, arrays=shipped.weights()))
    return made


def strings(message: Message, leave: set[str]) -> Iterator[str]:
    for field, value in message.ListFields():
        if field.name in leave:
            continue
        for one in value if isinstance(value, list | tuple) or hasattr(value, "extend") else [value]:
            if isinstance(one, str):
                yield one
            elif isinstance(one, Message):
                yield from strings(one, leave)


def elements(at: AppTest) -> list[Any]:
    return [element for element in at._tree if isinstance(getattr(element, "proto", None), Message)]


def marked_up(at: AppTest) -> list[str]:
    """Where the name would be taken for markup."""
    return [
        f"{element.type}: {text[:200]}"
        for element in elements(at)
        for text in strings(element.proto, PLAIN.get(element.type, set()))
        if TAKEN_AS_MARKUP.search(text)
    ]


@pytest.mark.parametrize("page", VIEWS)
def test_name_of_a_run_is_nowhere_markup(page: str, named: Run) -> None:
    seen = False
    for view in VIEWS[page]:
        session: dict[str, Any] = {"run": named.id, "training": named.id, "second": named.id, "start": named.id, **view}
        at = opened(page, **session)
        assert marked_up(at) == []
        seen = seen or any("example" in text for element in elements(at) for text in strings(element.proto, set()))
    assert seen or page == "0_home"


def test_frame_shows_the_name_of_a_run_as_it_is(named: Run) -> None:
    cache.store().live.add(named.id)
    at = AppTest.from_file(ROOT / "app.py", default_timeout=SECONDS)
    at.session_state["run"] = named.id
    assert marked_up(run(at)) == []


def test_markup_would_be_found() -> None:
    def script() -> None:
        import streamlit

        from tests.pages.test_user_text import LABEL

        streamlit.button(LABEL, help=LABEL)
        streamlit.segmented_control("x", [LABEL])
        streamlit.text(LABEL)

    assert len(marked_up(AppTest.from_function(script, default_timeout=SECONDS).run())) == 3
