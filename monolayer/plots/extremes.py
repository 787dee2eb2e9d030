"""The best, the median and the worst image of a model."""

import numpy as np
from matplotlib.figure import Figure

from monolayer.evaluation import TruthTask, best_median_worst, truth_and_prediction
from monolayer.images import ImageFolder, read_image
from monolayer.plots.overlay import overlay_agreement, plot_overlays, shrink
from monolayer.scores import ImageScore

PANEL_WIDTH = 352  # pixels: half of LIVECell's, so that a model's panels stay below 250 KB


def plot_extremes(
    title: str, scores: list[ImageScore], tasks: list[TruthTask], images: ImageFolder, threshold: float
) -> Figure:
    """Draw the agreement on the images of highest, middle and lowest Dice; `scores` and `tasks` of one split."""
    by_id = {task.image.id: task for task in tasks}
    panels = {}
    for place, score in best_median_worst(scores).items():
        caption = f"{place}, Dice {score.dice:.3f}\n{score.file_name}"
        panels[caption] = _panel(by_id[score.image_id], score.split, images, threshold)
    return plot_overlays(title, panels)


def _panel(task: TruthTask, split: str, images: ImageFolder, threshold: float) -> np.ndarray:
    image = read_image(images.path(task.image.file_name, split), task.image)
    return shrink(overlay_agreement(image, *truth_and_prediction(task, threshold)), PANEL_WIDTH)
