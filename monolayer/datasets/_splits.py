"""Images divided into train, val and test, for data that come without splits."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal, get_args

import numpy as np
from pydantic import AfterValidator

from monolayer.annotations.coco import Annotation, Coco, Image, write_coco
from monolayer.datasets._label_images import numbered
from monolayer.parameters import Number

Split = Literal["train", "val", "test"]
SPLITS: tuple[Split, ...] = get_args(Split)


def _whole(fractions: dict[Split, float]) -> dict[Split, float]:
    if (
        set(fractions) != set(SPLITS)
        or min(fractions.values()) < 0
        or not math.isclose(sum(fractions.values()), 1)
    ):
        raise ValueError("give fractions of train, val and test that sum to 1")
    return fractions


Fractions = Annotated[dict[Split, Number], AfterValidator(_whole)]
"""Fraction of the images of each split."""

DEFAULT_FRACTIONS: dict[Split, float] = {"train": 0.7, "val": 0.15, "test": 0.15}


def divide(cell_types: Sequence[str], fractions: dict[Split, float], seed: int) -> dict[Split, list[int]]:
    """Draw images for each split, at random and without overlap, each cell type by the same fractions.

    Parameters
    ----------
    cell_types
        Of each image.
    fractions
        Of each split.
    seed
        Of the draw.

    Returns
    -------
    dict
        Positions in `cell_types`, ascending, by split.

    Examples
    --------
    >>> parts = divide(["BV2", "A172"] * 5, {"train": 0.6, "val": 0.2, "test": 0.2}, seed=0)
    >>> [len(part) for part in parts.values()], sorted(sum(parts.values(), []))
    ([6, 2, 2], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
    >>> [sum(position % 2 for position in part) for part in parts.values()]
    [3, 1, 1]
    """
    rng = np.random.default_rng(seed)
    ends = np.cumsum([fractions[split] for split in SPLITS])
    types = np.asarray(cell_types)
    parts: dict[Split, list[int]] = {split: [] for split in SPLITS}
    for cell_type in sorted(set(cell_types)):
        own = rng.permutation(np.flatnonzero(types == cell_type))
        drawn = np.split(own, np.rint(ends * len(own)).astype(int)[:-1])
        for split, part in zip(SPLITS, drawn, strict=True):
            parts[split] += part.tolist()
    return {split: sorted(part) for split, part in parts.items()}


def write_splits(
    folder: Path, images: list[Image], annotations: list[list[Annotation]], parts: dict[Split, list[int]]
) -> None:
    """Write ``{train,val,test}.json``.

    Parameters
    ----------
    folder
        Where to.
    images
        Of all splits; the id of each is its position.
    annotations
        Of each image; they get ids that no two splits share.
    parts
        Positions of the images of each split.
    """
    first = 0
    for split, part in parts.items():
        coco = Coco([images[number] for number in part], [])
        for number in part:
            coco.annotations += numbered(annotations[number], number, first)
            first += len(annotations[number])
        write_coco(folder / f"{split}.json", coco)
