"""What is said about training and testing: counts, loss, the optimizer's step, the gap."""

from __future__ import annotations

from dataclasses import replace
from math import log

import keras
import numpy as np
import pytest

from mnistlab.explain import Counts, Reached
from mnistlab.forward import softmax
from mnistlab.presets import PRESETS
from mnistlab.schedules import learning_rates
from tests.explained import case, counted, experiment, line, said, text
from tests.test_keras_code import EVERYTHING

DENSE = PRESETS["classic-dense-512"].experiment
REACHED = Reached(epoch=5, training=0.9888, validation=0.982, test=0.9799, experiment=DENSE, images=55_000)


def test_epoch_batch_and_step_are_counted() -> None:
    explanation = line(case(PRESETS["classic-dense-512"].experiment), "model.fit")
    words = text(explanation)
    assert "⌈55,000 / 128⌉ = 430 steps; the last batch has 88." in words
    assert "5 epochs are 5 · 430 = 2,150 steps; each image is seen 5 times." in words
    exact = line(case(experiment(train__batch_size=100)), "model.fit")
    assert "= 550 steps." in text(exact)


@pytest.mark.parametrize("loss", ["categorical", "sparse_categorical"])
def test_loss_is_keras(loss: str) -> None:
    one = case(experiment(train__loss=loss, model__dense=[{"units": 30}]))
    explanation = line(one, "loss =")
    label, p, same, nats = said(r"is a (\d), which gets p = (\S+): −ln (\S+) = (\S+)\.", explanation)
    theirs = float(
        keras.losses.SparseCategoricalCrossentropy()(np.array([one.label]), one.outputs["probabilities"][None])
    )
    assert (label, p) == (one.label, same)
    assert p == pytest.approx(float(one.outputs["probabilities"][one.label]), rel=1e-6)
    assert nats == pytest.approx(theirs, rel=1e-3)
    assert said(r"−ln 0\.1 = (\S+)\.", explanation) == (pytest.approx(log(10), abs=1e-4),)
    assert said(r"1 / ln 2 = (\S+) times", explanation) == (pytest.approx(1 / log(2), abs=1e-3),)


def test_smoothed_loss_is_keras() -> None:
    one = case(experiment(train__loss="categorical", train__label_smoothing=0.2))
    explanation = line(one, "loss =")
    label_counts, others, smoothed = said(r"label counts (\S+), each other digit (\S+): (\S+)\.", explanation)
    loss = keras.losses.CategoricalCrossentropy(label_smoothing=0.2)
    theirs = float(loss(np.eye(10, dtype=np.float32)[[one.label]], one.outputs["probabilities"][None]))
    assert (label_counts, others) == (pytest.approx(0.82), pytest.approx(0.02))
    assert smoothed == pytest.approx(theirs, rel=1e-3)
    wanted = np.eye(10)[one.label] * 0.8 + 0.02
    assert said(r"The least is (\S+), when", explanation) == (
        pytest.approx(float(-(wanted * np.log(wanted)).sum()), rel=1e-3),
    )
    assert "the smoothed one" in line(one, "test accuracy").sentence
    assert "smoothed" not in line(case(experiment()), "test accuracy").sentence


@pytest.mark.parametrize("name", PRESETS)
def test_optimizers_step_is_keras(name: str) -> None:
    spec = PRESETS[name].experiment
    one = case(spec)
    explanation = line(one, "optimizer = ")
    unit, digit, weight, _, _, _, slope = said(
        r"number (\d+) of those that go into the output layer to the answer (\d) is (\S+)\. .* = (\S+) · \((\S+) − (\S+)\)"
        r" = (\S+)\.",
        explanation,
    )
    assert weight == pytest.approx(float(one.network.weights["logits/kernel"][int(unit), int(digit)]), rel=1e-3)
    features = one.features
    wanted = np.eye(10)[one.label]
    probabilities = softmax(features @ one.network.weights["logits/kernel"] + one.network.weights["logits/bias"])
    gradient = np.outer(features, probabilities - wanted)[int(unit), int(digit)]
    assert slope == pytest.approx(gradient, rel=1e-3)
    after, before = said(r"becomes (\S+) \(before: (\S+)\)", explanation)
    rate = float(learning_rates(spec.train, one.steps, 1)[0])
    variable = keras.Variable([one.network.weights["logits/kernel"][int(unit), int(digit)]])
    options = {"momentum": spec.train.momentum} if spec.train.momentum else {}
    keras.optimizers.get(spec.train.optimizer).__class__(rate, **options).apply(
        [keras.ops.array([gradient], "float32")], [variable]
    )
    assert after == pytest.approx(float(variable[0]), rel=1e-5)
    assert before != after
    assert explanation.source
    assert explanation.equations


@pytest.mark.parametrize(
    ("fields", "formula"),
    [
        ({"optimizer": "sgd"}, r"w - \eta\, g"),
        ({"optimizer": "sgd", "momentum": 0.9}, r"w + v"),
        ({"optimizer": "sgd", "momentum": 0.9, "nesterov": True}, r"w + \mu\, v - \eta\, g"),
        ({"optimizer": "rmsprop", "momentum": 0.9}, r"w - b"),
    ],
)
def test_formula_is_the_optimizers_own(fields: dict[str, object], formula: str) -> None:
    explanation = line(case(experiment(**{f"train__{key}": value for key, value in fields.items()})), "optimizer = ")
    assert explanation.equations[-1] == r"w \leftarrow " + formula


def test_weight_decay_comes_first() -> None:
    explanation = line(case(experiment(train__optimizer="adamw", train__weight_decay=0.5)), "optimizer = ")
    assert "w·(1 − η·0.5)" in explanation.source
    (decayed,) = said(r"weight after decay (\S+),", explanation)
    (before,) = said(r"before: (\S+)\)", explanation)
    assert decayed == pytest.approx(before * (1 - 0.001 * 0.5), rel=1e-3)


def test_decay_that_is_0_is_not_said_to_pull() -> None:
    words = text(line(case(experiment(train__optimizer="adamw")), "optimizer = "))
    assert "the same as Adam" in words
    assert "pulled" not in words


@pytest.mark.parametrize("schedule", ["step", "exponential", "cosine", "one_cycle"])
def test_schedules_rates_are_ours(schedule: str) -> None:
    one = case(experiment(train__schedule=schedule, train__epochs=4))
    first, half, last, most = said(
        r"first step (\S+), half way (\S+), at the last (\S+); the largest is (\S+)\.", line(one, "rate =")
    )
    rates = np.concatenate([learning_rates(one.experiment.train, 430, epoch) for epoch in range(1, 5)])
    np.testing.assert_allclose([first, half, last, most], [rates[0], rates[860], rates[-1], rates.max()], rtol=1e-3)


def test_gap_is_told_with_the_runs_numbers() -> None:
    words = text(line(case(DENSE, reached=REACHED), "model.evaluate"))
    assert "training 98.88 %" in words
    assert "test 97.99 %. The gap is 0.89 percentage points." in words
    assert "by more than chance explains (0.29, two standard errors): it overfits" in words


def test_small_gap_is_not_called_overfitting() -> None:
    same = replace(REACHED, training=0.981)
    words = text(line(case(DENSE, reached=same), "model.evaluate"))
    assert "no sign of overfitting" in words


def test_gap_below_chance_is_not_called_chance() -> None:
    early = replace(REACHED, epoch=1, training=0.925, validation=0.966, test=0.9651)
    words = text(line(case(DENSE, reached=early), "model.evaluate"))
    assert "The gap is −4.01 percentage points." in words
    assert "It is below 0, most likely because" in words
    assert "within what chance" not in words


def test_gap_to_digits_never_shown_is_not_called_overfitting() -> None:
    spoiled = experiment(data__spoil__leave_out=[7])
    without = replace(REACHED, training=0.99, validation=0.89, test=0.88, experiment=spoiled)
    words = text(line(case(spoiled, reached=without), "model.evaluate"))
    assert "digits that training never showed" in words
    assert "it overfits" not in words


def test_gap_is_read_by_how_the_run_was_trained_and_not_by_what_the_editor_shows() -> None:
    words = text(line(case(PRESETS["reference-cnn"].experiment, reached=REACHED), "model.evaluate"))
    assert "changed copies" not in words
    assert "it overfits" in words


def test_chance_is_larger_where_few_digits_were_counted() -> None:
    few = replace(REACHED, training=0.95, images=1000, test=0.945)
    chance = 200 * np.hypot((0.95 * 0.05 / 1000) ** 0.5, (0.945 * 0.055 / 10_000) ** 0.5)
    assert f"within what chance explains ({chance:.2f}, two" in text(line(case(DENSE, reached=few), "model.evaluate"))


def test_gap_of_a_training_made_harder_says_so() -> None:
    harder = PRESETS["reference-cnn"].experiment
    words = text(line(case(harder, reached=replace(REACHED, experiment=harder)), "model.evaluate"))
    assert "measured with dropout and changed copies" in words


def test_gap_without_a_run_asks_for_one() -> None:
    assert "train it, and its own gap stands here" in text(line(case(experiment()), "model.evaluate"))


def test_mistakes_and_standard_error_are_those_of_the_accuracy() -> None:
    explanation = line(case(experiment(), reached=REACHED), "test accuracy")
    assert said(r"is (0\.\d+): (\d+) mistakes in 10,000", explanation) == (0.9799, 201)
    assert said(r"standard error is (\S+) percentage", explanation) == (pytest.approx(0.14),)


def test_spoiled_digits_are_counted() -> None:
    counts = counted(EVERYTHING)
    one = case(EVERYTHING, counts=counts)
    assert said(r"([\d,]+) of ([\d,]+) training images are left", line(one, "np.isin")) == (counts.training, counts.cut)
    assert said(r"are (\d+) wrong labels", line(one, "wrong =")) == (round(counts.training * 0.05),)


def test_enough_right_answers_are_counted() -> None:
    counts = Counts(given=4000, validation=100, training=3900, test=1000, cut=3900)
    words = text(line(case(EVERYTHING, counts=counts), "class Target"))
    assert "0.999 of 100 validation images is 100 right answers" in words
