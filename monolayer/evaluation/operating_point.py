"""The threshold and the score floor of a model, chosen on val images."""

import numpy as np

from monolayer.compute.parallel import map_parallel
from monolayer.compute.settings import ComputeSettings
from monolayer.errors import InputError
from monolayer.evaluation.cells import best_score_floor, counts_at_floors, true_cells
from monolayer.evaluation.tasks import TruthTask, predicted_cells, truth_and_levels
from monolayer.metrics.overlap import confusion, dice

THRESHOLDS = tuple(percent / 100 for percent in range(5, 100, 5))
"""Those that `choose_threshold` tries."""


def choose_threshold(tasks: list[TruthTask], compute: ComputeSettings) -> float:
    """Return the threshold of `THRESHOLDS` with the highest mean Dice; of equal ones, that nearest to 0.5.

    A short training leaves a net's probabilities too low or too high: its ranking of the pixels is better
    than the mask at 0.5 says. Choose on val images, never on test.

    Parameters
    ----------
    tasks
        As `truth_tasks` returns them; images of partial truth do not count.
    compute
        Where the work runs.

    Raises
    ------
    InputError
        No image has complete truth, or one has no prediction, or one of another size.
    """
    counts = np.stack(map_parallel(_count_at_thresholds, _complete(tasks), compute))  # [N, thresholds, 4]
    scores = zip(THRESHOLDS, dice(counts).mean(axis=0), strict=True)
    return max(scores, key=lambda pair: (pair[1], -abs(pair[0] - 0.5)))[0]


def _count_at_thresholds(task: TruthTask) -> np.ndarray:
    truth, levels = truth_and_levels(task)
    return np.stack([confusion(truth, levels >= threshold * 255) for threshold in THRESHOLDS])


def choose_score_floor(tasks: list[TruthTask], compute: ComputeSettings) -> float:
    """Return the `best_score_floor`; parameters and errors as of `choose_threshold`."""
    return best_score_floor(map_parallel(_count_at_floors, _complete(tasks), compute))


def _count_at_floors(task: TruthTask) -> np.ndarray:
    return counts_at_floors(true_cells(task.truth), *predicted_cells(task))


def _complete(tasks: list[TruthTask]) -> list[TruthTask]:
    complete = [task for task in tasks if task.image.truth == "complete"]
    if not complete:
        raise InputError(
            "no val image has all its cells annotated: set evaluate.threshold and evaluate.score_floor, "
            "such as 0.5 and 0"
        )
    return complete
