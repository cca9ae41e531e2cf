"""Keras' optimizers with TensorFlow's fused kernels: one pass over each weight and its slots, where Keras makes up to ten.

State, settings and formulas are those of the Keras classes they derive from; only how a step is carried out differs.
"""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from ..experiment import Optimizer


class _FusedAdam:
    """Kingma & Ba, 2014, arXiv:1412.6980, section 2, with the bias corrections gathered in the step size."""

    def update_step(self: Any, gradient: tf.Tensor, variable: tf.Variable, learning_rate: tf.Tensor) -> None:
        slot = self._get_variable_index(variable)
        step = tf.cast(self.iterations + 1, tf.float32)
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=self._momentums[slot].value.handle,
            v=self._velocities[slot].value.handle,
            beta1_power=tf.pow(self.beta_1, step),
            beta2_power=tf.pow(self.beta_2, step),
            lr=learning_rate,
            beta1=self.beta_1,
            beta2=self.beta_2,
            epsilon=self.epsilon,
            grad=gradient,
        )


class Adam(_FusedAdam, keras.optimizers.Adam):
    """Kingma & Ba, 2014."""


class AdamW(_FusedAdam, keras.optimizers.AdamW):
    """Loshchilov & Hutter, 2017, arXiv:1711.05101: weight decay apart from the gradient; the base class takes it off."""


class RMSprop(keras.optimizers.RMSprop):
    """Hinton, 2012, Neural Networks for Machine Learning, lecture 6e."""

    def build(self, variables: list[keras.Variable]) -> None:
        super().build(variables)
        # the kernel wants a momentum slot also when momentum is 0, where Keras makes none
        self._steps = self._momentums or self.add_optimizer_variables(variables, "momentum")

    def update_step(self, gradient: tf.Tensor, variable: tf.Variable, learning_rate: tf.Tensor) -> None:
        slot = self._get_variable_index(variable)
        tf.raw_ops.ResourceApplyRMSProp(
            var=variable.handle,
            ms=self._velocities[slot].value.handle,
            mom=self._steps[slot].value.handle,
            lr=learning_rate,
            rho=self.rho,
            momentum=self.momentum,
            epsilon=self.epsilon,
            grad=gradient,
        )


class SGD(keras.optimizers.SGD):
    """Gradient descent, with momentum as in Sutskever et al., 2013, "On the importance of initialization and momentum"."""

    def update_step(self, gradient: tf.Tensor, variable: tf.Variable, learning_rate: tf.Tensor) -> None:
        if not self.momentum:
            tf.raw_ops.ResourceApplyGradientDescent(var=variable.handle, alpha=learning_rate, delta=gradient)
            return
        tf.raw_ops.ResourceApplyKerasMomentum(
            var=variable.handle,
            accum=self.momentums[self._get_variable_index(variable)].value.handle,
            lr=learning_rate,
            grad=gradient,
            momentum=self.momentum,
            use_nesterov=self.nesterov,
        )


OPTIMIZERS: dict[Optimizer, type[keras.optimizers.Optimizer]] = {
    "sgd": SGD,
    "rmsprop": RMSprop,
    "adam": Adam,
    "adamw": AdamW,
    "adagrad": keras.optimizers.Adagrad,  # the fused kernel adds epsilon outside the root, Keras inside
}
