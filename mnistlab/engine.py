"""Runs jobs on Dask and writes down what they say. Knows nothing of Streamlit or of what a job computes.

By default a cluster of one worker process on loopback; with an address, the scheduler there. A worker's events
come back over a Dask topic a run; one collector thread writes them to the run store; orders go out as a Dask
variable an attempt, which the worker asks for. A job that is no training goes the same way, but its events lead to a `Job`
in memory instead of the store.
"""

from __future__ import annotations

import json
import logging
import os
import queue
import secrets
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import dask
import numpy as np
from distributed import Client, Future, LocalCluster
from distributed.client import ClosedClientError
from distributed.scheduler import KilledWorker
from numpy.typing import NDArray

from . import job as frame
from . import limits
from .data.digits import Digits
from .events import Arrays, Event, Failed, Finished, Orders, Started, Steered, from_dict, pack, unpack
from .experiment import Experiment, SpecError
from .job import TAKEN_BACK, WorkerLost
from .runs import Run, RunError, RunStore, new_id

logger = logging.getLogger(__name__)

WARM_UP = "mnistlab.worker.tasks:warm_up"
MAP = "mnistlab.worker.tasks:draw_map"
ADAPT = "mnistlab.worker.tasks:adapt"
SCORE = "mnistlab.worker.tasks:score"
CARD = "mnistlab.worker.tasks:robustness"
EXPORT = "mnistlab.worker.tasks:export"
JOBS = 8  # that are over and still remembered; the last event of the largest map is 24 KB, of an export the file
CONNECT_SECONDS = 10
HUNG_SECONDS = 4.0  # without a word after it was told to stop; ending it takes about as long again
WORKER_BYTES = 1_500_000_000  # a worker that holds more after a job is started anew
OUT_OF_MEMORY = "The worker ran out of memory; try a smaller batch or network."


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
        self._tasks: dict[str, _Task] = {}
        self._ended: dict[str, threading.Event] = {}
        self._inbox: queue.SimpleQueue[tuple[str, dict[str, Any] | Future] | None] = queue.SimpleQueue()
        self._collector = threading.Thread(target=self._collect, name="collector", daemon=True)
        self._collector.start()

    def warm_up(self) -> None:
        """Start the worker and load Keras there, in the background. Safe to call again."""
        threading.Thread(target=self._warm_up, name="warm-up", daemon=True).start()

    def _warm_up(self) -> None:
        try:
            future = self._connected().submit(frame.call, WARM_UP, pure=False)
            future.result()
            self.warm = True
        except Exception:  # whatever it is, Train will meet it again and say so; the pages must not wait for this
            logger.exception("warm-up failed")

    @property
    def order(self) -> list[str]:
        """Ids of the runs and jobs that are not over, in the order in which they get their turn."""
        return list(self._tasks)

    def submit(
        self,
        experiment: Experiment,
        label: str,
        digits: str,
        run_id: str | None = None,
        *,
        drawing: NDArray[np.uint8] | None = None,
        visitor: str = "",
    ) -> Run:
        """Store a new run and queue its training on the digits with this sha256.

        Submitting a `run_id` (of `runs.new_id`) a second time returns the run that is there: however often a person
        clicks, and from however many threads, it is one run. A `drawing` uint8 (28, 28) is watched while it trains;
        `visitor` is whose run it is.

        Raises `EngineError` when no worker can be had and `RunError` when the run cannot be stored; nothing is kept then.
        """
        with self._submitting:
            if run_id in self._ended:
                return self.store.open(run_id)
            client = self._connected()
            run = self.store.create(experiment, label, run_id or new_id(), visitor)
            try:
                self._begin(client, run, digits, Orders.NONE, drawing)
            except EngineError:
                self.store.remove(run.id)
                raise
            return run

    def resume(self, run_id: str, digits: str, epochs: int | None = None) -> Run:
        """Go on with a run that is over, from its last checkpoint, up to `epochs` in all (None: as many as were planned).

        `digits` are the sha256 of those at hand, for a run that never began. A run that is not over is left alone.

        Raises `EngineError` when no worker can be had and `RunError` when there is no such run or it is not one's own.
        """
        with self._submitting:
            run = self.store.open(run_id)
            if run.shipped:
                raise RunError("a run that came with the lab is not continued; train its preset instead")
            if run.weights_file is not None and not any(run.path.glob("checkpoint-*.npz")):
                raise RunError("this run learned a handwriting and kept no checkpoint to go on from")
            if run_id not in self._tasks:
                self.store.trouble.pop(run_id, None)
                history = run.history
                orders = Orders(epochs=epochs or history.planned or None, learning_rate=history.learning_rate)
                self._begin(self._connected(), run, history.started.digits if history.started else digits, orders)
            return run

    def _begin(
        self, client: Client, run: Run, digits: str, orders: Orders, drawing: NDArray[np.uint8] | None = None
    ) -> None:
        """Queue a training, from its last checkpoint when it has one."""
        if drawing is None:
            with suppress(RunError):
                images, labels = run.probed()
                drawing = images[-1] if len(images) > len(labels) else None
        drawn = pack({"drawing": drawing}) if drawing is not None else None
        arrays, note = run.resume_from()
        resume = (pack(arrays), note) if arrays is not None else None
        self.store.live.add(run.id)
        try:
            self._queue(client, run.id, orders, frame.train, run.experiment.to_json(), digits, drawn, resume)
        except EngineError:
            self.store.live.discard(run.id)
            raise

    def adapt(
        self, experiment: Experiment, weights: Arrays, drawings: Digits, label: str, digits: str, visitor: str = ""
    ) -> Run:
        """Store a new run and queue its training: from `weights`, on `drawings` mixed with the digits of this sha256.

        The run the weights come from is not touched. Raises as `submit` does.
        """
        with self._submitting:
            client = self._connected()
            run = self.store.create(experiment, label, visitor=visitor)
            self.store.live.add(run.id)
            try:
                self._queue(
                    client, run.id, Orders.NONE, frame.work, ADAPT, experiment, weights, drawings, digits, once=True
                )
            except EngineError:
                self.store.live.discard(run.id)
                self.store.remove(run.id)
                raise
            return run

    def start(self, task: str, *arguments: Any) -> Job:
        """Queue a job that is no training, named as the worker knows it (`MAP`, `EXPORT`); all jobs wait for each other.

        Raises `EngineError` when no worker can be had.
        """
        client = self._connected()
        job = Job(f"j{secrets.token_hex(16)}")
        self.jobs[job.id] = job
        try:
            self._queue(client, job.id, Orders.NONE, frame.work, task, *arguments)
        except EngineError:
            del self.jobs[job.id]
            raise
        for old in [over.id for over in list(self.jobs.values()) if over.over][:-JOBS]:
            del self.jobs[old]
        return job

    def _queue(
        self,
        client: Client,
        run_id: str,
        orders: Orders,
        work: Callable[..., int],
        *arguments: Any,
        once: bool = False,
    ) -> None:
        again = self._tasks[run_id].tries if run_id in self._tasks else 0
        key = f"{run_id}-{secrets.token_hex(4)}"
        try:
            if run_id not in self._tasks:
                self._hear(client, run_id)  # before it is submitted: a warm worker's first words come at once
            frame.orders_of(key, client).set(asdict(orders))
            frame.begun(key, client).set(False)
            future = client.submit(work, key, run_id, *arguments, key=key, pure=False)
            if self.address:
                client.publish_dataset(future, name=run_id, override=True)
        except OSError as error:  # the connection was lost since it was last used
            raise EngineError(self._unreachable) from error
        self._expect(run_id, _Task(future, orders, again + 1, once))

    def _hear(self, client: Client, run_id: str) -> None:
        client.subscribe_topic(frame.topic(run_id), lambda event: self._inbox.put((run_id, event[1])))

    def _expect(self, run_id: str, task: _Task) -> None:
        if run_id not in self._tasks:
            self._ended[run_id] = threading.Event()
        self._tasks[run_id] = task
        task.future.add_done_callback(lambda done: self._inbox.put((run_id, done)))

    def steer(self, run_id: str, **changes: Any) -> None:
        """Change some fields of the `Orders` of a run that is not over, and leave the others. Raises as `control` does."""
        if (task := self._tasks.get(run_id)) is not None:
            self.control(run_id, replace(task.orders, **changes))

    def control(self, run_id: str, orders: Orders) -> None:
        """Tell a run or job what is wanted of it; it reads this a few times a second.

        One that waits and is to stop leaves the queue; one that does not stop when told to is ended with its worker.
        Raises `EngineError` when the scheduler does not answer.
        """
        task = self._tasks.get(run_id)
        if task is None or self._client is None:
            return
        task.orders = orders
        taken_back = task.orders.stop and (self.jobs.get(run_id) or self.store.open(run_id)).status == "queued"
        try:
            # also for one taken back: it may be starting just now, which cancel() does not end
            orders_of = frame.orders_of(task.future.key, self._client)
            orders_of.set(TAKEN_BACK if taken_back else asdict(task.orders))
        except OSError as error:
            raise EngineError(self._unreachable) from error
        if taken_back:
            task.taken_back = True
            task.future.cancel()
        elif task.orders.stop:
            timer = threading.Timer(HUNG_SECONDS, self._end_hung, (run_id, task))
            timer.daemon = True
            timer.start()

    def _end_hung(self, run_id: str, task: _Task) -> None:
        """End the worker of a task that was told to stop and did not, unless it only tries the test digits."""
        if self._tasks.get(run_id) is not task or (
            run_id not in self.jobs and self.store.open(run_id).history.finished
        ):
            return
        client = self._connected()
        held = [worker for worker, keys in client.processing().items() if task.future.key in keys]
        logger.error("%s did not stop; its worker is ended", run_id)
        client.restart_workers(held, raise_for_error=False)

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
                    if self.address:
                        self._find_again(self._client)
                except EngineError:
                    raise  # it says why
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
            client = Client(self.address, timeout=CONNECT_SECONDS, set_as_default=False)
            if other := _other_versions(client.get_versions()):
                client.close()
                raise EngineError(f"No training now: the scheduler at {self.address} {other}. Other pages work.")
            return client
        if off := limits.training_off():  # a worker would take the memory that the pages need
            raise EngineError(f"{off} Other pages work.")
        # nothing is served over HTTP; Dask opens the port all the same, so a free one: 8787 may be another lab's
        # a checkpoint travels with its task: 10 MB are no mistake here
        dask.config.set(
            {
                "distributed.admin.large-graph-warning-threshold": "2GB",
                # 15 s after a worker was lost the cluster gives it up for good if there is none just then, also when
                # its nanny is at that moment starting the one that follows a second loss
                "distributed.deploy.lost-worker-timeout": "365 days",
                # else each of its processes wakes 50 to 150 times a second, and TensorFlow's threads wait for each other
                "distributed.admin.tick.interval": "1s",
                "distributed.worker.profile.enabled": False,
                # both ends of a connection keep the last 1,000 messages for people who debug it: ours hold weights
                "distributed.admin.low-level-log-length": 1,
            }
        )
        before = {
            **dask.config.get("distributed.nanny.pre-spawn-environ"),
            "DASK_LOGGING__DISTRIBUTED": "critical",
            # Dask's own 64 KB gives memory back after nearly every step, and the next step asks for it again
            "MALLOC_TRIM_THRESHOLD_": str(64 << 20),
            "MALLOC_MMAP_THRESHOLD_": str(8 << 20),
        }
        with dask.config.set({"distributed.scheduler.http.routes": [], "distributed.nanny.pre-spawn-environ": before}):
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

    def _find_again(self, client: Client) -> None:
        """Listen again to runs of ours that were going on or waiting when the server or the connection was lost."""
        for run_id in set(client.list_datasets()) & {run.id for run in self.store if not run.shipped}:
            run = self.store.open(run_id)
            known = _told(run.path)
            self.store.live.add(run_id)
            self._tasks.pop(run_id, None)
            future = client.get_dataset(run_id)
            values = frame.orders_of(future.key, client).get(timeout=CONNECT_SECONDS)
            task = _Task(future, Orders(**values) if values else Orders.NONE, 1)
            for _, message in client.get_events(frame.topic(run_id)):
                if json.dumps(message["event"]) not in known:
                    self._inbox.put((run_id, message))
            self._hear(client, run_id)
            self._expect(run_id, task)

    def _collect(self) -> None:
        """Write what comes in, in order, until `None` comes."""
        while (item := self._inbox.get()) is not None:
            run_id, message = item
            try:
                if isinstance(message, Future):
                    self._end(run_id, message)
                else:
                    self._record(run_id, message)
            except Exception as error:  # the other runs go on, this one shows what it has
                logger.exception("an event of run %s was not written", run_id)
                self._give_up(run_id, error)

    def _give_up(self, run_id: str, error: Exception) -> None:
        """A run that cannot be written any more is stopped, and says why."""
        if run_id in self.store.trouble or run_id not in self._tasks or run_id in self.jobs:
            return
        why = "The disk is full or cannot be written" if isinstance(error, OSError) else "Its folder cannot be written"
        self.store.trouble[run_id] = f"{why}: the training was stopped. What was written before is kept."
        with suppress(EngineError, RunError):
            self.steer(run_id, stop=True)

    def _record(self, run_id: str, message: dict[str, Any]) -> None:
        event = from_dict(message["event"])
        if "arrays" in message:
            event = replace(event, arrays=unpack(message["arrays"]))  # type: ignore[arg-type]
        if isinstance(event, Started | Steered):
            self.warm = True
        self._keep(run_id, event)
        if "arrays" in message and self._client is not None:
            # the scheduler keeps a topic's last 1,000 messages; those with arrays are large, and now kept
            with suppress(OSError):  # it is lost, and its messages with it
                self._client.run_on_scheduler(frame.forget, frame.topic(run_id))

    def _keep(self, run_id: str, event: Event) -> None:
        job = self.jobs.get(run_id)
        if job is None:
            self.store.record(run_id, event)
        elif isinstance(event, Failed):
            job.failed = event.message
        else:
            job.last = event

    def _end(self, run_id: str, future: Future) -> None:
        task = self._tasks.get(run_id)
        if task is None or task.future is not future:
            return  # an attempt that another one has followed
        again = False
        try:
            if future.cancelled():
                # also when the scheduler is lost or the engine closes; those runs are interrupted
                if task.taken_back and run_id not in self.jobs:
                    self.store.record(run_id, Finished(reason="stopped", epochs=0, kept_epoch=0))
            elif (error := future.exception()) is None:
                self._recycle(run_id, future.result())
            elif isinstance(error, WorkerLost | KilledWorker):
                again = self._worker_lost(run_id, task)
            else:
                if not isinstance(error, SpecError):  # that one says it all
                    logger.error("run %s failed", run_id, exc_info=error)
                self._keep(run_id, Failed(message=_sentence(error, "job" if run_id in self.jobs else "training")))
        finally:
            if not again:
                self._over(run_id, task)

    def _worker_lost(self, run_id: str, task: _Task) -> bool:
        """What becomes of a run or job whose worker died; whether it goes on."""
        self.warm = False
        if _out_of_memory() > task.out_of_memory and not self.address:
            self._keep(run_id, Failed(message=OUT_OF_MEMORY))
        elif run_id in self.jobs or task.once:
            self._keep(run_id, Failed(message="The worker process was lost; start again."))
        elif task.orders.stop:
            self._stopped_hard(self.store.open(run_id))
        elif task.tries == 1 and self._client is not None:
            run = self.store.open(run_id)
            orders = replace(task.orders, epochs=task.orders.epochs or run.history.planned or None)
            digits = run.history.started.digits if run.history.started else ""
            if digits:
                self._begin(self._client, run, digits, orders)
                return True
        self.warm_up()
        return False

    def _stopped_hard(self, run: Run) -> None:
        """The worker had to be ended: what the last checkpoint holds is kept."""
        last = run.history.checkpoint
        if last is None:
            self.store.record(
                run.id, Failed(message="Stopped by hand; the worker had to be ended before a checkpoint.")
            )
        else:
            within, arrays = last.step > 0, run.weights()
            self.store.record(
                run.id,
                Finished(reason="stopped", epochs=last.epoch, kept_epoch=last.epoch, within=within, arrays=arrays),
            )

    def _over(self, run_id: str, task: _Task) -> None:
        """What was kept for it is let go first: whoever learns that it is over may go on with it at once."""
        if self._client is not None:
            # the scheduler is lost or the client closed, and with them all this
            with suppress(OSError, ClosedClientError):
                self._let_go(self._client, run_id, task)
        if job := self.jobs.get(run_id):
            job.over = True
        del self._tasks[run_id]
        self.store.live.discard(run_id)
        self._ended[run_id].set()

    def _let_go(self, client: Client, run_id: str, task: _Task) -> None:
        task.future.release()  # a result that somebody still holds is made again when its worker dies
        client.unsubscribe_topic(frame.topic(run_id))
        if not task.taken_back:  # such a job may still ask, and would wait for ever
            frame.orders_of(task.future.key, client).delete()
            frame.begun(task.future.key, client).delete()
        if self.address:
            client.unpublish_dataset(run_id)

    def _recycle(self, run_id: str, held: int) -> None:
        """Start our own worker anew when a job left it holding too much, and nobody waits."""
        if held > WORKER_BYTES and not self.address and self._client is not None:
            with self._submitting:
                if self.order == [run_id]:
                    logger.info("the worker holds %.1f GB; it is started anew", held / 1e9)
                    self.warm = False
                    self._client.restart_workers(list(self._client.scheduler_info()["workers"]), raise_for_error=False)
                    self.warm_up()


@dataclass
class _Task:
    """One attempt at a run or job."""

    future: Future
    orders: Orders
    tries: int
    """1 for the first attempt since a person asked for it."""
    once: bool = False
    """Not tried again by itself when its worker dies: it has no checkpoints."""
    taken_back: bool = False
    out_of_memory: int = field(default_factory=lambda: _out_of_memory())


def _out_of_memory() -> int:
    """How many processes this machine has ended for want of memory since it started; 0 where it does not say (not Linux)."""
    with suppress(OSError):
        for line in Path("/proc/vmstat").read_text("ascii").splitlines():
            if line.startswith("oom_kill "):
                return int(line.split()[1])
    return 0


def _told(folder: Path) -> set[str]:
    """The events of a run that are on disk, as their JSON."""
    file = folder / "events.jsonl"
    return {line.partition(" ")[2] for line in file.read_text("utf-8").splitlines()} if file.exists() else set()


def _other_versions(versions: dict[str, Any]) -> str:
    """How the versions of the scheduler or a worker differ from ours, where that matters; empty when they do not."""
    ours = versions["client"]["packages"]
    for name, place in [("it", versions["scheduler"]), *versions["workers"].items()]:
        for package in ("python", "distributed"):
            if place and (theirs := place["packages"][package]).split(".")[:2] != ours[package].split(".")[:2]:
                return f"does not fit: {package} is {theirs} on {name} and {ours[package]} here"
    return ""


def _sentence(error: BaseException, what: str = "training") -> str:
    if isinstance(error, SpecError):
        return str(error)
    if isinstance(error, MemoryError) or type(error).__name__ == "ResourceExhaustedError":
        return OUT_OF_MEMORY
    return f"The {what} failed ({type(error).__name__}). What was finished before is kept; the log has the details."


def _python_path() -> str:
    """So that a worker finds this package however the server was started."""
    here = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    return os.pathsep.join(filter(None, [here, os.environ.get("PYTHONPATH", "")]))
