"""Whose run is whose. On a hosted lab a run can be steered only by the visitor who started it.

A visitor is a browser: the cookie that Streamlit sets against forged requests is a secret of that browser's, and
outlives a reload. Only its hash is kept. Where there is no such cookie, a visitor is a session.
"""

from __future__ import annotations

import hashlib

import streamlit as st

from ..limits import hosted
from ..runs import Run
from . import state

COOKIES = ("_streamlit_xsrf", "_xsrf")


def visitor() -> str:
    """The visitor of this session: 16 characters that tell nothing about the person."""
    found = [st.context.cookies.get(name) for name in COOKIES]
    secret = next((value for value in found if isinstance(value, str) and value), state.get("visitor"))
    return hashlib.sha256(secret.encode()).hexdigest()[:16]


def may_steer(run: Run) -> bool:
    """Whether this visitor may pause, stop or continue a run: any on a lab of one's own."""
    return not run.shipped and (not hosted() or run.visitor == visitor())
