"""Each line of the exported script, explained: in a sentence, by the numbers of one digit and one network, as a formula.

A list of values made from an experiment, a digit and a network; knows nothing of how it is shown. Texts are Markdown.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from math import ceil

import numpy as np
from numpy.typing import NDArray

from . import explain_layers, explain_training, keras_code
from .data.digits import Bytes, Dataset, split
from .data.sources import read_sample
from .data.spoil import spoil
from .experiment import Augmentation, Experiment, Stopping
from .explanation import Explanation, Values
from .forward import Network

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Counts:
    """How many images there are, before and after the script's cuts."""

    given: int
    validation: int
    training: int
    test: int
    cut: int
    """Training images before any was spoiled away."""
    is_sample: bool = False
    """Only the bundled sample is counted; the script itself takes the full set."""


@dataclass(frozen=True)
class Reached:
    """What a trained run measured with the weights it kept; accuracies from 0 to 1."""

    epoch: int
    training: float
    validation: float
    test: float
    experiment: Experiment
    """The run's own, which the editor's may differ from."""
    images: int
    """Training images of an epoch."""


@dataclass(frozen=True, eq=False)
class Case:
    """One experiment, one digit, one network: what everything is explained with."""

    experiment: Experiment
    image: Bytes
    label: int
    network: Network
    counts: Counts
    reached: Reached | None = None

    @cached_property
    def outputs(self) -> dict[str, Floats]:
        """What each layer makes of the digit, without the batch axis; "image" is the scaled digit (28, 28, 1)."""
        return {name: values[0] for name, values in self.network.outputs(self.image[None]).items()}

    @cached_property
    def features(self) -> Floats:
        """What goes into the output layer."""
        return self.outputs[self.network.layers[-3].name]

    @property
    def steps(self) -> int:
        """Steps in an epoch."""
        return ceil(self.counts.training / self.experiment.train.batch_size)

    @property
    def stops(self) -> bool:
        """Whether training may end before its last epoch."""
        return self.experiment.train.stopping != Stopping()

    @property
    def with_channel(self) -> bool:
        return keras_code.channels(self.experiment)


def count(experiment: Experiment, dataset: Dataset) -> Counts:
    """Raises `SpecError` when there are too few digits for the experiment."""
    data = experiment.data
    rows = split(dataset.train, data, experiment.train.seed, read_sample() if data.leave_out_sample else None)
    # only what takes images away: moving and noise cost time and change no count
    fewer = data.spoil.model_copy(update={"wrong_labels": 0.0, "shift": 0, "rotate": 0.0, "noise": 0.0})
    kept = len(spoil(dataset.train[rows.train], fewer, experiment.train.seed))
    return Counts(len(dataset.train), len(rows.validation), kept, len(dataset.test), len(rows.train), dataset.is_sample)


@dataclass(frozen=True)
class Section:
    """A part of the script with each of its lines explained."""

    title: str
    lines: tuple[Explanation, ...]


def explain(case: Case) -> tuple[Section, ...]:
    """Every line of the script of `case.experiment`, in its order."""
    return tuple(
        Section(part.title, tuple(_explained(case, line) for line in part.lines))
        for part in keras_code.parts(case.experiment)
    )


def _explained(case: Case, line: keras_code.Line) -> Explanation:
    if line.about.startswith("layer "):
        name = line.about.removeprefix("layer ")
        layer = next(layer for layer in case.network.layers if layer.name == name)
        return explain_layers.explain(case, layer, line.code)
    return EXPLAIN[line.about](case).of(line.code)


def _imports(case: Case) -> Explanation:
    return Explanation(
        "Keras builds and trains the network; NumPy holds the digits as arrays.",
        ("Keras 3 does its arithmetic with TensorFlow here; JAX or PyTorch would compute the same formulas.",),
    )


def _tensorflow(case: Case) -> Explanation:
    return Explanation(
        "TensorFlow itself is named because every batch is changed on its way into the network.",
        ("`tf.data` does that on other processor threads while the network trains on the batch before.",),
    )


def _seed(case: Case) -> Explanation:
    seed = case.experiment.train.seed
    copies = case.experiment.train.augmentation != Augmentation()
    return Explanation(
        "Everything that is drawn at random from here on is drawn the same way each time.",
        (
            f"With {seed}, the first weights and the order of the images come again.",
            *(["How each copy is changed does not quite: several threads draw from one source."] if copies else []),
        ),
        notes=("Another seed gives another, equally good network: the spread between seeds is the measure of luck.",),
    )


def _file(case: Case) -> Explanation:
    return Explanation(
        "The digits may come from a file: one `.npz` with the arrays `x_train`, `y_train`, `x_test` and `y_test`.",
        ("Without an argument this is `None`, and Keras downloads the set once (11.5 MB) and keeps it.",),
    )


_ELSEWHERE = (
    "This lab has only its sample loaded, and all counts here are of that. The script takes the full set: 60,000 images to "
    "learn from, 10,000 to be examined with, and another cut for validation."
)


def _load(case: Case) -> Explanation:
    n, test = case.counts.given, case.counts.test
    return Explanation(
        "Two arrays of pictures with their labels: one pair to learn from, one pair to be examined with.",
        (
            *((_ELSEWHERE,) if case.counts.is_sample else ()),
            f"Here `x_train` has shape ({n}, 28, 28) and `x_test` ({test}, 28, 28), one byte a pixel (uint8): "
            "0 is paper, 255 is ink.",
            "An image arrives as 28 rows of 28 pixels: MNIST from Keras is not flattened.",
            f"`x_train[0]` is the first image and `x_train[1]` the second, up to `x_train[{n - 1}]`.",
            f"The selected digit: {int((case.image > 0).sum())} of its 784 pixels are above 0, the largest is "
            f"{case.image.max()}; its label is {case.label}.",
        ),
        r"x \in \{0, \dots, 255\}^{n \times 28 \times 28}, \quad y \in \{0, \dots, 9\}^{n}",
        values=(Values("the selected digit, (28, 28)", case.image),),
    )


def _validation_count(case: Case) -> Explanation:
    asked = case.experiment.data.validation_images
    how = "one in twelve" if asked is None else "as this experiment asks"
    return Explanation(
        "How many training images are kept back, to see during training how it does on images it never learns from.",
        (f"{case.counts.validation:,} of {case.counts.given:,} ({how}).",),
        notes=("Choices such as when to stop are made on these; the test images are looked at once, at the end.",),
    )


def _leave_out_sample(case: Case) -> Explanation:
    return Explanation(
        "The first 500 images of each digit are never used: they are the sample that comes with the lab.",
        (f"{case.counts.given - 10 * keras_code.SAMPLE_PER_DIGIT:,} images are left to choose from.",),
        notes=("So what a network scores on the sample is measured on digits it has never seen.",),
    )


def _order(case: Case) -> Explanation:
    return Explanation(
        "The row numbers, shuffled.",
        (
            f"The seed {case.experiment.train.seed} decides which images are validated on"
            + ("." if case.counts.is_sample else ": the same ones as in this lab."),
        ),
    )


def _validation(case: Case) -> Explanation:
    n = case.counts.validation
    return Explanation(
        "The first rows of that order become the validation images.",
        (f"`x_val` has shape ({n}, 28, 28), `y_val` ({n},).",),
    )


def _training(case: Case) -> Explanation:
    n = case.counts.cut
    rest = "all that are left" if case.experiment.data.train_images is None else "as many as this experiment asks for"
    return Explanation(
        "The next rows are trained on; no image is in both sets.",
        (f"`x_train` now has shape ({n}, 28, 28), `y_train` ({n},): {rest}.",),
    )


def _scale(case: Case) -> Explanation:
    # neither paper nor full ink: the pixel nearest to the middle grey
    row, column = np.unravel_index(int(np.abs(case.image.astype(int) - 128).argmin()), (28, 28))
    pixel = int(case.image[row, column])
    channels = case.with_channel
    shape = "(n, 28, 28, 1): batch, height, width, channels" if channels else "(n, 28, 28)"
    added = " `[..., None]` adds an axis of length 1 at the end, for the one channel, grey." if channels else ""
    scaled = case.image.astype(np.float32) / np.float32(255)
    return Explanation(
        f"Bytes from 0 to 255 become numbers from 0 to 1, so that first weights and learning rates of the usual size fit.{added}",
        (
            f"The shape is now {shape}; four bytes a pixel instead of one.",
            f"In the selected digit the pixel in row {row}, column {column} is {pixel}: {pixel} / 255 = {pixel / 255:.4f}.",
            f"Its mean goes from {case.image.mean():.1f} to {scaled.mean():.4f}.",
        ),
        r"x \leftarrow \frac{x}{255}",
        values=(Values("the selected digit, scaled, rounded to two places", scaled.round(2)),),
    )


def _scale_again(case: Case) -> Explanation:
    return Explanation("The same for these images: a network must always be given what it was trained on.")


def _one_hot(case: Case) -> Explanation:
    n, label = case.counts.training, case.label
    return Explanation(
        "Each label becomes ten numbers, 1 at the place of the digit and 0 elsewhere: what the ten outputs should be.",
        (
            f"`y_train` goes from shape ({n},) to ({n}, 10).",
            f"The label {label} of the selected digit becomes the vector below; its 1 is at index {label}, counted from 0.",
        ),
        r"y_k = \begin{cases} 1 & k = \text{label} \\ 0 & \text{otherwise} \end{cases}",
        values=(Values(f"{label}, one-hot", np.eye(10, dtype=np.float32)[label]),),
    )


def _one_hot_again(case: Case) -> Explanation:
    return Explanation("The same for these labels.")


def _input(case: Case) -> Explanation:
    with_channel = case.with_channel
    axes = "height, width and channels" if with_channel else "height and width"
    first = "(batch, height, width, channels)" if with_channel else "(batch, height, width)"
    return Explanation(
        "A stack of layers, each taking what the one before gives; the first gets one image.",
        (
            f"The shape names {axes}, not how many images come at once: the whole tensor is {first}, the batch always first.",
        ),
    )


def _summary(case: Case) -> Explanation:
    layers = [layer for layer in case.network.layers if layer.parameters]
    total = sum(layer.parameters for layer in layers)
    fixed = total - sum(layer.trainable for layer in layers)
    terms = " + ".join(f"{layer.parameters:,}" for layer in layers)
    kept = f" {fixed:,} of them are running means and variances, which no gradient changes." if fixed else ""
    return Explanation(
        "Closes the stack and prints a table of its layers: shapes and parameters.",
        (f"{terms} = {total:,} parameters." if len(layers) > 1 else f"{total:,} parameters.", *([kept.strip()] if kept else [])),
    )  # fmt: skip


EXPLAIN: dict[str, Callable[[Case], Explanation]] = {
    "imports": _imports,
    "tensorflow": _tensorflow,
    "seed": _seed,
    "file": _file,
    "load": _load,
    "validation count": _validation_count,
    "leave out sample": _leave_out_sample,
    "order": _order,
    "validation": _validation,
    "training": _training,
    "scale train": _scale,
    "scale val": _scale_again,
    "scale test": _scale_again,
    "one-hot train": _one_hot,
    "one-hot val": _one_hot_again,
    "one-hot test": _one_hot_again,
    "input": _input,
    "summary": _summary,
    **explain_training.EXPLAIN,
}
"""What is said about each kind of statement but the layers."""
