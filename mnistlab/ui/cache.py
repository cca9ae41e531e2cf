"""What all visitors of a server share: the digits, the runs, the engine, and networks ready to answer."""

from __future__ import annotations

import logging
import os
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from ..data import sources
from ..data.digits import Dataset
from ..evaluation import Evaluation
from ..forward import Network
from ..runs import Run, RunStore

if TYPE_CHECKING:
    from ..engine import Engine

logger = logging.getLogger(__name__)


@st.cache_resource(show_spinner=False)
def dataset() -> Dataset:
    """The digits, one copy a server. When only the sample is here, the full set is fetched while pages already work."""
    found = sources.load()
    if found.is_sample and os.environ.get("MNISTLAB_DOWNLOAD", "1") != "0":
        threading.Thread(target=_fetch, args=(download(),), name="download", daemon=True).start()
    return found


@dataclass
class Download:
    """The full set on its way; one thread writes it, pages read it."""

    going_on: bool = False
    received: int = 0
    """Bytes."""
    expected: int = 0
    """Bytes; 0 when the other side did not say."""

    def progress(self, received: int, expected: int) -> None:
        self.received, self.expected = received, expected


@st.cache_resource(show_spinner=False)
def download() -> Download:
    return Download()


def _fetch(state: Download) -> None:
    state.going_on = True
    try:
        sources.fetch(state.progress)
        dataset.clear()
    except sources.DataError as error:
        # nothing is lost: the sample's own note says how to get the full set
        logger.info("the full set was not downloaded: %s", error)
    finally:
        state.going_on = False


@st.cache_resource(show_spinner=False)
def store() -> RunStore:
    return RunStore()


@st.cache_resource(show_spinner=False)
def engine() -> Engine:
    """The engine, its worker starting in the background."""
    from ..engine import Engine  # Dask takes 0.4 s to import, and only training needs it

    made = Engine(store(), os.environ.get("MNISTLAB_SCHEDULER"))
    made.warm_up()
    return made


def network(run: Run) -> Network:
    """The run's network as it is now. Raises `RunError` or `ValueError` when its weights cannot be used."""
    file = run.weights_file
    return _network(run.path.name, file.stat().st_mtime_ns if file else 0, run)


@st.cache_resource(show_spinner=False, max_entries=8)
def _network(name: str, version: int, _run: Run) -> Network:
    return Network.from_run(_run)


def evaluation(run: Run) -> Evaluation:
    """How the run answers the test digits at hand. Raises `RunError` when it has no weights."""
    file = run.weights_file
    return _evaluation(run.path.name, file.stat().st_mtime_ns if file else 0, dataset().test.sha256, run)


@st.cache_resource(show_spinner="Answering the test digits…", max_entries=16)
def _evaluation(name: str, version: int, digits: str, _run: Run) -> Evaluation:
    return _run.evaluation(dataset().test)


@st.cache_resource(show_spinner=False, max_entries=64)
def rows(split: str, label: int | None, digits: str) -> np.ndarray:
    """Row numbers of the digits in a split ("training" or "test"), all or those with one label."""
    chosen = dataset().train if split == "training" else dataset().test
    return np.arange(len(chosen)) if label is None else np.flatnonzero(chosen.labels == label)
