"""First weights in NumPy: the distributions of Keras' initializers."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from scipy import stats

from mnistlab.experiment import ConvBlock, DenseBlock, Initializer, ModelSpec
from mnistlab.forward import Network
from mnistlab.initial import VARIANCES, fans, fresh, kernel
from mnistlab.worker.network import INITIALIZERS

MODEL = ModelSpec(conv=(ConvBlock(filters=3, batch_norm=True, pool=2),), dense=(DenseBlock(units=5),))


@pytest.mark.parametrize("name", VARIANCES)
@pytest.mark.parametrize("shape", [(784, 40), (3, 3, 16, 100)])
def test_numbers_are_distributed_as_keras_draws_them(name: Initializer, shape: tuple[int, ...]) -> None:
    ours = kernel(shape, name, np.random.default_rng(1))
    theirs = keras.ops.convert_to_numpy(INITIALIZERS[name](seed=1)(shape))
    assert ours.dtype == np.float32
    assert ours.shape == shape
    assert np.std(ours) == pytest.approx(np.std(theirs), rel=0.03)
    assert np.abs(ours).max() == pytest.approx(np.abs(theirs).max(), rel=0.02)  # both are cut at the same place
    assert stats.ks_2samp(ours.ravel(), theirs.ravel()).pvalue > 0.001


def test_fans_are_keras_own() -> None:
    from keras.src.initializers.random_initializers import compute_fans

    for shape in [(784, 512), (3, 3, 1, 32), (5, 5, 32, 64)]:
        assert fans(shape) == compute_fans(shape)


def test_network_is_whole_and_the_same_for_the_same_seed() -> None:
    one, again, other = (fresh(MODEL, "he_normal", seed) for seed in (1, 1, 2))
    network = Network(MODEL, one)  # checks every name and shape
    assert network.probabilities(np.zeros((2, 28, 28), np.uint8)) == pytest.approx(0.1)  # biases are 0
    np.testing.assert_array_equal(one["conv1/kernel"], again["conv1/kernel"])
    assert (one["conv1/kernel"] != other["conv1/kernel"]).any()
    assert (one["conv1_norm/gamma"] == 1).all()
    assert (one["conv1_norm/moving_variance"] == 1).all()
    assert (one["conv1_norm/beta"] == 0).all()
