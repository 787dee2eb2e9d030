"""How the settings of decoders are read and chosen."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from monolayer.annotations.coco import Image
from monolayer.annotations.rasterise import label_runs
from monolayer.compute.settings import ComputeSettings
from monolayer.decoders.base.decoder import load_decoder
from monolayer.errors import InputError
from monolayer.evaluation.cells import TrueCells
from monolayer.evaluation.settings import CellSettings
from monolayer.inference.search import Search, first_settings, read_search, settings_at_an_end
from monolayer.inference.settings import TuneSettings
from monolayer.inference.tuning import DecodeTask, Trial, best_trial, tune_decoder
from monolayer.inference.tuning_results import tuning_text, write_trials, write_tuned

ALONE = ComputeSettings(jobs=1)
DECODER = load_decoder("foreground")
PLAIN = {"close_radius": 0, "island_area": 0, "hole_area": 0, "sigma": 0, "cell_area": 0}


def two_discs() -> DecodeTask:
    """Two discs that overlap, in a probability that is 0.6 in them, 0.35 in a wide halo and 0.1 elsewhere."""
    rows, columns = np.indices((40, 60))
    distances = [np.hypot(rows - 20, columns - column) for column in (20, 33)]
    labels = np.where(distances[0] <= distances[1], 1, 2) * (np.minimum(*distances) < 8)
    probability = np.select([labels > 0, np.minimum(*distances) < 14], [0.6, 0.35], 0.1)
    areas = np.bincount(labels.ravel())[1:].astype(float)
    truth = TrueCells(Image(1, "1.tif", 60, 40), label_runs(labels), areas)
    return DecodeTask(probability[None].astype(np.float32), truth, {})


def tune(search: dict[str, object], tasks: list[DecodeTask] | None = None, **settings: object) -> list[Trial]:
    space = read_search({**PLAIN, **search}, DECODER.Settings, "decode.foreground")
    chosen = TuneSettings.model_validate({"trials": 20, **settings})
    return tune_decoder(DECODER, tasks or [two_discs()], space, chosen, CellSettings(), ALONE)


def test_the_best_choices_are_found():
    trials = tune({"threshold": [0.2, 0.5, 0.7], "h": [8.0, 1.0]})
    assert trials[0].settings["threshold"] == 0.5  # the decoder's own
    best = best_trial(trials, "ap50")
    assert (best.settings["threshold"], best.settings["h"]) == (0.5, 1.0)
    assert best.score > 0.9 > min(trial.score for trial in trials)


def test_a_range_is_searched_within_its_ends():
    trials = tune({"threshold": {"low": 0.05, "high": 0.95}, "h": 1, "cell_area": {"low": 0, "high": 40}})
    thresholds, areas = ([trial.settings[name] for trial in trials] for name in ("threshold", "cell_area"))
    assert len(set(thresholds)) > 10
    assert min(thresholds) < 0.3 < 0.7 < max(thresholds)
    assert all(0.05 <= threshold <= 0.95 for threshold in thresholds)
    assert all(isinstance(area, int) and 0 <= area <= 40 for area in areas)
    assert 0.35 < best_trial(trials, "ap50").settings["threshold"] <= 0.6


def test_a_range_may_have_steps():
    trials = tune({"threshold": {"low": 0.1, "high": 0.9, "step": 0.4}, "h": 1}, trials=12)
    assert {trial.settings["threshold"] for trial in trials} == {0.1, 0.5, 0.9}


def test_what_two_settings_together_improve_is_found():
    """Neither threshold nor h alone is any good: one setting after the other would stay at the first ones."""
    search = {"threshold": {"low": 0.05, "high": 0.95}, "h": {"low": 0.5, "high": 12}}
    trials = tune(search, trials=60)
    assert best_trial(trials, "ap50").score > 0.9


def test_settings_that_are_not_to_be_tuned_stay():
    trials = tune({"threshold": 0.5, "h": 1})
    assert [trial.settings for trial in trials] == [
        {**PLAIN, "sigma": 0.0, "threshold": 0.5, "h": 1.0, "gap": 0.5}
    ]


def test_nothing_is_tried_twice():
    trials = tune({"threshold": [0.5, 0.2, 0.7], "h": [1.0, 8.0]}, trials=40)
    tried = [tuple(trial.settings.values()) for trial in trials]
    assert len(set(tried)) == len(tried) == 6


def test_the_same_trials_come_again():
    search = {"threshold": {"low": 0.1, "high": 0.9}, "h": 1}
    assert tune(search) == tune(search)


def test_an_error_is_made_small():
    """An h of 8 joins the discs: one cell instead of two."""
    trials = tune({"threshold": 0.5, "h": [8.0, 1.0]}, score="count_mae")
    best = best_trial(trials, "count_mae")
    assert (best.settings["h"], best.score) == (1.0, 0)
    assert max(trial.score for trial in trials) > 0


def test_trials_that_promise_nothing_end_early():
    tasks = [two_discs() for _ in range(8)]
    trials = tune({"threshold": {"low": 0.05, "high": 0.95}, "h": 1}, tasks, trials=30)
    assert {trial.images for trial in trials} > {8}
    assert best_trial(trials, "ap50").images == 8
    cut = [trial.score for trial in trials if trial.images < 8]
    assert max(cut) <= best_trial(trials, "ap50").score


@pytest.mark.parametrize("score", ["ap50", "f1_50", "pq", "aji"])
def test_any_score_may_be_the_goal(score):
    assert best_trial(tune({"threshold": [0.2, 0.5], "h": 1}, score=score), score).score > 0.8


def test_two_threads_find_the_same():
    space = read_search(
        {**PLAIN, "threshold": {"low": 0.1, "high": 0.9}, "h": 1}, DECODER.Settings, "decode.foreground"
    )
    tasks = [two_discs() for _ in range(5)]
    settings = TuneSettings(trials=12)
    one, two = (
        tune_decoder(DECODER, tasks, space, settings, CellSettings(), ComputeSettings(jobs=jobs))
        for jobs in (1, 2)
    )
    assert one == two


def test_of_equal_trials_that_saw_all_images_the_first_is_the_best():
    trials = [Trial({"h": h}, score, images) for h, score, images in ((1, 0.5, 4), (2, 0.7, 4), (3, 0.7, 4))]
    assert best_trial([*trials, Trial({"h": 4}, 0.9, 2)], "ap50") is trials[1]


def test_a_score_that_does_not_exist():
    with pytest.raises(InputError, match="'dice' is no score of cells; valid: ap, ap50, ap75, precision_25"):
        tune({"threshold": 0.5}, score="dice")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"threshold": [0.5, 2]}, r"decode\.foreground\.threshold: Input should be less than 1, got 2"),
        ({"depth": 1}, r"decode\.foreground\.depth: unknown key; valid keys: threshold"),
        ({"h": []}, r"decode\.foreground\.h: Input should be a valid number, got \[\]"),
        (
            {"h": {"low": 2, "high": 1}},
            r"decode\.foreground\.h: expected .* {'low': 2, 'high': 1}",
        ),
        ({"h": {"low": 1}}, r"decode\.foreground\.h: expected a value, a list of choices, or a range"),
        ({"h": {"low": 1, "high": 2, "step": 3}}, r"decode\.foreground\.h: expected .* 'step': 3}"),
        ({"h": {"low": 1, "most": 2}}, r"decode\.foreground\.h: expected .* found {'low': 1, 'most': 2}"),
        ({"h": {"low": 0, "high": 2}}, r"decode\.foreground\.h: Input should be greater than 0, got 0"),
    ],
)
def test_values_that_cannot_be(values, message):
    with pytest.raises(InputError, match=message):
        read_search(values, DECODER.Settings, "decode.foreground")


def space(**search: object) -> Search:
    return read_search({**PLAIN, **search}, DECODER.Settings, "decode.foreground")


def test_the_first_settings():
    tried = space(threshold={"low": 0.6, "high": 0.9}, h={"low": 0.5, "high": 4}, sigma=[0, 2])
    first = first_settings(tried, DECODER.Settings)
    assert (first["threshold"], first["h"], first["sigma"]) == (0.6, 1.0, 0.0)


@pytest.mark.parametrize(
    ("chosen", "ends"),
    [
        ({"threshold": 0.25, "h": 3.99, "hole_area": 150}, ["h"]),
        ({"threshold": 0.209, "h": 2.0, "hole_area": 300}, ["hole_area", "threshold"]),
        ({"threshold": 0.79, "h": 2.0, "hole_area": 0}, ["threshold"]),  # no area is below 0
    ],
)
def test_settings_at_an_end_of_their_range(chosen: dict[str, float], ends: list[str]):
    tried = space(
        threshold={"low": 0.2, "high": 0.8}, h={"low": 1, "high": 4}, hole_area={"low": 0, "high": 300}
    )
    assert settings_at_an_end(chosen | {"sigma": 0}, tried, DECODER.Settings) == ends


def test_what_is_written_is_read(tmp_path: Path):
    search = space(threshold={"low": 0.2, "high": 0.45}, h=1)
    trials = [Trial({"threshold": 0.2, "h": 1.0}, 0.3, 3), Trial({"threshold": 0.45, "h": 1.0}, 0.6, 3)]
    write_tuned(tmp_path / "tune" / "unet.json", "foreground", trials, search, "ap50")
    written = json.loads((tmp_path / "tune" / "unet.json").read_text())
    assert written == {
        "decoder": "foreground",
        "settings": {"threshold": 0.45, "h": 1.0},
        "at_an_end_of_its_range": "threshold",
        "ap50": 0.6,
        "ap50_of_first": 0.3,
        "chosen_on": "val",
        "images": 3,
        "trials": 2,
    }
    said = tuning_text("foreground", trials, search, "ap50", images=8).splitlines()
    assert said[0].startswith("decode.foreground: ap50 0.600 on 3 of 8 val images, the best of 2 trials (0.3")
    assert "decode.foreground.threshold: the best value found, 0.45, is at an end of its range" in said[1]


def test_the_table_of_trials(tmp_path: Path):
    trials = tune({"threshold": [0.2, 0.5], "h": 1})
    write_trials(tmp_path / "plots" / "trials.csv", trials, "ap50")
    with (tmp_path / "plots" / "trials.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["threshold"] for row in rows} == {"0.2", "0.5"}
    assert [float(row["ap50"]) for row in rows] == pytest.approx([trial.score for trial in trials], abs=1e-6)
    assert {row["images"] for row in rows} == {"1"}
