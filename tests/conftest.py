"""What every test starts from: no network, no cache, no digits but the bundled sample, and a run folder of its own."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from hypothesis import settings

# before anything imports TensorFlow: its C++ start-up chatter is no test result
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

# a timing is never asserted; a failure must come again
settings.register_profile("lab", deadline=None, derandomize=True)
settings.load_profile("lab")

FULL_SET = os.environ.get("MNISTLAB_DATA")
"""The full set, where a machine has it; tests that need it ask for the fixture `full_set`."""


@pytest.fixture(autouse=True)
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A lab of its own for each test: its folder, with `runs/` and `cache/` in it."""
    # AppTest puts its script there and leaves it: a worker that a later test starts would run it
    monkeypatch.setitem(sys.modules, "__main__", sys.modules["__main__"])
    monkeypatch.delenv("MNISTLAB_DATA", raising=False)
    monkeypatch.delenv("MNISTLAB_SCHEDULER", raising=False)
    monkeypatch.setenv("MNISTLAB_DOWNLOAD", "0")
    monkeypatch.setenv("MNISTLAB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("MNISTLAB_RUNS", str(tmp_path / "runs"))
    return tmp_path
