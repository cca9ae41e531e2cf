"""How trouble is told: one sentence with an id on the screen, the rest in the log. Only Streamlit is imported."""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import ParamSpec

import streamlit as st

logger = logging.getLogger(__name__)
Given = ParamSpec("Given")


@contextmanager
def boundary(what: str) -> Iterator[None]:
    """Whatever goes wrong inside is one sentence with an id; the log has the rest, and the other parts of the page work.

    Around a function as `@boundary("The gallery")`, which every page, fragment and dialog has.
    """
    try:
        yield
    except Exception:
        st.error(f"{what} cannot be shown. Everything else works. {_logged(what)}", icon=":material/error:")


def guarded(callback: Callable[Given, object]) -> Callable[Given, None]:
    """The same for a callback. It runs before the page, so that no boundary there could hold it; the page is then drawn
    as it was, with the sentence above it until it is closed."""

    @wraps(callback)
    def held(*args: Given.args, **kwargs: Given.kwargs) -> None:
        try:
            callback(*args, **kwargs)
        except Exception:
            tell(f"This could not be done. Everything else works. {_logged(callback.__qualname__)}")

    return held


def _logged(what: str) -> str:
    """Write the exception to the log; where it is found there."""
    mark = secrets.token_hex(3)
    logger.exception("%s failed (%s)", what, mark)
    return f"In the log this is {mark}."


def tell(text: str) -> None:
    """Trouble, told by a callback: it has no place on the page, and in a fragment would write over the page's top."""
    st.toast(plain(text), icon=":material/error:", duration="infinite")


def plain(text: str) -> str:
    """Text from anywhere, so that Markdown shows it as it is."""
    return re.sub(r"([\\`*_{}\[\]()#+\-.!|~<>$:&])", r"\\\1", text)
