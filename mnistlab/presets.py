"""Named experiments: the five classic walkthroughs of MNIST with Keras, and our own.

Each says where it comes from and what was reached with it. Figures under `reached` are the walkthrough's own;
ours are in the README's table, where `make models` and the command line make them again.
"""

from __future__ import annotations

from dataclasses import dataclass

from .experiment import Augmentation, ConvBlock, DenseBlock, Experiment, ModelSpec, TrainSpec


@dataclass(frozen=True)
class Preset:
    """An experiment with its name, one sentence about it, its source, and what its source says it reached."""

    name: str
    about: str
    source: str
    experiment: Experiment
    reached: str = ""


_CONV = ConvBlock(filters=32, pool=2)

_ALL = (
    Preset(
        "softmax-regression",
        "No hidden layer: each digit's score is a weighted sum of the 784 pixels. The bare start for a network of your own.",
        "multinomial logistic regression, the usual baseline; Keras' usual training",
        Experiment(),
    ),
    Preset(
        "classic-dense-512",
        "One wide hidden layer: quick to train, and its growing gap to the test set shows overfitting.",
        "F. Chollet, Deep Learning with Python, chapter 2: a first look at a neural network",
        Experiment(
            model=ModelSpec(dense=(DenseBlock(units=512),)),
            train=TrainSpec(epochs=5, batch_size=128, optimizer="rmsprop", loss="categorical"),
        ),
        "test accuracy .9799 and loss .0644 after 5 epochs",
    ),
    Preset(
        "classic-dense-100",
        "The smallest of the classics: 784 pixels, 100 hidden units, ten answers.",
        "the introductory Keras walkthrough with sparse labels",
        Experiment(model=ModelSpec(dense=(DenseBlock(units=100),)), train=TrainSpec(epochs=5, batch_size=32)),
    ),
    Preset(
        "classic-dense-128-64",
        "Two hidden layers with dropout between them; judged by precision and F1 for each digit.",
        "the OpenML walkthrough; dropout rate, optimizer and batch size are Keras' usual, the text gives none",
        Experiment(
            model=ModelSpec(dense=(DenseBlock(units=128, dropout=0.2), DenseBlock(units=64))),
            train=TrainSpec(epochs=10, batch_size=32),
        ),
    ),
    Preset(
        "classic-convnet-sgd",
        "One convolution and gradient descent with momentum: the way most people meet a first convnet.",
        "the first-convnet walkthrough; its text gives SGD and 0.01, its widely used form the dense width of 100, "
        "momentum 0.9 and He's initializer (without the two it ends near 97 %)",
        Experiment(
            model=ModelSpec(conv=(_CONV,), dense=(DenseBlock(units=100),)),
            train=TrainSpec(
                epochs=10,
                batch_size=32,
                optimizer="sgd",
                learning_rate=0.01,
                momentum=0.9,
                loss="categorical",
                initializer="he_uniform",
            ),
        ),
    ),
    Preset(
        "classic-convnet-dropout",
        "Two convolutions, and half of what they find hidden at random while learning.",
        "Keras' simple-convnet walkthrough; dropout stands before the flatten here, which hides the same numbers",
        Experiment(
            model=ModelSpec(conv=(_CONV, ConvBlock(filters=64, pool=2, dropout=0.5))),
            train=TrainSpec(epochs=10, batch_size=32, loss="categorical"),
        ),
    ),
    Preset(
        "sprint",
        "Over 99 % within seconds: two convolutions that step over every second pixel, batch norm, one cycle of the rate.",
        "designed here for the least time to 99.0 % test accuracy on two cores",
        Experiment(
            model=ModelSpec(
                conv=(
                    ConvBlock(filters=12, kernel_size=5, strides=2, batch_norm=True),
                    ConvBlock(filters=32, kernel_size=5, strides=2, batch_norm=True),
                ),
                dense=(DenseBlock(units=64, batch_norm=True),),
            ),
            train=TrainSpec(epochs=3, batch_size=128, learning_rate=0.01, schedule="one_cycle"),
        ),
    ),
    Preset(
        "reference-cnn",
        "The lab's own network: four convolutions, trained on digits turned, shifted and thickened to read real pens.",
        "designed here for over 99.3 % on the test set with under 500,000 parameters",
        Experiment(
            model=ModelSpec(
                conv=(
                    ConvBlock(filters=32, batch_norm=True),
                    ConvBlock(filters=32, batch_norm=True, pool=2, dropout=0.1),
                    ConvBlock(filters=64, batch_norm=True),
                    ConvBlock(filters=64, batch_norm=True, pool=2, dropout=0.2),
                ),
                dense=(DenseBlock(units=128, batch_norm=True, dropout=0.3),),
            ),
            train=TrainSpec(
                epochs=15,
                batch_size=128,
                optimizer="adam",
                learning_rate=0.003,
                schedule="one_cycle",
                initializer="he_normal",
                augmentation=Augmentation(shift=1.5, rotate=15, shear=15, scale=0.15, thickness=0.6),
            ),
        ),
    ),
)

PRESETS: dict[str, Preset] = {preset.name: preset for preset in _ALL}

START = "classic-convnet-dropout"  # what a lab opens with
