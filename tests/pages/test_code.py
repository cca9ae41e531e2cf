"""The Keras code and Line by line tabs of Train, and what of a finished run can be taken along."""

from __future__ import annotations

import time

import pytest
from streamlit.testing.v1 import AppTest

from mnistlab import keras_code
from mnistlab.data.sources import load
from mnistlab.engine import Engine, EngineError
from mnistlab.events import Arrays, Finished, Started
from mnistlab.experiment import DenseBlock, Experiment, ModelSpec
from mnistlab.initial import fresh
from mnistlab.ledger import Ledger
from mnistlab.runs import RunStore
from mnistlab.ui import cache
from tests.pages.browser import opened, run, words

SPEC = Experiment(model=ModelSpec(dense=(DenseBlock(units=9),)))
SECONDS = 120  # a worker loads TensorFlow first; the machine may be busy


def tab(name: str, **more: object) -> AppTest:
    return opened("2_train", experiment=SPEC, **{"train-view": name, **more})


def finished() -> str:
    """The id of a run of `SPEC` that has ended, whose weights are random."""
    store = RunStore()
    made = store.create(SPEC, "nine *units*")
    store.record(made.id, Started(digits=load().sha256, epochs=1, steps=1, train_images=1, validation_images=1))
    arrays: Arrays = fresh(SPEC.model, "glorot_uniform", 4)
    store.record(made.id, Finished(reason="all_epochs", epochs=1, kept_epoch=1, arrays=arrays))
    return made.id


def test_script_is_the_experiments() -> None:
    at = tab("Keras code")
    assert "keras.layers.Dense(9" in at.code[0].value
    title = at.code[0].value.splitlines()[0].removeprefix("# ")
    assert at.code[0].value == keras_code.script(SPEC, title).rstrip()
    assert f"in {len(at.code[0].value.splitlines())} lines of plain Keras" in words(at)
    assert [button.proto.label for button in at.get("download_button")] == ["Script (.py)", "Notebook (.ipynb)"]


def test_every_line_is_explained_as_deep_as_it_is_asked_for() -> None:
    said = {}
    for depth in ("One sentence", "The numbers", "The formula"):
        at = tab("Line by line", **{"lines-depth": depth})
        said[depth] = words(at), len(at.get("latex"))
    (few, none), (more, still_none), (most, formulas) = said.values()
    assert "How wrong the answers are, as one number" in few
    assert "(784 + 1)·9 = 7,065" not in few
    assert "(784 + 1)·9 = 7,065" in more
    assert "Source: " not in more
    assert "Source: C. Bishop" in most
    assert none == still_none == 0 < formulas
    assert "weights that have learned nothing" in most


def test_a_trained_network_lends_its_weights_to_the_explanation() -> None:
    found = finished()
    at = opened("2_train", {"run": found}, experiment=SPEC, **{"train-view": "Line by line"})
    assert r"the weights of the run nine \*units\*" in words(at)


def test_network_that_cannot_exist_is_refused_before_its_code() -> None:
    impossible = Experiment.of({"model": {"conv": [{"kernel_size": 11, "strides": 3}, {"kernel_size": 11}]}})
    at = opened("2_train", experiment=impossible, **{"train-view": "Keras code"})
    assert not at.code
    with pytest.raises(ValueError, match="conv2"):
        Ledger.of(impossible.model)


def test_run_that_nobody_can_export_now_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def start(*_: object, **__: object) -> None:
        raise EngineError("No worker process could be reached")

    at = opened("2_train", {"run": finished()}, experiment=SPEC, **{"train-view": "Keras code"})
    monkeypatch.setattr(Engine, "start", start)
    at.button(key="take-onnx").click()
    assert "No worker process could be reached" in [error.value for error in run(at).error]


@pytest.mark.slow
def test_file_is_made_on_demand_and_offered_with_what_was_compared() -> None:
    at = opened("2_train", {"run": finished()}, experiment=SPEC, **{"train-view": "Keras code"})
    assert r"**Take it along:** nine \*units\*" in words(at)
    try:
        at.button(key="take-litert").click()
        end = time.monotonic() + SECONDS
        while "Compared with Keras on 100 test digits" not in words(run(at)):
            assert time.monotonic() < end, words(at)
            time.sleep(0.2)
    finally:
        cache.engine().close()
    assert any(button.proto.label.startswith("Save the LiteRT file") for button in at.get("download_button"))
