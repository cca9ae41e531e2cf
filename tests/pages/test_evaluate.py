"""Evaluate: what the page says of a run is what the core computes, and every count leads to its pictures."""

from __future__ import annotations

import functools
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from mnistlab.calibration import Reliability
from mnistlab.comparison import Comparison
from mnistlab.corruptions import CORRUPTIONS, STRENGTHS
from mnistlab.data.digits import split
from mnistlab.engine import CARD, SCORE, EngineError, Job
from mnistlab.evaluation import Evaluation
from mnistlab.events import Answered, Checkpoint, EpochEnd, Finished, Started
from mnistlab.experiment import DataSpec, Experiment, ModelSpec, Spoil, TrainSpec
from mnistlab.figures.colours import RIGHT, WRONG
from mnistlab.figures.scores import VIEWS
from mnistlab.robustness import Card, chosen_rows
from mnistlab.runs import Run
from mnistlab.slices import Slices
from mnistlab.ui import cache, report, work
from mnistlab.ui.scored import Scored
from tests.pages.browser import ROOT, SECONDS, columns, component, figure, opened, pick, pictures, run, words
from tests.training import kept, trained

SHIPPED = ("reference-cnn", "classic-dense-512")
QUICK = "classic-dense-512"


@functools.cache
def computed(name: str = QUICK) -> Evaluation:
    """By the core alone, from the run's weights and the digits at hand."""
    test = cache.dataset().test
    shipped = cache.store().open(name)
    return Evaluation.of(test.labels, cache.network(shipped).probabilities(test.images))


def click(*customdata: int) -> dict[str, Any]:
    """A chart's selection after a click on a point."""
    return {"selection": {"points": [{"customdata": list(customdata)}]}}


def own(experiment: Experiment | None = None, **finished: Any) -> Run:
    """A run of one's own: softmax regression that has kept no weights, or these."""
    made = cache.store().create(experiment or Experiment(), "mine")
    if finished:
        cache.store().record(made.id, Finished(reason="all_epochs", epochs=1, kept_epoch=1, **finished))
    return made


def always(digit: int) -> dict[str, np.ndarray]:
    """Weights that answer `digit` to everything."""
    bias = np.zeros(10, np.float32)
    bias[digit] = 10
    return {"logits/kernel": np.zeros((784, 10), np.float32), "logits/bias": bias}


class Engine:
    """Takes jobs and does none."""

    def __init__(self) -> None:
        self.asked: list[tuple[Any, ...]] = []

    def start(self, *asked: Any) -> Job:
        self.asked.append(asked)
        return Job(f"j{len(self.asked)}")

    def close(self) -> None:
        pass


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Engine:
    made = Engine()
    monkeypatch.setattr(cache, "engine", lambda: made)
    return made


def done(job: Job, **arrays: np.ndarray) -> None:
    """The job ends with these."""
    job.last, job.over = Answered(done=1, total=1, arrays=arrays), True


def press(at: AppTest, key: str) -> AppTest:
    at.button(key=key).click()
    return run(at)


def asked_for(at: AppTest, tab: str) -> AppTest:
    at.session_state["tab"] = tab
    return run(at)


def test_headline_is_what_the_core_computes() -> None:
    for name in SHIPPED:
        at, result = opened("3_evaluate", run=name), computed(name)
        assert [(metric.label, metric.value) for metric in at.metric] == [
            ("Test accuracy", f"{100 * result.accuracy:.2f} %"),
            ("Macro F1", f"{100 * result.f1.mean():.2f} %"),
            ("Calibration error", f"{100 * Reliability.of(result).error:.2f} %"),
            ("Mistakes", f"{result.mistakes}"),
        ]
        low, high = result.interval()
        assert f"95 % interval {100 * low:.2f} to {100 * high:.2f} %" in words(at)
        assert "1,000 test digits of the bundled sample" in words(at)


def test_sets_are_told_apart_and_what_only_training_wrote_down_says_so() -> None:
    at, result = opened("3_evaluate", run=QUICK), computed()
    table = columns(at, "sets")
    epoch = cache.store().open(QUICK).history.epochs[-1]
    assert list(table["digits"]) == ["test, 1,000", "validation", "training, while learning"]
    assert list(table["loss"]) == [f"{result.loss:.4f}", f"{epoch.val_loss:.4f}", f"{epoch.loss:.4f}"]
    means = [f"{100 * result.average(result.recall, how):.2f}" for how in ("macro", "weighted")]
    assert list(table["recall %"]) == [" · ".join(means), "—", "—"]
    assert f"a gap of {100 * (epoch.accuracy - epoch.val_accuracy):+.2f} points" in words(at)


def test_on_the_sample_a_shipped_runs_validation_digits_are_said_to_be_elsewhere() -> None:
    at = opened("3_evaluate", run=QUICK, tab="Trust")
    assert "part of the full set" in words(at)
    assert "score" not in {button.key for button in at.button}
    assert "read off the test digits" in words(at)


def trained_here() -> Run:
    """A run of one's own whose validation digits are among those loaded."""
    made = cache.store().create(Experiment(data=DataSpec(validation_images=50)), "mine")
    digits = cache.dataset().sha256
    cache.store().record(
        made.id, Started(digits=digits, epochs=1, steps=1, train_images=3950, validation_images=50)
    )  # fmt: skip
    cache.store().record(
        made.id, EpochEnd(epoch=1, loss=2.0, accuracy=0.2, val_loss=2.2, val_accuracy=0.1, seconds=1.0)
    )  # fmt: skip
    kept = Finished(reason="all_epochs", epochs=1, kept_epoch=1, arrays=always(7))
    cache.store().record(made.id, kept)
    return made


def test_validation_is_counted_by_one_job_and_then_stands_beside_test(engine: Engine) -> None:
    mine = trained_here()
    at = opened("3_evaluate", run=mine.id)
    press(at, "score")
    run(run(at))
    assert [(asked[0], asked[1], asked[3]) for asked in engine.asked] == [
        (SCORE, mine.experiment, cache.dataset().sha256)
    ]
    assert "the worker gets ready" in str([bar.proto.text for bar in at.get("progress")])
    rows = split(cache.dataset().train, mine.experiment.data, 0)
    labels = cache.dataset().train.labels[rows.validation]
    sevens = np.eye(10, dtype=np.float32)[np.full(50, 7)] * 0.91 + 0.009
    done(
        work.held(SCORE, mine),
        validation=sevens,
        validation_labels=labels,
        training=sevens,
        training_labels=0 * labels + 7,
    )
    table = columns(run(at), "sets")
    assert list(table["digits"])[1:] == ["validation, 50", "training, 50"]
    share = 100 * float((labels == 7).mean())
    assert table["accuracy % (95 %)"][1].startswith(f"{share:.2f} (")
    assert f"Gap to training: {100 - share:+.2f} points" in words(at)
    assert "overfitting" in words(at)
    asked_for(at, "Trust")
    assert "fitted on 50 validation digits" in words(at)
    assert "on 50 validation digits" in words(at)


def test_trust_asks_for_validation_by_itself_and_a_failure_can_be_tried_again(engine: Engine) -> None:
    mine = trained_here()
    at = opened("3_evaluate", run=mine.id, tab="Trust")
    job = work.held(SCORE, mine)
    assert job is not None
    job.failed, job.over = "The worker process was lost; start again.", True
    run(at)
    assert "start again" in " ".join(error.value for error in at.error)
    press(at, "score")
    assert len(engine.asked) == 2


def test_no_worker_is_one_sentence(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*asked: Any) -> Job:
        raise EngineError("No training now: a worker process could not be reached.")

    monkeypatch.setattr(engine, "start", refuse)
    at = opened("3_evaluate", run=QUICK, tab="Robustness")
    press(at, "card")
    assert "could not be reached" in " ".join(error.value for error in at.error)


def test_another_run_can_be_chosen_and_stays_chosen() -> None:
    at = opened("3_evaluate")
    for name in (QUICK, "reference-cnn"):
        at.selectbox(key="choose-run").set_value(name)
        assert run(at).metric[3].value == f"{computed(name).mistakes}"
        assert run(at).session_state["run"] == name


def test_link_brings_the_view_back() -> None:
    at = opened("3_evaluate", query={"run": QUICK, "second": "reference-cnn", "cell": "49", "tab": "Two runs"})
    assert (at.session_state["run"], at.session_state["second"]) == (QUICK, "reference-cnn")
    assert " of 4 answered 9**" in words(at)
    assert "McNemar" in words(at)
    assert dict(at.query_params) == {"run": QUICK, "second": "reference-cnn", "cell": "49", "tab": "Two runs"}


def test_link_to_what_is_not_there_is_said_to_be_ignored() -> None:
    at = opened("3_evaluate", query={"run": "../x", "cell": "100", "tab": "Nowhere"})
    assert "3 settings in this link could not be used" in words(at)
    assert at.session_state["run"] == "reference-cnn"


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


def test_diagonal_can_be_hidden() -> None:
    at = opened("3_evaluate", run=QUICK)
    at.toggle(key="matrix-diagonal").set_value(False)
    drawn = figure(run(at), "matrix")
    assert "wrong ones" in drawn["layout"]["title"]["text"]
    assert not np.nan_to_num(np.asarray(drawn["data"][0]["z"], float)).any()


def test_page_opens_at_the_most_frequent_mistake() -> None:
    label, answer, count = computed().most_confused(1)[0]
    images = "image" if count == 1 else "images"
    at = opened("3_evaluate", run=QUICK)
    assert f"**{count} {images} of {label} answered {answer}**" in words(at)
    first = computed().cell(label, answer)[0]
    assert f"**Test digit {first:,}: label {label}, answered {answer}" in words(at)
    near = cache.near_by_pixels(cache.dataset().test.images[first], None, 12)
    assert component(at, "cell-near")["keys"] == near.rows.tolist()


def test_confused_pair_leads_to_its_cell_and_a_later_click_counts_again() -> None:
    at = opened("3_evaluate", run=QUICK)
    label, answer, count = computed().most_confused(2)[1]
    press(at, f"pair-{label}-{answer}")
    assert at.session_state["cell"] == 10 * label + answer
    assert f"**{count} image" in words(at)


def test_clicked_cell_shows_its_count_and_its_pictures() -> None:
    at, result = opened("3_evaluate", run=QUICK, matrix=click(3, 3)), computed()
    assert at.session_state["cell"] == 33
    rows = result.cell(3, 3)
    assert f"**{len(rows)} images of 3 answered 3**, most confident first" in words(at)
    sheet = component(at, "cell-3-3")
    assert sheet["keys"] == list(rows[:18])
    assert sheet["captions"] == [f"3→3 {100 * p:.0f}%" for p in result.probabilities[rows[:18], 3]]
    assert set(sheet["colours"]) == {RIGHT}
    np.testing.assert_array_equal(pictures(at, "cell-3-3"), cache.dataset().test.images[rows[:18]])


def test_cell_tells_the_second_runs_count_and_which_are_the_same() -> None:
    at = opened("3_evaluate", run=QUICK, second="reference-cnn", cell=33)
    mine, other = (computed(name).cell(3, 3) for name in (QUICK, "reference-cnn"))
    same = len(set(mine.tolist()) & set(other.tolist()))
    said = words(at).replace("\\", "")
    assert f"The second run, reference-cnn: {len(other)} images in this cell, {same} of them the same." in said
    assert f"the second run: {len(other)}" in figure(at, "matrix")["data"][-1]["text"][33]


def test_picked_picture_is_looked_at_closer() -> None:
    at = opened("3_evaluate", run=QUICK, cell=33)
    row = int(computed().cell(3, 3)[2])
    pick(at, "cell-3-3", row)
    assert f"**Test digit {row:,}: label 3, answered 3" in words(at)
    assert component(at, "cell-3-3")["marked"] == row
    np.testing.assert_allclose(
        component(at, "cell-near-bars")["percent"], 100 * computed().probabilities[row], rtol=1e-5
    )


def in_the_lab() -> AppTest:
    """Evaluate, reached from the lab's other pages."""
    at = run(AppTest.from_file(ROOT / "app.py", default_timeout=SECONDS))
    at.session_state["run"] = QUICK
    return run(at.switch_page("pages/3_evaluate.py"))


def test_digit_looked_at_shows_its_numbers_in_explore_also_when_that_was_at_the_training_digits() -> None:
    at = run(AppTest.from_file(ROOT / "app.py", default_timeout=SECONDS))
    at.session_state["run"] = QUICK
    run(at.switch_page("pages/1_explore.py")).segmented_control(key="set").set_value("training")
    run(at.switch_page("pages/3_evaluate.py"))
    label, answer, _ = computed().most_confused(1)[0]
    first = int(computed().cell(label, answer)[0])
    press(at, "cell-near-explore")
    assert at.title[0].value == "Explore"
    assert at.subheader[0].value.startswith(f"Test digit {first},")
    np.testing.assert_array_equal(component(at, "numbers")["values"], cache.dataset().test.images[first])


def test_all_of_a_cell_fill_explores_gallery() -> None:
    at = in_the_lab()
    label, answer, count = computed().most_confused(1)[0]
    press(at, "cell-explore")
    assert at.title[0].value == "Explore"
    assert sorted(component(at, "gallery")["keys"]) == sorted(computed().cell(label, answer).tolist())
    assert f"{count} digits. Click one" in words(at)


def test_opened_alone_the_way_to_explore_is_told() -> None:
    at = opened("3_evaluate", run=QUICK)
    assert "streamlit run app.py" in words(press(at, "cell-explore"))


def test_empty_cell_says_so() -> None:
    label, answer = (int(n) for n in np.argwhere(computed().confusion == 0)[0])
    at = opened("3_evaluate", run=QUICK, cell=10 * label + answer)
    assert f"**0 images of {label} answered {answer}**" in words(at)
    assert "puts no test digit in this cell" in words(at)


def test_any_cell_can_be_chosen_without_a_pointer() -> None:
    at, result = opened("3_evaluate", run=QUICK), computed()
    (label, answer, _), *_ = result.most_confused(1)
    assert (at.selectbox(key="cell-label").value, at.selectbox(key="cell-answer").value) == (label, answer)
    at.selectbox(key="cell-label").set_value(3)
    at.selectbox(key="cell-answer").set_value(5)
    assert "of 3 answered 5**" in words(run(at))
    press(at, f"pair-{label}-{answer}")
    run(at)
    assert (at.selectbox(key="cell-label").value, at.selectbox(key="cell-answer").value) == (label, answer)


def test_table_holds_each_digits_scores_and_their_means() -> None:
    table, result = columns(opened("3_evaluate", run=QUICK), "per-digit-table", "values"), computed()
    assert list(table["digit"])[:10] == [str(n) for n in range(10)]
    for name, values in (("precision", result.precision), ("recall", result.recall), ("F1", result.f1)):
        means = [result.average(values, how) for how in ("macro", "weighted", "micro")]
        np.testing.assert_allclose(table[name], [*values, *means])
    assert list(table["images"]) == [*result.support, 1000, 1000, 1000]


def test_chosen_digit_is_worked_out_and_its_counts_lead_to_pictures() -> None:
    at, result = opened("3_evaluate", run=QUICK), computed()
    at.segmented_control(key="digit-chosen").set_value(4)
    run(at)
    counts = {which: len(result.outcome(which, 4)) for which in ("TP", "FP", "FN", "TN")}
    formulas = " ".join(formula.value for formula in at.get("latex"))
    assert rf"\frac{{{counts['TP']}}}{{{counts['TP'] + counts['FP']}}} = {result.precision[4]:.4f}" in formulas
    assert rf"= {result.recall[4]:.4f}" in formulas
    assert rf"= {result.f1[4]:.4f}" in formulas
    for which in counts:
        at.segmented_control(key="outcome-4").set_value(which)
        run(at)
        if counts[which]:
            assert component(at, f"outcome-4-{which}")["keys"] == result.outcome(which, 4)[:36].tolist()
        else:
            assert "There is no such digit among these." in words(at)


def test_each_kind_of_mistake_lists_its_digits_and_looks_closer_at_the_picked_one() -> None:
    at, result = opened("3_evaluate", run=QUICK, tab="Mistakes"), computed()
    for kind, rows in (
        ("most confident errors", result.surest_mistakes(36)),
        ("highest loss", result.worst(36)),
        ("least confident right answers", result.least_sure(36)),
    ):
        at.segmented_control(key="mistakes-kind").set_value(kind)
        run(at)
        key = f"worst-{kind.split()[0]}"
        assert component(at, key)["keys"] == rows.tolist()
        assert set(component(at, key)["colours"]) == {RIGHT if "right" in kind else WRONG}
        pick(at, key, int(rows[1]))
        assert f"**Test digit {rows[1]:,}:" in words(at)


def test_label_that_looks_wrong_is_doubted() -> None:
    """The digits whose nearest training digits and network agree on another label than theirs, if the sample has any."""
    result, train = computed("reference-cnn"), cache.dataset().train
    test = cache.dataset().test
    image, lie = test.images[0], int((test.labels[0] + 1) % 10)
    labels = test.labels.copy()
    labels[0] = lie
    forged = replace(result, labels=labels)
    near = train.labels[cache.near_by_pixels(image, None, 12).rows]
    assert (near == test.labels[0]).sum() >= 9, "the first digit of the sample is a plain one"
    at = AppTest.from_function(_closer, default_timeout=SECONDS)
    at.session_state["scored"] = Scored(cache.store().open("reference-cnn"), forged)
    assert "The label may be wrong" in words(run(at))
    at.session_state["scored"] = Scored(cache.store().open("reference-cnn"), result)
    assert "The label may be wrong" not in words(run(at))


def _closer() -> None:
    import streamlit as st

    from mnistlab.ui.scored import closer

    closer(st.session_state["scored"], 0, "near")


def test_threshold_says_what_is_answered_and_how_much_of_it_is_right() -> None:
    at, result = opened("3_evaluate", run=QUICK, tab="Trust"), computed()
    at.slider[0].set_value(0.9)
    run(at)
    sure = result.confidence >= np.float64(0.9)
    assert f"{100 * sure.mean():.2f} %** of the test digits" in words(at)
    assert f"**{100 * result.right[sure].mean():.3f} %** of those right" in words(at)


def test_slice_opens_at_the_weak_group_and_a_click_shows_anothers_pictures() -> None:
    result = computed()
    groups = Slices.of(cache.attributes("test")["thickness"])
    at = opened("3_evaluate", run=QUICK, tab="Slices", **{"slices-thickness": click(2, 0, 0, 0)})
    rows = groups.rows[2]
    wrong = int((~result.right[rows]).sum())
    assert f"{wrong} of {len(rows)} wrong**, highest loss first" in words(at)
    shown = component(at, "slice-thickness-2")["keys"]
    assert set(shown) <= set(rows.tolist())
    losses = result.losses[shown]
    assert (np.diff(losses) <= 0).all()


def test_garbage_in_a_selection_is_no_click() -> None:
    for garbage in ({"selection": {"points": [{"customdata": ["x"]}]}}, click(99), {"selection": None}):
        at = opened("3_evaluate", run=QUICK, tab="Slices", **{"slices-thickness": garbage, "matrix": garbage})
        assert at.session_state["cell"] is None


def test_card_runs_in_the_worker_and_is_shown_when_it_is_done(engine: Engine) -> None:
    at = opened("3_evaluate", run=QUICK, tab="Robustness")
    press(at, "card")
    assert engine.asked[0][0] == CARD
    test = cache.dataset().test
    answers = np.tile(test.labels, (len(CORRUPTIONS), STRENGTHS + 1, 1))
    place = list(CORRUPTIONS).index("line")
    answers[place, 2:, 17] = (test.labels[17] + 1) % 10
    done(work.held(CARD, cache.store().open(QUICK)), answers=answers)
    run(run(at))
    card = Card(test.labels[chosen_rows(len(test))], answers)
    assert at.metric[4].value == f"{100 * card.number:.1f} %"
    assert at.get("pills")[0].value == "line"
    assert component(at, "failures")["captions"] == [f"line 2: {test.labels[17]}→{(test.labels[17] + 1) % 10}"]
    strip = component(at, "strip-line")["captions"]
    assert strip == [f"{s}: {test.labels[17] if s < 2 else (test.labels[17] + 1) % 10}" for s in range(STRENGTHS + 1)]
    np.testing.assert_array_equal(pictures(at, "strip-line")[0], test.images[17])


def test_stopped_card_can_be_run_again(engine: Engine) -> None:
    at = opened("3_evaluate", run=QUICK, tab="Robustness")
    press(at, "card")
    work.held(CARD, cache.store().open(QUICK)).over = True
    assert "Stopped before it was done" in words(run(at))
    press(at, "card")
    assert len(engine.asked) == 2


def test_two_runs_are_compared_group_by_group() -> None:
    at = opened("3_evaluate", run=QUICK, second="reference-cnn", tab="Two runs")
    compared = Comparison(computed(QUICK), computed("reference-cnn"))
    assert f"p = {compared.p:.3g}" in words(at)
    for name, rows in compared.groups.items():
        at.segmented_control(key="versus-group").set_value(name)
        run(at)
        if len(rows):
            given, first = component(at, f"versus-{name.replace(' ', '-')}"), int(rows[0])
            assert given["keys"] == rows[:21].tolist()
            a, b = compared.first.answers[first], compared.second.answers[first]
            assert given["captions"][0] == f"{compared.first.labels[first]}→A {a} · B {b}"
    digits, differences = columns(at, "versus-digits"), columns(at, "differences")
    for digit, *shown in zip(*digits.values(), strict=True):
        of = compared.first.labels == int(digit)
        a, b = (int((one.right & of).sum()) for one in (compared.first, compared.second))
        assert shown == [f"{of.sum():,}", f"{a:,}", f"{b:,}", f"{a - b:+d}"]
    assert sorted(digits["digit"]) == [str(d) for d in range(10)]
    assert "optimizer" in differences["setting"]
    assert "batch size" not in differences["setting"]


@pytest.mark.parametrize(
    ("digits", "leave_out", "says"),
    [
        ("here", False, "It never trained on them"),
        ("elsewhere", True, "It never trained on them"),
        ("elsewhere", False, "it has probably seen most of these"),
    ],
)
def test_on_the_sample_it_is_said_whether_a_run_may_have_seen_it(digits: str, leave_out: bool, says: str) -> None:
    made = own(Experiment(data=DataSpec(leave_out_sample=leave_out)), arrays=always(3))
    here = cache.dataset().sha256 if digits == "here" else digits
    cache.store().record(made.id, Started(digits=here, epochs=1, steps=1, train_images=64, validation_images=10))
    assert says in words(opened("3_evaluate", run=made.id))


def test_either_of_two_runs_of_one_name_and_minute_can_be_chosen() -> None:
    made = [own(arrays=always(digit)) for digit in (3, 8)]
    at = opened("3_evaluate", run=QUICK)
    for one in (*made, *reversed(made)):
        at.selectbox(key="choose-run").set_value(one.path.name)
        run(at)
        assert at.session_state["run"] == one.id


def test_two_equal_runs_could_be_luck_and_one_alone_asks_for_another() -> None:
    one, two = (own(arrays=always(digit)) for digit in (7, 7))
    at = opened("3_evaluate", run=one.id, second=two.id, tab="Two runs")
    assert "The two answer every digit alike" in words(at)
    assert "p = 1:" in words(at)
    assert "Both runs have the same settings" in words(at)
    assert "Choose a second run" in words(opened("3_evaluate", run=QUICK, tab="Two runs"))


@pytest.mark.parametrize(("seed", "images", "apart"), [(0, 10, False), (1, 10, True), (0, 20, True)])
def test_two_runs_validated_on_different_digits_say_so(seed: int, images: int, *, apart: bool) -> None:
    made = [own(Experiment().changed({"train.seed": s}), arrays=always(3)) for s in (0, seed)]
    for one, count in zip(made, (10, images), strict=True):
        cache.store().record(
            one.id, Started(digits="here", epochs=1, steps=1, train_images=64, validation_images=count)
        )
        cache.store().record(
            one.id, EpochEnd(epoch=1, loss=1.0, accuracy=0.5, val_loss=1.0, val_accuracy=0.5, seconds=1.0)
        )
    said = words(opened("3_evaluate", run=made[0].id, second=made[1].id, tab="Two runs"))
    assert "A reached its lowest validation loss, 1.0000, after epoch 1" in said
    assert ("validated on different digits" in said) == apart


def test_difference_that_could_be_luck_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    mine = own(arrays=always(7))
    wrong = computed().probabilities.copy()
    wrong[0] = np.roll(wrong[0], 1)
    answered = {QUICK: computed(), mine.id: replace(computed(), probabilities=wrong)}
    monkeypatch.setattr(cache, "evaluation", lambda run: answered[run.path.name])
    at = opened("3_evaluate", run=QUICK, second=mine.id, tab="Two runs")
    assert "This difference could be luck" in words(at)


def test_report_holds_every_part_and_names_what_is_missing() -> None:
    at = opened("3_evaluate", run=QUICK, second="reference-cnn", tab="Report")
    assert "run the robustness card first" in words(at)
    first, second = (Scored(cache.store().open(name), computed(name)) for name in (QUICK, "reference-cnn"))
    html = report.html(first, second).decode()
    for heading in ("Result", "Confusion matrix", "Each digit", "Trust", "Slices", "Two runs", "How it was trained"):
        assert f"<h2>{heading}</h2>" in html
    assert f"Accuracy {100 * computed().accuracy:.2f} %" in html
    tables = report.tables(first, None)
    assert [row[:2] for row in tables["confusion"].rows] == [[d, int(computed().confusion[d, 0])] for d in range(10)]
    assert [row[0] for row in tables["mistakes"].rows] == computed().worst(1000).tolist()
    assert sum(row[3] for row in tables["slices"].rows if row[0] == "slant") == 1000


def test_own_run_without_weights_is_not_offered_and_says_why() -> None:
    mine = own()
    at = opened("3_evaluate", run=mine.id)
    assert at.selectbox(key="choose-run").options == [f"{name} (shipped)" for name in SHIPPED]
    assert "mine cannot be evaluated. Interrupted in the first epoch." in words(at).replace("\\", "")


def test_interrupted_run_is_evaluated_by_its_last_checkpoint_and_says_so() -> None:
    made = cache.store().create(Experiment(), "mine")
    cache.store().record(
        made.id, Checkpoint(epoch=2, arrays={f"weights/{name}": array for name, array in always(7).items()})
    )
    said = words(opened("3_evaluate", run=made.id)).replace("\\", "")
    assert "Interrupted after epoch 2." in said
    assert "It has no finished evaluation" in said


def test_run_trained_without_a_digit_never_finds_it_and_says_so_above_its_figures() -> None:
    without = Spoil(leave_out=(7,))
    weights = kept(trained(ModelSpec(), TrainSpec(epochs=2), dataset=cache.dataset(), spoil=without))
    spoiled = own(Experiment(data=DataSpec(spoil=without)), arrays=weights)
    at = opened("3_evaluate", run=spoiled.id)
    (recall,) = (bars for bars in figure(at, "per-digit")["data"] if bars["name"] == "recall")
    assert [digit for digit, found in enumerate(recall["y"]) if found == 0] == [7]
    note = "Trained on digits spoiled on purpose: without 7."
    assert note in words(at).replace("\\", "")
    for key in ("matrix", "per-digit"):
        assert figure(at, key)["layout"]["title"]["subtitle"]["text"] == note
    for tab in ("Mistakes", "Trust", "Slices", "Robustness", "Two runs", "Report"):
        asked_for(at, tab)


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
    assert error.value.replace("\\", "").startswith("mine: this run's weights cannot be used: weight logits/bias")
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
    at = opened("3_evaluate", run=QUICK, tab="Mistakes")
    assert "No mistakes at all" in words(at)
    assert "This network makes no mistake on these digits." in words(at)
    for tab in ("Per digit", "Trust", "Slices", "Report"):
        asked_for(at, tab)
