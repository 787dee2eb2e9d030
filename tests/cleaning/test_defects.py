"""The cleaning against the manifest of a small rendered set that holds every defect."""

import csv
from pathlib import Path

import pytest

from monolayer.cleaning.clean import clean_splits
from monolayer.cleaning.settings import CleaningSettings
from monolayer.compute.settings import ComputeSettings
from monolayer.datasets import synthetic
from monolayer.synthesis.defects import DefectSettings

COLUMNS = ("split", "image_id", "annotation_id", "kept_split", "kept_image_id")


@pytest.fixture(scope="module")
def findings(tmp_path_factory: pytest.TempPathFactory) -> tuple[set[tuple[str, ...]], set[tuple[str, ...]]]:
    """What was planted, and what was found."""
    root = tmp_path_factory.mktemp("rendered")
    settings = synthetic.Settings(
        source="synthetic",
        cell_types=["A172", "SkBr3"],
        train_images=8,
        val_images=5,
        test_images=6,
        width=256,
        height=192,
    )
    synthetic.download(settings, root, root / "scratch", ComputeSettings())
    folders = (root / "annotations", root / "images", root / "clean", root / "cleaning.json")
    clean_splits(*folders, CleaningSettings(), ComputeSettings(jobs=1))
    return rows(root / "defects.csv", "defect"), rows(root / "clean" / "removed.csv", "reason")


def rows(path: Path, column: str) -> set[tuple[str, ...]]:
    with path.open(newline="") as file:
        return {(row[column], *(row[name] for name in COLUMNS)) for row in csv.DictReader(file)}


@pytest.mark.parametrize("defect", DefectSettings.model_fields)
def test_precision_and_recall_are_one(
    findings: tuple[set[tuple[str, ...]], set[tuple[str, ...]]], defect: str
) -> None:
    planted, found = findings
    expected = {row for row in planted if row[0] == defect}
    assert expected
    assert {row for row in found if row[0] == defect} == expected


def test_nothing_else_is_found(findings: tuple[set[tuple[str, ...]], set[tuple[str, ...]]]) -> None:
    planted, found = findings
    assert found == planted
