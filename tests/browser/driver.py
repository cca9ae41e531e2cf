"""The real app in a process of its own, and what a test reads from a page of it."""

from __future__ import annotations

import base64
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from numpy.typing import NDArray
from playwright.sync_api import ConsoleMessage, Locator, Page, expect

from mnistlab.data.digits import Dataset
from mnistlab.data.sources import SAMPLE_TRAIN, read, read_sample
from mnistlab.runs import Run, RunStore
from tests.conftest import FULL_SET

ROOT = Path(__file__).resolve().parent.parent.parent
KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TEMP", "TMP", "LD_LIBRARY_PATH", "PYTHONDONTWRITEBYTECODE")

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]

DESKTOP = {"width": 1440, "height": 900}
PHONE = {"width": 375, "height": 812}


class Server:
    """`streamlit run app.py`, with runs and a cache of its own, and nothing of the environment but where programs are.

    `settings` are further variables of its environment.
    """

    def __init__(self, folder: Path, **settings: str) -> None:
        self.folder = folder
        self.runs = RunStore(folder / "runs")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        environment = {name: os.environ[name] for name in KEPT if name in os.environ}
        environment |= {"MNISTLAB_RUNS": str(folder / "runs"), "MNISTLAB_CACHE": str(folder / "cache")}
        environment |= {"MNISTLAB_DOWNLOAD": "0"} | ({"MNISTLAB_DATA": FULL_SET} if FULL_SET else {}) | settings
        command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.headless", "true"]
        command += ["--server.port", str(port), "--server.address", "127.0.0.1"]
        with self.log.open("wb") as log:
            self.process = psutil.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT)
        try:
            wait_for(self.answers, "the server to answer", seconds=60)
        except AssertionError as error:
            self.close()
            raise AssertionError(f"the server did not start; it said:\n{self.log.read_text('utf-8')}") from error

    @property
    def log(self) -> Path:
        return self.folder / "server.log"

    def answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=5) as response:
                return bool(response.read() == b"ok")
        except (urllib.error.URLError, OSError):
            return False

    def workers(self) -> list[int]:
        """Process ids of the worker processes that live now."""
        found = []
        for child in self.process.children(recursive=True):
            try:
                if "spawn_main" in " ".join(child.cmdline()):
                    found.append(child.pid)
            except (psutil.NoSuchProcess, psutil.ZombieProcess):
                continue
        return found

    def own_runs(self) -> list[Run]:
        """The runs started here, newest first, as far as they are on disk; what is alive only the server knows."""
        return [run for run in self.runs if not run.shipped]

    def close(self) -> list[str]:
        """End the server; the command lines of those of its processes that did not end with it (they are killed)."""
        processes = [self.process, *self.process.children(recursive=True)] if self.process.is_running() else []
        if processes:
            self.process.terminate()
        _, left = psutil.wait_procs(processes, timeout=30)
        names = []
        for process in left:
            try:
                names.append(" ".join(process.cmdline()))
                process.kill()
            except psutil.NoSuchProcess:
                continue
        psutil.wait_procs(left, timeout=10)
        return names


def chromium() -> str | None:
    """Where Chromium is, if it is here."""
    return next(filter(None, map(shutil.which, NAMES)), None)


def dataset() -> Dataset:
    """The digits that every server of these tests has loaded."""
    if FULL_SET:
        return Dataset(*read(Path(FULL_SET)), source="MNISTLAB_DATA")
    sample = read_sample()
    return Dataset(sample[:SAMPLE_TRAIN], sample[SAMPLE_TRAIN:], source="sample")


def wait_for(true: Callable[[], object], what: str, seconds: float = 30) -> None:
    """Until `true()` holds; a generous limit, not a measurement."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"waited {seconds:g} s in vain for {what}"
        time.sleep(0.1)


def open_page(page: Page, url: str, title: str) -> None:
    page.goto(url)
    shown(page, title)


def visit(page: Page, title: str) -> None:
    """Go to another page by its link, in the same session."""
    navigation(page).get_by_role("link", name=title).click()
    shown(page, title)


def navigation(page: Page) -> Locator:
    return page.get_by_test_id("stSidebarNav")


def shown(page: Page, title: str) -> None:
    """The page has this title and has been drawn to its end."""
    expect(page.get_by_role("heading", name=title, exact=True)).to_be_visible()
    settled(page)


def settled(page: Page) -> None:
    """The script has run to its end, and every part of the page has arrived in the browser."""
    expect(page.locator('[data-testid="stApp"][data-test-script-state="notRunning"]')).to_be_visible()
    expect(page.get_by_test_id("stSkeleton")).to_have_count(0)


def chart(page: Page, key: str) -> Locator:
    """The chart with this key, drawn; for a moment after a change the one of before can stand beside it."""
    plot = page.locator(f".st-key-{key} .js-plotly-plot")
    expect(plot).to_have_count(1)
    expect(plot.locator(".plot-container")).to_be_visible()
    return plot


def traces(page: Page, key: str) -> list[dict[str, Any]]:
    """The data of the chart with this key, as the browser has it; nothing before it is drawn."""
    found = page.evaluate(
        """key => {
            const plot = document.querySelector(`.st-key-${key} .js-plotly-plot`)
            return plot && plot.data ? JSON.stringify(plot.data) : "[]"
        }""",
        key,
    )
    return json.loads(found)  # type: ignore[no-any-return]


def numbers(value: Any) -> NDArray[Any]:
    """An array of a trace: plain, or packed as Plotly packs NumPy's."""
    if isinstance(value, dict):
        array = np.frombuffer(base64.b64decode(value["bdata"]), value["dtype"])
        return array.reshape([int(side) for side in str(value.get("shape", -1)).split(",")])
    return np.asarray(value)


def pictures(page: Page, key: str) -> Locator:
    """The digits of the gallery with this key, each a button."""
    return page.locator(f".st-key-{key}").get_by_role("button")


def captions(page: Page, key: str) -> list[str]:
    return [text.strip() for text in pictures(page, key).all_inner_texts()]


def pixels(page: Page, key: str) -> NDArray[Any]:
    """What the pictures of a gallery show, (n, 28, 28), from the browser's own canvases; they are grey and opaque."""
    found = pictures(page, key).evaluate_all(
        """buttons => JSON.stringify(buttons.map(button => {
            const context = button.querySelector("canvas").getContext("2d")
            return [...context.getImageData(0, 0, 28, 28).data]
        }))"""
    )
    rgba = np.array(json.loads(found)).reshape(-1, 28, 28, 4)
    assert (rgba[..., :3] == rgba[..., :1]).all()
    assert (rgba[..., 3] == 255).all()
    return rgba[..., 0]


def table(page: Page, key: str) -> NDArray[Any]:
    """The numbers that can be read in the table with this key; none before it is there."""
    cells = page.locator(f".st-key-{key} td").all_inner_texts()
    return np.array([int(text) for text in cells]).reshape(-1, 28)


def click_point(page: Page, key: str, x: float, y: float) -> None:
    """Click a chart at a point given on its axes, as a person would: with the mouse."""
    plot = chart(page, key)
    plot.scroll_into_view_if_needed()
    left, top = plot.evaluate(
        """(plot, [x, y]) => {
            const {xaxis, yaxis} = plot._fullLayout
            return [xaxis._offset + xaxis.d2p(x), yaxis._offset + yaxis.d2p(y)]
        }""",
        [x, y],
    )
    box = plot.bounding_box()
    assert box
    page.mouse.move(box["x"] + left - 2, box["y"] + top - 2)  # Plotly looks for what is under the mouse as it moves
    page.mouse.click(box["x"] + left, box["y"] + top)


def outside(page: Page, server: Server) -> list[str]:
    """What the browser asks of anybody but the server from now on."""
    asked: list[str] = []
    own = (server.url, server.url.replace("http", "ws"), "data:", "blob:")
    page.context.on("request", lambda request: None if request.url.startswith(own) else asked.append(request.url))
    page.on("websocket", lambda socket: None if socket.url.startswith(own) else asked.append(socket.url))
    return asked


def listen(page: Page) -> list[str]:
    """What the browser complains about from now on: console errors and exceptions of scripts."""
    said: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        if message.type == "error":
            said.append(f"{message.text} {message.location.get('url', '')}")

    page.on("console", hear)
    page.on("pageerror", lambda error: said.append(f"exception: {error}"))
    return said
