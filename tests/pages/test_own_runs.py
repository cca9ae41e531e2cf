"""A person's own runs: brought along from another lab, pinned, and on a hosted lab out of everybody else's sight."""

from __future__ import annotations

import hashlib
import io
import zipfile
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from mnistlab import parcel
from mnistlab.events import Evaluated, Finished, Started
from mnistlab.experiment import Experiment
from mnistlab.initial import fresh
from mnistlab.runs import Run
from mnistlab.ui import cache
from tests.pages.browser import ROOT, SECONDS, opened, run, words
from tests.pages.test_editor import field

MARKED = "marked label"
PAGES = ("0_home", "1_explore", "2_train", "3_evaluate", "4_draw")


def train(**session: Any) -> AppTest:
    """Train, with the popover of one's own runs open."""
    return opened("2_train", **{"editor-1-runs": True, **session})


def name(secret: str) -> str:
    """A visitor as runs keep it."""
    return hashlib.sha256(secret.encode()).hexdigest()[:16]


def a_run(label: str = "mine", visitor: str = "") -> Run:
    """A finished run of softmax regression."""
    store, spec = cache.store(), Experiment()
    made = store.create(spec, label, visitor=visitor)
    store.record(made.id, Started(digits="d", epochs=1, steps=1, train_images=1, validation_images=1))
    arrays = fresh(spec.model, "glorot_uniform", 1)
    store.record(made.id, Finished(reason="all_epochs", epochs=1, kept_epoch=1, arrays=arrays))
    test = cache.dataset().test
    answers = made.evaluation(test).probabilities
    store.record(made.id, Evaluated(digits=test.sha256, arrays={"probabilities": answers}))
    return store.open(made.id)


def upload(at: AppTest, content: bytes, file: str = "run.zip") -> AppTest:
    at.file_uploader[0].set_value((file, content, "application/zip"))
    return run(at)


def test_run_from_another_lab_is_in_every_chooser() -> None:
    at = upload(train(), parcel.wrap(cache.store().open("classic-dense-512")))
    assert r"Added: classic\-dense\-512\. Evaluate and Draw use it now\." in words(at).replace(r"\:", ":")
    (added,) = [one for one in cache.store() if not one.shipped]
    assert at.session_state["run"] == added.id
    assert at.button(key=field(at, f"run-{added.id}"))
    assert at.file_uploader[0].value is None  # the next one finds an empty place
    evaluate = opened("3_evaluate", run=added.id)
    assert added.label in evaluate.selectbox(key="choose-run").value or evaluate.session_state["run"] == added.id
    assert added.id in opened("4_draw", run=added.id).session_state["run"]


@pytest.mark.parametrize(
    ("content", "file", "reason"),
    [
        (b"\x80\x04\x95.", "run.zip", "it is a pickle"),
        (b"\x89HDF\r\n\x1a\n", "![x](http://x)", "it is a Keras or HDF5 file"),
        (b"PK\x03\x04", "a.zip", "it is not a whole zip file"),
    ],
)
def test_other_file_is_refused_with_the_reason(content: bytes, file: str, reason: str) -> None:
    at = upload(train(), content, file)
    (said,) = [error.value.replace("\\", "") for error in at.error]
    assert said.startswith(f"The file was not added: {reason}")
    assert not list(cache.store().path.glob("r*"))
    assert file not in words(at) or file.endswith(".zip")


def test_zip_that_is_taken_along_is_what_is_added() -> None:
    content = parcel.wrap(a_run())
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert "runs --add FILE.zip" in archive.read(archive.namelist()[-1]).decode()
    upload(train(), content)
    assert [one.label for one in cache.store() if not one.shipped] == ["mine", "mine"]


def test_run_is_pinned_and_unpinned_by_a_click() -> None:
    made = a_run()
    at = train()
    assert "Runs take 0 of 20,000 MB here" in words(at)
    for pinned in (True, False):
        at.button(key=f"pin-{made.id}").click()
        run(at)
        assert made.pinned is pinned


def test_pin_that_finds_no_room_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    made = a_run()
    at = train()
    monkeypatch.setenv("MNISTLAB_MAX_DISK_MB", "0.1")
    at.button(key=f"pin-{made.id}").click()
    (said,) = [error.value.replace("\\", "") for error in run(at).error]
    assert said == "Pinned runs may take 0.05 MB in all; unpin another one first."
    assert not made.pinned


# On a hosted lab


def everything(at: AppTest) -> str:
    """All that a page sends to the browser."""
    return " ".join(str(block.proto) for block in at._tree if getattr(block, "proto", None) is not None) + words(at)


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("live", [False, True], ids=["over", "training"])
def test_other_visitors_see_nothing_of_a_run_not_even_by_its_link(
    page: str, live: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MNISTLAB_HOSTED", "1")
    secret = a_run(MARKED, visitor=name("the first"))
    if live:
        cache.store().live.add(secret.id)
    forged = {"run": secret.id, "second": secret.id}
    seen = opened(page, forged if page != "0_home" else None, visitor="the second", **{"editor-1-runs": True})
    sent = everything(seen)
    assert MARKED not in sent.replace("\\", "")
    assert secret.id not in sent
    session = {"run": secret.id, "training": secret.id, "start": secret.id, "second": secret.id, "others": [secret.id]}
    if page == "4_draw":
        del session["others"]  # a widget's own value; its options are read above
    sent = everything(opened(page, visitor="the second", **session))
    assert MARKED not in sent.replace("\\", "")


def test_they_see_it_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MNISTLAB_HOSTED", "1")
    mine = a_run(MARKED, visitor=name("the first"))
    for page in ("2_train", "3_evaluate", "4_draw"):
        sent = everything(opened(page, {"run": mine.id}, visitor="the first", run=mine.id, **{"editor-1-runs": True}))
        assert MARKED in sent.replace("\\", "")


def test_sidebar_shows_only_ones_own_training(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MNISTLAB_HOSTED", "1")
    store = cache.store()
    theirs, own = (store.create(Experiment(), label, visitor=name(who)) for label, who in (("a", "one"), ("b", "two")))
    store.live.update({theirs.id, own.id})
    at = AppTest.from_file(ROOT / "app.py", default_timeout=SECONDS)
    at.session_state["visitor"] = "two"
    run(at)
    assert [text.value for text in at.sidebar.text] == ["b"]


def test_what_others_bring_belongs_to_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MNISTLAB_HOSTED", "1")
    upload(train(visitor="the first"), parcel.wrap(cache.store().open("classic-dense-512")))
    (added,) = [one for one in cache.store() if not one.shipped]
    assert added.visitor == name("the first")
    assert f"run-{added.id}" not in everything(train(visitor="the second"))
