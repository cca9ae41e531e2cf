"""Whose run is whose: a visitor is one secret of a browser, and on a hosted lab sees nothing of the others'."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.runtime.context import ContextProxy
from streamlit.web.server.starlette.starlette_app_utils import generate_xsrf_token_string

from mnistlab.experiment import Experiment
from mnistlab.runs import Run, RunError
from mnistlab.ui import cache, visitors
from mnistlab.ui.visitors import token

ONE, OTHER = b"0123456789abcdef", b"fedcba9876543210"


@pytest.fixture(autouse=True)
def store(lab: Path) -> Iterator[None]:
    st.cache_resource.clear()
    yield
    st.cache_resource.clear()


def comes(monkeypatch: pytest.MonkeyPatch, secret: bytes) -> str:
    """From now on the visitor is the browser with this secret; its cookie is masked anew, as at every request."""
    cookie = generate_xsrf_token_string(secret, 1)
    monkeypatch.setattr(ContextProxy, "cookies", property(lambda _: {"_streamlit_xsrf": cookie}))
    return visitors.visitor()


def test_a_browser_is_the_same_visitor_after_a_reload(monkeypatch: pytest.MonkeyPatch) -> None:
    assert len({comes(monkeypatch, ONE) for _ in range(5)}) == 1
    assert comes(monkeypatch, ONE) != comes(monkeypatch, OTHER)


def test_what_is_kept_of_a_visitor_is_not_the_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = comes(monkeypatch, ONE)
    assert len(kept) == 16
    assert kept not in ONE.hex()


def test_without_a_cookie_a_visitor_is_a_session() -> None:
    found = []
    for secret in ("one", "one", "another"):
        st.session_state["visitor"] = secret
        found.append(visitors.visitor())
    assert found[0] == found[1] != found[2]


@pytest.mark.parametrize(
    "cookie", ["plain", "2|zz|00|1", "2|00|00|1", "1|00000000|00|1", "2|00000000|00", "|||", "2|||"]
)
def test_cookie_of_another_form_is_taken_as_it_is(cookie: str) -> None:
    assert token(cookie) == cookie


@pytest.fixture
def hosted(monkeypatch: pytest.MonkeyPatch) -> Run:
    """A hosted lab with a run of the first visitor; now the second one comes."""
    monkeypatch.setenv("MNISTLAB_HOSTED", "1")
    made = cache.store().create(Experiment(), "secret", visitor=comes(monkeypatch, ONE))
    cache.store().live.add(made.id)
    comes(monkeypatch, OTHER)
    return made


def test_others_runs_are_not_there(hosted: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    assert [run.shipped for run in visitors.runs()] == [True, True]
    assert visitors.living() == []
    assert not visitors.may_steer(hosted)
    comes(monkeypatch, ONE)
    assert visitors.runs()[0] == visitors.open_run(hosted.id) == visitors.living()[0] == hosted
    assert visitors.may_steer(hosted)


def test_guessed_link_says_the_same_as_one_to_nowhere(hosted: Run) -> None:
    said = []
    for run_id in (hosted.id, "r" + 32 * "0"):
        with pytest.raises(RunError) as caught:
            visitors.open_run(run_id)
        said.append(str(caught.value))
    assert said[0] == said[1]


def test_what_the_host_added_all_see_and_none_steers(hosted: Run) -> None:
    added = cache.store().create(Experiment(), "for the class")
    assert added in visitors.runs()
    assert not visitors.may_steer(added)


def test_on_a_lab_of_ones_own_all_is_there(hosted: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MNISTLAB_HOSTED", "0")
    assert hosted in visitors.runs()
    assert visitors.may_steer(hosted)
