"""Whose run is whose. On a hosted lab a visitor sees, and steers, only the runs that they started.

A visitor is a browser: the cookie that Streamlit sets against forged requests is a secret of that browser's, and
outlives a reload. Only its hash is kept. Where there is no such cookie, a visitor is a session.

Pages ask here for runs, never the store itself. A run that a visitor may not see is, to them, not there: not in a list,
and not behind a link that names it. What came with the lab, and what its host added from the shell, all see.
"""

from __future__ import annotations

import hashlib

import streamlit as st

from ..limits import hosted
from ..runs import NO_SUCH, Run, RunError
from . import cache, state

COOKIES = ("_streamlit_xsrf", "_xsrf")


def visitor() -> str:
    """The visitor of this session: 16 characters that tell nothing about the person."""
    found = [st.context.cookies.get(name) for name in COOKIES]
    secret = next((token(value) for value in found if isinstance(value, str) and value), state.get("visitor"))
    return hashlib.sha256(secret.encode()).hexdigest()[:16]


def token(cookie: str) -> str:
    """What stays the same in a cookie against forged requests: `2|mask|masked token|time` has another mask each time."""
    try:
        version, mask, masked, _ = cookie.strip("\"'").split("|")
        key, value = bytes.fromhex(mask), bytes.fromhex(masked)
    except ValueError:
        return cookie
    if version != "2" or len(key) != 4:
        return cookie
    return bytes(byte ^ key[i % 4] for i, byte in enumerate(value)).hex()


def may_see(run: Run) -> bool:
    """Whether this visitor may know of a run: of any on a lab of one's own."""
    return run.shipped or not hosted() or run.visitor in ("", visitor())


def may_steer(run: Run) -> bool:
    """Whether this visitor may pause, stop, continue or pin a run: any on a lab of one's own."""
    return not run.shipped and (not hosted() or run.visitor == visitor())


def runs() -> list[Run]:
    """Every run that this visitor may see, newest first; shipped ones last."""
    return [run for run in cache.store() if may_see(run)]


def living() -> list[Run]:
    """Those of them that are queued or running, oldest first."""
    return [run for run in cache.store().living() if may_see(run)]


def open_run(run_id: str) -> Run:
    """The run with this id. Raises `RunError` when there is none, and in the same words when it is another visitor's."""
    run = cache.store().open(run_id)
    if not may_see(run):
        raise RunError(NO_SUCH)
    return run
