"""Explore: which digits are shown, that what is shown of them is true, and that its link brings the same view back."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from streamlit.testing.v1 import AppTest

from mnistlab.data.attributes import ATTRIBUTES, load
from mnistlab.data.digits import Dataset, Digits
from mnistlab.data.digits import split as cut
from mnistlab.evaluation import Evaluation
from mnistlab.experiment import Spoil
from mnistlab.figures.colours import DIGIT_COLOURS, RIGHT, WRONG
from mnistlab.forward import Network
from mnistlab.neighbours import Neighbours, by_features, by_pixels
from mnistlab.ui import cache
from mnistlab.ui.tensor import printed
from tests.pages.browser import ROOT, SECONDS, component, figure, opened, pick, pictures, run, words

GALLERY = "gallery"
PER_PAGE = 120


def sheet(at: AppTest, digits: Digits, answers: NDArray[np.integer] | None = None) -> list[int]:
    """Row numbers of the digits in the gallery, once their pictures and captions are found to be those of these digits."""
    drawn = component(at, GALLERY)
    rows: list[int] = drawn["keys"]
    np.testing.assert_array_equal(pictures(at, GALLERY), digits.images[rows])
    told = [""] * len(rows) if answers is None else [f"→{n}" for n in answers[rows]]
    assert drawn["captions"] == [f"{n}{more}" for n, more in zip(digits.labels[rows], told, strict=True)]
    return rows


def press(at: AppTest, label: str) -> AppTest:
    """Click the button that says this."""
    (button,) = [button for button in at.button if button.label == label]
    button.click()
    return run(at)


def test_opened_alone_it_shows_the_first_test_digits() -> None:
    assert sheet(opened("1_explore"), cache.dataset().test) == list(range(PER_PAGE))


def test_label_leaves_only_its_digits() -> None:
    at = opened("1_explore")
    at.pills(key="label").set_value(4)
    test = cache.dataset().test
    assert sheet(run(at), test) == list(np.flatnonzero(test.labels == 4)[:PER_PAGE])
    assert f"{(test.labels == 4).sum()} digits. Click one" in words(at)
    assert at.number_input(key="page").max == 1


def test_label_can_be_taken_back() -> None:
    at = opened("1_explore")
    at.pills(key="label").set_value(4)
    at.pills(key="label").set_value(None)
    assert "1,000 digits" in words(run(at))


def test_set_can_be_changed_again_and_again() -> None:
    at = opened("1_explore")
    data = cache.dataset()
    for split in ("training", "test", "training", "test"):
        at.segmented_control(key="set").set_value(split)
        digits = data.train if split == "training" else data.test
        assert sheet(run(at), digits) == list(range(PER_PAGE))
        assert at.subheader[0].value == f"{split.capitalize()} digit 0, labelled {digits.labels[0]}"
        assert f"{len(digits):,} digits" in words(at)


def test_page_number_goes_on_where_the_page_before_ended() -> None:
    at = opened("1_explore")
    at.number_input(key="page").set_value(9)
    assert sheet(run(at), cache.dataset().test) == list(range(960, 1000))


def test_another_set_starts_at_its_first_page() -> None:
    at = opened("1_explore")
    at.number_input(key="page").set_value(9)
    run(at).segmented_control(key="set").set_value("training")
    assert sheet(run(at), cache.dataset().train) == list(range(PER_PAGE))


def test_another_label_starts_at_its_first_page() -> None:
    at = opened("1_explore")
    at.number_input(key="page").set_value(9)
    run(at).pills(key="label").set_value(7)
    test = cache.dataset().test
    assert sheet(run(at), test) == list(np.flatnonzero(test.labels == 7)[:PER_PAGE])


@pytest.mark.parametrize(("split", "row"), [("test", 7), ("training", 3999)])
def test_numbers_of_the_selected_digit_are_its_own(split: str, row: int) -> None:
    at = opened("1_explore", set=split, digit=row)
    data = cache.dataset()
    digits = data.train if split == "training" else data.test
    image = digits.images[row]
    assert component(at, "numbers")["values"] == image.tolist()
    assert at.subheader[0].value == f"{split.capitalize()} digit {row:,}, labelled {digits.labels[row]}"
    row, column = (int(places[0]) for places in np.nonzero(image == image.max()))
    largest = f"the largest is {image.max()}, in row {row}, column {column}"
    assert f"{(image > 0).sum()} of them are above 0; {largest}" in words(at)


def test_clicked_digit_shows_its_numbers_and_is_framed() -> None:
    at = opened("1_explore")
    assert component(at, GALLERY)["marked"] == 0
    pick(at, GALLERY, 17)
    test = cache.dataset().test
    assert at.subheader[0].value == f"Test digit 17, labelled {test.labels[17]}"
    assert component(at, "numbers")["values"] == test.images[17].tolist()
    assert component(at, GALLERY)["marked"] == 17


@pytest.mark.parametrize("garbage", [None, "17", 17.0, True, -1, 120, 10**30, [17], {"digit": 17}], ids=str)
def test_click_on_what_is_not_on_the_sheet_changes_nothing(garbage: Any) -> None:
    at = pick(opened("1_explore", digit=5), GALLERY, garbage)
    assert at.subheader[0].value.startswith("Test digit 5,")


def test_digit_that_is_not_there_any_more_is_the_last_one() -> None:
    assert opened("1_explore", digit=9_999).subheader[0].value.startswith("Test digit 999,")


def test_label_without_a_digit_is_an_empty_sheet(monkeypatch: pytest.MonkeyPatch) -> None:
    data = cache.dataset()
    few = Dataset(data.train, data.test[data.test.labels != 4], "MNISTLAB_DATA")
    monkeypatch.setattr(cache, "dataset", lambda: few)
    at = opened("1_explore")
    at.pills(key="label").set_value(4)
    assert sheet(run(at), few.test) == []
    assert "No digit passes these filters." in words(at)


def test_most_slanted_digits_come_first() -> None:
    at = opened("1_explore")
    at.selectbox(key="sort").set_value("high-slant")
    test = cache.dataset().test
    rows, slants = sheet(run(at), test), load(test)["slant"]
    assert rows[0] == slants.argmax()
    assert (np.diff(slants[rows]) <= 0).all()
    assert slants[rows].min() >= np.delete(slants, rows).max()


def test_least_ink_of_a_label_comes_first() -> None:
    at, test = opened("1_explore", sort="low-ink", label=8), cache.dataset().test
    eights = np.flatnonzero(test.labels == 8)
    rows, ink = sheet(at, test), load(test)["ink"]
    assert set(rows) <= set(eights)
    assert (np.diff(ink[rows]) >= 0).all()
    assert rows[0] == eights[ink[eights].argmin()]


def test_shuffled_is_one_order_a_seed() -> None:
    at, test = opened("1_explore"), cache.dataset().test
    at.selectbox(key="sort").set_value("shuffled")
    first = sheet(run(at), test)
    assert first == list(np.random.default_rng(0).permutation(1000)[:PER_PAGE])
    at.number_input(key="seed").set_value(7)
    assert sheet(run(at), test) == list(np.random.default_rng(7).permutation(1000)[:PER_PAGE]) != first
    at.number_input(key="seed").set_value(0)
    assert sheet(run(at), test) == first


def evaluation(name: str) -> Evaluation:
    """By the core alone."""
    test = cache.dataset().test
    return Evaluation.of(test.labels, Network.from_run(cache.store().open(name)).probabilities(test.images))


@pytest.mark.parametrize("name", ["reference-cnn", "classic-dense-512"])
def test_wrong_answers_only_are_the_chosen_runs_mistakes(name: str) -> None:
    at, result = opened("1_explore", run=name), evaluation(name)
    at.segmented_control(key="answers").set_value("wrong")
    rows = sheet(run(at), cache.dataset().test, result.answers)
    assert rows == list(np.flatnonzero(~result.right)[:PER_PAGE])
    assert rows
    assert set(component(at, GALLERY)["colours"]) == {WRONG}


def test_right_answers_are_all_others() -> None:
    at, result = opened("1_explore", run="classic-dense-512", answers="right"), evaluation("classic-dense-512")
    assert sheet(at, cache.dataset().test, result.answers) == list(np.flatnonzero(result.right)[:PER_PAGE])
    assert f"{result.right.sum()} digits." in words(at)
    assert set(component(at, GALLERY)["colours"]) == {RIGHT}


def test_answer_and_how_sure_it_is_can_be_asked_for() -> None:
    at, result = opened("1_explore", run="classic-dense-512"), evaluation("classic-dense-512")
    at.pills(key="answer").set_value(9)
    at.number_input(key="most").set_value(90)
    sure = 100 * result.probabilities.max(axis=1)
    rows = sheet(run(at), cache.dataset().test)
    assert rows == list(np.flatnonzero((result.answers == 9) & (sure <= 90))[:PER_PAGE])
    assert rows
    at.number_input(key="least").set_value(60)
    fewer = sheet(run(at), cache.dataset().test)
    assert fewer == [row for row in rows if sure[row] >= 60]


def test_training_digits_are_filtered_by_answers_too() -> None:
    at, train = opened("1_explore", run="classic-dense-512", set="training"), cache.dataset().train
    assert sheet(at, train) == list(range(PER_PAGE))
    at.segmented_control(key="answers").set_value("wrong")
    network = Network.from_run(cache.store().open("classic-dense-512"))
    answers = network.probabilities(train.images).argmax(axis=1)
    rows = sheet(run(at), train, answers)
    assert rows
    assert rows == list(np.flatnonzero(answers != train.labels)[:PER_PAGE])


def test_training_digits_are_answered_only_when_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "answers", lambda *_: pytest.fail("answered all training digits unasked"))
    assert sheet(opened("1_explore", set="training"), cache.dataset().train) == list(range(PER_PAGE))


def test_network_that_is_gone_leaves_all_but_its_answers() -> None:
    at = opened("1_explore", run="r" + "0" * 32, answers="wrong", **{"as": "Neighbours", "near-by": "network"})
    assert sheet(at, cache.dataset().test) == list(range(PER_PAGE))
    assert "choose another one in Evaluate or Draw" in words(at)


def test_what_was_circled_fills_the_gallery_until_it_is_let_go() -> None:
    at, test = opened("1_explore", circled=("test", frozenset({8, 3, 500}))), cache.dataset().test
    assert sheet(at, test) == [3, 8, 500]
    at.segmented_control(key="set").set_value("training")
    assert sheet(run(at), cache.dataset().train) == list(range(PER_PAGE))
    at.segmented_control(key="set").set_value("test")
    run(at)
    assert sheet(press(at, "Only the 3 circled on the map"), test) == list(range(PER_PAGE))


def test_pages_are_turned_one_by_one() -> None:
    at, test = opened("1_explore"), cache.dataset().test
    assert at.button(key="back").disabled
    at.button(key="on").click()
    assert sheet(run(at), test) == list(range(PER_PAGE, 2 * PER_PAGE))
    at.button(key="back").click()
    assert sheet(run(at), test) == list(range(PER_PAGE))
    at.number_input(key="page").set_value(9)
    assert run(at).button(key="on").disabled


def test_digit_selected_by_its_index_turns_the_gallery_to_it() -> None:
    at, test = opened("1_explore"), cache.dataset().test
    at.number_input(key="digit").set_value(500)
    assert 500 in sheet(run(at), test)
    at.number_input(key="page").set_value(1)
    assert sheet(run(at), test) == list(range(PER_PAGE))  # it may be left again


def test_digit_selected_on_another_page_is_shown() -> None:
    at, test = opened("1_explore"), cache.dataset().test
    at.session_state["digit"] = 700
    assert 700 in sheet(run(at), test)
    assert state_of(at) == ("test", 700)


def state_of(at: AppTest) -> tuple[str, int]:
    return at.session_state["set"], at.session_state["digit"]


def test_most_typical_and_oddest_digits_are_shown_and_can_be_selected() -> None:
    at, test = opened("1_explore"), cache.dataset().test
    away = load(test)["distance_from_mean"]
    for key, best in (("typical", np.argmin), ("oddest", np.argmax)):
        rows = [np.flatnonzero(test.labels == d)[best(away[test.labels == d])] for d in range(10)]
        assert component(at, key)["keys"] == rows
        np.testing.assert_array_equal(pictures(at, key), test.images[rows])
    row = component(at, "oddest")["keys"][3]
    pick(at, "oddest", row)
    assert state_of(at) == ("test", row)
    assert row in sheet(at, test)


def test_numbers_are_also_shown_as_numpy_prints_them() -> None:
    at = opened("1_explore", digit=11)
    assert printed(cache.dataset().test.images[11]) in [code.value for code in at.code]


def test_slice_is_cut_as_numpy_cuts_it() -> None:
    at, image = opened("1_explore", digit=11, **{"as": "Slice"}), cache.dataset().test.images[11]
    at.slider(key="slice-rows").set_value((5, 9))
    at.slider(key="slice-columns").set_value((10, 28))
    said = [code.value for code in run(at).code]
    assert "image[5:9, 10:28]  # shape (4, 18)" in said
    assert printed(image[5:9, 10:28]) in said


def test_empty_slice_says_so() -> None:
    at = opened("1_explore", **{"as": "Slice"})
    at.slider(key="slice-rows").set_value((6, 6))
    assert "An empty slice" in words(run(at))


def test_digit_becomes_a_tensor_step_by_step() -> None:
    at, test = opened("1_explore", digit=3, **{"as": "Becoming a tensor"}), cache.dataset().test
    said = words(at)
    largest = test.images[3].max() / 255
    for text in (
        f"rank 2 · shape (28, 28) · uint8 · smallest 0 · largest {test.images[3].max()}",
        f"rank 2 · shape (28, 28) · float32 · smallest 0 · largest {largest:g}",
        f"rank 1 · shape (784,) · float32 · smallest 0 · largest {largest:g}",
        f"rank 4 · shape (1, 28, 28, 1) · float32 · smallest 0 · largest {largest:g}",
        "rank 1 · shape (10,) · float32 · smallest 0 · largest 1",
    ):
        assert text in said
    at.selectbox(key="tensor-values").set_value("Flattened")
    assert printed((test.images[3] / np.float32(255)).reshape(784)) in [code.value for code in run(at).code]
    assert f"onehot = np.eye(10, dtype=np.float32)[{test.labels[3]}]" in [code.value for code in at.code]


def near(at: AppTest, label: int, expected: Neighbours) -> None:
    """The neighbours on the page are these."""
    train, drawn = cache.dataset().train, component(at, "near-gallery")
    labels = train.labels[expected.rows]
    assert drawn["keys"] == list(expected.rows)
    assert drawn["captions"] == [f"{y} · {d:.2f}" for y, d in zip(labels, expected.distances, strict=True)]
    assert drawn["colours"] == [RIGHT if y == label else WRONG for y in labels]
    np.testing.assert_array_equal(pictures(at, "near-gallery"), train.images[expected.rows])
    assert f"{(labels == label).sum()} of 12 carry the same label {label}" in words(at)


@pytest.mark.parametrize(("name", "row"), [("test", 18), ("training", 5)])
def test_neighbours_by_pixels_are_those_that_the_core_finds(name: str, row: int) -> None:
    at, data = opened("1_explore", set=name, digit=row, **{"as": "Neighbours"}), cache.dataset()
    digits = data.train if name == "training" else data.test
    own = row if name == "training" else None
    near(at, digits.labels[row], by_pixels(digits.images[row], data.train.images, 12, own))
    assert name == "test" or row not in component(at, "near-gallery")["keys"]


def test_neighbours_by_what_a_network_makes_of_them() -> None:
    at, data = opened("1_explore", run="classic-dense-512", digit=18, **{"as": "Neighbours"}), cache.dataset()
    at.segmented_control(key="near-by").set_value("network")
    network = Network.from_run(cache.store().open("classic-dense-512"))
    own, others = network.features(data.test.images[18:19])[0], network.features(data.train.images)
    near(run(at), data.test.labels[18], by_features(own, others, 12))
    assert "by the 512 numbers of the layer" in words(at)


def test_digit_can_be_pinned_beside_another_and_let_go() -> None:
    at, data = opened("1_explore", digit=4), cache.dataset()
    press(at, "Pin")
    at.segmented_control(key="set").set_value("training")
    run(at).number_input(key="digit").set_value(9)
    far = np.sqrt(((data.train.images[9] / 255 - data.test.images[4] / 255) ** 2).sum())
    told = f"Beside it: test digit 4, labelled {data.test.labels[4]}. Distance by pixels {far:.2f}."
    assert told in words(run(at))
    assert "Beside it" not in words(press(at, "Let go"))


@pytest.mark.parametrize("name", ["test", "training"])
def test_whole_set_tells_how_many_of_each_digit(name: str) -> None:
    at, data = opened("1_explore", set=name), cache.dataset()
    digits = data.train if name == "training" else data.test
    training, test = figure(at, "balance")["data"]
    np.testing.assert_allclose(training["y"], 100 * np.bincount(data.train.labels) / len(data.train))
    np.testing.assert_allclose(test["y"], 100 * np.bincount(data.test.labels) / len(data.test))
    np.testing.assert_array_equal(figure(at, "grey")["data"][0]["y"], np.bincount(digits.images.ravel(), minlength=256))
    share = 100 * (digits.images > 0).mean(axis=0)
    share[share == 0] = np.nan  # drawn as never inked
    np.testing.assert_allclose(figure(at, "inked")["data"][0]["z"], share)
    means = [digits.images[digits.labels == digit].mean(axis=0) for digit in range(10)]
    np.testing.assert_allclose(pictures(at, "means"), means, atol=0.51)
    assert f"{(digits.images == 0).all(axis=0).sum()} of the 784 pixels are paper in every {name} digit" in words(at)


@pytest.mark.parametrize("name", ["test", "training"])
def test_map_shows_digits_that_pass_the_filters(name: str) -> None:
    at, data = opened("1_explore", set=name, label=2, view="Map"), cache.dataset()
    digits = data.train if name == "training" else data.test
    still = component(at, "digit-map")["still"]
    assert still["keys"] == list(np.flatnonzero(digits.labels == 2))
    assert still["groups"] == [2] * len(still["keys"])
    assert [text for _, text in still["legend"]] == [f"2 ({len(still['keys'])})"]


def test_map_stays_when_digits_are_circled_on_it() -> None:
    at, test = opened("1_explore", circled=("test", frozenset({1, 2, 3})), view="Map"), cache.dataset().test
    assert sheet(at, test) == [1, 2, 3]
    still = component(at, "digit-map")["still"]
    assert still["keys"] == list(range(len(test)))
    assert [key for key, ringed in zip(still["keys"], still["circled"], strict=True) if ringed] == [1, 2, 3]


@pytest.mark.parametrize("name", ["test", "training"])
def test_map_is_coloured_by_what_a_network_answers(name: str) -> None:
    at = opened("1_explore", set=name, run="classic-dense-512", view="Map", colour="answer", count=100)
    digits = cache.digits(name)
    still = component(at, "digit-map")["still"]
    network = Network.from_run(cache.store().open("classic-dense-512"))
    answers = network.probabilities(digits.images[still["keys"]]).argmax(axis=1)
    assert still["groups"] == list(answers)
    assert still["colours"] == [DIGIT_COLOURS[n] for n in answers]
    at.selectbox(key="colour").set_value("right or wrong")
    still = component(run(at), "digit-map")["still"]
    assert still["colours"] == [RIGHT if ok else WRONG for ok in answers == digits.labels[still["keys"]]]


def test_map_of_a_network_that_is_gone_is_one_sentence() -> None:
    at = opened("1_explore", run="r" + "0" * 32, view="Map", **{"from": "network"})
    assert "it is gone; choose another one in Evaluate or Draw" in words(at).replace("\\", "")


def test_map_of_too_few_digits_says_so() -> None:
    assert "A map needs at least 30 digits" in words(
        opened("1_explore", sort="stored", label=8, answers="wrong", view="Map")
    )


@pytest.mark.parametrize("name", ["test", "training"])
def test_attributes_mark_the_selected_digits_own_value(name: str) -> None:
    at, data = opened("1_explore", set=name, digit=21, view="Attributes"), cache.dataset()
    found = load(data.train if name == "training" else data.test)
    for attribute, values in found.items():
        (line,) = figure(at, f"attribute-{attribute}")["layout"]["shapes"]
        low, high = np.quantile(values, [0.0005, 0.9995])
        assert low <= values[21] <= high  # else the line would stand at the edge
        assert line["x0"] == pytest.approx(values[21])
        share = f"This digit: {values[21]:.3g} {ATTRIBUTES[attribute].unit}, more than {100 * (values < values[21]).mean():.0f} %"
        assert share in words(at).replace("\\", "")


def test_whole_data_are_shown_as_they_are() -> None:
    at, train = opened("1_explore", view="Break the data"), cache.dataset().train
    experiment = at.session_state["experiment"]
    first = train[cut(train, experiment.data, experiment.train.seed).train][:24]
    for key in ("break-before", "break-after"):
        np.testing.assert_array_equal(pictures(at, key), first.images)
        assert component(at, key)["captions"] == [str(n) for n in first.labels]
        assert component(at, key)["colours"] is None
    assert "Nothing is spoiled yet" in words(at)
    (button,) = [button for button in at.button if button.label == "Train on these"]
    assert button.disabled


def test_wrong_labels_are_vermilion() -> None:
    at = opened("1_explore", view="Break the data")
    at.slider(key="break-wrong").set_value(40)
    before, after = (component(run(at), key) for key in ("break-before", "break-after"))
    same = [a == b for a, b in zip(before["captions"], after["captions"], strict=True)]
    assert after["colours"] == [RIGHT if ok else WRONG for ok in same]
    assert {True, False} == set(same)
    np.testing.assert_array_equal(pictures(at, "break-before"), pictures(at, "break-after"))
    assert "Trained on digits spoiled on purpose: 40 % wrong labels." in words(at).replace("\\", "")


def test_noise_changes_pictures_and_no_label() -> None:
    at = opened("1_explore", view="Break the data")
    at.slider(key="break-noise").set_value(80)
    run(at)
    assert component(at, "break-after")["captions"] == component(at, "break-before")["captions"]
    changed = pictures(at, "break-after") != pictures(at, "break-before")
    assert changed.any(axis=(1, 2)).all()


def test_impossible_wish_is_one_sentence() -> None:
    at = opened("1_explore", view="Break the data")
    at.pills(key="break-leave-out").set_value([3])
    at.pills(key="break-rare").set_value(3)
    (error,) = run(at).error
    assert "a digit that is left out cannot also be rare" in error.value


def test_broken_data_go_along_to_train() -> None:
    at = run(AppTest.from_file(ROOT / "app.py", default_timeout=SECONDS))
    run(at.switch_page("pages/2_train.py"))  # its editor holds whole data by then
    whole = at.session_state["experiment"]
    at.session_state["view"] = "Break the data"
    run(at.switch_page("pages/1_explore.py"))
    at.slider(key="break-wrong").set_value(40)
    at.pills(key="break-leave-out").set_value([7])
    run(at)
    press(at, "Train on these")
    assert at.title[0].value == "Train"
    spoiled = Spoil(wrong_labels=40, leave_out=(7,))
    assert at.session_state["experiment"] == whole.changed({"data.spoil": spoiled.model_dump()})
    assert run(at).session_state["experiment"].data.spoil == spoiled


def test_opened_alone_broken_data_are_kept_and_the_way_to_train_is_said() -> None:
    at = opened("1_explore", view="Break the data")
    at.slider(key="break-shift").set_value(3)
    run(at)
    assert "streamlit run app.py" in words(press(at, "Train on these"))
    assert at.session_state["experiment"].data.spoil == Spoil(shift=3)


def test_link_brings_the_same_view_back() -> None:
    at = opened("1_explore", run="classic-dense-512")
    at.session_state["near-by"] = "network"
    at.selectbox(key="sort").set_value("low-slant")
    at.pills(key="label").set_value(9)
    at.number_input(key="most").set_value(99)
    run(at).number_input(key="digit").set_value(12)
    at.session_state["view"] = "Attributes"
    link = dict(run(at).query_params)
    assert set(link) == {"run", "sort", "label", "most", "digit", "view", "near-by"}
    again = opened("1_explore", query={key: "".join(value) for key, value in link.items()})
    test = cache.dataset().test
    assert 0 < len(sheet(at, test)) < (test.labels == 9).sum()
    assert sheet(again, test) == sheet(at, test)
    assert component(again, "numbers") == component(at, "numbers")
    assert figure(again, "attribute-ink")["layout"] == figure(at, "attribute-ink")["layout"]
    assert dict(again.query_params) == link


def test_view_as_it_is_at_first_has_a_short_link() -> None:
    at = opened("1_explore", query={"label": "3"})
    assert dict(at.query_params)
    at.pills(key="label").set_value(None)
    assert not dict(run(at).query_params)


def test_part_of_a_forged_link_that_is_good_is_used() -> None:
    query = {"set": "training", "label": "12", "sort": "high-beauty", "digit": "7", "<b>": "1", "seed": "9" * 100}
    at = opened("1_explore", query=query)
    (info,) = at.info
    assert info.value == "4 settings in this link could not be used; the rest was."
    assert at.subheader[0].value == f"Training digit 7, labelled {cache.dataset().train.labels[7]}"
    assert sheet(at, cache.dataset().train) == list(range(PER_PAGE))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("set", "validation"), ("label", "10"), ("label", "-1"), ("label", "٣"), ("sort", ""), ("seed", "1e3"),
        ("page", "0"), ("answers", "None"), ("answer", "a"), ("least", "101"), ("most", "-5"), ("digit", "70000"),
        ("pin", "test-x"), ("view", "Secrets"), ("as", "Numbers "), ("run", "no-such-run"), ("run", "../models"),
        ("link-explore", "True"),
    ],
)  # fmt: skip
def test_forged_link_is_ignored_with_a_sentence(name: str, text: str) -> None:
    at = opened("1_explore", query={name: text})
    assert [info.value for info in at.info] == ["A setting in this link could not be used; the rest was."]
    assert sheet(at, cache.dataset().test) == list(range(PER_PAGE))
    assert not dict(at.query_params)


def test_link_beyond_the_end_leads_to_the_end() -> None:
    at = opened("1_explore", query={"page": "10000", "digit": "69999", "pin": "training-99999"})
    assert sheet(at, cache.dataset().test) == list(range(960, 1000))
    assert at.subheader[0].value.startswith("Test digit 999,")
    assert "Beside it: training digit 3,999" in words(at)
