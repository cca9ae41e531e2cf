"""What a link may say of the filters."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mnistlab.data.attributes import ATTRIBUTES
from mnistlab.ui.filters import FIELDS, ORDERS, pinned

PARSERS = {field.key: field.parse for field in FIELDS}


@pytest.mark.parametrize(
    ("text", "digit"), [("test-17", ("test", 17)), ("training-0", ("training", 0)), ("test-99999", ("test", 99_999))]
)
def test_pinned_digit_is_set_and_row(text: str, digit: tuple[str, int]) -> None:
    assert pinned(text) == digit
    assert PARSERS["pin"](text) == text


@pytest.mark.parametrize(
    "garbage",
    [
        "", "-", "test", "test-", "-17", "test--1", "test-1.0", "test-1e3", "test-0x1", "test-1_0", "test- 1", "test-1 ",
        "test-1-2", "Test-1", "validation-1", "test-100000", "test-²", "test-٣", "17-test", "test–1", "test-1\n",
    ],
)  # fmt: skip
def test_anything_else_is_no_digit(garbage: str) -> None:
    assert pinned(garbage) is None
    with pytest.raises(ValueError, match=f"^{re.escape(garbage)}$"):
        PARSERS["pin"](garbage)


@given(st.text(max_size=12) | st.text("test-raining0123456789 ", max_size=15).map("test-".__add__))
def test_no_text_is_more_than_a_set_and_a_row(text: str) -> None:
    assert (pinned(text) is not None) == (re.fullmatch("(test|training)-[0-9]{1,5}", text) is not None)


def test_each_attribute_orders_both_ways() -> None:
    assert set(ORDERS) == {"stored", "shuffled"} | {f"{way}-{name}" for name in ATTRIBUTES for way in ("low", "high")}


@pytest.mark.parametrize(
    ("key", "values"),
    [
        ("set", ("test", "training")), ("label", range(10)), ("sort", ORDERS), ("seed", (0, 999_999)), ("page", (1, 10_000)),
        ("answers", ("all", "right", "wrong")), ("answer", range(10)), ("least", (0, 100)), ("most", (0, 100)),
        ("digit", (0, 69_999)), ("pin", ("test-3",)), ("run", ("reference-cnn", "classic-dense-512")),
    ],
)  # fmt: skip
def test_what_is_written_into_a_link_is_read_from_it(key: str, values: Any) -> None:
    for value in values:
        assert PARSERS[key](str(value)) == value
        assert type(PARSERS[key](str(value))) is type(value)
    assert set(PARSERS) == {
        "set", "label", "sort", "seed", "page", "answers", "answer", "least", "most", "digit", "pin", "run"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("key", "text"),
    [("label", "10"), ("label", "None"), ("label", "²"), ("page", "0"), ("seed", "1000000"), ("digit", "70000")],
)
def test_text_out_of_bounds_is_refused(key: str, text: str) -> None:
    with pytest.raises(ValueError, match=f"^{text}$|not in list"):
        PARSERS[key](text)
