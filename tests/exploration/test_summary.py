"""What a data set holds."""

from pathlib import Path

import numpy as np
import pytest
from tiny_split import HEIGHT, WIDTH, image, of_a_stack, two_images, write_split

from monolayer.annotations.coco import Coco
from monolayer.compute.settings import ComputeSettings
from monolayer.exploration.measurements import read_measurements
from monolayer.exploration.summary import ImageFacts, describe, image_facts, typical_images


def fact(number: int, confluence: float, areas: list[float], split: str = "train", cell_type: str = "A172"):
    return ImageFacts(split, image(number, cell_type), cell_type, np.array(areas), confluence)


@pytest.mark.parametrize("coco", [two_images(), of_a_stack(two_images())])
def test_facts_of_a_split(tmp_path: Path, coco: Coco):
    write_split(tmp_path, "train", coco)
    masks = tmp_path / "masks" / "semantic" / "train"
    measured = read_measurements(tmp_path / "clean" / "train.json")
    first, second = image_facts(measured, "train", masks, ComputeSettings(jobs=1))
    assert (first.cell_type, first.areas.tolist(), first.confluence) == (
        "A172",
        [256, 144],
        400 / HEIGHT / WIDTH,
    )
    assert (second.cell_type, second.areas.tolist()) == ("BV2", [400])
    assert first.title == "A172: 2 cells, confluence 21 %"


def test_description():
    facts = [fact(1, 0.2, [10, 20]), fact(2, 0.6, [30]), fact(3, 0.5, [], "val", "BV2")]
    description = describe(facts, percentiles=[50])
    assert description["train"]["overall"] == {
        "images": 2,
        "cells": 3,
        "cells_per_image": 1.5,
        "area_p50": 20,
        "confluence_min": 0.2,
        "confluence_mean": pytest.approx(0.4),
        "confluence_max": 0.6,
    }
    assert description["val"]["by_cell_type"]["BV2"]["cells"] == 0
    assert "area_p50" not in description["val"]["overall"]


def test_typical_image_is_of_median_confluence():
    facts = [fact(1, 0.9, []), fact(2, 0.2, []), fact(3, 0.4, []), fact(4, 0.1, [], cell_type="BV2")]
    assert {name: f.image.id for name, f in typical_images(facts).items()} == {"A172": 3, "BV2": 4}
