"""Exported networks: other programs answer as Keras does, and no file that differs is handed over."""

from __future__ import annotations

import importlib.util
import tomllib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import keras
import numpy as np
import pytest

from mnistlab.data.sources import read_sample
from mnistlab.events import Arrays, Event, Exported, Failed
from mnistlab.experiment import Activation, ConvBlock, DenseBlock, Experiment, ModelSpec
from mnistlab.export import COMPARED, MADE_BY_THE_WORKER, SUFFIXES, TOLERANCE
from mnistlab.initial import fresh
from mnistlab.runs import RunStore
from mnistlab.worker import export, network
from tests.clusters import ROOT

pytestmark = pytest.mark.slow

SMALL = Experiment(
    model=ModelSpec(
        conv=(ConvBlock(filters=3, batch_norm=True, padding="same", strides=2, activation="silu", dropout=0.2),),
        dense=(DenseBlock(units=6, activation="gelu"),),
    )
)
WEIGHTS = fresh(SMALL.model, "he_normal", 2)
IMAGES = read_sample().images[-COMPARED:]
OTHERS = read_sample().images[-700:-COMPARED]  # which it was not compared on


def exported(experiment: Experiment, weights: Arrays, kind: str) -> Event:
    events: list[Event] = []
    export.export(experiment, weights, kind, IMAGES, events.append)
    (event,) = events
    return event


def pixels(images: np.ndarray) -> np.ndarray:
    return images[..., None].astype(np.float32) / 255


# Each form opened by the program that it is for


def by_keras(path: Path, values: np.ndarray) -> np.ndarray:
    return np.asarray(keras.saving.load_model(path)(values, training=False))


def by_onnxruntime(path: Path, values: np.ndarray) -> np.ndarray:
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    (answers,) = session.run(None, {session.get_inputs()[0].name: values})
    return answers


def by_litert(path: Path, values: np.ndarray) -> np.ndarray:
    """One image at a time, as a phone would."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(str(path))
    interpreter.allocate_tensors()
    (incoming,), (outgoing,) = interpreter.get_input_details(), interpreter.get_output_details()
    answers = []
    for value in values:
        interpreter.set_tensor(incoming["index"], value[None])
        interpreter.invoke()
        answers.append(interpreter.get_tensor(outgoing["index"])[0])
    return np.array(answers)


OPENED: dict[str, Callable[[Path, np.ndarray], np.ndarray]] = {
    "keras": by_keras,
    "onnx": by_onnxruntime,
    "litert": by_litert,
}


def test_each_form_of_the_worker_is_tried_here() -> None:
    assert set(OPENED) == set(export.FORMATS) == set(MADE_BY_THE_WORKER)


@pytest.mark.parametrize("kind", OPENED)
@pytest.mark.parametrize("name", ["classic-dense-512", "reference-cnn", ""], ids=lambda name: name or "small")
def test_file_answers_as_keras_does(name: str, kind: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    spec, weights = SMALL, WEIGHTS
    if name:
        run = RunStore().find(name)
        spec, weights = run.experiment, run.weights()
    event = exported(spec, weights, kind)
    assert capfd.readouterr().out == ""  # which is the command line's
    assert isinstance(event, Exported), event
    assert (event.kind, event.digits) == (kind, COMPARED)
    assert 0 <= event.apart <= TOLERANCE
    path = tmp_path / f"network{SUFFIXES[kind]}"
    path.write_bytes(event.arrays["content"].tobytes())
    model = network.build(spec.model, spec.train)
    network.set_weights(model, weights)
    expected = model.predict(pixels(OTHERS), verbose=0)
    assert expected.max(axis=1).min() < 0.99  # not all of them are certain: there is something to tell apart
    np.testing.assert_allclose(OPENED[kind](path, pixels(OTHERS)), expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize("kind", ["onnx", "litert"])
def test_every_activation_can_be_exported(kind: str) -> None:
    """All of them in one network, in layers of their own and before a batch norm."""
    names = get_args(Activation)
    dense = tuple(DenseBlock(units=5, activation=name, batch_norm=i % 2 == 0) for i, name in enumerate(names))
    spec = Experiment(model=ModelSpec(conv=(ConvBlock(filters=2, activation="gelu"),), dense=dense))
    assert isinstance(exported(spec, fresh(spec.model, "he_normal", 3), kind), Exported)


# What is not handed over


@pytest.mark.parametrize("off", [2 * TOLERANCE, float("nan")])
def test_file_that_answers_otherwise_is_not_handed_over(off: float, monkeypatch: pytest.MonkeyPatch) -> None:
    form = export.FORMATS["keras"]

    def other(path: Path, values: Any) -> Any:
        answers = np.array(form.read(path, values))
        answers[-1, 3] += off
        return answers

    monkeypatch.setitem(export.FORMATS, "keras", replace(form, read=other))
    event = exported(SMALL, WEIGHTS, "keras")
    assert isinstance(event, Failed)
    assert event.message.startswith("The keras file was not kept: on 100 digits it differs from Keras by ")


@pytest.mark.parametrize(
    ("kind", "missing"), [("onnx", "tf2onnx"), ("onnx", "onnxruntime"), ("litert", "ai_edge_litert")]
)
def test_missing_extra_is_one_sentence_with_its_install_line(
    kind: str, missing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == missing else there(name))
    monkeypatch.setattr(network, "build", lambda *_: pytest.fail("it is said before anything is built"))
    assert exported(SMALL, WEIGHTS, kind) == Failed(
        message=f"This format needs {missing}: python -m pip install {export.FORMATS[kind].install}"
    )


@pytest.mark.parametrize("kind", ["onnx", "litert"])
def test_install_line_names_the_packages_of_the_extra(kind: str) -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    assert export.FORMATS[kind].install.split() == [wanted.split(">=")[0] for wanted in extras[kind]]
