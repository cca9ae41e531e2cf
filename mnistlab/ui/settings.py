"""How the network is trained, on which digits and until when: the tabs of the editor below the blocks."""

from __future__ import annotations

from typing import Any, get_args

import streamlit as st

from ..experiment import OPTIMIZERS, Initializer, Schedule
from . import fields
from .trouble import boundary, plain

THIRD, HALF = 122, 187  # pixels of a field: three or two fill the column at a desk, and still show plus and minus
TABS = ("Optimizer", "Augmentation", "Data", "Stopping")
OPTIMIZER_NAMES = {"sgd": "SGD", "rmsprop": "RMSprop", "adam": "Adam", "adamw": "AdamW", "adagrad": "Adagrad"}
INITIALIZER_NAMES = {name: name.replace("_", " ").capitalize() for name in get_args(Initializer)}


def settings() -> None:
    """Draw them all: what is not drawn would be forgotten."""
    for name, tab, draw in zip(TABS, st.tabs(TABS), (_optimizer, _augmentation, _data, _stopping), strict=True):
        with tab, st.container(gap="small"), boundary(name):
            draw()


def _row() -> Any:
    """Fields side by side: three at a desk, two on a phone."""
    return st.container(horizontal=True, vertical_alignment="bottom", gap="xsmall")


def _optimizer() -> None:
    with _row():
        fields.number("train.epochs", "Epochs", "Times every training digit is seen; 5 to 15 is usual.", width=THIRD)
        fields.number(
            "train.batch_size", "Batch size", "Digits averaged into one step; 32 to 256 is usual.", step=32, width=THIRD
        )
        fields.number(
            "train.seed", "Seed", "Draws the first weights, the order and the dropout: same seed, same run. 0 is as good as any.",
            width=THIRD,
        )  # fmt: skip
    with _row():
        fields.choice(
            "train.optimizer", "Optimizer", OPTIMIZERS,
            "How a gradient becomes a step. Adam adapts each weight's own step and is a good first choice; SGD is the plain one.",
            names=OPTIMIZER_NAMES, width=THIRD - 8,
        )  # fmt: skip
        fields.choice(
            "train.schedule", "Schedule", get_args(Schedule),
            "How the learning rate changes over the training: constant is usual for short ones; step divides it by 10 at "
            "a half and at three quarters; exponential and cosine lower it smoothly; one cycle rises first and learns fast.",
            width=THIRD - 8,
        )  # fmt: skip
        fields.choice(
            "train.initializer", "Initializer", get_args(Initializer),
            "How the first weights are drawn. Glorot uniform is Keras' own; He suits relu in deep networks.",
            names=INITIALIZER_NAMES, width=THIRD + 16,
        )  # fmt: skip
    fields.rate(
        "train.learning_rate", "Learning rate",
        "Size of a step, on a logarithmic scale. Usual is 0.001 for Adam and RMSprop, 0.01 to 0.1 for SGD.",
    )  # fmt: skip
    with _row():
        _decay_and_momentum()
        _loss()


def _decay_and_momentum() -> None:
    """Weight decay, and what only some optimizers have."""
    fields.number(
        "train.weight_decay", "Weight decay",
        "Part of each weight taken away at every step, times the learning rate; against overfitting. 0 or 0.01 is usual.",
        step=0.005, width=THIRD,
    )  # fmt: skip
    optimizer = fields.value("train.optimizer")
    if optimizer in ("sgd", "rmsprop"):
        fields.number(
            "train.momentum", "Momentum", "Part of the last step that is kept; 0.9 is usual with SGD, 0 is none.",
            step=0.05, width=THIRD,
        )  # fmt: skip
    if optimizer == "sgd" and fields.value("train.momentum"):
        fields.switch(
            "train.nesterov", "Nesterov",
            "Takes the gradient where the momentum leads to, not where the weights are. Off is usual.",
        )  # fmt: skip


def _loss() -> None:
    """Cross-entropy; only its form with one-hot labels can be smoothed."""
    fields.choice(
        "train.loss", "Cross-entropy", ("sparse_categorical", "categorical"),
        "The loss, in two forms that give the same number: sparse takes labels such as 7, categorical takes them "
        "one-hot, as 0 0 0 0 0 0 0 1 0 0.",
        names={"sparse_categorical": "sparse"}, width=THIRD,
    )  # fmt: skip
    if fields.value("train.loss") == "categorical":
        fields.number(
            "train.label_smoothing", "Smoothing",
            "Part of the label given evenly to all ten digits, so that nothing is learnt as certain; 0 or 0.1 is usual.",
            step=0.05, width=THIRD,
        )  # fmt: skip


def _augmentation() -> None:
    where = "train.augmentation"
    fields.slider(f"{where}.shift", "Moved, pixels", "The most, both across and down; 1 to 2 is usual.", step=0.5)
    fields.slider(f"{where}.rotate", "Turned, degrees", "The most, either way; 10 to 15 is usual.")
    fields.slider(f"{where}.shear", "Slanted, degrees", "The most from the vertical, either way; 10 to 15 is usual.")
    fields.slider(f"{where}.scale", "Resized", "0.1 is from 90 % to 110 %; 0.1 to 0.15 is usual.", step=0.01)
    fields.slider(
        f"{where}.thickness", "Strokes thicker or thinner", "1 is by one pixel on each side; 0.5 is usual.", step=0.05
    )
    st.caption(
        "Each training digit is changed anew in every epoch, at random up to these, so that the network never sees the "
        "same picture twice. Validation and test digits stay as they are. All zero is off, as in the classics."
    )


def _data() -> None:
    with _row():
        fields.number(
            "data.train_images", "Training digits", "How many are trained on; empty is all that validation leaves.",
            step=1000, placeholder="all", width=HALF,
        )  # fmt: skip
        fields.number(
            "data.validation_images", "Validation digits",
            "Cut from the training digits by the seed, to watch what is not trained on; 5,000 is usual.",
            step=500, placeholder="one in twelve", width=HALF,
        )  # fmt: skip
    fields.switch(
        "data.leave_out_sample", "Leave out the bundled 5,000",
        "Never trains on the digits that come with the lab, so that a score on them is honest. Off is usual.",
    )  # fmt: skip
    with st.expander("Spoil the training digits on purpose"):
        _spoil()
    st.caption("The test digits are never trained on, never used for tuning and never spoiled.")


def _spoil() -> None:
    where, spoil = "data.spoil", fields.base().data.spoil
    st.pills(
        "Leave out", range(10), selection_mode="multi", default=list(spoil.leave_out), key=fields.key(f"{where}.leave_out"),
        help="Digits the network never sees; it can then never answer them right. None is usual.",
    )  # fmt: skip
    st.pills(
        "Ten times fewer", range(10), default=spoil.rare, key=fields.key(f"{where}.rare"),
        help="One digit shown ten times less often. None is usual.",
    )  # fmt: skip
    fields.number(
        f"{where}.per_digit", "At most images a digit", "How little is enough? 10 to 100 is interesting.",
        step=10, placeholder="all",
    )  # fmt: skip
    fields.slider(f"{where}.wrong_labels", "Wrong labels, %", "Part of the images with another digit's label.")
    fields.slider(f"{where}.shift", "Moved once, pixels", "Each image by a random offset, the same in every epoch.")
    fields.slider(f"{where}.rotate", "Turned once, degrees", "Each image by a random angle, the same in every epoch.")
    fields.slider(f"{where}.noise", "Noise, of 255", "Standard deviation of what is added to each pixel.")
    if told := fields.base().data.spoil.sentence:
        st.caption(plain(f"It started from: {told}"))


def _stopping() -> None:
    where = "train.stopping"
    with _row():
        fields.number(
            f"{where}.patience", "Patience",
            "In epochs: stops when validation loss has not fallen for so many, and keeps the best one; 3 is usual.",
            placeholder="never", width=THIRD,
        )  # fmt: skip
        fields.number(
            f"{where}.target_accuracy", "Accuracy",
            "Stops when validation accuracy reaches this; 0.99 is 99 %. Empty is usual.",
            step=0.005, placeholder="any", width=THIRD,
        )  # fmt: skip
        fields.number(
            f"{where}.seconds", "Seconds", "Stops in the midst of an epoch when so many are used up. Empty is usual.",
            step=10, placeholder="any", width=THIRD,
        )  # fmt: skip
    st.caption(
        "Training ends after so many epochs without a lower validation loss, at this validation accuracy, or when the time "
        "is used up, whichever comes first; without any of them after the last epoch."
    )
