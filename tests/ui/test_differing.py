"""What is set differently, in words."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

from mnistlab.experiment import ConvBlock, DataSpec, DenseBlock, Experiment, ModelSpec, Spoil, TrainSpec
from tests.pages.browser import columns

A = Experiment(model=ModelSpec(dense=(DenseBlock(units=64),)))
B = Experiment(
    data=DataSpec(spoil=Spoil(rare=7)),
    model=ModelSpec(
        conv=(ConvBlock(filters=8, kernel_size=5, pool=2, batch_norm=True),),
        dense=(DenseBlock(units=128), DenseBlock(units=10, activation="tanh", dropout=0.5)),
    ),
    train=TrainSpec(epochs=3, learning_rate=0.0004, nesterov=True, optimizer="sgd", momentum=0.9),
)


def page() -> None:
    from mnistlab.experiment import differences
    from mnistlab.ui.differing import differing
    from tests.ui.test_differing import A, B

    differing(differences(A, B), "mine", "now")


def test_every_setting_is_told_as_the_editor_calls_it() -> None:
    at = AppTest.from_function(page).run()
    assert not at.exception
    found = columns(at, "differences")
    assert list(found) == ["setting", "mine", "now"]
    told = {name: (a, b) for name, a, b in zip(*found.values(), strict=True)}
    assert told == {
        "spoil rare": ("–", "7"),
        "conv1": ("–", "8 filters of 5 × 5, pool 2, batch norm"),
        "dense1 units": ("64", "128"),
        "dense2": ("–", "10 units, tanh, dropout 0.5"),
        "epochs": (str(A.train.epochs), "3"),
        "optimizer": (A.train.optimizer, "sgd"),
        "learning rate": ("0.001", "0.0004"),
        "momentum": ("0", "0.9"),
        "nesterov": ("off", "on"),
    }
