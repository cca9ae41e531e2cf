"""Answers in the worker: the right digits, as the network in NumPy answers them, with progress, and an end when stopped."""

from __future__ import annotations

import numpy as np
import pytest

from mnistlab.corruptions import CORRUPTIONS, STRENGTHS, corrupt
from mnistlab.data.digits import split
from mnistlab.data.spoil import spoil
from mnistlab.events import Answered, Event, Orders
from mnistlab.experiment import DataSpec, DenseBlock, Experiment, ModelSpec, Spoil, TrainSpec
from mnistlab.forward import Network
from tests.training import every, few, kept, trained

pytestmark = pytest.mark.slow

MODEL = ModelSpec(dense=(DenseBlock(units=16),))
DATASET = few(200, 60)


@pytest.fixture(scope="module")
def weights() -> dict[str, np.ndarray]:
    return kept(trained(MODEL, TrainSpec(epochs=2, batch_size=32), dataset=DATASET))


def experiment(**data: object) -> Experiment:
    return Experiment(
        data=DataSpec(validation_images=20, **data), model=MODEL, train=TrainSpec(epochs=2, batch_size=32)
    )


def asked(task: str, spec: Experiment, weights: dict[str, np.ndarray], stop: bool = False) -> list[Answered]:
    from mnistlab.worker import answering

    events: list[Event] = []
    getattr(answering, task)(spec, weights, DATASET, events.append, lambda: Orders(stop=stop))
    return every(Answered, events)


def test_validation_and_training_digits_are_those_of_the_run(weights: dict[str, np.ndarray]) -> None:
    last = asked("score", experiment(), weights)[-1]
    rows, network = split(DATASET.train, experiment().data, 0), Network(MODEL, weights)
    assert (last.done, last.total) == (40, 40)
    for name, chosen in (("validation", rows.validation), ("training", rows.train[:20])):
        np.testing.assert_array_equal(last.arrays[f"{name}_labels"], DATASET.train.labels[chosen])
        expected = network.probabilities(DATASET.train.images[chosen])
        np.testing.assert_allclose(last.arrays[name], expected, atol=1e-5)


def test_training_digits_are_as_they_were_spoiled(weights: dict[str, np.ndarray]) -> None:
    spec = experiment(spoil=Spoil(leave_out=(7,), noise=40.0))
    last, rows = asked("score", spec, weights)[-1], split(DATASET.train, spec.data, 0)
    seen = spoil(DATASET.train[rows.train], spec.data.spoil, 0)[:20]
    np.testing.assert_array_equal(last.arrays["training_labels"], seen.labels)
    np.testing.assert_allclose(last.arrays["training"], Network(MODEL, weights).probabilities(seen.images), atol=1e-5)
    np.testing.assert_array_equal(last.arrays["validation_labels"], DATASET.train.labels[rows.validation])


def test_card_holds_the_answers_to_each_corruption_and_starts_clean(weights: dict[str, np.ndarray]) -> None:
    last, network = asked("robustness", experiment(), weights)[-1], Network(MODEL, weights)
    answers = last.arrays["answers"]
    assert (answers.dtype, answers.shape) == (np.uint8, (len(CORRUPTIONS), STRENGTHS + 1, 60))
    assert last.done == last.total == 60 * (1 + len(CORRUPTIONS) * STRENGTHS)
    clean = network.probabilities(DATASET.test.images).argmax(axis=1)
    for place, name in enumerate(CORRUPTIONS):
        np.testing.assert_array_equal(answers[place, 0], clean)
        expected = network.probabilities(corrupt(DATASET.test.images, name, 4)).argmax(axis=1)
        assert (answers[place, 4] == expected).mean() > 0.98  # a tie may go either way


def test_progress_rises_and_only_the_end_carries_answers(
    weights: dict[str, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    from mnistlab.worker import answering

    monkeypatch.setattr(answering, "SECONDS", 0.0)
    found = asked("robustness", experiment(), weights)
    done = [event.done for event in found]
    assert done == sorted(done)
    assert len(done) == 52
    assert [bool(event.arrays) for event in found] == [False] * 51 + [True]


@pytest.mark.parametrize("task", ["score", "robustness"])
def test_stopped_work_ends_without_answers(task: str, weights: dict[str, np.ndarray]) -> None:
    assert asked(task, experiment(), weights, stop=True) == []
