"""How a model does on validation images: its cells, and its foreground at every threshold."""

import numpy as np
import torch
from torch import Tensor

from monolayer.annotations.rasterise import label_runs
from monolayer.decoders.base.decoder import load_decoder
from monolayer.metrics.instance_overlap import instance_overlap
from monolayer.metrics.ranked_detections import drawn_average_precision, rank_detections
from monolayer.models.base.model import Judge, Judged, Validated
from monolayer.predictions.cells import Cells


def judge_by(decoder: str) -> Judge:
    """Return what finds cells by a decoder's own settings, and scores them.

    Parameters
    ----------
    decoder
        The folder of monolayer/decoders.

    Returns
    -------
    Judge
        Its score is the AP at an IoU of 0.5 of each image, averaged.
    """
    module = load_decoder(decoder)
    settings = module.Settings()

    def judge(said: Validated, labels: Tensor) -> Judged:
        maps = said.maps if isinstance(said.maps, list) else said.maps.float().cpu().numpy()
        truths = labels.cpu().numpy()
        scores = [
            image_ap50(module.decode(own, settings), truth) for own, truth in zip(maps, truths, strict=True)
        ]
        return Judged(said.loss, said.foreground, said.loss.new_tensor(np.mean(scores)))

    return judge


def image_ap50(cells: Cells, labels: np.ndarray) -> float:
    """Return the AP at an IoU of 0.5 of one image's cells; labels [H, W], 0 = background."""
    numbers, dense = np.unique(labels, return_inverse=True)
    dense = dense.reshape(labels.shape) + (numbers[0] != 0)
    overlap = instance_overlap(label_runs(dense), int(dense.max()), cells.runs, len(cells.scores))
    detections = rank_detections([(overlap, cells.scores)])
    return float(drawn_average_precision(detections, np.ones((1, 1), dtype=np.int64))["ap50"][0])


def dice_curve(foreground: Tensor, truth: Tensor) -> Tensor:
    """Return the Dice score of masks at each threshold, all images as one.

    Parameters
    ----------
    foreground
        Probabilities float32 in [0, 1], of any shape.
    truth
        bool, of the same shape.

    Returns
    -------
    Tensor
        float64 [256], for the thresholds 0, 1/255, ... 1; 1 where mask and truth are empty.

    Examples
    --------
    >>> curve = dice_curve(torch.tensor([0.1, 0.6, 0.8]), torch.tensor([False, False, True]))
    >>> curve[[0, 100, 200, 255]].tolist()
    [0.5, 0.6666666666666666, 1.0, 0.0]
    """
    # Where a training has failed there are no numbers; that is noticed by its loss. In 16 bits, as of large
    # images every copy counts.
    levels = foreground.nan_to_num().mul_(255).round_().short()
    counts = torch.bincount(levels.add_(truth, alpha=256).flatten(), minlength=512).view(2, 256)
    shared, predicted = (
        reached.flip(0).cumsum(0).flip(0).double() for reached in (counts[1], counts.sum(dim=0))
    )
    size = predicted + truth.sum()
    return torch.where(size > 0, 2 * shared / size.clamp(min=1), 1.0)
