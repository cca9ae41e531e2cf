"""What is taken out of the lab: code and files of other formats, and what the command line says and refuses."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from mnistlab import keras_code
from mnistlab.__main__ import main
from mnistlab.data.sources import load, read_sample
from mnistlab.events import Arrays, Evaluated, Finished, Started
from mnistlab.experiment import Experiment
from mnistlab.export import COMPARED, MADE_BY_THE_WORKER, SUFFIXES, TOLERANCE
from mnistlab.initial import fresh
from mnistlab.presets import PRESETS
from mnistlab.runs import Run, RunStore
from tests.clusters import ROOT

SPEC = Experiment()


def a_run(store: RunStore, label: str = "mine") -> Run:
    """A finished run of softmax regression, with its answers to the test digits."""
    run = store.create(SPEC, label)
    store.record(run.id, Started(digits="d", epochs=1, steps=1, train_images=1, validation_images=1))
    arrays: Arrays = fresh(SPEC.model, "glorot_uniform", 1)
    store.record(run.id, Finished(reason="all_epochs", epochs=1, kept_epoch=1, arrays=arrays))
    digits = load().test
    probabilities = store.open(run.id).evaluation(digits).probabilities
    store.record(run.id, Evaluated(digits=digits.sha256, arrays={"probabilities": probabilities}))
    return store.open(run.id)


# The command line


@pytest.fixture
def runs(lab: Path, monkeypatch: pytest.MonkeyPatch) -> RunStore:
    """The runs that the command line sees; none is shipped."""
    monkeypatch.setattr(RunStore.__init__, "__defaults__", (None, lab / "none"))
    return RunStore()


def test_every_form_is_offered_and_has_a_suffix_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    assert list(SUFFIXES) == ["script", "notebook", "keras", "onnx", "litert", "zip"]
    assert len(set(SUFFIXES.values())) == len(SUFFIXES)
    with pytest.raises(SystemExit) as refused:
        main(["export", "classic-dense-512", "--as", "pickle"])
    assert refused.value.code == 2
    sentence = capsys.readouterr().err.splitlines()[-1]
    assert all(form in sentence for form in SUFFIXES)


@pytest.mark.parametrize("what", ["classic-dense-100", "mine"], ids=["preset", "run"])
def test_script_and_notebook_are_those_of_the_page(
    what: str, runs: RunStore, lab: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    a_run(runs)
    spec = PRESETS[what].experiment if what in PRESETS else SPEC
    for form, made in (("script", keras_code.script), ("notebook", keras_code.notebook)):
        target = lab / f"out{SUFFIXES[form]}"
        assert main(["export", what, "--as", form, "-o", str(target), "--json"]) == 0
        assert target.read_text("utf-8") == made(spec, what)
        said = json.loads(capsys.readouterr().out.splitlines()[-1])
        assert said == {"path": str(target), "as": form, "bytes": target.stat().st_size}
    ast.parse((lab / "out.py").read_text("utf-8"))


def test_zip_is_written_where_it_was_asked_for(
    runs: RunStore, lab: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = a_run(runs)
    monkeypatch.chdir(lab)
    assert main(["export", run.id, "--as", "zip"]) == 0
    assert f"{run.id}.zip: " in capsys.readouterr().out
    with zipfile.ZipFile(lab / f"{run.id}.zip") as archive:
        assert archive.testzip() is None


@pytest.mark.parametrize("form", SUFFIXES)
def test_unknown_run_is_one_sentence(form: str, runs: RunStore, lab: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "nobody", "--as", form, "-o", str(lab / "out")]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.splitlines()[-1] == "mnistlab: no run has this id or label"
    assert not (lab / "out").exists()


@pytest.mark.parametrize("form", ["zip", *MADE_BY_THE_WORKER])
def test_preset_that_nobody_trained_says_how(
    form: str, runs: RunStore, lab: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export", "classic-dense-100", "--as", form, "-o", str(lab / "out")]) == 2
    said = capsys.readouterr().err.splitlines()[-1]
    assert said == ("mnistlab: classic-dense-100 has not been trained yet: python -m mnistlab train classic-dense-100")


def test_place_that_cannot_be_written_is_one_sentence(
    runs: RunStore, lab: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = lab / "no" / "such" / "folder.py"
    (lab / "no").write_text("a file, no folder")
    assert main(["export", "classic-dense-100", "--as", "script", "-o", str(target)]) == 2
    assert capsys.readouterr().err.splitlines()[-1] == f"mnistlab: {str(target)!r} cannot be written"


@pytest.mark.slow
def test_shipped_network_leaves_through_the_worker(lab: Path) -> None:
    """As a person calls it: engine, worker, comparison, file; the answers are those of the run."""
    import onnxruntime

    target = lab / "network.onnx"
    done = subprocess.run(
        [sys.executable, "-m", "mnistlab", "export", "classic-dense-512", "--as", "onnx", "-o", str(target), "--json"],
        cwd=ROOT, env=os.environ.copy(), capture_output=True, text=True, timeout=180, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    said = json.loads(done.stdout.splitlines()[-1])
    assert (said["as"], said["bytes"], said["digits"]) == ("onnx", target.stat().st_size, COMPARED)
    assert 0 <= said["apart"] <= TOLERANCE
    session = onnxruntime.InferenceSession(str(target), providers=["CPUExecutionProvider"])
    digits = read_sample()[-50:]
    pixels = digits.images[..., None].astype(np.float32) / 255
    (answers,) = session.run(None, {session.get_inputs()[0].name: pixels})
    expected = RunStore().find("classic-dense-512").evaluation(digits).probabilities
    np.testing.assert_allclose(answers, expected, atol=1e-5)
