"""Scores where only some cells are annotated: which are left, and how large they are.

Of the first image one of two cells is annotated, and both are predicted exactly; of the second, the only cell
is annotated, and predicted with an IoU of 0.5625; nobody has annotated the third.
"""

import csv
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from tiny_split import (
    annotation,
    baseline_arguments,
    compare_arguments,
    evaluate_arguments,
    explore_arguments,
    image,
    write_results,
    write_split,
)

from monolayer.annotations.coco import Coco, Truth, write_coco
from monolayer.compute.settings import ComputeSettings
from monolayer.errors import InputError
from monolayer.evaluation.cells import score_cells
from monolayer.evaluation.operating_point import choose_threshold
from monolayer.evaluation.settings import EvaluateSettings
from monolayer.evaluation.split import Evaluation, evaluate_split, evaluation_metrics
from monolayer.evaluation.tasks import truth_tasks
from monolayer.exploration.measurements import read_measurements
from monolayer.exploration.summary import describe, image_facts, typical_images
from monolayer.exploration.tables import write_images
from monolayer.metrics.partial_truth import OF_ANNOTATED_CELLS, needs_complete_truth
from monolayer.predictions.files import read_results
from stages.baseline import baseline
from stages.compare import compare
from stages.evaluate import evaluate
from stages.explore import explore

ALONE = ComputeSettings(jobs=1)
REASON = "1 of 2 images have partial truth: a predicted cell that is not annotated may be right all the same"
LEFT = {
    *("recall_25", "recall_50", "recall_75", "seg", "afnr", "cells", "images"),
    *("ar_100", "ar_500", "ar_2000", "ar_small", "ar_medium", "ar_large"),
}


def partly_annotated(first_id: int = 1, first: Truth = "partial", second: Truth = "complete") -> Coco:
    images = [image(first_id, "A172"), image(first_id + 1, "BV2"), image(first_id + 2, "BV2")]
    for listed, truth in zip(images, (first, second, "none"), strict=True):
        listed.truth = truth
    return Coco(images, [annotation(1, first_id, 4, 4, 16), annotation(2, first_id + 1, 10, 10, 20)])


def predicted(first_id: int = 1) -> Coco:
    squares = [
        (first_id, 4, 4, 16),
        (first_id, 26, 10, 12),
        (first_id + 1, 10, 10, 15),
        (first_id + 2, 1, 1, 9),
    ]
    return Coco([], [annotation(number, *square) for number, square in enumerate(squares)])


def write_partial(root: Path, split: str, first_id: int = 1) -> None:
    write_split(root, split, partly_annotated(first_id))
    write_results(root / "predictions" / "unet" / f"{split}.json", predicted(first_id))


@pytest.fixture
def evaluation(tmp_path: Path) -> Evaluation:
    write_partial(tmp_path, "test")
    return evaluate_test(tmp_path, partly_annotated())


def evaluate_test(root: Path, coco: Coco) -> Evaluation:
    folder = root / "predictions" / "unet"
    tasks = truth_tasks(coco, folder / "foreground" / "test", read_results(folder / "test.json", coco.images))
    return evaluate_split(tasks, "unet", "test", "clean", 0.5, 0.0, EvaluateSettings(), ALONE)


def test_scores_by_hand(evaluation: Evaluation) -> None:
    metrics = evaluation_metrics([evaluation])["test"]["clean"]
    assert metrics["overall"] == pytest.approx(
        {
            "ar_100": 0.6,  # the second cell counts as found up to an IoU of 0.55: (2 * 1 + 8 * 0.5) / 10
            "ar_500": 0.6,
            "ar_2000": 0.6,
            "ar_small": 1.0,  # 16² pixels
            "ar_medium": 0.2,  # 20² pixels
            "ar_large": None,
            "afnr": 0.4,
            "recall_25": 1.0,
            "recall_50": 1.0,
            "recall_75": 0.5,
            "seg": (1 + 0.5625) / 2,
            "cells": 2,
            "images": 2,
        }
    )
    assert metrics["by_cell_type"]["BV2"]["seg"] == 0.5625
    assert metrics["by_cell_type"]["BV2"]["images"] == 1
    assert {name: set(scores) for name, scores in metrics["by_cell_type"].items()} == {
        "A172": LEFT,
        "BV2": LEFT,
    }
    assert metrics["by_cell_size"]["small"] == {
        "recall_25": 1, "recall_50": 1, "recall_75": 1, "ar": 1, "cells": 1,
    }  # fmt: skip
    nothing = {"recall_25": None, "recall_50": None, "recall_75": None, "ar": None, "cells": 0}
    assert metrics["by_cell_size"]["large"] == nothing  # whatever is predicted there
    assert metrics["by_cell_type"]["A172"]["ar_medium"] is None
    assert metrics["refused"] == REASON


def test_of_a_type_without_annotated_cells_nothing_is_known(tmp_path: Path) -> None:
    write_partial(tmp_path, "test")
    coco = partly_annotated()
    coco.annotations[:] = [cell for cell in coco.annotations if cell.image_id != coco.images[0].id]
    metrics = evaluation_metrics([evaluate_test(tmp_path, coco)])["test"]["clean"]
    own = metrics["by_cell_type"]["A172"]
    assert {name for name, value in own.items() if value is not None} == {"cells", "images"}
    assert set(own) == LEFT


def test_what_is_left_does_not_depend_on_what_is_not_annotated(tmp_path: Path) -> None:
    write_partial(tmp_path, "test")
    few = evaluation_metrics([evaluate_test(tmp_path, partly_annotated())])["test"]["clean"]["overall"]
    squares = [cell for cell in predicted().annotations if cell.id not in (1, 3)]
    write_results(tmp_path / "predictions" / "unet" / "test.json", Coco([], squares))
    assert (
        evaluation_metrics([evaluate_test(tmp_path, partly_annotated())])["test"]["clean"]["overall"] == few
    )


def test_of_complete_truth_nothing_is_refused_and_unannotated_images_are_not_scored(tmp_path: Path) -> None:
    write_partial(tmp_path, "test")
    metrics = evaluation_metrics([evaluate_test(tmp_path, partly_annotated(first="complete"))])["test"][
        "clean"
    ]
    assert "refused" not in metrics
    assert {"dice", "ap", "precision_50", "count_mae", "cells_predicted"} < set(metrics["overall"])
    assert (metrics["overall"]["images"], metrics["overall"]["cells_predicted"]) == (2, 3)
    without = {name for name in metrics["overall"] if not needs_complete_truth(name)}
    assert without == LEFT - {"images"}


def test_nothing_to_score(tmp_path: Path) -> None:
    write_partial(tmp_path, "test")
    with pytest.raises(InputError, match="no image of test is annotated: put annotated images into it"):
        evaluate_test(tmp_path, partly_annotated(first="none", second="none"))


def test_the_threshold_is_chosen_on_images_of_complete_truth(tmp_path: Path) -> None:
    write_partial(tmp_path, "val")
    folder, results = tmp_path / "predictions" / "unet" / "foreground" / "val", {1: [], 2: [], 3: []}
    tasks = truth_tasks(partly_annotated(), folder, results)
    (folder / "1.png").unlink()
    assert choose_threshold(tasks, ALONE) == 0.5
    with pytest.raises(
        InputError,
        match=r"no val image has all its cells annotated: set evaluate\.threshold and evaluate\.score_floor",
    ):
        choose_threshold(tasks[:1], ALONE)


@pytest.mark.parametrize("score", OF_ANNOTATED_CELLS)
def test_what_an_error_names_can_be_tuned_by(score: str, evaluation: Evaluation) -> None:
    assert 0 < score_cells(evaluation.cells, score) <= 1


def test_what_is_explored(tmp_path: Path) -> None:
    write_partial(tmp_path, "train")
    measured = read_measurements(tmp_path / "clean" / "train.json")
    facts = image_facts(measured, "train", tmp_path / "masks" / "semantic" / "train", ALONE)
    described = describe(facts, [50])["train"]
    assert described["overall"] == pytest.approx(
        {
            "images": 3,
            "images_partly_annotated": 1,
            "images_not_annotated": 1,
            "cells": 2,
            "cells_per_image": 1.0,
            "area_p50": (256 + 400) / 2,
            **dict.fromkeys(("confluence_min", "confluence_mean", "confluence_max"), 400 / (40 * 48)),
        }
    )
    assert set(described["by_cell_type"]["A172"]) == {
        "images",
        "images_partly_annotated",
        "cells",
        "area_p50",
    }
    assert {name: fact.image.id for name, fact in typical_images(facts).items()} == {"BV2": 2}
    write_images(tmp_path / "images.csv", facts)
    with (tmp_path / "images.csv").open(newline="") as file:
        rows = [(row["cells"], row["confluence"]) for row in csv.DictReader(file)]
    assert rows == [("1", ""), ("1", "0.208333"), ("0", "")]


class Project:
    """A project with partly annotated images, on which the stages that score have run but for compare."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.root = root
        monkeypatch.chdir(root)
        for first_id, split in ((1, "train"), (11, "val"), (21, "test")):
            write_partial(root, split, first_id)
        self.set_ranking("seg")
        explore(**explore_arguments(root))
        baseline(**baseline_arguments(root))
        evaluate(**evaluate_arguments(root))

    def set_ranking(self, score: str) -> None:
        sections = {name: {} for name in ("explore", "baseline", "evaluate")}
        ranking = {"resamples": 100, "score": score, "scores": ["dice", "seg", "ap", "recall_75"]}
        parameters = {**sections, "compare": ranking, "models": {"unet": {}}, "compute": {"jobs": 1}}
        (self.root / "params.yaml").write_text(yaml.safe_dump(parameters))

    def compare(self) -> None:
        compare(**compare_arguments(self.root))

    def read(self, name: str) -> dict[str, Any]:
        return json.loads((self.root / "metrics" / name).read_text())


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    return Project(tmp_path, monkeypatch)


def test_the_stages_leave_out_what_is_refused(project: Project) -> None:
    scored = project.read("evaluate/unet.json")["test"]
    assert {own["refused"] for own in scored.values()} == {REASON}
    folder = project.root / "plots" / "evaluate" / "unet"
    assert {path.name for path in folder.iterdir()} == {"cells.png"}
    assert len((project.root / "scores" / "unet.csv").read_text().splitlines()) == 1
    assert project.read("unet.json") == {"sec": 61}
    thresholds = project.read("baseline.json")["test"]
    assert thresholds["otsu"]["overall"]["images"] == 1


def test_models_are_ranked_by_what_is_left(project: Project, capsys: pytest.CaptureFixture[str]) -> None:
    project.compare()
    compared = project.read("comparison.json")
    assert (compared["best_model"], compared["refused"]) == ("unet", REASON)
    methods = compared["methods"]
    assert methods["unet"]["seg"] == 0.78125
    assert methods["unet"]["recall_75"] == 0.5
    assert not {"dice", "ap"} & set(methods["unet"])
    assert "otsu" not in methods
    table = pd.read_csv(project.root / "plots" / "comparison" / "iou.tsv", sep="\t")
    assert table["recall"].notna().all()
    assert table[["precision", "accuracy"]].isna().all(axis=None)
    empty = (project.root / "plots" / "comparison" / "precision_recall.tsv").read_text()
    assert empty == "model\trecall\tIoU_0.50\tIoU_0.75\tIoU_0.90\timages\n"
    assert f"left out: {REASON}" in capsys.readouterr().out


def test_no_ranking_by_what_is_refused(project: Project) -> None:
    project.set_ranking("dice")
    left = ", ".join(OF_ANNOTATED_CELLS)
    expected = rf"compare\.score: there is no 'dice' here, as {REASON}\. There is: {left}"
    with pytest.raises(InputError, match=expected):
        project.compare()


def test_no_image_for_thresholds(project: Project) -> None:
    for split in ("val", "test"):
        write_coco(project.root / "clean" / f"{split}.json", partly_annotated(second="partial"))
    with pytest.raises(InputError, match="no val or test image has all its cells annotated: thresholds"):
        baseline(**baseline_arguments(project.root))
