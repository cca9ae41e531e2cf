"""A copy learns a handwriting: what it is shown it learns, what it knew it keeps, and the original is not touched."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
import pytest
from scipy import ndimage

from mnistlab.data import sources
from mnistlab.data.digits import Dataset, Digits
from mnistlab.events import Arrays, BatchEnd, EpochEnd, Evaluated, Event, Failed, Finished, Orders, Started
from mnistlab.experiment import Experiment
from mnistlab.forward import Network
from mnistlab.handwriting import EPOCHS, STEPS, adapted
from mnistlab.runs import RunStore
from mnistlab.worker import adapting

pytestmark = pytest.mark.slow

T = TypeVar("T", bound=Event)

NAME = "classic-dense-512"


@pytest.fixture(scope="module")
def original() -> tuple[Experiment, Arrays]:
    run = RunStore().open(NAME)
    return adapted(run.experiment).changed(
        {"data.leave_out_sample": False, "data.validation_images": 200}
    ), run.weights()


@pytest.fixture(scope="module")
def dataset() -> Dataset:
    sample = sources.read_sample()
    return Dataset(sample[:1500], sample[1500:2500], source="sample")


def own_hand(dataset: Dataset, each: int, skip: int = 0) -> Digits:
    """Digits by somebody who writes lying on the side: nothing MNIST has."""
    labels = dataset.test.labels
    rows = np.concatenate([np.flatnonzero(labels == digit)[skip : skip + each] for digit in range(10)])
    turned = ndimage.rotate(dataset.test.images[rows], 75, axes=(1, 2), reshape=False, order=1)
    return Digits(turned.astype(np.uint8), labels[rows])


def adapt(
    original: tuple[Experiment, Arrays], dataset: Dataset, drawings: Digits, orders: Orders = Orders.NONE
) -> list[Event]:
    said: list[Event] = []
    adapting.adapt(*original, drawings, dataset, said.append, lambda: orders)
    return said


def one(said: list[Event], kind: type[T]) -> T:
    (found,) = [event for event in said if isinstance(event, kind)]
    return found


def right(network: Network, digits: Digits) -> float:
    return float((network.probabilities(digits.images).argmax(axis=1) == digits.labels).mean())


def test_it_learns_the_hand_and_keeps_what_it_knew(original: tuple[Experiment, Arrays], dataset: Dataset) -> None:
    experiment, arrays = original
    kept = {name: array.copy() for name, array in arrays.items()}
    said = adapt(original, dataset, own_hand(dataset, 3))
    before, after = Network(experiment.model, arrays), Network(experiment.model, one(said, Finished).arrays)
    unseen = own_hand(dataset, 20, skip=3)
    assert right(after, unseen) > right(before, unseen) + 0.2
    assert right(after, dataset.train) > right(before, dataset.train) - 0.03
    for name, array in arrays.items():
        np.testing.assert_array_equal(array, kept[name])


def test_it_says_what_a_training_says(original: tuple[Experiment, Arrays], dataset: Dataset) -> None:
    drawings = own_hand(dataset, 1)
    said = adapt(original, dataset, drawings)
    assert isinstance(said[0], Started)
    assert (said[0].train_images, said[0].steps) == (len(drawings), STEPS)
    assert [event.epoch for event in said if isinstance(event, EpochEnd)] == [*range(1, EPOCHS + 1)]
    assert [event.step for event in said if isinstance(event, BatchEnd)][-1] == STEPS
    finished, evaluated = one(said, Finished), one(said, Evaluated)
    assert (finished.reason, finished.kept_epoch) == ("all_epochs", EPOCHS)
    expected = Network(original[0].model, finished.arrays).probabilities(dataset.test.images)
    np.testing.assert_allclose(evaluated.arrays["probabilities"], expected, atol=1e-5)


def test_same_seed_gives_the_same_network(original: tuple[Experiment, Arrays], dataset: Dataset) -> None:
    drawings = own_hand(dataset, 1)
    first, second = (one(adapt(original, dataset, drawings), Finished).arrays for _ in range(2))
    for name, array in first.items():
        np.testing.assert_array_equal(array, second[name])


def test_stop_ends_it_after_the_epoch_with_what_it_has(original: tuple[Experiment, Arrays], dataset: Dataset) -> None:
    said = adapt(original, dataset, own_hand(dataset, 1), Orders(stop=True))
    assert (one(said, Finished).reason, one(said, Finished).epochs) == ("stopped", 1)


def test_weights_that_are_no_numbers_end_in_a_sentence(original: tuple[Experiment, Arrays], dataset: Dataset) -> None:
    experiment, arrays = original
    broken = {name: np.full_like(array, np.nan) for name, array in arrays.items()}
    failed = one(adapt((experiment, broken), dataset, own_hand(dataset, 1)), Failed)
    assert "did not stay finite" in failed.message
