"""MNIST Lab's core: everything the pages show, usable from a shell or a notebook without Streamlit.

experiment   what to train: `Experiment`, `ModelSpec`, `ConvBlock`, `DenseBlock`, `DataSpec`, `TrainSpec`
presets      named experiments
ledger       shapes, parameters and multiply-adds, by arithmetic
limits       what this machine may be asked to do; `pace` how long it takes
links        an experiment as the words of a link
data         `Digits` and where they come from; spoiled, summed up and measured
engine       trains experiments in a worker process (the only place where Keras is loaded)
events       what a worker says; `history` folds it into curves
runs         `RunStore`: trained runs on disk
forward      a trained network in NumPy, every layer's output kept
keras_code   an experiment as a plain Keras script or notebook
explain      each line of it, worked with one digit and one network
export       what can be taken out: code, networks in other formats
parcel       a run as one zip, out of a lab and into another; `foreign` checks what is in it
evaluation   confusion, precision, recall, F1, mistakes; `calibration`, `slices`, `comparison` of two runs
robustness   what corrupted digits (`corruptions`) cost a network; `report` takes it all along
neighbours   the digits nearest to one; `pca` their principal components
drawing      a drawing or photo made into a digit
figures      Plotly figures of all this
ui           the pages' parts (the only folder that imports Streamlit)

>>> from mnistlab import Network, RunStore, load
>>> network = Network.from_run(RunStore().open("reference-cnn"))
>>> network.probabilities(load().test.images[:3]).shape
(3, 10)
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .data.digits import Dataset, Digits
    from .data.sources import load
    from .drawing import Prepared, prepare
    from .evaluation import Evaluation
    from .experiment import (
        Augmentation,
        ConvBlock,
        DataSpec,
        DenseBlock,
        Experiment,
        ModelSpec,
        SpecError,
        Spoil,
        Stopping,
        TrainSpec,
    )
    from .forward import Network
    from .history import History
    from .ledger import Layer, Ledger
    from .presets import PRESETS, Preset
    from .runs import Run, RunError, RunStore

__version__ = "0.1.0"

# What takes long to load comes when it is first asked for: NumPy and pydantic need longer than a page's first words.
PLACES = {
    "data.digits": ("Dataset", "Digits"),
    "data.sources": ("load",),
    "drawing": ("Prepared", "prepare"),
    "evaluation": ("Evaluation",),
    "experiment": (
        "Augmentation",
        "ConvBlock",
        "DataSpec",
        "DenseBlock",
        "Experiment",
        "ModelSpec",
        "SpecError",
        "Spoil",
        "Stopping",
        "TrainSpec",
    ),
    "forward": ("Network",),
    "history": ("History",),
    "ledger": ("Layer", "Ledger"),
    "presets": ("PRESETS", "Preset"),
    "runs": ("Run", "RunError", "RunStore"),
}

__all__ = [
    "PRESETS",
    "Augmentation",
    "ConvBlock",
    "DataSpec",
    "Dataset",
    "DenseBlock",
    "Digits",
    "Evaluation",
    "Experiment",
    "History",
    "Layer",
    "Ledger",
    "ModelSpec",
    "Network",
    "Prepared",
    "Preset",
    "Run",
    "RunError",
    "RunStore",
    "SpecError",
    "Spoil",
    "Stopping",
    "TrainSpec",
    "load",
    "prepare",
]


def __getattr__(name: str) -> Any:
    for module, names in PLACES.items():
        if name in names:
            return getattr(import_module(f".{module}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
