"""The lab with the network off: it starts, answers and says which digits it has."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys

import pytest
from playwright.sync_api import Browser

from .driver import ROOT

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def namespace() -> list[str]:
    """What runs a program in a network namespace of its own, with nothing in it but loopback."""
    unshare = shutil.which("unshare")
    if unshare is None:
        pytest.skip("no unshare here, which makes network namespaces (util-linux, Linux only)")
    command = [unshare, "--net", "--map-root-user"]
    tried = subprocess.run([*command, "true"], capture_output=True, text=True, check=False)
    if tried.returncode:
        pytest.skip(f"this user may not make a network namespace: {tried.stderr.strip()}")
    return command


def test_lab_works_with_the_network_off(namespace: list[str], browser: Browser) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MNISTLAB_")}
    done = subprocess.run(
        [*namespace, sys.executable, "-m", "tests.browser.offline"], cwd=ROOT, env=environment, capture_output=True, text=True,
        timeout=180, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout.splitlines()[-1])
    assert seen == {"world": False, "digits": "5,000 digits loaded (the bundled sample)", "complaints": []}
