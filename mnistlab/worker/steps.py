"""The compiled functions of a training: many steps in one call, and answers with what is silent on the way."""

from __future__ import annotations

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from ..data.digits import Bytes, Digits
from ..experiment import TrainSpec
from .augment import augment
from .optimizers import OPTIMIZERS

PREDICT_BATCH = 1000


def make_optimizer(spec: TrainSpec, model: keras.Model) -> keras.optimizers.Optimizer:
    """The optimizer of a spec with its variables, all zero."""
    options = {"momentum": spec.momentum} if spec.optimizer in ("sgd", "rmsprop") else {}
    if spec.nesterov:
        options["nesterov"] = True
    none = 0.0 if spec.optimizer == "adamw" else None  # AdamW's own is 0.004, and it refuses None
    optimizer = OPTIMIZERS[spec.optimizer](
        learning_rate=spec.learning_rate, weight_decay=spec.weight_decay or none, **options
    )
    optimizer.build(model.trainable_variables)
    return optimizer


def kernels(model: keras.Model) -> dict[str, keras.Variable]:
    """The kernel of each layer that has one, by the layer's name."""
    return {layer.name: layer.kernel for layer in model.layers if hasattr(layer, "kernel")}


def compile_steps(
    model: keras.Model, optimizer: keras.optimizers.Optimizer, spec: TrainSpec, digits: Digits
) -> tf.types.experimental.GenericFunction:
    """A function of index array (steps, batch), learning rates (steps,) and the number of the first step of all.

    It returns loss and right answers summed over images, and the length of each kernel's gradient at the last step.
    """
    images, labels = tf.constant(digits.images), tf.constant(digits.labels.astype(np.int32))
    trunk = keras.Model(model.input, model.get_layer("logits").output)
    variables = trunk.trainable_variables
    places = [next(i for i, variable in enumerate(variables) if variable is one) for one in kernels(model).values()]
    dropouts = [
        layer.seed_generator for layer in model.layers if isinstance(layer, keras.layers.Dropout) and layer.rate
    ]

    def losses(targets: tf.Tensor, logits: tf.Tensor) -> tf.Tensor:
        if spec.loss == "sparse_categorical":
            return tf.nn.sparse_softmax_cross_entropy_with_logits(targets, logits)
        smooth = spec.label_smoothing
        return tf.nn.softmax_cross_entropy_with_logits(tf.one_hot(targets, 10) * (1 - smooth) + smooth / 10, logits)

    @tf.function(
        autograph=False,  # what it writes would stay in the folder for temporary files when the worker ends
        input_signature=[
            tf.TensorSpec([None, None], tf.int32),
            tf.TensorSpec([None], tf.float32),
            tf.TensorSpec([], tf.int32),
        ],
    )
    def steps(indices: tf.Tensor, rates: tf.Tensor, first: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        for generator in dropouts:  # they count on by one at every step: what they draw depends on seed and step only
            state = generator.state
            state.assign([state.value[0], tf.cast(first, state.value.dtype)])
        count = tf.shape(indices)[0]
        pictures, answers = tf.gather(images, indices), tf.gather(labels, indices)  # at once, as only then on all cores

        def step(i: tf.Tensor, total: tf.Tensor, right: tf.Tensor, lengths: tf.Tensor) -> tuple[tf.Tensor, ...]:
            batch, targets = pictures[i][..., None], answers[i]
            pixels = augment(tf.cast(batch, tf.float32) / 255.0, spec.augmentation, tf.stack([spec.seed, first + i]))
            with tf.GradientTape() as tape:
                logits = trunk(pixels, training=True)
                each = losses(targets, logits)
                loss = tf.reduce_mean(each)
            optimizer.learning_rate.assign(rates[i])
            gradients = tape.gradient(loss, variables)
            optimizer.apply(gradients, variables)
            measured = tf.cond(
                i == count - 1, lambda: tf.stack([tf.norm(gradients[place]) for place in places]), lambda: lengths
            )
            hits = tf.cast(tf.argmax(logits, 1, tf.int32) == targets, tf.float32)
            return i + 1, total + tf.reduce_sum(each), right + tf.reduce_sum(hits), measured

        return tf.while_loop(lambda i, *_: i < count, step, (0, 0.0, 0.0, tf.zeros([len(places)])))[1:]

    return steps


class Answers:
    """The network as it answers, without dropout, and which of its relu units ever answer above 0."""

    def __init__(self, model: keras.Model) -> None:
        relus = [layer for layer in model.layers if getattr(layer, "activation", None) is keras.activations.relu]
        both = keras.Model(model.input, {layer.name: layer.output for layer in (*relus, model.layers[-1])})
        last = model.layers[-1].name

        @tf.function(autograph=False, input_signature=[tf.TensorSpec([None, 28, 28], tf.uint8)])
        def infer(images: tf.Tensor) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
            outputs = dict(both(tf.cast(images[..., None], tf.float32) / 255.0, training=False))
            probabilities = outputs.pop(last)
            awake = {name: tf.reduce_max(x, axis=list(range(len(x.shape) - 1))) > 0 for name, x in outputs.items()}
            return probabilities, awake

        self._infer = infer

    def __call__(self, images: Bytes) -> tuple[NDArray[np.float32], dict[str, NDArray[np.bool_]]]:
        """Probabilities float32 (n, 10) of uint8 images (n, 28, 28), and of each relu layer which units were above 0.

        A unit of a convolution is a filter, above 0 when it is anywhere.
        """
        parts = [self._infer(images[at : at + PREDICT_BATCH]) for at in range(0, len(images), PREDICT_BATCH)]
        awake = {name: np.any([part[1][name].numpy() for part in parts], axis=0) for name in parts[0][1]}
        return np.concatenate([part[0].numpy() for part in parts]), awake
