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
from monolayer.decoders.base.search import read_search
from monolayer.errors import InputError
from monolayer.evaluation.cells import TrueCells
from monolayer.evaluation.settings import CellSettings
from monolayer.inference.settings import TuneSettings
from monolayer.inference.tuning import DecodeTask, Trial, best_trial, tune_decoder, write_trials, write_tuned

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
    return DecodeTask(probability[None].astype(np.float32), truth)


def tune(search: dict[str, object], tasks: list[DecodeTask] | None = None, **settings: object) -> list[Trial]:
    lists = read_search({**PLAIN, **search}, DECODER.Settings, "decode.foreground")
    chosen = TuneSettings.model_validate(settings)
    return tune_decoder(DECODER, tasks or [two_discs()], lists, chosen, CellSettings(), ALONE)


def test_the_best_settings_are_found():
    trials = tune({"threshold": [0.2, 0.5, 0.7], "h": [8.0, 1.0]})
    assert trials[0].settings["threshold"] == 0.2
    best = best_trial(trials)
    assert (best.settings["threshold"], best.settings["h"]) == (0.5, 1.0)
    assert best.score > 0.9 > trials[0].score


def test_settings_that_are_no_lists_stay():
    trials = tune({"threshold": 0.5, "h": 1})
    assert [trial.settings for trial in trials] == [{**PLAIN, "sigma": 0.0, "threshold": 0.5, "h": 1.0}]


def test_nothing_is_tried_twice_and_the_search_ends_when_nothing_improves():
    trials = tune({"threshold": [0.5, 0.2, 0.7], "h": [1.0, 8.0]}, rounds=5)
    assert len(trials) == 4
    assert best_trial(trials) is trials[0]


def test_rounds_are_limited():
    few, many = (tune({"h": [8.0, 1.0], "threshold": [0.2, 0.5, 0.7]}, rounds=n) for n in (1, 3))
    assert len(few) < len(many)
    assert few == many[: len(few)]


@pytest.mark.parametrize("score", ["ap50", "f1_50", "pq", "aji"])
def test_any_score_may_be_the_goal(score):
    assert best_trial(tune({"threshold": [0.2, 0.5], "h": 1}, score=score)).score > 0.8


def test_two_threads_find_the_same():
    search = read_search({**PLAIN, "threshold": [0.2, 0.5], "h": 1}, DECODER.Settings, "decode.foreground")
    tasks = [two_discs(), two_discs()]
    one, two = (
        tune_decoder(DECODER, tasks, search, TuneSettings(), CellSettings(), ComputeSettings(jobs=jobs))
        for jobs in (1, 2)
    )
    assert one == two


def test_of_equal_trials_the_first_is_the_best():
    trials = [Trial({"h": 1}, 0.5), Trial({"h": 2}, 0.7), Trial({"h": 3}, 0.7)]
    assert best_trial(trials) is trials[1]


def test_a_score_that_does_not_exist():
    with pytest.raises(InputError, match="'dice' is no score of cells; valid: ap, ap50, ap75, precision_25"):
        tune({"threshold": 0.5}, score="dice")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"threshold": [0.5, 2]}, r"decode\.foreground\.threshold: Input should be less than 1, got 2"),
        ({"depth": 1}, r"decode\.foreground\.depth: unknown key; valid keys: threshold"),
        ({"h": []}, r"decode\.foreground\.h: Input should be a valid number, got \[\]"),
    ],
)
def test_values_that_cannot_be(values, message):
    with pytest.raises(InputError, match=message):
        read_search(values, DECODER.Settings, "decode.foreground")


def test_what_is_written_is_read(tmp_path: Path):
    trials = tune({"threshold": [0.2, 0.5], "h": 1})
    write_tuned(tmp_path / "tune" / "unet.json", "foreground", trials, TuneSettings())
    written = json.loads((tmp_path / "tune" / "unet.json").read_text())
    assert (written["decoder"], written["trials"]) == ("foreground", 2)
    assert written["ap50"] > written["ap50_of_first"]
    assert written["settings"] == best_trial(trials).settings


def test_the_table_of_trials(tmp_path: Path):
    trials = tune({"threshold": [0.2, 0.5], "h": 1})
    write_trials(tmp_path / "plots" / "trials.csv", trials, "ap50")
    with (tmp_path / "plots" / "trials.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["threshold"] for row in rows] == ["0.2", "0.5"]
    assert float(rows[1]["ap50"]) == pytest.approx(trials[1].score, abs=1e-6)
