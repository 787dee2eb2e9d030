"""Collect what evaluate and baseline have scored, for exactly the models that params.yaml has now."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from monolayer.errors import InputError
from monolayer.evaluation.image_tables import DrawnScore, ImageTable, read_image_tables
from monolayer.metrics.cells import cell_ratios
from monolayer.metrics.foreground import foreground_ratios
from monolayer.metrics.partial_truth import of_annotated_cells

BASELINE = "baseline"
"""Name of the thresholds' file among those of the models."""

Drawn = Callable[[np.ndarray], np.ndarray]
"""A score of R draws of N images: takes the weight of each image, [R, N], returns float64 [R]."""


class Method(NamedTuple):
    """A model or threshold, and its scores on N cleaned test images in the order of their ids."""

    name: str
    kind: str
    """``model`` or ``threshold``."""
    image_ids: np.ndarray
    """int64 [N], ascending."""
    cell_types: np.ndarray
    """Text [N]."""
    groups: np.ndarray
    """What each image was recorded with, text [N]."""
    scores: dict[str, Drawn]
    """Those that follow from counts."""
    drawn: dict[str, DrawnScore] = {}  # noqa: RUF012 (never changed)
    """Those that were drawn with the evaluation."""
    refused: str = ""
    """Why it lacks the scores that need complete truth, or ""."""

    @property
    def names(self) -> list[str]:
        """Of all its scores."""
        return [*self.scores, *self.drawn]


def read_tables(folder: Path, models: list[str]) -> dict[str, ImageTable]:
    """Read the scores by image of every model, and of every threshold, on the cleaned test images.

    Parameters
    ----------
    folder
        Of ``<model>.json`` and ``baseline.json``; files of models that are not asked for do not matter.
    models
        The models in params.yaml.

    Returns
    -------
    dict
        By name, the models in their order first; a threshold that is called as a model is has its kind
        behind its name. No thresholds where truth is partial: it refuses all that they have.

    Raises
    ------
    InputError
        A model was not evaluated.
    """
    tables: dict[str, ImageTable] = {}
    for model in models:
        path = folder / f"{model}.json"
        if not path.exists():
            raise InputError(f"model {model!r} has no evaluation: run `dvc repro evaluate@{model}`")
        tables |= read_image_tables(path)
    if any(table.refused for table in tables.values()):
        return tables
    thresholds = read_image_tables(folder / f"{BASELINE}.json")
    return tables | {
        f"{name} (threshold)" if name in tables else name: own for name, own in thresholds.items()
    }


def method_of(name: str, table: ImageTable) -> Method:
    """Make a method of its counts; of partial truth, with the scores that are left."""
    scores: dict[str, Drawn] = {}
    if table.foreground is not None:
        scores |= {key: ratio.value for key, ratio in foreground_ratios(table.foreground).items()}
    if table.cells is not None:
        scores |= {key: ratio.value for key, ratio in cell_ratios(table.cells).items()}
    if table.refused:
        scores = of_annotated_cells(scores)
    images = (table.image_ids, table.cell_types, table.groups)
    return Method(name, table.kind, *images, scores, table.drawn, table.refused)
