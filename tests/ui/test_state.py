"""A session's keys."""

from __future__ import annotations

import pytest

from mnistlab.ui import state


def test_unknown_key_is_refused() -> None:
    with pytest.raises(KeyError, match="digits"):
        state.put("digits", 1)
    with pytest.raises(KeyError, match="digits"):
        state.get("digits")


@pytest.mark.parametrize("key", state.DEFAULTS)
def test_key_that_nothing_has_set_has_its_default(key: str) -> None:
    assert state.get(key) == state.DEFAULTS[key]
