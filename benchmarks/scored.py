"""What a trained model finds: its decoder tuned on val images, its cells scored on test images."""

from typing import Any, NamedTuple

import numpy as np

from benchmarks.measure import ROOT
from benchmarks.packed_data import Data
from monolayer.annotations.coco import Coco, cell_type_of, group_of, place_in_time
from monolayer.annotations.rasterise import union
from monolayer.compute.settings import ComputeSettings
from monolayer.decoders.base.decoder import load_decoder
from monolayer.evaluation.cells import (
    ImageCells,
    annotated_images,
    best_score_floor,
    certain_cells,
    compare_cells,
    counts_at_floors,
    summarise_cells,
    true_cells,
)
from monolayer.evaluation.image_tables import draw_precision
from monolayer.evaluation.settings import CellSettings, CompareSettings
from monolayer.inference.search import read_search
from monolayer.inference.settings import TuneSettings
from monolayer.inference.tuning import DecodeTask, best_trial, tune_decoder
from monolayer.inference.whole_image import Applied
from monolayer.metrics.bootstrap import sampling_of
from monolayer.metrics.foreground import foreground_scores
from monolayer.metrics.intervals import t_quantile
from monolayer.metrics.overlap import confusion
from monolayer.metrics.ranked_detections import rank_detections
from monolayer.models.base.detector import Detector
from monolayer.models.base.model import Maps, Model
from monolayer.models.base.settings import PredictSettings
from monolayer.parameters import read_parameters

SCORES = ("ap50", "ap", "f1_50", "msa", "pq", "aji", "seg", "det", "count_relative_error")


class Found(NamedTuple):
    """What a model said of the images of a split, and the truth."""

    maps: list[Maps]
    truth: Coco


class Tuned(NamedTuple):
    """What is chosen on val images."""

    settings: dict[str, Any]
    """Of the decoder."""
    score_floor: float
    """Score from which cells count."""


class Scored(NamedTuple):
    """Scores of a model's cells, and the Dice of its foreground."""

    overall: dict[str, float]
    by_cell_type: dict[str, dict[str, float]]
    """Of the cells alone."""
    ap50_reach: float
    """How far the 95 % interval of AP50 reaches either way, as `stages.compare` has it."""


def found(
    model: Model,
    data: Data,
    annotated: dict[str, Coco],
    split: str,
    compute: ComputeSettings,
    settings: PredictSettings | None = None,
) -> Found:
    """Apply a model to the images of a split."""
    apply = Applied(model, settings or PredictSettings(), compute.precision)
    images = data[split].images
    pixels = [np.array(data[split].image(number)[0]) for number in range(len(images))]
    places = [place_in_time(image).sequence for image in images]
    return Found([apply(*own) for own in zip(pixels, places, strict=True)], annotated[split])


def tuned(model: Model, val: Found) -> Tuned:
    """Choose from the decoder's settings that params.yaml lists, on all val images."""
    values = read_parameters(ROOT / "params.yaml")["decode"][model.decoder]
    decoder = load_decoder(model.decoder)
    search = read_search(values, decoder.Settings, f"decode.{model.decoder}")
    truths = annotated_images(val.truth, val.truth.images)
    tasks = [DecodeTask(own.maps, true_cells(truth), {}) for own, truth in zip(val.maps, truths, strict=True)]
    settings = TuneSettings()
    trials = tune_decoder(decoder, tasks, search, settings, CellSettings(), ComputeSettings())
    best = best_trial(trials, settings.score).settings
    cells = [decoder.decode(task.maps, decoder.Settings(**best)) for task in tasks]
    counts = [
        counts_at_floors(task.truth, own.runs, own.scores) for task, own in zip(tasks, cells, strict=True)
    ]
    return Tuned(best, best_score_floor(counts))


def scored(model: Model, test: Found, data: Data, chosen: Tuned) -> Scored:
    """Decode what a model said of the test images, and score it.

    The foreground is where it has a probability of 0.5 or more; of a detector, which says nothing of single
    pixels, where the cells are that count.
    """
    decoder = load_decoder(model.decoder)
    settings = decoder.Settings(**chosen.settings)
    cells = [decoder.decode(own.maps, settings) for own in test.maps]
    truths = [true_cells(truth) for truth in annotated_images(test.truth, test.truth.images)]
    compared = [
        compare_cells(truth, own.runs, own.scores, CellSettings(), chosen.score_floor)
        for truth, own in zip(truths, cells, strict=True)
    ]
    summary = summarise_cells(compared, CellSettings())
    if isinstance(model, Detector):
        certain = [certain_cells(own.runs, own.scores, chosen.score_floor)[0] for own in cells]
        masks = [union(runs, *maps.foreground.shape) for runs, maps in zip(certain, test.maps, strict=True)]
    else:
        masks = [own.foreground >= 0.5 for own in test.maps]
    counts = [confusion(data["test"].image(number)[1] > 0, mask) for number, mask in enumerate(masks)]
    dice = foreground_scores(np.array(counts))["dice"]
    overall = {name: round(summary["overall"][name], 4) for name in SCORES} | {"dice": round(dice, 4)}
    return Scored(overall, summary["by_cell_type"], _ap50_reach(compared))


def _ap50_reach(compared: list[ImageCells]) -> float:
    groups, types = ([of(own.image) for own in compared] for of in (group_of, cell_type_of))
    detections = rank_detections([(own.ranked.overlap, own.ranked.scores) for own in compared])
    draws = draw_precision(detections, np.array(types), np.array(groups), CompareSettings())["ap50"].draws
    return round(float(t_quantile(sampling_of(groups, types).freedom) * draws.std(ddof=1)), 4)
