"""The layers of a network and what each costs, by arithmetic alone.

`layers(model)` is the one place where a `ModelSpec` becomes a list of named layers: the worker builds them in
Keras, `forward` computes them in NumPy, and the page shows them as a table. Knows nothing of either.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from math import prod
from typing import Literal

from .experiment import ConvBlock, DenseBlock, ModelSpec, SpecError

Shape = tuple[int, ...]
Kind = Literal["conv", "dense", "batch_norm", "activation", "max_pool", "dropout", "flatten", "average", "softmax"]

IMAGE: Shape = (28, 28, 1)  # height, width, channels
CLASSES = 10
BATCH_NORM_EPSILON = 1e-3  # Keras' default; `forward` must use the same


@dataclass(frozen=True)
class Layer:
    """One layer: what it is, the shapes on both sides without the batch axis, and its weights by name."""

    name: str
    kind: Kind
    input_shape: Shape
    shape: Shape
    weights: dict[str, Shape] = field(default_factory=dict)
    multiply_adds: int = 0
    """For one image. Only convolutions and dense layers are counted: the rest is under one in a hundred."""
    activation: str = "linear"
    size: int = 0
    """Side of a convolution's kernel or of a pooling window."""
    strides: int = 1
    padding: str = "valid"
    rate: float = 0.0

    @property
    def parameters(self) -> int:
        return sum(prod(shape) for shape in self.weights.values())

    @property
    def trainable(self) -> int:
        """Parameters that gradient descent changes; batch norm's running mean and variance are not."""
        return sum(prod(shape) for name, shape in self.weights.items() if not name.startswith("moving_"))


@dataclass(frozen=True)
class Ledger:
    """Every layer of a network and the totals."""

    layers: tuple[Layer, ...]

    @classmethod
    def of(cls, model: ModelSpec) -> Ledger:
        """Raises `SpecError` naming the layer that cannot exist."""
        return cls(layers(model))

    @property
    def parameters(self) -> int:
        return sum(layer.parameters for layer in self.layers)

    @property
    def trainable(self) -> int:
        return sum(layer.trainable for layer in self.layers)

    @property
    def multiply_adds(self) -> int:
        """For one image, forward."""
        return sum(layer.multiply_adds for layer in self.layers)

    @property
    def training_multiply_adds(self) -> int:
        """For one image in training: forward, back to the weights, and back to the inputs of all layers but the first."""
        first = next(layer.multiply_adds for layer in self.layers if layer.multiply_adds)
        return 3 * self.multiply_adds - first

    @property
    def activations(self) -> int:
        """Numbers kept for one image between the forward and the backward pass."""
        return prod(IMAGE) + sum(prod(layer.shape) for layer in self.layers)

    @property
    def receptive_fields(self) -> tuple[int, ...]:
        """For each layer, the side in pixels of what one of its numbers can depend on in the 28 × 28 grid."""
        return tuple(_receptive_fields(self.layers))

    @property
    def weight_shapes(self) -> dict[str, Shape]:
        """`{"conv1/kernel": (3, 3, 1, 32), …}` in the order of the layers: the names in `weights.npz`."""
        return {f"{layer.name}/{name}": shape for layer in self.layers for name, shape in layer.weights.items()}


def layers(model: ModelSpec) -> tuple[Layer, ...]:
    """The layers of `model` from the image to the ten probabilities. Raises `SpecError` for an impossible stack."""
    found: list[Layer] = []

    def shape() -> Shape:
        return found[-1].shape if found else IMAGE

    for number, conv in enumerate(model.conv, 1):
        for layer in _conv_block(f"conv{number}", conv, shape(), len(found)):
            found.append(layer)
    incoming = shape()
    if model.head == "flatten":
        found.append(Layer("flatten", "flatten", incoming, (prod(incoming),)))
    else:
        found.append(Layer("average", "average", incoming, (incoming[-1],)))
    for number, dense in enumerate(model.dense, 1):
        found.extend(_dense_block(f"dense{number}", dense, shape()))
    found.append(_dense("logits", shape(), CLASSES, "linear"))
    found.append(Layer("probabilities", "softmax", (CLASSES,), (CLASSES,)))
    return tuple(found)


def _conv_block(name: str, block: ConvBlock, incoming: Shape, before: int) -> Iterator[Layer]:
    height, width, channels = incoming
    kernel, step = block.kernel_size, block.strides
    if block.padding == "valid":
        _fits(f"layer {before + 1} ({name})", kernel, height, width)
        out = ((height - kernel) // step + 1, (width - kernel) // step + 1, block.filters)
    else:
        out = (-(-height // step), -(-width // step), block.filters)  # Keras' "same": the input divided, rounded up
    yield Layer(
        name,
        "conv",
        incoming,
        out,
        {"kernel": (kernel, kernel, channels, block.filters), "bias": (block.filters,)},
        multiply_adds=kernel * kernel * channels * prod(out),
        activation="linear" if block.batch_norm else block.activation,
        size=kernel,
        strides=step,
        padding=block.padding,
    )
    yield from _norm_and_activation(name, block, out)
    count = before + (3 if block.batch_norm else 1)
    if block.pool > 1:
        _fits(f"layer {count + 1} ({name}_pool)", block.pool, *out[:2])
        pooled = (out[0] // block.pool, out[1] // block.pool, block.filters)
        yield Layer(f"{name}_pool", "max_pool", out, pooled, size=block.pool, strides=block.pool)
        out = pooled
    if block.dropout:
        yield Layer(f"{name}_dropout", "dropout", out, out, rate=block.dropout)


def _dense_block(name: str, block: DenseBlock, incoming: Shape) -> Iterator[Layer]:
    activation = "linear" if block.batch_norm else block.activation
    layer = _dense(name, incoming, block.units, activation)
    yield layer
    yield from _norm_and_activation(name, block, layer.shape)
    if block.dropout:
        yield Layer(f"{name}_dropout", "dropout", layer.shape, layer.shape, rate=block.dropout)


def _dense(name: str, incoming: Shape, units: int, activation: str) -> Layer:
    weights: dict[str, Shape] = {"kernel": (incoming[0], units), "bias": (units,)}
    return Layer(name, "dense", incoming, (units,), weights, multiply_adds=incoming[0] * units, activation=activation)


def _norm_and_activation(name: str, block: ConvBlock | DenseBlock, shape: Shape) -> Iterator[Layer]:
    """Batch norm goes between the weighted sum and its activation (arXiv:1502.03167, section 3.2)."""
    if block.batch_norm:
        statistics = dict.fromkeys(("gamma", "beta", "moving_mean", "moving_variance"), (shape[-1],))
        yield Layer(f"{name}_norm", "batch_norm", shape, shape, {**statistics})
        yield Layer(f"{name}_{block.activation}", "activation", shape, shape, activation=block.activation)


def _receptive_fields(plan: Iterable[Layer]) -> Iterator[int]:
    """By the first and the last pixel that each number in a row depends on, carried from layer to layer.

    This is exact where the usual formula, (k − 1) · jump more for each window, counts zeros beyond the border as pixels.
    """
    seen = [(pixel, pixel) for pixel in range(IMAGE[0])]
    for layer in plan:
        if layer.size:
            starts = [place * layer.strides - _padded(layer) for place in range(layer.shape[0])]
            seen = [(seen[max(at, 0)][0], seen[min(at + layer.size, len(seen)) - 1][1]) for at in starts]
        elif layer.kind in ("dense", "average"):  # one number of all there are
            seen = [(seen[0][0], seen[-1][1])]
        yield max(last - first + 1 for first, last in seen)


def _padded(layer: Layer) -> int:
    """Zeros that Keras' "same" puts before the first pixel; when it needs an odd number, the one more goes behind."""
    if layer.padding != "same":
        return 0
    return max((layer.shape[0] - 1) * layer.strides + layer.size - layer.input_shape[0], 0) // 2


def _fits(layer: str, window: int, height: int, width: int) -> None:
    if window > min(height, width):
        raise SpecError(f"{layer}: a {window}×{window} window does not fit a {height}×{width} input")
