"""Each test is a server just started: nothing cached, no worker until something is trained."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st

from mnistlab import limits
from mnistlab.engine import Engine
from mnistlab.ui import cache


@pytest.fixture(autouse=True)
def server(lab: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What a server keeps is forgotten before and after; its worker starts when a test trains, not before."""
    monkeypatch.setattr(Engine, "warm_up", lambda engine: None)
    monkeypatch.setattr(limits, "training_off", lambda: "")  # what else this machine does is no test result
    st.cache_resource.clear()
    yield
    cache.engine().close()
    st.cache_resource.clear()
