"""A trained network as a file that other programs open: Keras, ONNX or LiteRT.

Every file is opened again and compared with Keras on real digits before it is handed over.
"""

from __future__ import annotations

import contextlib
import importlib.util
import io
import tempfile
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from ..data.digits import Bytes
from ..events import Arrays, Emit, Exported, Failed
from ..experiment import Experiment
from ..export import SUFFIXES, TOLERANCE
from . import network

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Format:
    """How a file is written and read, and what must be installed for it: module names, and what pip calls them."""

    write: Callable[[keras.Model, Path], None]
    read: Callable[[Path, Floats], Floats]
    """Probabilities (n, 10) of images float32 (n, 28, 28, 1) by the program that the format is for."""
    needs: tuple[str, ...] = ()
    install: str = ""


def _write_keras(model: keras.Model, path: Path) -> None:
    model.save(path)


def _read_keras(path: Path, pixels: Floats) -> Floats:
    return keras.saving.load_model(path).predict(pixels, verbose=0)


def _write_onnx(model: keras.Model, path: Path) -> None:
    for layer in model.layers:
        if getattr(layer, "activation", None) is keras.activations.gelu:
            layer.activation = _gelu
    model.export(path, format="onnx", verbose=False)


def _gelu(x: Any) -> Any:
    """Keras' own is made of erfc, which tf2onnx does not know; erf it does."""
    return 0.5 * x * (1 + keras.ops.erf(x / 2**0.5))


def _read_onnx(path: Path, pixels: Floats) -> Floats:
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: pixels})[0]


def _write_litert(model: keras.Model, path: Path) -> None:
    model.export(path, format="litert", verbose=False)


def _read_litert(path: Path, pixels: Floats) -> Floats:
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(str(path))
    incoming = interpreter.get_input_details()[0]["index"]
    interpreter.resize_tensor_input(incoming, pixels.shape)
    interpreter.allocate_tensors()
    interpreter.set_tensor(incoming, pixels)
    interpreter.invoke()
    return interpreter.get_tensor(interpreter.get_output_details()[0]["index"])


FORMATS: dict[str, Format] = {
    "keras": Format(_write_keras, _read_keras),
    "onnx": Format(_write_onnx, _read_onnx, ("onnx", "tf2onnx", "onnxruntime"), "onnx tf2onnx onnxruntime"),
    "litert": Format(_write_litert, _read_litert, ("ai_edge_litert",), "ai-edge-litert"),
}


def export(experiment: Experiment, arrays: Arrays, kind: str, images: Bytes, emit: Emit) -> None:
    """Emit `Exported` with the network's file of this `kind`, or `Failed` with the reason.

    `images` uint8 (n, 28, 28) are what it is compared on.
    """
    form = FORMATS[kind]
    if missing := [name for name in form.needs if importlib.util.find_spec(name) is None]:
        emit(Failed(message=f"This format needs {missing[0]}: python -m pip install {form.install}"))
        return
    model = network.build(experiment.model, experiment.train)
    network.set_weights(model, arrays)
    pixels = images[..., None].astype(np.float32) / np.float32(255)
    expected = model.predict(pixels, verbose=0)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"network{SUFFIXES[kind]}"
        with _quiet():
            form.write(model, path)
        apart = float(np.abs(form.read(path, pixels) - expected).max())
        content = path.read_bytes()
    if not apart <= TOLERANCE:
        emit(
            Failed(
                message=f"The {kind} file was not kept: on {len(images)} digits it differs from Keras by {apart:.1e}."
            )
        )
        return
    emit(Exported(kind=kind, digits=len(images), apart=apart, arrays={"content": np.frombuffer(content, np.uint8)}))


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """What exporters print and warn of is for their developers; standard output belongs to the command line."""
    with (
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        yield
