"""Jobs of the Evaluate page: a run's network answers many digits in the worker, once for all visitors, with progress."""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import TYPE_CHECKING

import streamlit as st

from ..evaluation import Evaluation
from ..events import Answered, Orders
from ..robustness import Card, chosen_rows
from ..runs import Run, RunError
from . import cache, trouble

if TYPE_CHECKING:
    from ..engine import Job

SECONDS = 0.5  # between two looks
KEPT = 16  # finished jobs; a card is 120 KB, the answers to twice 5,000 digits 400 KB

Key = tuple[str, str, int, str]


class _Jobs:
    """The job of each kind, run, weights and digits; the oldest are forgotten."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.found: OrderedDict[Key, Job] = OrderedDict()

    def put(self, key: Key, job: Job) -> None:
        self.found[key] = job
        while len(self.found) > KEPT:
            self.found.popitem(last=False)


@st.cache_resource(show_spinner=False)
def _jobs() -> _Jobs:
    return _Jobs()


def _key(task: str, run: Run) -> Key:
    file = run.weights_file
    return task, run.path.name, file.stat().st_mtime_ns if file else 0, cache.dataset().sha256


def held(task: str, run: Run) -> Job | None:
    """This run's job, if anybody has asked for it."""
    return _jobs().found.get(_key(task, run))


def start(task: str, run: Run) -> None:
    """Ask for it; however many ask at once, it is one job. Says so when no worker can be had."""
    from ..engine import EngineError  # Dask takes 0.4 s to import

    with _jobs().lock:
        there = held(task, run)
        if there is not None and not (there.over and result(there) is None):
            return
        try:
            job = cache.engine().start(task, run.experiment, run.weights(), cache.dataset().sha256)
            _jobs().put(_key(task, run), job)
        except (EngineError, RunError) as error:
            st.error(trouble.plain(str(error)), icon=":material/error:")


def result(job: Job) -> Answered | None:
    """What it ended with; None when it has not, or was stopped or failed."""
    last = job.last
    return last if job.over and isinstance(last, Answered) and last.arrays else None


def watch(job: Job, what: str, place: str) -> None:
    """Show how far it is and a way to stop it; when it ends, the page is drawn again. `place` tells two such bars apart."""
    if job.failed:
        st.error(trouble.plain(job.failed), icon=":material/error:")
    elif job.over:
        st.info("Stopped before it was done; nothing of it was kept.", icon=":material/info:")
    else:
        st.fragment(_watch, run_every=SECONDS)(job, what, place)


@trouble.boundary("The progress")
def _watch(job: Job, what: str, place: str) -> None:
    if job.over:
        st.rerun()
    last = job.last
    done, total = (last.done, last.total) if isinstance(last, Answered) else (0, 1)
    waits = " A training goes first." if last is None and cache.store().live else ""
    text = f"{what}: {done:,} of {total:,} images answered." if done else f"{what}: the worker gets ready.{waits}"
    st.progress(done / total, text=text)
    st.button(
        "Stop", key=f"stop-{place}-{job.id}", icon=":material/stop:", on_click=_stop, args=(job,),
        help="Ends it within a second; nothing is kept of it.",
    )  # fmt: skip


@trouble.guarded
def _stop(job: Job) -> None:
    from ..engine import EngineError

    try:
        cache.engine().control(job.id, Orders(stop=True))
    except EngineError as error:
        trouble.tell(str(error))


def in_the_way(run: Run) -> str:
    """Why the validation digits of a run cannot be answered here, as a sentence; empty when they can."""
    started = run.history.started
    if started is None or started.digits == cache.dataset().sha256:
        return ""
    if cache.dataset().is_sample:
        return (
            "Only the bundled sample is loaded: the digits this run was validated on are part of the full set, so nothing "
            "can be counted on them here."
        )
    return "This run was trained on other digits than those loaded now, so its validation digits are not among them."


def scores(run: Run) -> tuple[Evaluation, Evaluation] | None:
    """How the run answers its validation digits, and as many of its training digits; None until that is known."""
    from ..engine import SCORE

    job = held(SCORE, run)
    answered = result(job) if job else None
    if answered is None:
        return None
    parts_ = (("validation_labels", "validation"), ("training_labels", "training"))
    validation, training = (Evaluation.of(answered.arrays[a], answered.arrays[b]) for a, b in parts_)
    return validation, training


def card(run: Run) -> Card | None:
    """The run's robustness card; None until it is known."""
    from ..engine import CARD

    job = held(CARD, run)
    answered = result(job) if job else None
    if answered is None:
        return None
    test = cache.dataset().test
    return Card(test.labels[chosen_rows(len(test))], answered.arrays["answers"])
