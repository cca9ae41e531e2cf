"""What is looked at after an epoch, against the same by hand."""

from __future__ import annotations

import numpy as np
import pytest

from mnistlab.data.sources import read_sample
from mnistlab.evaluation import Evaluation
from mnistlab.experiment import DenseBlock, ModelSpec, TrainSpec
from mnistlab.worker import network
from mnistlab.worker.probe import Prober, strip
from mnistlab.worker.steps import Answers

pytestmark = pytest.mark.slow

DIGITS = read_sample()[:300]


def test_the_strip_is_one_of_each_digit_and_the_drawing() -> None:
    drawing = np.full((28, 28), 7, np.uint8)
    found = strip(DIGITS, drawing)
    assert list(found["labels"]) == list(range(10))
    assert found["images"].shape == (11, 28, 28)
    for label, image in zip(range(10), found["images"], strict=False):
        np.testing.assert_array_equal(image, DIGITS.images[DIGITS.labels == label][0])
    np.testing.assert_array_equal(found["images"][10], drawing)
    assert len(strip(DIGITS, None)["images"]) == 10


def test_a_probe_measures_each_layer_by_its_own_length() -> None:
    model = network.build(ModelSpec(dense=(DenseBlock(units=8, batch_norm=True),)), TrainSpec())
    answers = Answers(model)
    prober = Prober(model, answers, DIGITS.images[:4])
    weights = network.weights(model)
    kernel = weights["dense1/kernel"]
    weights["dense1/kernel"] = 2 * kernel
    network.set_weights(model, weights)
    prober.gradients += [np.array([3.0, 1.0]), np.array([4.0, 1.0])]
    probabilities, awake = answers(DIGITS.images)
    awake["dense1_relu"][:] = [True] * 6 + [False] * 2
    probe = prober.probe(1, Evaluation.of(DIGITS.labels, probabilities), awake)
    length = float(np.linalg.norm(2 * kernel))
    assert probe.layers["dense1"] == pytest.approx(
        {"size": length / kernel.size**0.5, "moved": 0.5, "gradient": 12.5**0.5 / length, "silent": 0.25}
    )
    assert probe.layers["logits"]["moved"] == 0
    assert probe.layers["logits"]["silent"] is None
    assert probe.recall == pytest.approx(list(Evaluation.of(DIGITS.labels, probabilities).recall))
    np.testing.assert_allclose(probe.probabilities, probabilities[:4], atol=1e-5)


def test_how_far_a_layer_went_is_not_known_when_the_epoch_began_elsewhere() -> None:
    model = network.build(ModelSpec(), TrainSpec())
    answers = Answers(model)
    prober = Prober(model, answers, DIGITS.images[:1])
    prober.begin_within()
    validated = Evaluation.of(DIGITS.labels, answers(DIGITS.images)[0])
    assert prober.probe(1, validated, {}).layers["logits"]["moved"] is None
    assert prober.probe(2, validated, {}).layers["logits"]["moved"] == 0
