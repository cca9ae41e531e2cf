"""A trained network in NumPy: its probabilities, and what every layer made on the way.

The arithmetic is the subject of this lab, so it is written out here, and tests hold it to Keras within 1e-5.
Knows nothing of Keras, of files, or of training; a run hands it a `ModelSpec` and arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import prod
from typing import TYPE_CHECKING

import numpy as np
import scipy  # its parts load when they are first used, which few networks do
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from .data.digits import Bytes
from .events import Arrays
from .experiment import Activation, ModelSpec
from .ledger import BATCH_NORM_EPSILON, Layer, layers

if TYPE_CHECKING:
    from .runs import Run

Floats = NDArray[np.float32]

BATCH = 16  # images at a time: the patches of the largest layer stay near 7 MB, and it is no slower than with more

# Self-normalizing neural networks, arXiv:1706.02515: the fixed point's constants, as in Keras
_SELU_SCALE, _SELU_ALPHA = 1.05070098735548, 1.67326324235438

ACTIVATIONS: dict[Activation, Callable[[Floats], Floats]] = {
    "relu": lambda x: np.maximum(x, 0),
    "leaky_relu": lambda x: np.where(x > 0, x, np.float32(0.2) * x),  # Keras' slope for "leaky_relu"
    "elu": lambda x: np.where(x > 0, x, np.expm1(np.minimum(x, 0))),
    "selu": lambda x: (
        np.float32(_SELU_SCALE) * np.where(x > 0, x, np.float32(_SELU_ALPHA) * np.expm1(np.minimum(x, 0)))
    ),
    "gelu": lambda x: (
        np.float32(0.5) * x * (1 + scipy.special.erf(x / np.float32(np.sqrt(2))))
    ),  # exact, not the tanh form
    "silu": lambda x: x * scipy.special.expit(x),
    "tanh": np.tanh,
    "sigmoid": lambda x: scipy.special.expit(x),
    "linear": lambda x: x,
}


class Network:
    """A `ModelSpec` with weights; computes in float32 as the worker does."""

    def __init__(self, model: ModelSpec, weights: Arrays) -> None:
        """`weights` by the ledger's names. Raises `ValueError` when a name, shape or number is not as `model` needs it."""
        self.layers = layers(model)
        self.weights = weights
        expected = {f"{layer.name}/{name}": shape for layer in self.layers for name, shape in layer.weights.items()}
        if set(weights) != set(expected):
            odd = sorted(set(weights) ^ set(expected))[0]
            raise ValueError(
                f"the weights do not belong to this network: {odd!r} is {'extra' if odd in weights else 'missing'}"
            )
        for name, shape in expected.items():
            array = weights[name]
            if array.shape != shape or array.dtype != np.float32 or not np.isfinite(array).all():
                raise ValueError(f"weight {name} must be finite float32 {shape}. Received: {array.dtype} {array.shape}")

    @classmethod
    def from_run(cls, run: Run) -> Network:
        """The network a run kept. Raises `RunError` when it has none yet, or a damaged one."""
        return cls(run.experiment.model, run.weights())

    def outputs(self, images: Bytes) -> dict[str, Floats]:
        """Every layer's output by name, float32, first axis the images uint8 (n, 28, 28); "image" is the scaled input."""
        values = images.astype(np.float32)[..., None] / np.float32(255)
        found = {"image": values}
        for layer in self.layers:
            found[layer.name] = values = self._apply(layer, values)
        return found

    def probabilities(self, images: Bytes) -> Floats:
        """Ten probabilities an image: uint8 (n, 28, 28) to float32 (n, 10)."""
        return np.concatenate(list(self._batches(images))) if len(images) else np.empty((0, 10), np.float32)

    @property
    def last_hidden(self) -> str:
        """The layer that the ten logits are weighted sums of: the last hidden one, or the flattened image without any."""
        before = [layer.name for layer in self.layers[:-2] if layer.kind != "dropout"]  # without logits, probabilities
        return before[-1]

    def features(self, images: Bytes, layer: str | None = None) -> Floats:
        """What `layer` (None: `last_hidden`) makes of each image, flattened: uint8 (n, 28, 28) to float32 (n, d).

        Only a batch's values are kept on the way. Raises `ValueError` when no layer has this name.
        """
        names = [one.name for one in self.layers]
        name = layer or self.last_hidden
        if name not in names:
            raise ValueError(f"no layer has this name. Received: {name!r}")
        depth = names.index(name) + 1
        size = prod(self.layers[depth - 1].shape)
        found = [values.reshape(len(values), size) for values in self._batches(images, depth)]
        return np.concatenate(found) if found else np.empty((0, size), np.float32)

    def _batches(self, images: Bytes, depth: int | None = None) -> Iterator[Floats]:
        for at in range(0, len(images), BATCH):
            values = images[at : at + BATCH].astype(np.float32)[..., None] / np.float32(255)
            for layer in self.layers[:depth]:
                values = self._apply(layer, values)
            yield values

    def _apply(self, layer: Layer, values: Floats) -> Floats:
        weight = {name: self.weights[f"{layer.name}/{name}"] for name in layer.weights}
        match layer.kind:
            case "conv":
                return _activate(
                    layer, convolve(values, weight["kernel"], layer.strides, layer.padding) + weight["bias"]
                )
            case "dense":
                return _activate(layer, values @ weight["kernel"] + weight["bias"])
            case "batch_norm":
                return _normalize(values, **weight)
            case "activation":
                return _activate(layer, values)
            case "max_pool":
                return _max_pool(values, layer.size)
            case "dropout":
                return values  # only training hides anything; Keras scales while training, not here
            case "flatten":
                return values.reshape(len(values), -1)
            case "average":
                return values.mean(axis=(1, 2), dtype=np.float32)
            case "softmax":
                return softmax(values)


def convolve(values: Floats, kernel: Floats, strides: int, padding: str) -> Floats:
    """Cross-correlation, which deep learning calls convolution: (n, h, w, c) with (k, k, c, f) to (n, h', w', f)."""
    size = kernel.shape[0]
    if padding == "same":
        values = np.pad(values, [(0, 0), *(_same(length, size, strides) for length in values.shape[1:3]), (0, 0)])
    windows = sliding_window_view(values, (size, size), axis=(1, 2))[:, ::strides, ::strides]
    count, height, width = windows.shape[:3]
    # one row a window, so that the whole layer is one matrix product; windows are (n, h', w', c, k, k)
    patches = windows.transpose(0, 1, 2, 4, 5, 3).reshape(count * height * width, -1)
    return (patches @ kernel.reshape(-1, kernel.shape[-1])).reshape(count, height, width, -1)


def _same(length: int, size: int, strides: int) -> tuple[int, int]:
    """TensorFlow's "same": the missing pixels on both sides, the odd one after."""
    missing = max((-(-length // strides) - 1) * strides + size - length, 0)
    return missing // 2, missing - missing // 2


def _max_pool(values: Floats, size: int) -> Floats:
    count, height, width, channels = values.shape
    rows, columns = height // size, width // size
    cut = values[:, : rows * size, : columns * size]
    return cut.reshape(count, rows, size, columns, size, channels).max(axis=(2, 4))


def _normalize(values: Floats, gamma: Floats, beta: Floats, moving_mean: Floats, moving_variance: Floats) -> Floats:
    scale = gamma / np.sqrt(moving_variance + np.float32(BATCH_NORM_EPSILON))
    return values * scale + (beta - moving_mean * scale)


def folded(model: ModelSpec, weights: Arrays) -> tuple[ModelSpec, Arrays]:
    """The same network without batch norm: each one's scale and shift are taken into the weights of the layer before it.

    Answering many digits is faster so; probabilities agree to rounding. (S. Ioffe and C. Szegedy, 2015,
    arXiv:1502.03167, section 3.1: at inference it is a fixed linear map.)
    """
    kept = {name: array for name, array in weights.items() if "_norm/" not in name}
    for name in {name.partition("_norm/")[0] for name in weights if "_norm/" in name}:
        gamma, beta, mean, variance = (
            weights[f"{name}_norm/{part}"] for part in ("gamma", "beta", "moving_mean", "moving_variance")
        )
        scale = gamma / np.sqrt(variance + np.float32(BATCH_NORM_EPSILON))
        kept[f"{name}/kernel"] = weights[f"{name}/kernel"] * scale  # the last axis is the layer's outputs
        kept[f"{name}/bias"] = (weights[f"{name}/bias"] - mean) * scale + beta
    conv = tuple(block.model_copy(update={"batch_norm": False}) for block in model.conv)
    dense = tuple(block.model_copy(update={"batch_norm": False}) for block in model.dense)
    return model.model_copy(update={"conv": conv, "dense": dense}), kept


def _activate(layer: Layer, values: Floats) -> Floats:
    return ACTIVATIONS[layer.activation](values).astype(np.float32, copy=False)  # type: ignore[index]


def softmax(logits: Floats) -> Floats:
    """Along the last axis; the largest is subtracted first so that no exponential overflows."""
    powers = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)
