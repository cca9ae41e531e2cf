"""A `ModelSpec` as a functional Keras model: every layer named, logits and probabilities apart."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf

from ..events import Arrays
from ..experiment import Initializer, ModelSpec, TrainSpec
from ..ledger import BATCH_NORM_EPSILON, IMAGE, Layer, layers

INITIALIZERS: dict[Initializer, type[keras.initializers.Initializer]] = {
    "glorot_uniform": keras.initializers.GlorotUniform,
    "glorot_normal": keras.initializers.GlorotNormal,
    "he_uniform": keras.initializers.HeUniform,
    "he_normal": keras.initializers.HeNormal,
    "lecun_normal": keras.initializers.LecunNormal,
}


def build(model: ModelSpec, train: TrainSpec) -> keras.Model:
    """A model from float32 (n, 28, 28, 1) in 0…1 to probabilities (n, 10), its weights drawn by `train.seed`.

    The numbers before softmax are the output of the layer "logits".
    """
    plan = layers(model)
    # a seed of its own for each layer: the global one would be shared with Dask's threads, which draw from it too
    seeds = np.random.SeedSequence(train.seed).generate_state(len(plan))
    values = image = keras.Input(IMAGE, name="image")
    for layer, seed in zip(plan, seeds, strict=True):
        values = _layer(layer, train.initializer, int(seed))(values)
    return keras.Model(image, values, name="network")


def _layer(layer: Layer, initializer: Initializer, seed: int) -> keras.layers.Layer:
    drawn = INITIALIZERS[initializer](seed=seed)
    match layer.kind:
        case "conv":
            return keras.layers.Conv2D(
                layer.shape[-1],
                layer.size,
                strides=layer.strides,
                padding=layer.padding,
                activation=layer.activation,
                kernel_initializer=drawn,
                name=layer.name,
            )
        case "dense":
            return keras.layers.Dense(
                layer.shape[0], activation=layer.activation, kernel_initializer=drawn, name=layer.name
            )
        case "batch_norm":
            return keras.layers.BatchNormalization(epsilon=BATCH_NORM_EPSILON, name=layer.name)
        case "activation":
            return keras.layers.Activation(layer.activation, name=layer.name)
        case "max_pool":
            return keras.layers.MaxPooling2D(layer.size, name=layer.name)
        case "dropout":
            return keras.layers.Dropout(layer.rate, seed=seed, name=layer.name)
        case "flatten":
            return keras.layers.Flatten(name=layer.name)
        case "average":
            return keras.layers.GlobalAveragePooling2D(name=layer.name)
        case "softmax":
            return keras.layers.Activation("softmax", name=layer.name)


def weights(model: keras.Model) -> Arrays:
    """The model's weights by the ledger's names: `{"conv1/kernel": float32 (3, 3, 1, 32), …}`."""
    return {f"{layer.name}/{weight.name}": weight.value.numpy() for layer in model.layers for weight in layer.weights}


def set_weights(model: keras.Model, arrays: Arrays) -> None:
    """The opposite of `weights`. Raises `KeyError` for a missing name and `ValueError` for a wrong shape."""
    for layer in model.layers:
        for weight in layer.weights:
            weight.assign(arrays[f"{layer.name}/{weight.name}"])


def inference(model: keras.Model) -> tf.types.experimental.GenericFunction:
    """A compiled function from uint8 (n, 28, 28) to probabilities (n, 10), without dropout."""

    @tf.function(autograph=False, input_signature=[tf.TensorSpec([None, 28, 28], tf.uint8)])
    def infer(images: tf.Tensor) -> tf.Tensor:
        return model(tf.cast(images[..., None], tf.float32) / 255.0, training=False)

    return infer
