"""What is taken out of the lab: a run that another lab opens, code, and what the command line says and refuses."""

from __future__ import annotations

import ast
import io
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path, PurePosixPath

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
from mnistlab.runs import Run, RunError, RunStore
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


def alone(lab: Path, name: str) -> RunStore:
    return RunStore(lab / name, shipped=lab / "none")


# A run as a zip


def test_another_lab_opens_the_run(lab: Path) -> None:
    run = a_run(alone(lab, "runs"))
    with zipfile.ZipFile(io.BytesIO(zipped(run))) as archive:
        archive.extractall(lab / "elsewhere")
    (found,) = alone(lab, "elsewhere")
    assert (found.id, found.label, found.experiment, found.status) == (run.id, "mine", SPEC, "finished")
    assert set(found.weights()) == set(run.weights())
    for name, array in run.weights().items():
        np.testing.assert_array_equal(found.weights()[name], array)
    assert found.history.finished == run.history.finished
    np.testing.assert_array_equal(
        found.evaluation(load().test).probabilities, run.evaluation(load().test).probabilities
    )


def test_zip_holds_json_and_plain_arrays_only(lab: Path) -> None:
    run = a_run(alone(lab, "runs"))
    (run.path / "model.keras").write_bytes(b"a program")
    with zipfile.ZipFile(io.BytesIO(zipped(run))) as archive:
        paths = [PurePosixPath(name) for name in archive.namelist()]
        assert {path.parent.as_posix() for path in paths} == {run.id}  # no other folder, and none above
        assert {path.name for path in paths} == {
            "run.json", "events.jsonl", "weights.npz", "evaluation.npz", "README.txt",
        }  # fmt: skip
        json.loads(archive.read(f"{run.id}/run.json"))
        for name in ("weights", "evaluation"):
            with np.load(io.BytesIO(archive.read(f"{run.id}/{name}.npz")), allow_pickle=False) as arrays:
                assert all(arrays[key].dtype != object for key in arrays)


def test_run_without_weights_is_refused(lab: Path) -> None:
    run = alone(lab, "runs").create(SPEC, "empty")
    with pytest.raises(RunError, match=r"^this run has no weights yet$"):
        zipped(run)


def test_files_that_cannot_be_read_are_said_to_be(lab: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = a_run(alone(lab, "runs"))

    def fails(self: Path) -> bytes:
        raise OSError("the disk is gone")

    monkeypatch.setattr(Path, "read_bytes", fails)
    with pytest.raises(RunError, match=r"^this run's files cannot be read$"):
        zipped(run)


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
