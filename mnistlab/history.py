"""A run's events folded into what a page shows: curves, progress, time left, how it ended."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from .events import BatchEnd, Checkpoint, EpochEnd, Evaluated, Event, Failed, Finished, Probe, Started, Steered

PACE_SECONDS = 3.0


@dataclass
class History:
    """Everything a run has said so far, in order. Only `add` changes it."""

    started: Started | None = None
    batches: list[BatchEnd] = field(default_factory=list)
    epochs: list[EpochEnd] = field(default_factory=list)
    probes: list[Probe] = field(default_factory=list)
    steered: list[Steered] = field(default_factory=list)
    checkpoint: Checkpoint | None = None
    """The last moment from which the training can go on."""
    finished: Finished | None = None
    evaluated: Evaluated | None = None
    failed: Failed | None = None

    @classmethod
    def of(cls, events: Iterable[Event]) -> History:
        history = cls()
        for event in events:
            history.add(event)
        return history

    def add(self, event: Event) -> None:
        match event:
            case Started():
                vars(self).update(vars(History(started=event)))  # also when it begins again
            case Steered():
                self._back_to(event)
                self.steered.append(event)
            case BatchEnd():
                self.batches.append(event)
            case EpochEnd():
                self.epochs.append(event)
            case Probe():
                self.probes.append(event)
            case Checkpoint():
                self.checkpoint = event
            case Finished():
                self.finished = event
            case Evaluated():
                self.evaluated = event
            case Failed():
                self.failed = event

    def _back_to(self, event: Steered) -> None:
        """Forget what was said about later steps: they are taken again, or others instead."""
        here = (event.epoch, event.step)
        self.batches = [batch for batch in self.batches if (batch.epoch, batch.step) <= here]
        self.epochs = [end for end in self.epochs if end.epoch < event.epoch]
        self.probes = [probe for probe in self.probes if probe.epoch < event.epoch]
        self.steered = [earlier for earlier in self.steered if (earlier.epoch, earlier.step) <= here]
        self.finished = self.evaluated = self.failed = None

    @property
    def planned(self) -> int:
        """Epochs to be done in all, those added by hand included; 0 before it is known."""
        return self.steered[-1].epochs if self.steered else self.started.epochs if self.started else 0

    @property
    def paused(self) -> bool:
        return bool(self.steered) and self.steered[-1].paused

    @property
    def learning_rate(self) -> float | None:
        """The one set by hand last, before the schedule's factor; None when none was."""
        return self.steered[-1].learning_rate if self.steered else None

    @property
    def note(self) -> str:
        """What the person should know about how the training goes on."""
        return next((event.note for event in reversed(self.steered) if event.note), "")

    @property
    def rate_changes(self) -> list[tuple[float, float]]:
        """Where a learning rate was set by hand, in epochs, and what it was set to."""
        found, last = [], None
        for event in self.steered:
            if event.learning_rate is not None and event.learning_rate != last:
                found.append((self._position(event), event.learning_rate))
            last = event.learning_rate
        return found

    @property
    def waited(self) -> int:
        """Epochs since validation loss was last lower than ever before: what patience counts."""
        return len(self.epochs) and self.epochs[-1].epoch - (self.best.epoch if self.best else 0)

    @property
    def seconds(self) -> float:
        """Spent training so far, without pauses."""
        return self.batches[-1].seconds if self.batches else 0.0

    @property
    def images_a_second(self) -> float | None:
        """By the last few seconds; None before there is a pace."""
        if self.started is None or len(self.batches) < 3:
            return None
        last = self.batches[-1]
        first = next(
            (batch for batch in reversed(self.batches[1:-1]) if last.seconds - batch.seconds > PACE_SECONDS),
            self.batches[0],
        )
        images = (self._position(last) - self._position(first)) * self.started.train_images
        return images / (last.seconds - first.seconds) if last.seconds > first.seconds else None

    @property
    def done(self) -> float:
        """The part of all steps that is done, 0 to 1."""
        if self.started is None or not self.batches:
            return 0.0
        last = self.batches[-1]
        return min(1.0, self._position(last) / self.planned)

    def _position(self, batch: BatchEnd | Steered) -> float:
        """Epochs done at a chunk's end, with the part of the current one: 1.5 is half way through the second."""
        steps = self.started.steps if self.started else 1
        return batch.epoch - 1 + batch.step / steps

    @property
    def seconds_left(self) -> float | None:
        """By the pace so far, without the first chunk (it holds the compilation). None before there is a pace."""
        if self.started is None or len(self.batches) < 3:
            return None
        first, last = self.batches[0], self.batches[-1]
        covered = self._position(last) - self._position(first)
        if covered <= 0:
            return None
        return max(0.0, (self.planned - self._position(last)) * (last.seconds - first.seconds) / covered)

    def curve(self, name: str) -> tuple[list[float], list[float]]:
        """Epochs and values of "loss" or "accuracy" (a point a chunk), "val_loss" or "val_accuracy" (a point an epoch)."""
        if name.startswith("val_"):
            return [float(e.epoch) for e in self.epochs], [float(getattr(e, name)) for e in self.epochs]
        return [self._position(b) for b in self.batches], [float(getattr(b, name)) for b in self.batches]

    @property
    def best(self) -> EpochEnd | None:
        """The epoch with the lowest validation loss."""
        return min(self.epochs, key=lambda e: e.val_loss, default=None)

    @property
    def ending(self) -> str:
        """One sentence on how the training ended; empty while it has not."""
        if self.failed:
            return self.failed.message
        if self.finished is None:
            return ""
        epoch, kept = self.finished.epochs, self.finished.kept_epoch
        match self.finished.reason:
            case "all_epochs":
                text = f"All {epoch} epochs done" if epoch > 1 else "The only epoch is done"
            case "stopped" if not self.batches:
                return "Stopped by hand before the first step; there are no weights."
            case "stopped":
                if self.finished.within:
                    return f"Stopped by hand in epoch {epoch + 1}, after step {self.batches[-1].step}; keeping those weights."
                return f"Stopped by hand after epoch {epoch}; keeping its weights."
            case "patience":
                text = f"Stopped at epoch {epoch}: validation loss has not improved {_for(epoch - kept)}"
            case "target":
                text = f"Stopped at epoch {epoch}: the target accuracy is reached"
            case "time":
                text = f"Stopped after epoch {epoch}: the time is used up"
                if self.finished.within:
                    return f"{text}; keeping the weights at that moment."
        return f"{text}; keeping epoch {kept}." if kept != epoch else f"{text}."


def _for(epochs: int) -> str:
    return f"for {epochs} epochs" if epochs > 1 else "for an epoch"
