"""What a training costs the other pages: the server's time for a click on them, beside that of an idle lab."""

from __future__ import annotations

import time
from pathlib import Path
from statistics import median

from streamlit.testing.v1 import AppTest

from mnistlab.events import Orders
from mnistlab.presets import PRESETS

from . import Figure
from .lab import Lab, lab

NAME = "clicks"
PAGES = Path(__file__).resolve().parent.parent / "pages"
CLICKED = ("1_explore", "3_evaluate", "4_draw")
CLICKS, TRAINED = 15, "classic-convnet-sgd"
SECONDS = 60


def measure(times: int) -> list[Figure]:
    """Median server time while a convolutional network trains ÷ idle, for each page; a click runs its whole script again."""
    with lab() as here:
        pages = {name: _opened(name) for name in CLICKED}
        found: dict[str, tuple[list[float], list[float]]] = {name: ([], []) for name in CLICKED}
        for _ in range(times):
            for name, page in pages.items():
                found[name][0].extend(_clicked(page))
            busy = here.engine.submit(PRESETS[TRAINED].experiment, "bench", here.dataset.sha256)
            _begun(here, busy.id)
            for name, page in pages.items():
                found[name][1].extend(_clicked(page))
            here.engine.control(busy.id, Orders(stop=True))
            here.engine.wait(busy.id)
    figures = []
    for name, (idle, training) in found.items():
        details = {"idle_seconds": median(idle), "training_seconds": median(training)}
        what = f"click on {name[2:].capitalize()} while training ÷ idle"
        figures.append(Figure(what, median(training) / median(idle), "≤ 2", details))
    return figures


def _opened(name: str) -> AppTest:
    page = AppTest.from_file(PAGES / f"{name}.py", default_timeout=SECONDS)
    for _ in range(2):  # what is kept is then there
        _run(page)
    return page


def _run(page: AppTest) -> None:
    page.run()
    if page.exception:
        raise RuntimeError(page.exception[0].value)


def _clicked(page: AppTest) -> list[float]:
    seconds = []
    for _ in range(CLICKS):
        began = time.perf_counter()
        _run(page)
        seconds.append(time.perf_counter() - began)
    return seconds


def _begun(here: Lab, run_id: str) -> None:
    while not here.engine.store.open(run_id).history.batches:
        time.sleep(0.05)
