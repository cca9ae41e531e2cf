"""What was looked at after an epoch, as figures."""

from __future__ import annotations

from mnistlab.figures.probes import digit_accuracy, layer_state


def test_bars_are_percent_and_the_epoch_before_is_a_tick() -> None:
    recall = [0.9, None, *[0.95] * 8]
    now, before = digit_accuracy(recall, [0.8] * 10, 3).to_dict()["data"]
    assert list(now["y"])[:3] == [90, None, 95]
    assert (before["y"][0], before["name"]) == (80, "epoch 2")


def test_axis_begins_just_below_the_lowest_and_says_so() -> None:
    layout = digit_accuracy([0.93] * 10, None, 1).to_dict()["layout"]
    assert layout["yaxis"]["range"][0] == 90
    assert layout["title"]["text"].endswith("axis from 90 %")


def test_layers_are_shown_in_percent_of_their_length() -> None:
    layers = {"conv1": {"moved": 0.02, "gradient": 0.001}, "logits": {"moved": None, "gradient": 0.5}}
    moved, gradient = layer_state(layers).to_dict()["data"]
    assert list(moved["x"]) == ["conv1", "logits"]
    assert list(moved["y"]) == [2.0, None]
    assert list(gradient["y"]) == [0.1, 50.0]
