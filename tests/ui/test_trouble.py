"""How trouble is told."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from mnistlab.ui import trouble

MARKDOWN = [
    "![x](https://example.com/x.png)",
    "[click](https://example.com)",
    "**bold** _italic_ ~struck~",
    "# heading",
    "1. list",
    "`code`",
    "<b>html</b>",
    "$x^2$",
    ":material/home: :red[text] :smile:",
    "a | b",
    "https://example.com",
    "&lt;",
    "\\*",
]


@pytest.mark.parametrize("text", MARKDOWN)
def test_every_sign_of_markdown_is_escaped_and_nothing_else_changed(text: str) -> None:
    signs = set("\\`*_{}[]()#+-.!|~<>$:&")
    rest = iter(trouble.plain(text))
    for sign in text:
        assert next(rest) == ("\\" if sign in signs else sign)
        if sign in signs:
            assert next(rest) == sign
    assert not list(rest)


def test_plain_words_stay_as_they_are() -> None:
    assert trouble.plain("two convolutions, 99 % — sure") == "two convolutions, 99 % — sure"


def test_trouble_is_one_sentence_with_the_mark_of_the_log(caplog: pytest.LogCaptureFixture) -> None:
    def script() -> None:
        import streamlit

        from mnistlab.ui.trouble import boundary

        with boundary("The figure"):
            raise OSError("/srv/secret is full")
        streamlit.text("the rest")

    at = AppTest.from_function(script, default_timeout=60).run()
    (error,) = at.error
    mark = error.value.removesuffix(".").split()[-1]
    assert error.value == f"The figure cannot be shown. Everything else works. In the log this is {mark}."
    assert not at.exception
    assert at.text[0].value == "the rest"
    (record,) = [record for record in caplog.records if record.name == trouble.__name__]
    assert record.message == f"The figure failed ({mark})"
    assert "/srv/secret is full" in caplog.text
