"""A digit in a link: the very same bytes come back, and nothing else is taken for one."""

from __future__ import annotations

import base64
import string
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from mnistlab.data.sources import read_sample
from mnistlab.postcard import MOST, PostcardError, read, write

SAMPLE = read_sample()
LETTERS = set(string.ascii_letters + string.digits + "-_")


@given(arrays(np.uint8, (28, 28)))
@settings(max_examples=20)
def test_any_digit_comes_back_as_it_was(digit: np.ndarray) -> None:
    text = write(digit)
    np.testing.assert_array_equal(read(text), digit)
    assert set(text) <= LETTERS
    assert len(text) <= MOST


def test_a_written_digit_takes_about_255_letters() -> None:
    assert np.mean([len(write(image)) for image in SAMPLE.images[:200]]) == pytest.approx(255, abs=40)


def packed(content: bytes) -> str:
    pack = zlib.compressobj(9, zlib.DEFLATED, -15)
    return base64.urlsafe_b64encode(pack.compress(content) + pack.flush()).decode().rstrip("=")


BAD = {
    "nothing": "", "no base64": "!!!", "other letters": "ä" * 200, "no deflate": "AAAA", "too short": packed(bytes(783)),
    "too long": packed(bytes(785)), "a bomb": packed(bytes(1_000_000)), "far too long": "A" * (MOST + 1),
    "cut": write(SAMPLE.images[0])[:-20], "something after": write(SAMPLE.images[0]) + "AAAAAAAA",
    "not Latin": "\u202e\u0000", "one letter": "A",
}  # fmt: skip


@pytest.mark.parametrize("text", BAD.values(), ids=BAD.keys())
def test_text_that_holds_no_digit_is_refused(text: str) -> None:
    with pytest.raises(PostcardError, match=r"^it (has [\d,]+ letters|was changed or cut)"):
        read(text)


@given(st.text(max_size=300))
def test_any_text_is_a_digit_or_refused(text: str) -> None:
    try:
        digit = read(text)
    except PostcardError:
        return
    assert (digit.dtype, digit.shape) == (np.uint8, (28, 28))
