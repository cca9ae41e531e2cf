"""A link is read once, only what can be used of it; and it is kept true to the view."""

from __future__ import annotations

import re

import pytest
from streamlit.testing.v1 import AppTest

from mnistlab.ui.link import MAX_LENGTH, one_of, whole


@pytest.mark.parametrize(("text", "value"), [("3", 3), ("03", 3), ("7", 7)])
def test_whole_number_within_its_bounds(text: str, value: int) -> None:
    assert whole(3, 7)(text) == value


@pytest.mark.parametrize(
    "text", ["", " 3", "3 ", "2", "8", "-3", "+3", "3.0", "3e0", "0x3", "1_0", "٣", "²", "three", "∞"]
)
def test_anything_else_is_no_such_number(text: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(text)}$"):
        whole(3, 7)(text)


def test_one_of_a_few_words() -> None:
    parse = one_of(("right", "wrong"))
    assert [parse(text) for text in ("right", "wrong")] == ["right", "wrong"]
    for text in ("", "Right", "right ", "0", "righ"):
        with pytest.raises(ValueError, match="not in list"):
            parse(text)


def page() -> None:
    import streamlit

    from mnistlab.ui.link import Field, keep_link, one_of, open_link, whole

    words = {"a": "A", "b": "B"}
    fields = (
        Field("number", 5, whole(0, 10**70)),
        Field("word", "left", one_of(("left", "right"))),
        Field("letter", None, words.__getitem__),  # raises KeyError
    )
    open_link("test", fields, also=("other",))
    streamlit.text(" ".join(str(streamlit.session_state[field.key]) for field in fields))
    keep_link(fields)


def opened(**query: str) -> AppTest:
    at = AppTest.from_function(page, default_timeout=60)
    for name, text in query.items():
        at.query_params[name] = text
    return run(at)


def run(at: AppTest) -> AppTest:
    at.run()
    assert not at.exception
    return at


def link(at: AppTest) -> dict[str, str]:
    return {name: "".join(text) for name, text in dict(at.query_params).items()}


def test_without_a_link_all_is_as_it_is_at_first() -> None:
    at = opened()
    assert at.text[0].value == "5 left None"
    assert not at.info
    assert link(at) == {}


def test_link_sets_what_it_names() -> None:
    at = opened(number="7", word="right")
    assert at.text[0].value == "7 right None"
    assert not at.info
    assert link(at) == {"number": "7", "word": "right"}


def test_what_is_as_at_first_leaves_the_link() -> None:
    at = opened(number="5", word="right")
    assert link(at) == {"word": "right"}


def test_link_follows_the_session() -> None:
    at = opened(number="7")
    at.session_state["number"] = 8
    assert link(run(at)) == {"number": "8"}
    at.session_state["number"] = 5
    assert link(run(at)) == {}


def test_link_is_read_once() -> None:
    at = opened(number="7")
    at.query_params["number"] = "9"
    assert run(at).text[0].value == "7 left None"
    assert link(at) == {"number": "7"}


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"number": "x"}, "A setting in this link could not be used; the rest was."),
        ({"letter": "c"}, "A setting in this link could not be used; the rest was."),
        ({"unknown": "5"}, "A setting in this link could not be used; the rest was."),
        ({"number": "x", "unknown": "5"}, "2 settings in this link could not be used; the rest was."),
    ],
)
def test_what_cannot_be_used_is_counted_and_the_rest_used(query: dict[str, str], sentence: str) -> None:
    at = opened(word="right", **query)
    assert at.text[0].value == "5 right None"
    assert [info.value for info in at.info] == [sentence]
    assert link(at) == {"word": "right"}
    assert not run(at).info  # said once


def test_what_is_meant_for_another_part_of_the_page_is_no_mistake() -> None:
    assert not opened(other="x").info


def test_a_value_may_not_be_long() -> None:
    longest = "1" * MAX_LENGTH
    assert opened(number=longest).text[0].value == f"{longest} left None"
    at = opened(number="1" + longest)
    assert at.text[0].value == "5 left None"
    assert len(at.info) == 1


def test_what_the_session_holds_already_is_not_set_back() -> None:
    at = AppTest.from_function(page, default_timeout=60)
    at.session_state["word"] = "right"
    assert run(at).text[0].value == "5 right None"
