"""New variants of training images, made in the graph: moved, turned, sheared, resized, with thicker or thinner strokes."""

from __future__ import annotations

import math

import tensorflow as tf

from ..experiment import Augmentation

CENTRE = 14.0  # MNIST centres the ink's centre of mass here, in pixel numbers from 0


def augment(pixels: tf.Tensor, spec: Augmentation, seed: tf.Tensor) -> tf.Tensor:
    """Changed copies of `pixels` float32 (n, 28, 28, 1) in 0…1; the same `seed` int32 (2,) gives the same changes."""
    if spec.geometric:
        pixels = _affine(pixels, spec, seed)
    if spec.thickness:
        pixels = _thickness(pixels, spec.thickness, seed)
    return pixels


def _affine(pixels: tf.Tensor, spec: Augmentation, seed: tf.Tensor) -> tf.Tensor:
    """Each output pixel (x, y) is read, bilinearly, at A·(x − c, y − c) + c + shift of the input."""
    count = tf.shape(pixels)[0]
    random = tf.random.stateless_uniform([6, count], seed, -1.0, 1.0)
    angle = random[0] * math.radians(spec.rotate)
    lean = tf.tan(random[1] * math.radians(spec.shear))
    wide, high = 1 + random[2] * spec.scale, 1 + random[3] * spec.scale
    cos, sin, zero = tf.cos(angle), tf.sin(angle), tf.zeros([count])
    # rows of A = rotation · shear along x · resize
    a, b = cos / wide, (cos * lean - sin) / high
    c, d = sin / wide, (sin * lean + cos) / high
    shift_x = CENTRE * (1 - a - b) + random[4] * spec.shift
    shift_y = CENTRE * (1 - c - d) + random[5] * spec.shift
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=pixels,
        transforms=tf.stack([a, b, shift_x, c, d, shift_y, zero, zero], axis=1),
        output_shape=[28, 28],
        fill_value=0.0,
        interpolation="BILINEAR",
        fill_mode="CONSTANT",
    )


def _thickness(pixels: tf.Tensor, most: float, seed: tf.Tensor) -> tf.Tensor:
    """Part of the way to grey-scale dilation (thicker) or erosion (thinner) by a 3×3 window."""
    amount = tf.random.stateless_uniform([tf.shape(pixels)[0], 1, 1, 1], seed + tf.constant([1, 0]), -most, most)
    thicker = tf.nn.max_pool2d(pixels, 3, 1, "SAME")
    thinner = -tf.nn.max_pool2d(-pixels, 3, 1, "SAME")
    return pixels + tf.nn.relu(amount) * (thicker - pixels) + tf.nn.relu(-amount) * (thinner - pixels)
