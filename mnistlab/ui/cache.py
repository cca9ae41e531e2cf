"""What all visitors of a server share: the digits, the runs, the engine, and networks ready to answer."""

from __future__ import annotations

import gc
import logging
import os
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from .. import confidence as confidences
from .. import limits
from ..confidence import Confidence
from ..data import sources
from ..data.attributes import load as load_attributes
from ..data.digits import Bytes, Dataset, Digits
from ..data.summary import Summary
from ..evaluation import Evaluation
from ..forward import Network
from ..neighbours import FEATURE_CANDIDATES, Neighbours, by_features, by_pixels, subset
from ..pace import correction
from ..pca import MAP_AXES, Components
from ..runs import Run, RunError, RunStore

if TYPE_CHECKING:
    from ..engine import Engine

logger = logging.getLogger(__name__)

PACE_RUNS = 8  # the newest; how fast this machine is may change


@st.cache_resource(show_spinner=False)
def settle(page: str) -> None:
    """Set aside from garbage collection, once a server, what a page has loaded.

    Streamlit collects garbage after every run of a script. Looking through all modules each time would take a tenth of a
    second, three times as long as a click in a gallery.
    """
    gc.collect()
    gc.freeze()


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
    if not limits.training_off():  # a worker with Keras would take the memory that the pages need
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


def answers(run: Run, split: str, rows: NDArray[np.intp] | None = None) -> Evaluation:
    """How the run answers a set's digits, or only some of them. Raises `RunError` when it has no weights."""
    if split == "test":
        found = evaluation(run)
        return found if rows is None else Evaluation(found.labels[rows], found.probabilities[rows], found.digits)
    file, asked = run.weights_file, None if rows is None else rows.tobytes()
    return _answers(run.path.name, file.stat().st_mtime_ns if file else 0, digits(split).sha256, asked, run)


@st.cache_resource(show_spinner="Answering the training digits, once…", max_entries=4)
def _answers(name: str, version: int, digits: str, rows: bytes | None, _run: Run) -> Evaluation:
    asked = dataset().train if rows is None else dataset().train[np.frombuffer(rows, np.intp)]
    try:
        return Evaluation.of(asked.labels, network(_run).probabilities(asked.images), digits)
    except RunError:
        raise
    except ValueError as error:
        raise RunError(f"this run's weights cannot be used: {error}") from error


def pace() -> float:
    """How many times the estimated seconds an epoch takes here, by the newest trainings of this lab that are over."""
    folder = store().path
    return _pace(folder.stat().st_mtime_ns if folder.is_dir() else 0, tuple(sorted(store().live)))


@st.cache_resource(show_spinner=False, max_entries=2)
def _pace(version: int, live: tuple[str, ...]) -> float:
    own = [run for run in store() if not (run.shipped or run.brought or run.id in live)][:PACE_RUNS]
    return correction((run.experiment, run.history) for run in own)


def digits(split: str) -> Digits:
    """The "training" or the "test" digits."""
    return dataset().train if split == "training" else dataset().test


def attributes(split: str) -> dict[str, NDArray[np.float32]]:
    """Every attribute of a set's digits, float32 (n,) each."""
    return _attributes(digits(split).sha256, split)


@st.cache_resource(show_spinner="Measuring the digits…", max_entries=2)
def _attributes(version: str, split: str) -> dict[str, NDArray[np.float32]]:
    return load_attributes(digits(split))


def summary(split: str) -> Summary:
    """A set as a whole."""
    return _summary(digits(split).sha256, split)


@st.cache_resource(show_spinner=False, max_entries=2)
def _summary(version: str, split: str) -> Summary:
    return Summary.of(digits(split))


def order(split: str, by: str, seed: int) -> NDArray[np.int32]:
    """Row numbers of a set's digits as "stored", "shuffled" by the seed, or "low-" or "high-" by an attribute."""
    return _order(digits(split).sha256, split, by, seed if by == "shuffled" else 0)


@st.cache_resource(show_spinner=False, max_entries=12)
def _order(version: str, split: str, by: str, seed: int) -> NDArray[np.int32]:
    rows = np.arange(len(digits(split)), dtype=np.int32)
    if by == "shuffled":
        return np.random.default_rng(seed).permutation(rows)
    way, _, name = by.partition("-")
    if not name:
        return rows
    values = attributes(split)[name]
    return np.argsort(values if way == "low" else -values, kind="stable").astype(np.int32)


def near_by_pixels(image: Bytes, row: int | None, count: int) -> Neighbours:
    """The training digits nearest to `image`, which is itself training digit `row` or none."""
    return _near_by_pixels(dataset().train.sha256, image.tobytes(), row, count)


@st.cache_resource(show_spinner=False, max_entries=64)
def _near_by_pixels(version: str, image: bytes, row: int | None, count: int) -> Neighbours:
    return by_pixels(np.frombuffer(image, np.uint8).reshape(28, 28), dataset().train.images, count, row)


def near_by_features(run: Run, image: Bytes, row: int | None, count: int) -> tuple[Neighbours, str]:
    """The same by the run's last hidden layer, among a part of the training digits; and which those are.

    Raises `RunError` or `ValueError` when the run has no network that can be used.
    """
    answering, train = network(run), dataset().train
    candidates = subset(len(train), FEATURE_CANDIDATES)
    file = run.weights_file
    features = _features(run.path.name, file.stat().st_mtime_ns if file else 0, train.sha256, answering)
    own = np.flatnonzero(candidates == (-1 if row is None else row))
    found = by_features(answering.features(image[None])[0], features, count, int(own[0]) if len(own) else None)
    about = (
        f"{len(candidates):,} training digits, by the {features.shape[1]} numbers of the layer {answering.last_hidden}"
    )
    return Neighbours(candidates[found.rows], found.distances), about


def warm_features(run: Run) -> None:
    """Begin to compute what `near_by_features` compares with, so that it is there once somebody asks."""
    file, train = run.weights_file, dataset().train
    _feature_job(run.path.name, file.stat().st_mtime_ns if file else 0, train.sha256, network(run))


def _features(name: str, weights: int, version: str, answering: Network) -> NDArray[np.float32]:
    job = _feature_job(name, weights, version, answering)
    if not job.done():
        with st.spinner("Passing 10,000 training digits through the network…"):
            place = st.empty()
            while not job.done():
                time.sleep(0.1)
                place.empty()  # a click or a stroke meanwhile ends this wait here
    return job.result()


@st.cache_resource(show_spinner=False, max_entries=3)
def _feature_job(name: str, weights: int, version: str, _network: Network) -> Future[NDArray[np.float32]]:
    train = dataset().train
    return _background().submit(lambda: _network.features(train.images[subset(len(train), FEATURE_CANDIDATES)]))


@st.cache_resource(show_spinner=False)
def _background() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(1, "features")


def confidence(run: Run) -> Confidence:
    """When the run may be called sure. Raises `RunError` or `ValueError` when its weights cannot be used."""
    file = run.weights_file
    return _confidence(run.path.name, file.stat().st_mtime_ns if file else 0, dataset().train.sha256, run)


@st.cache_resource(show_spinner="Measuring on validation digits how sure this network may be…", max_entries=8)
def _confidence(name: str, weights: int, version: str, _run: Run) -> Confidence:
    return confidences.of_run(_run, network(_run), dataset)


def components(split: str, rows: NDArray[np.intp], run: Run | None) -> NDArray[np.float32]:
    """Principal components (n, up to 50) of digits by their pixels, or by what the network of `run` makes of them.

    Raises `RunError` or `ValueError` when the run has no network that can be used.
    """
    if run is None:
        return _components(digits(split).sha256, split, rows.tobytes(), "", 0, None)
    file, answering = run.weights_file, network(run)
    weights = file.stat().st_mtime_ns if file else 0
    return _components(digits(split).sha256, split, rows.tobytes(), run.path.name, weights, answering)


@st.cache_resource(show_spinner="Placing the digits…", max_entries=6)
def _components(
    version: str, split: str, rows: bytes, name: str, weights: int, _network: Network | None
) -> NDArray[np.float32]:
    images = digits(split).images[np.frombuffer(rows, np.intp)]
    values = images if _network is None else _network.features(images)
    return Components.of(values, MAP_AXES).place(values)
