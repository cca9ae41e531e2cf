"""Evaluate: what the page says of a run is what the core computes, and every count leads to its pictures."""

from __future__ import annotations

import functools
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from mnistlab.evaluation import Evaluation
from mnistlab.events import Finished
from mnistlab.experiment import Experiment
from mnistlab.figures.colours import RIGHT, WRONG
from mnistlab.figures.scores import VIEWS
from mnistlab.runs import Run
from mnistlab.ui import cache
from tests.pages.browser import ROOT, SECONDS, component, figure, opened, pick, pictures, run, words

SHIPPED = ("reference-cnn", "classic-dense-512")
QUICK = "classic-dense-512"


@functools.cache
def computed(name: str = QUICK) -> Evaluation:
    """By the core alone, from the run's weights and the digits at hand."""
    test = cache.dataset().test
    shipped = cache.store().open(name)
    return Evaluation.of(test.labels, cache.network(shipped).probabilities(test.images))


def click(label: int, answer: int) -> dict[str, Any]:
    """The matrix's selection after a click on a cell."""
    return {"selection": {"points": [{"customdata": [label, answer]}]}}


def own(**finished: Any) -> Run:
    """A run of one's own: softmax regression that has kept no weights, or these."""
    made = cache.store().create(Experiment(), "mine")
    if finished:
        cache.store().record(made.id, Finished(reason="all_epochs", epochs=1, kept_epoch=1, **finished))
    return made


def always(digit: int) -> dict[str, np.ndarray]:
    """Weights that answer `digit` to everything."""
    bias = np.zeros(10, np.float32)
    bias[digit] = 10
    return {"logits/kernel": np.zeros((784, 10), np.float32), "logits/bias": bias}


@pytest.mark.parametrize("name", SHIPPED)
def test_headline_is_what_the_core_computes(name: str) -> None:
    at, result = opened("3_evaluate", run=name), computed(name)
    assert [(metric.label, metric.value) for metric in at.metric] == [
        ("Test accuracy", f"{100 * result.accuracy:.2f} %"),
        ("Macro F1", f"{100 * result.f1.mean():.2f} %"),
        ("Test loss", f"{result.loss:.4f}"),
        ("Mistakes", f"{result.mistakes}"),
    ]
    low, high = result.interval()
    assert f"95 % interval {100 * low:.2f} to {100 * high:.2f} %" in words(at)
    assert "1,000 test digits of the bundled sample" in words(at)


def test_another_run_can_be_chosen_and_stays_chosen() -> None:
    at = opened("3_evaluate")
    for name in (QUICK, "reference-cnn", QUICK):
        at.selectbox(key="choose-run").set_value(name)
        assert run(at).metric[3].value == f"{computed(name).mistakes}"
        assert run(at).session_state["run"] == name


@pytest.mark.parametrize("view", VIEWS)
def test_matrix_can_be_seen_in_each_way(view: str) -> None:
    at = opened("3_evaluate", run=QUICK)
    at.segmented_control(key="matrix-view").set_value(view)
    drawn = figure(run(at), "matrix")
    hovered = drawn["data"][-1]["text"]
    counts = computed().confusion
    assert hovered[34] == f"label 3, answer 4: {counts[3, 4]}"
    assert hovered[33] == f"label 3, answer 3: {counts[3, 3]}"
    units = {"counts": "images", "by row": "% of each label", "by column": "% of each answer"}
    assert units.get(view, "wrong ones") in drawn["layout"]["title"]["text"]


def test_page_opens_at_the_most_frequent_mistake() -> None:
    label, answer, count = computed().most_confused(1)[0]
    images = "image" if count == 1 else "images"
    assert f"**{count} {images} of {label} answered {answer}**" in words(opened("3_evaluate", run=QUICK))


def test_clicked_cell_shows_its_count_and_its_pictures() -> None:
    at, result = opened("3_evaluate", run=QUICK, matrix=click(3, 3)), computed()
    assert at.session_state["cell"] == (3, 3)
    rows = result.cell(3, 3)
    assert f"**{len(rows)} images of 3 answered 3**, most confident first" in words(at)
    sheet = component(at, "cell-3-3")
    assert sheet["keys"] == list(rows[:36])
    assert sheet["captions"] == [f"3→3 {100 * p:.0f}%" for p in result.probabilities[rows[:36], 3]]
    assert set(sheet["colours"]) == {RIGHT}
    np.testing.assert_array_equal(pictures(at, "cell-3-3"), cache.dataset().test.images[rows[:36]])


def test_clicked_picture_shows_its_numbers_in_explore() -> None:
    at = run(AppTest.from_file(ROOT / "app.py", default_timeout=SECONDS))
    at.session_state["run"] = QUICK
    run(at.switch_page("pages/3_evaluate.py"))
    worst = component(at, "worst")["keys"][1]
    pick(at, "worst", worst)
    assert at.title[0].value == "Explore"
    assert at.subheader[0].value.startswith(f"Test digit {worst},")
    np.testing.assert_array_equal(component(at, "numbers")["values"], cache.dataset().test.images[worst])
    assert (at.session_state["set"], at.session_state["digit"]) == ("test", worst)


def test_clicked_picture_is_a_test_digit_also_when_explore_was_at_the_training_digits() -> None:
    at = run(AppTest.from_file(ROOT / "app.py", default_timeout=SECONDS))
    at.session_state["run"] = QUICK
    run(at.switch_page("pages/1_explore.py")).segmented_control(key="set").set_value("training")
    run(at).number_input(key="digit").set_value(3000)
    run(run(at).switch_page("pages/3_evaluate.py"))
    worst = component(at, "worst")["keys"][0]
    assert pick(at, "worst", worst).subheader[0].value.startswith(f"Test digit {worst},")


def test_opened_alone_a_clicked_picture_says_how_to_reach_explore() -> None:
    at = opened("3_evaluate", run=QUICK)
    assert "streamlit run app.py" in words(pick(at, "worst", component(at, "worst")["keys"][0]))


def test_empty_cell_says_so() -> None:
    label, answer = (int(n) for n in np.argwhere(computed().confusion == 0)[0])
    at = opened("3_evaluate", run=QUICK, cell=(label, answer))
    assert f"**0 images of {label} answered {answer}**" in words(at)
    assert "No test digit falls in this cell." in words(at)


def test_table_holds_each_digits_scores_and_their_means() -> None:
    table, result = opened("3_evaluate", run=QUICK).dataframe[0].value, computed()
    assert list(table["digit"])[:10] == [str(n) for n in range(10)]
    for name, values in (("precision", result.precision), ("recall", result.recall), ("F1", result.f1)):
        expected = [*values, result.average(values, "macro"), result.average(values, "weighted")]
        np.testing.assert_allclose(table[name], expected)
    assert list(table["images"]) == [*result.support, 1000, 1000]


def test_worst_mistakes_come_worst_first() -> None:
    sheet = component(opened("3_evaluate", run=QUICK), "worst")
    assert sheet["keys"] == list(computed().worst(36))
    assert set(sheet["colours"]) == {WRONG}


def test_own_run_without_weights_is_not_offered() -> None:
    own()
    assert opened("3_evaluate", run=QUICK).selectbox(key="choose-run").options == [
        f"{name} (shipped)" for name in SHIPPED
    ]


def test_own_run_with_weights_is_offered_first_and_evaluated() -> None:
    mine = own(arrays=always(7))
    at = opened("3_evaluate", run=mine.id)
    assert at.selectbox(key="choose-run").options[0].startswith("mine · ")
    sevens = (cache.dataset().test.labels == 7).mean()
    assert at.metric[0].value == f"{100 * sevens:.2f} %"


def test_run_that_is_gone_gives_way_to_another() -> None:
    assert opened("3_evaluate", run="r" + 32 * "0").selectbox(key="choose-run").value in SHIPPED


def test_unusable_weights_are_one_sentence() -> None:
    weights = always(7)
    weights["logits/bias"] = weights["logits/bias"][:9]
    at = opened("3_evaluate", run=own(arrays=weights).id)
    (error,) = at.error
    assert error.value.replace("\\", "").startswith("this run's weights cannot be used: weight logits/bias")
    assert not at.metric


def test_no_run_at_all_leads_to_train(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache.store(), "shipped", cache.store().path)
    at = opened("3_evaluate", run=QUICK)
    assert "No trained network yet" in words(at)
    assert not at.metric


def test_network_without_a_mistake_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    labels = cache.dataset().test.labels
    perfect = replace(computed(), probabilities=np.eye(10, dtype=np.float32)[labels])
    monkeypatch.setattr(cache, "evaluation", lambda run: perfect)
    at = opened("3_evaluate", run=QUICK)
    assert "No mistakes at all" in words(at)
    assert "This network makes no mistake on these digits." in words(at)
