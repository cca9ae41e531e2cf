"""Hypothesis strategies for experiments that are valid and possible: every field used, every network small enough to train."""

from __future__ import annotations

from typing import get_args

from hypothesis import strategies as st

from mnistlab.experiment import (
    ACTIVATIONS,
    OPTIMIZERS,
    Augmentation,
    ConvBlock,
    DataSpec,
    DenseBlock,
    Experiment,
    Initializer,
    ModelSpec,
    Number,
    Schedule,
    Spec,
    Spoil,
    Stopping,
    TrainSpec,
)
from mnistlab.ledger import IMAGE, Ledger

MOST_FILTERS, MOST_UNITS = 6, 32  # 28 · 28 · 6 · 32 + … stays below 200,000 parameters


def within(kind: type[Spec], field: str) -> st.SearchStrategy[float]:
    """Every value that a numeric field's bound allows, its usual zero a little more often."""
    bound = kind.bound(field)
    if not isinstance(bound, Number):
        return st.integers(bound.low, bound.high)
    numbers = st.floats(bound.low, bound.high, exclude_min=bound.open_low, exclude_max=bound.open_high)
    return numbers if bound.open_low else st.just(0.0) | numbers if bound.low == 0 else numbers


@st.composite
def conv_blocks(draw: st.DrawFn, side: int = IMAGE[0]) -> ConvBlock:
    """A convolution block that fits an image of this side."""
    padding = draw(st.sampled_from(("valid", "same")))
    kernel = draw(st.integers(1, 11 if padding == "same" else min(5, side)))
    strides = draw(st.sampled_from((1, 1, 1, 2, 3)))
    left = -(-side // strides) if padding == "same" else (side - kernel) // strides + 1
    return ConvBlock(
        filters=draw(st.integers(1, MOST_FILTERS)),
        kernel_size=kernel,
        strides=strides,
        padding=padding,
        activation=draw(st.sampled_from(ACTIVATIONS)),
        batch_norm=draw(st.booleans()),
        pool=draw(st.integers(1, min(3, left))),
        dropout=draw(within(ConvBlock, "dropout")),
    )


@st.composite
def dense_blocks(draw: st.DrawFn) -> DenseBlock:
    return DenseBlock(
        units=draw(st.integers(1, MOST_UNITS)),
        activation=draw(st.sampled_from(ACTIVATIONS)),
        batch_norm=draw(st.booleans()),
        dropout=draw(within(DenseBlock, "dropout")),
    )


@st.composite
def _stacks(draw: st.DrawFn) -> ModelSpec:
    blocks: list[ConvBlock] = []
    side = IMAGE[0]
    for _ in range(draw(st.integers(0, 3))):
        blocks.append(draw(conv_blocks(side)))
        side = next(
            layer.shape[0] for layer in reversed(Ledger.of(ModelSpec(conv=tuple(blocks))).layers) if layer.shape[1:]
        )
    dense = draw(st.lists(dense_blocks(), max_size=3))
    return ModelSpec(conv=tuple(blocks), head=draw(st.sampled_from(("flatten", "average"))), dense=tuple(dense))


def model_specs(max_parameters: int = 200_000) -> st.SearchStrategy[ModelSpec]:
    """Networks that exist and have at most this many parameters."""
    return _stacks().filter(lambda model: Ledger.of(model).parameters <= max_parameters)


@st.composite
def train_specs(draw: st.DrawFn) -> TrainSpec:
    optimizer = draw(st.sampled_from(OPTIMIZERS))
    momentum = draw(within(TrainSpec, "momentum")) if optimizer in ("sgd", "rmsprop") else 0.0
    loss = draw(st.sampled_from(("categorical", "sparse_categorical")))
    return TrainSpec(
        epochs=draw(within(TrainSpec, "epochs")),
        batch_size=draw(within(TrainSpec, "batch_size")),
        optimizer=optimizer,
        learning_rate=draw(within(TrainSpec, "learning_rate")),
        momentum=momentum,
        nesterov=draw(st.booleans()) if optimizer == "sgd" and momentum else False,
        weight_decay=draw(within(TrainSpec, "weight_decay")),
        schedule=draw(st.sampled_from(get_args(Schedule))),
        loss=loss,
        label_smoothing=draw(within(TrainSpec, "label_smoothing")) if loss == "categorical" else 0.0,
        initializer=draw(st.sampled_from(get_args(Initializer))),
        augmentation=Augmentation(**{field: draw(within(Augmentation, field)) for field in Augmentation.model_fields}),
        stopping=Stopping(**{field: draw(st.none() | within(Stopping, field)) for field in Stopping.model_fields}),
        seed=draw(within(TrainSpec, "seed")),
    )


@st.composite
def spoils(draw: st.DrawFn) -> Spoil:
    left_out = draw(st.sets(within(Spoil, "leave_out"), max_size=8))
    return Spoil(
        leave_out=tuple(draw(st.permutations(sorted(left_out)))),
        rare=draw(st.none() | st.sampled_from(sorted(set(range(10)) - left_out))),
        **{field: draw(within(Spoil, field)) for field in ("wrong_labels", "shift", "rotate", "noise")},
        per_digit=draw(st.none() | within(Spoil, "per_digit")),
    )


def experiments() -> st.SearchStrategy[Experiment]:
    """Any experiment; the numbers of images and steps may be more than a test should train."""
    data = st.builds(
        DataSpec,
        train_images=st.none() | within(DataSpec, "train_images"),
        validation_images=st.none() | within(DataSpec, "validation_images"),
        leave_out_sample=st.booleans(),
        spoil=spoils(),
    )
    return st.builds(Experiment, data=data, model=model_specs(), train=train_specs())
