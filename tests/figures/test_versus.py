"""Two runs' validation curves, each in its own colour."""

from __future__ import annotations

from mnistlab.events import EpochEnd
from mnistlab.figures.colours import SECOND_RUN, VALIDATION
from mnistlab.figures.versus import both
from mnistlab.history import History


def history(*losses: float) -> History:
    return History.of(
        EpochEnd(epoch=i, loss=1, accuracy=0.5, val_loss=loss, val_accuracy=1 - loss, seconds=1)
        for i, loss in enumerate(losses, 1)
    )


def test_curves_are_what_each_run_recorded() -> None:
    a, b = both(history(0.5, 0.25), history(0.75), "loss").data
    assert (list(a.x), list(a.y), a.line.color) == ([1, 2], [0.5, 0.25], VALIDATION)
    assert (list(b.x), list(b.y), b.line.color) == ([1], [0.75], SECOND_RUN)


def test_accuracy_is_in_percent_and_the_axis_holds_the_longer_run() -> None:
    figure = both(history(0.5), history(0.25, 0.25, 0.25), "accuracy")
    assert list(figure.data[1].y) == [75, 75, 75]
    assert figure.layout.xaxis.range[1] > 3
    assert "%" in figure.layout.title.text


def test_runs_without_an_epoch_can_be_drawn() -> None:
    assert all(len(trace.x) == 0 for trace in both(history(), history(), "loss").data)
