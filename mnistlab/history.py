"""A run's events folded into what a page shows: curves, progress, time left, how it ended."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from .events import BatchEnd, Checkpoint, EpochEnd, Evaluated, Event, Failed, Finished, Started


@dataclass
class History:
    """Everything a run has said so far, in order. Only `add` changes it."""

    started: Started | None = None
    batches: list[BatchEnd] = field(default_factory=list)
    epochs: list[EpochEnd] = field(default_factory=list)
    checkpoint: int | None = None
    """The last epoch whose weights are kept."""
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
                self.started = event
            case BatchEnd():
                self.batches.append(event)
            case EpochEnd():
                self.epochs.append(event)
            case Checkpoint():
                self.checkpoint = event.epoch
            case Finished():
                self.finished = event
            case Evaluated():
                self.evaluated = event
            case Failed():
                self.failed = event

    @property
    def done(self) -> float:
        """The part of all steps that is done, 0 to 1."""
        if self.started is None or not self.batches:
            return 0.0
        last = self.batches[-1]
        return min(1.0, self._position(last) / self.started.epochs)

    def _position(self, batch: BatchEnd) -> float:
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
        return max(0.0, (self.started.epochs - self._position(last)) * (last.seconds - first.seconds) / covered)

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
                text = f"Stopped by hand after epoch {epoch}" if epoch else "Stopped by hand in the first epoch"
                return f"{text}; keeping the weights at that moment."
            case "patience":
                text = f"Stopped at epoch {epoch}: validation loss has not improved {_for(epoch - kept)}"
            case "target":
                text = f"Stopped at epoch {epoch}: the target accuracy is reached"
            case "time":
                text = f"Stopped after epoch {epoch}: the time is used up"
                if kept == epoch:  # it ended within an epoch, and the steps since the last one count
                    return f"{text}; keeping the weights at that moment."
        return f"{text}; keeping epoch {kept}." if kept != epoch else f"{text}."


def _for(epochs: int) -> str:
    return f"for {epochs} epochs" if epochs > 1 else "for an epoch"
