"""What a data set holds: images, cells, their areas and confluence, by split and cell type."""

from collections import Counter
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from pydantic import Field

from monolayer.annotations.coco import Image, Truth, cell_type_of
from monolayer.compute.parallel import map_parallel
from monolayer.compute.settings import ComputeSettings
from monolayer.exploration.measurements import Measurements
from monolayer.images.files import read_pixel_map
from monolayer.metrics.confluence import confluence
from monolayer.parameters import Settings


class ExploreSettings(Settings):
    """What is reported of the distributions."""

    area_percentiles: list[int] = Field(default=[10, 50, 90], min_length=1)
    """Which percentiles of the cells' areas metrics/dataset.json has."""


INCOMPLETE: dict[Truth, str] = {"partial": "images_partly_annotated", "none": "images_not_annotated"}
"""How the numbers of images of incomplete truth are named."""


class ImageFacts(NamedTuple):
    """What one image holds."""

    split: str
    image: Image
    cell_type: str
    areas: np.ndarray
    """float64 [N], pixels of each annotated cell."""
    confluence: float
    """NaN where not all cells are annotated."""

    @property
    def title(self) -> str:
        """The image in a few words."""
        return f"{self.cell_type}: {len(self.areas)} cells, confluence {100 * self.confluence:.0f} %"


def image_facts(
    measured: Measurements, split: str, masks: Path, compute: ComputeSettings
) -> list[ImageFacts]:
    """Collect the facts of a split's images, in their order.

    Parameters
    ----------
    measured, split
        The split's cells and name.
    masks
        Folder of the split's foreground masks, ``<image id>.png``.
    compute
        Where the masks are read.
    """
    fractions = map_parallel(partial(_confluence_of, masks=masks), measured.images, compute)
    return [
        ImageFacts(split, image, cell_type_of(image), measured.area[measured.of(number)], fraction)
        for number, (image, fraction) in enumerate(zip(measured.images, fractions, strict=True))
    ]


def _confluence_of(image: Image, masks: Path) -> float:
    if image.truth != "complete":
        return np.nan
    return confluence(read_pixel_map(masks / f"{image.id}.png", image) > 0)


def describe(facts: list[ImageFacts], percentiles: list[int]) -> dict[str, Any]:
    """Return ``{split: {overall, by_cell_type}}``: counts, areas in pixels, confluence in [0, 1].

    All images and all annotated cells count, but cells per image and confluence are of the images whose cells
    are all annotated. How many others there are stands beside them.
    """
    description: dict[str, Any] = {}
    for split in dict.fromkeys(fact.split for fact in facts):
        own = [fact for fact in facts if fact.split == split]
        description[split] = {
            "overall": _numbers(own, percentiles),
            "by_cell_type": {
                cell_type: _numbers((fact for fact in own if fact.cell_type == cell_type), percentiles)
                for cell_type in sorted({fact.cell_type for fact in own})
            },
        }
    return description


def _numbers(facts: Iterable[ImageFacts], percentiles: list[int]) -> dict[str, float]:
    facts = list(facts)
    areas = np.concatenate([fact.areas for fact in facts])
    complete = [fact for fact in facts if fact.image.truth == "complete"]
    truths = Counter(fact.image.truth for fact in facts)
    return {
        "images": len(facts),
        **{name: truths[truth] for truth, name in INCOMPLETE.items() if truths[truth]},
        "cells": len(areas),
        **(
            {"cells_per_image": sum(len(fact.areas) for fact in complete) / len(complete)} if complete else {}
        ),
        **{f"area_p{p}": float(np.percentile(areas, p)) for p in percentiles if len(areas)},
        **(_confluences(complete) if complete else {}),
    }


def _confluences(facts: list[ImageFacts]) -> dict[str, float]:
    fractions = np.array([fact.confluence for fact in facts])
    return {
        "confluence_min": float(fractions.min()),
        "confluence_mean": float(fractions.mean()),
        "confluence_max": float(fractions.max()),
    }


def typical_images(facts: list[ImageFacts]) -> dict[str, ImageFacts]:
    """Return the image of median confluence of each cell type, by type; without those of unknown one."""
    chosen = {}
    known = [fact for fact in facts if not np.isnan(fact.confluence)]
    for cell_type in sorted({fact.cell_type for fact in known}):
        own = sorted(
            (fact for fact in known if fact.cell_type == cell_type),
            key=lambda fact: (fact.confluence, fact.split, fact.image.id),
        )
        chosen[cell_type] = own[len(own) // 2]
    return chosen
