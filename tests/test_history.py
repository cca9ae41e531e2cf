"""Events folded into curves, progress, time left and an ending."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from mnistlab.events import (
    BatchEnd,
    Checkpoint,
    EpochEnd,
    Evaluated,
    Event,
    Failed,
    Finished,
    Probe,
    Reason,
    Started,
    Steered,
)
from mnistlab.history import History

STARTED = Started(digits="ab", epochs=4, steps=10, train_images=100, validation_images=10)


def batch(epoch: int, step: int, seconds: float = 0, loss: float = 1.0) -> BatchEnd:
    return BatchEnd(epoch=epoch, step=step, loss=loss, accuracy=0.5, learning_rate=0.1, seconds=seconds)


def epoch_end(epoch: int, val_loss: float = 1.0) -> EpochEnd:
    return EpochEnd(epoch=epoch, loss=0.5, accuracy=0.8, val_loss=val_loss, val_accuracy=0.9, seconds=2)


def test_every_event_finds_its_place() -> None:
    finished = Finished(reason="all_epochs", epochs=1, kept_epoch=1)
    evaluated, failed = Evaluated(digits="cd"), Failed(message="no")
    events: Sequence[Event] = [STARTED, batch(1, 5), epoch_end(1), Checkpoint(epoch=1), finished, evaluated, failed]
    found = History.of(events)
    assert (found.started, found.batches, found.epochs) == (STARTED, [batch(1, 5)], [epoch_end(1)])
    assert (found.checkpoint, found.finished, found.evaluated) == (Checkpoint(epoch=1), finished, evaluated)
    assert found.failed == failed


def test_folding_one_by_one_is_folding_all() -> None:
    events: Sequence[Event] = [STARTED, batch(1, 5), batch(1, 10), epoch_end(1), Checkpoint(epoch=1)]
    found = History()
    for event in events:
        found.add(event)
    assert found == History.of(events)


def test_nothing_said_is_nothing_done() -> None:
    found = History()
    assert (found.done, found.seconds_left, found.best, found.ending, found.checkpoint) == (0, None, None, "", None)
    assert found.curve("loss") == found.curve("val_loss") == ([], [])


@pytest.mark.parametrize(
    ("last", "done"), [(batch(1, 5), 0.125), (batch(1, 10), 0.25), (batch(3, 5), 0.625), (batch(4, 10), 1.0)]
)
def test_part_done_counts_steps(last: BatchEnd, done: float) -> None:
    assert History.of([STARTED, last]).done == done


def test_part_done_is_never_more_than_all() -> None:
    assert History.of([STARTED, batch(5, 10)]).done == 1.0


def test_time_left_is_by_the_pace_without_the_first_chunk() -> None:
    # 9 seconds of compilation, then 3 seconds for an epoch: 2.5 epochs are left
    found = History.of([STARTED, batch(1, 5, 9), batch(1, 10, 10), batch(2, 5, 12)])
    assert found.seconds_left == pytest.approx(7.5)


def test_no_time_left_before_there_is_a_pace() -> None:
    assert History.of([STARTED, batch(1, 5, 1), batch(1, 10, 2)]).seconds_left is None
    assert History.of([STARTED, *[batch(1, 5, 1)] * 3]).seconds_left is None


def test_no_time_is_left_at_the_end() -> None:
    assert History.of([STARTED, batch(1, 5, 1), batch(2, 5, 2), batch(4, 10, 3)]).seconds_left == 0


def test_training_curve_has_a_point_a_chunk() -> None:
    found = History.of([STARTED, batch(1, 5, loss=2), batch(1, 10, loss=1), batch(2, 5, loss=0.5)])
    assert found.curve("loss") == ([0.5, 1.0, 1.5], [2, 1, 0.5])
    assert found.curve("accuracy") == ([0.5, 1.0, 1.5], [0.5] * 3)


def test_validation_curve_has_a_point_an_epoch() -> None:
    found = History.of([STARTED, epoch_end(1, 0.5), epoch_end(2, 0.25)])
    assert found.curve("val_loss") == ([1, 2], [0.5, 0.25])
    assert found.curve("val_accuracy") == ([1, 2], [0.9, 0.9])


def test_curve_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(AttributeError):
        History.of([STARTED, batch(1, 5)]).curve("joy")


def test_best_epoch_has_the_lowest_validation_loss() -> None:
    assert History.of([epoch_end(1, 0.5), epoch_end(2, 0.2), epoch_end(3, 0.3)]).best == epoch_end(2, 0.2)


def test_first_of_two_equal_epochs_is_best() -> None:
    assert History.of([epoch_end(1, 0.5), epoch_end(2, 0.5)]).best == epoch_end(1, 0.5)


def test_last_checkpoint_counts() -> None:
    assert History.of([Checkpoint(epoch=1), Checkpoint(epoch=2)]).checkpoint == Checkpoint(epoch=2)


@pytest.mark.parametrize(
    ("reason", "epochs", "kept", "sentence"),
    [
        ("all_epochs", 5, 5, "All 5 epochs done."),
        ("all_epochs", 1, 1, "The only epoch is done."),
        ("all_epochs", 5, 3, "All 5 epochs done; keeping epoch 3."),
        ("stopped", 2, 2, "Stopped by hand after epoch 2; keeping its weights."),
        ("patience", 7, 4, "Stopped at epoch 7: validation loss has not improved for 3 epochs; keeping epoch 4."),
        ("patience", 3, 2, "Stopped at epoch 3: validation loss has not improved for an epoch; keeping epoch 2."),
        ("target", 4, 4, "Stopped at epoch 4: the target accuracy is reached."),
        ("time", 6, 6, "Stopped after epoch 6: the time is used up."),
        ("time", 6, 4, "Stopped after epoch 6: the time is used up; keeping epoch 4."),
    ],
)
def test_ending_says_why_and_what_is_kept(reason: Reason, epochs: int, kept: int, sentence: str) -> None:
    assert History.of([batch(1, 5), Finished(reason=reason, epochs=epochs, kept_epoch=kept)]).ending == sentence


@pytest.mark.parametrize("epochs", [0, 2])
def test_a_stop_within_an_epoch_says_where(epochs: int) -> None:
    ended = Finished(reason="stopped", epochs=epochs, kept_epoch=epochs, within=True)
    found = History.of([batch(epochs + 1, 5), ended])
    assert found.ending == f"Stopped by hand in epoch {epochs + 1}, after step 5; keeping those weights."


def test_ending_before_the_first_step_promises_no_weights() -> None:
    found = History.of([Finished(reason="stopped", epochs=0, kept_epoch=0)])
    assert found.ending == "Stopped by hand before the first step; there are no weights."


def test_failure_is_the_ending_whatever_came_before() -> None:
    found = History.of([Finished(reason="all_epochs", epochs=5, kept_epoch=5), Failed(message="The disk is full.")])
    assert found.ending == "The disk is full."


def test_two_histories_share_nothing() -> None:
    first, second = History(), History()
    first.add(batch(1, 5))
    assert second.batches == []


def test_weights_of_a_moment_within_an_epoch_are_said_to_be() -> None:
    ended = Finished(reason="time", epochs=6, kept_epoch=6, within=True)
    assert History.of([batch(1, 5), ended]).ending.endswith("the time is used up; keeping the weights at that moment.")


# Orders, and going on


def steered(epoch: int, step: int, **changes: object) -> Steered:
    values = {"epochs": 4, "learning_rate": None, "paused": False, "seconds": 0.0, "note": "", **changes}
    return Steered(epoch=epoch, step=step, **values)  # type: ignore[arg-type]


def probe(epoch: int) -> Probe:
    return Probe(epoch=epoch, probabilities=[], recall=[], layers={})


def test_what_was_said_about_later_steps_is_superseded() -> None:
    said = [
        STARTED,
        batch(1, 5),
        batch(1, 10),
        epoch_end(1),
        probe(1),
        batch(2, 5),
        batch(2, 10),
        epoch_end(2),
        probe(2),
    ]
    found = History.of([*said, batch(3, 5), steered(2, 5), batch(2, 9)])
    assert [(b.epoch, b.step) for b in found.batches] == [(1, 5), (1, 10), (2, 5), (2, 9)]
    assert found.epochs == [epoch_end(1)]
    assert found.probes == [probe(1)]


def test_going_on_after_the_end_opens_it_again() -> None:
    found = History.of(
        [
            STARTED,
            batch(4, 10),
            epoch_end(4),
            Finished(reason="all_epochs", epochs=4, kept_epoch=4),
            steered(5, 0, epochs=6),
        ]
    )
    assert (found.finished, found.ending, found.planned) == (None, "", 6)
    assert found.epochs == [epoch_end(4)]
    assert found.done == pytest.approx(4 / 6)


def test_a_training_that_begins_again_forgets_everything() -> None:
    assert History.of([STARTED, batch(1, 5), epoch_end(1), probe(1), Failed(message="no"), STARTED]) == History(
        started=STARTED
    )


def test_learning_rates_set_by_hand_are_marked_once_each() -> None:
    changes = [
        steered(1, 5, learning_rate=0.1),
        steered(2, 0, learning_rate=0.1, paused=True),
        steered(3, 5, learning_rate=0.2),
    ]
    found = History.of([STARTED, *changes])
    assert found.rate_changes == [(0.5, 0.1), (2.5, 0.2)]
    assert (found.learning_rate, found.paused) == (0.2, False)
    assert History.of([STARTED, *changes[:2]]).paused


def test_patience_counts_epochs_since_the_best() -> None:
    assert History().waited == 0
    assert History.of([epoch_end(1, 0.5), epoch_end(2, 0.2), epoch_end(3, 0.3), epoch_end(4, 0.3)]).waited == 2


def test_images_a_second_are_those_of_the_last_seconds() -> None:
    # 5 steps of 10 images: a second at first, half a second later
    found = History.of([STARTED, batch(1, 5, 1), batch(1, 10, 2), batch(2, 5, 7), batch(2, 10, 10.5), batch(3, 5, 11)])
    assert found.images_a_second == pytest.approx(50 * 2 / 4)


def test_a_note_stays_until_there_is_another() -> None:
    assert History.of([STARTED, steered(2, 0, note="damaged"), steered(2, 5)]).note == "damaged"
