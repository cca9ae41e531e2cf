"""Runs jobs on Dask and writes down what they say. Knows nothing of Streamlit or of what a job computes.

By default a cluster of one worker process on loopback; with an address, the scheduler there. A worker's events
come back over a Dask topic a run; one collector thread writes them to the run store; orders go out as a Dask
variable a run, which the worker asks for. A job that is no training goes the same way, but its events lead to a `Job`
in memory instead of the store.
"""

from __future__ import annotations

import importlib
import io
import logging
import os
import queue
import secrets
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import dask
import numpy as np
from distributed import Client, Future, LocalCluster, Variable, get_worker
from distributed.scheduler import KilledWorker

from .data.digits import Digits
from .events import Arrays, Event, Failed, Finished, Orders, from_dict, pack, to_dict
from .experiment import Experiment, SpecError
from .runs import Run, RunStore, new_id

logger = logging.getLogger(__name__)

TRAIN = "mnistlab.worker.tasks:train"
WARM_UP = "mnistlab.worker.tasks:warm_up"
MAP = "mnistlab.worker.tasks:draw_map"
ADAPT = "mnistlab.worker.tasks:adapt"
JOBS = 8  # that are over and still remembered; the last event of the largest map is 24 KB
CONNECT_SECONDS = 10
TAKEN_BACK = None  # in place of orders: nobody listens to this run any more


class EngineError(RuntimeError):
    """No worker can be had; its text is a sentence."""


@dataclass
class Job:
    """A job that is no training: it has no folder, so the last thing it said is kept here while the server lives."""

    id: str
    last: Event | None = None
    failed: str = ""
    """Why it failed, as a sentence; empty when it did not."""
    over: bool = False

    @property
    def status(self) -> Literal["queued", "running", "ended", "failed"]:
        """Whether one that ended was stopped is told by `last`: None when it had not begun."""
        if self.over:
            return "failed" if self.failed else "ended"
        return "running" if self.last else "queued"


class Engine:
    """Submits experiments and other jobs, stops them, and keeps the store up to date."""

    def __init__(self, store: RunStore, address: str | None = None) -> None:
        """Nothing is started yet. `address` is a Dask scheduler's (`tcp://…`, `tls://…`); None is a worker of our own."""
        self.store = store
        self.address = address
        self.jobs: dict[str, Job] = {}
        """Jobs other than trainings by id: those that wait or run, and the last that are over. Only the engine changes it."""
        self.warm = False
        """Whether a worker has Keras loaded."""
        self._client: Client | None = None
        self._cluster: LocalCluster | None = None
        self._connecting = threading.Lock()
        self._submitting = threading.Lock()
        self._futures: dict[str, Future] = {}
        self._cancelled: set[str] = set()
        self._ended: dict[str, threading.Event] = {}
        self._inbox: queue.SimpleQueue[tuple[str, dict[str, Any] | Future] | None] = queue.SimpleQueue()
        self._collector = threading.Thread(target=self._collect, name="collector", daemon=True)
        self._collector.start()

    def warm_up(self) -> None:
        """Start the worker and load Keras there, in the background. Safe to call again."""
        threading.Thread(target=self._warm_up, name="warm-up", daemon=True).start()

    def _warm_up(self) -> None:
        try:
            future = self._connected().submit(_call, WARM_UP, pure=False)
            future.result()
            self.warm = True
        except Exception:  # whatever it is, Train will meet it again and say so; the pages must not wait for this
            logger.exception("warm-up failed")

    def submit(self, experiment: Experiment, label: str, digits: str, run_id: str | None = None) -> Run:
        """Store a new run and queue its training on the digits with this sha256.

        Submitting a `run_id` (of `runs.new_id`) a second time returns the run that is there: however often a person
        clicks, and from however many threads, it is one run.

        Raises `EngineError` when no worker can be had and `RunError` when the run cannot be stored; nothing is kept then.
        """
        with self._submitting:
            if run_id in self._ended:
                return self.store.open(run_id)
            return self._submit(experiment, label, digits, run_id or new_id())

    def _submit(self, experiment: Experiment, label: str, digits: str, run_id: str) -> Run:
        client = self._connected()
        run = self.store.create(experiment, label, run_id)
        self.store.live.add(run.id)
        try:
            self._queue(client, run.id, _train, experiment.to_json(), digits)
        except EngineError:
            self.store.live.discard(run.id)
            self.store.remove(run.id)
            raise
        return run

    def adapt(self, experiment: Experiment, weights: Arrays, drawings: Digits, label: str, digits: str) -> Run:
        """Store a new run and queue its training: from `weights`, on `drawings` mixed with the digits of this sha256.

        The run the weights come from is not touched. Raises as `submit` does.
        """
        client = self._connected()
        run = self.store.create(experiment, label)
        self.store.live.add(run.id)
        try:
            self._queue(client, run.id, _work, ADAPT, experiment, weights, drawings, digits)
        except EngineError:
            self.store.live.discard(run.id)
            self.store.remove(run.id)
            raise
        return run

    def start(self, task: str, *arguments: Any) -> Job:
        """Queue a job that is no training, named as the worker knows it (`MAP`); trainings and jobs wait for each other.

        Raises `EngineError` when no worker can be had.
        """
        client = self._connected()
        job = Job(f"j{secrets.token_hex(16)}")
        self.jobs[job.id] = job
        try:
            self._queue(client, job.id, _work, task, *arguments)
        except EngineError:
            del self.jobs[job.id]
            raise
        for old in [over.id for over in list(self.jobs.values()) if over.over][:-JOBS]:
            del self.jobs[old]
        return job

    def _queue(self, client: Client, run_id: str, work: Callable[..., None], *arguments: Any) -> None:
        try:
            _orders(run_id, client).set(asdict(Orders.NONE))
            _begun(run_id, client).set(False)
        except OSError as error:  # the connection was lost since it was last used
            raise EngineError(self._unreachable) from error
        self._ended[run_id] = threading.Event()
        client.subscribe_topic(_topic(run_id), lambda event: self._inbox.put((run_id, event[1])))
        future = client.submit(work, run_id, *arguments, key=run_id, pure=False)
        self._futures[run_id] = future
        future.add_done_callback(lambda done: self._inbox.put((run_id, done)))

    def control(self, run_id: str, orders: Orders) -> None:
        """Tell a run or job what is wanted of it; it reads this a few times a second. One that waits leaves the queue.

        Raises `EngineError` when the scheduler does not answer.
        """
        future = self._futures.get(run_id)
        if future is None or self._client is None:
            return
        taken_back = orders.stop and (self.jobs.get(run_id) or self.store.open(run_id)).status == "queued"
        try:
            # also for one taken back: it may be starting just now, which cancel() does not end
            _orders(run_id, self._client).set(TAKEN_BACK if taken_back else asdict(orders))
        except OSError as error:
            raise EngineError(self._unreachable) from error
        if taken_back:
            self._cancelled.add(run_id)
            future.cancel()

    def wait(self, run_id: str, timeout: float | None = None) -> bool:
        """Wait until everything a run or job said is written. False when `timeout` seconds went by first."""
        ended = self._ended.get(run_id)
        return ended is None or ended.wait(timeout)

    def close(self) -> None:
        """End the worker (only our own) and the collector."""
        with self._connecting:
            if self._client is not None:
                self._client.close()
            if self._cluster is not None:
                self._cluster.close()
            self._client = self._cluster = None
        self._inbox.put(None)

    def _connected(self) -> Client:
        with self._connecting:
            # a client whose scheduler was lost closes by itself
            if self._client is None or self._client.status in ("closing", "closed"):
                try:
                    self._client = self._connect()
                except (OSError, TimeoutError, ValueError, RuntimeError) as error:
                    raise EngineError(self._unreachable) from error
            return self._client

    @property
    def _unreachable(self) -> str:
        where = f"the scheduler at {self.address}" if self.address else "a worker process"
        return f"No training now: {where} could not be reached. Other pages work."

    def _connect(self) -> Client:
        for name in ("distributed", "distributed.client"):  # what a job raised is logged once, in `_end`
            logging.getLogger(name).setLevel(logging.CRITICAL)
        if self.address:
            return Client(self.address, timeout=CONNECT_SECONDS, set_as_default=False)
        # nothing is served over HTTP; Dask opens the port all the same, so a free one: 8787 may be another lab's
        quiet = {**dask.config.get("distributed.nanny.pre-spawn-environ"), "DASK_LOGGING__DISTRIBUTED": "critical"}
        with dask.config.set({"distributed.scheduler.http.routes": [], "distributed.nanny.pre-spawn-environ": quiet}):
            self._cluster = LocalCluster(
                n_workers=1,
                threads_per_worker=1,
                processes=True,
                host="127.0.0.1",
                dashboard_address=None,
                scheduler_kwargs={"dashboard_address": "127.0.0.1:0"},
                memory_limit=0,
                silence_logs=False,  # it would also turn down other people's handlers
                env={"TF_CPP_MIN_LOG_LEVEL": "3", "MNISTLAB_DOWNLOAD": "0", "PYTHONPATH": _python_path()},
            )
        return Client(self._cluster, set_as_default=False)

    def _collect(self) -> None:
        """Write what comes in, in order, until `None` comes."""
        while (item := self._inbox.get()) is not None:
            run_id, message = item
            try:
                if isinstance(message, Future):
                    self._end(run_id, message)
                else:
                    self._record(run_id, message)
            except Exception:
                # disk full, the directory gone, the scheduler lost: the other runs go on, this one shows what it has
                logger.exception("an event of run %s was not written", run_id)

    def _record(self, run_id: str, message: dict[str, Any]) -> None:
        self._keep(run_id, _unpack(message))
        if "arrays" in message and self._client is not None:
            # the scheduler keeps a topic's last 1,000 messages; those with arrays are large, and now kept
            self._client.run_on_scheduler(_forget, _topic(run_id))

    def _keep(self, run_id: str, event: Event) -> None:
        job = self.jobs.get(run_id)
        if job is None:
            self.store.record(run_id, event)
        elif isinstance(event, Failed):
            job.failed = event.message
        else:
            job.last = event

    def _end(self, run_id: str, future: Future) -> None:
        try:
            if future.cancelled():
                # also when the scheduler is lost or the engine closes; those runs are interrupted
                if run_id in self._cancelled and run_id not in self.jobs:
                    self.store.record(run_id, Finished(reason="stopped", epochs=0, kept_epoch=0))
            elif (error := future.exception()) is not None and not isinstance(error, _WorkerLost | KilledWorker):
                if not isinstance(error, SpecError):  # that one says it all
                    logger.error("run %s failed", run_id, exc_info=error)
                self._keep(run_id, Failed(message=_sentence(error, "job" if run_id in self.jobs else "training")))
            elif error is not None and run_id in self.jobs:  # a run is interrupted by that; a job has nothing to keep
                self._keep(run_id, Failed(message="The worker process was lost; start again."))
        finally:
            if job := self.jobs.get(run_id):
                job.over = True
            self.store.live.discard(run_id)
            self._futures.pop(run_id, None)
            self._ended[run_id].set()
            if self._client is not None:
                self._client.unsubscribe_topic(_topic(run_id))
                if run_id not in self._cancelled:  # such a job may still ask, and would wait for ever
                    _orders(run_id, self._client).delete()
                    _begun(run_id, self._client).delete()


def _sentence(error: BaseException, what: str = "training") -> str:
    if isinstance(error, SpecError):
        return str(error)
    if isinstance(error, MemoryError) or type(error).__name__ == "ResourceExhaustedError":
        return "The worker ran out of memory; try a smaller batch or network."
    return f"The {what} failed ({type(error).__name__}). What was finished before is kept; the log has the details."


def _topic(run_id: str) -> str:
    return f"mnistlab-{run_id}"


def _orders(run_id: str, client: Client | None = None) -> Variable:
    return Variable(f"mnistlab-orders-{run_id}", client=client)


def _begun(run_id: str, client: Client | None = None) -> Variable:
    return Variable(f"mnistlab-begun-{run_id}", client=client)


def _python_path() -> str:
    """So that a worker finds this package however the server was started."""
    here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    return os.pathsep.join(filter(None, [here, os.environ.get("PYTHONPATH", "")]))


def _unpack(message: dict[str, Any]) -> Event:
    event = from_dict(message["event"])
    if "arrays" in message:
        with np.load(io.BytesIO(message["arrays"]), allow_pickle=False) as arrays:
            return replace(event, arrays=dict(arrays))  # type: ignore[arg-type]
    return event


# Everything below runs elsewhere: in the scheduler or in a worker process.


def _forget(topic: str, dask_scheduler: Any = None) -> None:
    dask_scheduler._broker.truncate(topic)


def _call(name: str, *arguments: Any) -> Any:
    """Call `module:function` by name, so that only the worker imports it."""
    module, _, function = name.partition(":")
    called: Callable[..., Any] = getattr(importlib.import_module(module), function)
    return called(*arguments)


class _TakenBack(Exception):
    """The run was cancelled while this job was already starting."""


class _WorkerLost(Exception):
    """The job was begun before, by a worker that died."""


def _train(run_id: str, experiment: str, digits: str) -> None:
    _work(run_id, TRAIN, Experiment.from_json(experiment), digits)


def _work(run_id: str, task: str, *arguments: Any) -> None:
    """Do a task of the worker's; it gets a way to say things and a way to ask for orders after its own arguments."""
    worker, orders, begun = get_worker(), _orders(run_id), _begun(run_id)
    # when a worker dies, Dask gives all its jobs to the next one: right for those that waited, not for the one that
    # may have killed it
    if begun.get():
        raise _WorkerLost
    begun.set(True)

    def emit(event: Event) -> None:
        message: dict[str, Any] = {"event": to_dict(event)}
        if arrays := getattr(event, "arrays", None):
            message["arrays"] = pack(arrays)
        worker.log_event(_topic(run_id), message)

    def control() -> Orders:
        if (values := orders.get()) is TAKEN_BACK:
            raise _TakenBack
        return Orders(**values)

    with suppress(_TakenBack):
        _call(task, *arguments, emit, control)
