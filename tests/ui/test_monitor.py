"""What the page reads out of a run's curves."""

from __future__ import annotations

import numpy as np
import pytest

from mnistlab.events import EpochEnd
from mnistlab.history import History
from mnistlab.ui.monitor import reading, smoothed


def history(*losses: tuple[float, float]) -> History:
    """Epochs that ended with these training and validation losses."""
    return History.of(
        EpochEnd(epoch=i, loss=loss, accuracy=0.9, val_loss=val_loss, val_accuracy=0.9512, seconds=1)
        for i, (loss, val_loss) in enumerate(losses, 1)
    )


@pytest.mark.parametrize(
    ("losses", "says", "not_says"),
    [
        (
            [(0.5, 0.4), (0.1, 0.2), (0.05, 0.25), (0.01, 0.3)],
            ["lowest after epoch 2 (0.2000)", "higher for 2 epochs", "overfitting", "0.0100"],
            "The gap",
        ),
        ([(0.5, 0.4), (0.1, 0.2), (0.01, 0.3)], ["lowest after epoch 2 (0.2000)", "The gap"], "overfitting"),
        ([(0.5, 0.4), (0.3, 0.2)], ["Training loss is 0.3000: higher", "dropout"], "overfitting"),
        ([(0.5, 0.4), (0.1, 0.15)], ["The gap to the training loss (0.1000) is 0.0500"], "overfitting"),
        ([(0.5, 0.4), (0.3, 0.3), (0.3, 0.31), (0.3, 0.31)], ["lowest after epoch 2", "gap"], "overfitting"),
        ([(0.5, 0.4), (0.1, 0.2), (0.12, 0.3), (0.12, 0.3)], ["lowest after epoch 2", "gap"], "overfitting"),
    ],
    ids=["overfitting", "one noisy epoch", "training above", "still falling", "hardly risen", "both risen"],
)
def test_sentence_names_what_the_curves_show(losses: list[tuple[float, float]], says: list[str], not_says: str) -> None:
    text = reading(history(*losses))
    assert text.startswith(f"Last epoch: validation accuracy 95.12 %, loss {losses[-1][1]:.4f}.")
    assert all(part in text for part in says)
    assert not_says not in text


@pytest.mark.parametrize("smoothing", [0.1, 0.3, 1.0])
def test_smoothed_loss_is_said_to_end_above_zero(smoothing: float) -> None:
    target = np.full(10, smoothing / 10)
    target[3] += 1 - smoothing
    assert f"at least {-(target * np.log(target)).sum():.2f} nats" in smoothed(smoothing)
