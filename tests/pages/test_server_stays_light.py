"""Keras lives in worker processes only: the server never loads it, whatever is visited and trained."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.pages.browser import ROOT


@pytest.mark.slow
def test_no_heavy_library_is_loaded_after_every_page_and_a_training() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.pages.visit"], cwd=ROOT, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == {
        "titles": ["MNIST Lab", "Explore", "Train", "Evaluate", "Draw"],
        "status": "finished",
        "chosen": True,
        "loaded": [],
    }
