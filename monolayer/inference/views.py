"""How a model is shown an image: whole where it fits, else in tiles; in one or eight orientations."""

import itertools
from collections.abc import Callable

import torch
from torch import Tensor

from monolayer.inference.detections import gather_detections
from monolayer.inference.settings import PredictSettings
from monolayer.models.base.model import Orientation
from monolayer.predictions.cells import Cells

ORIENTATIONS = tuple(itertools.starmap(Orientation, itertools.product(range(4), (False, True))))
"""All right-angle rotations and reflections; the first leaves an image as it is."""


class TiledViews:
    """The views that the settings ask for, see `monolayer.models.base.model.Views`."""

    def __init__(self, settings: PredictSettings) -> None:
        self._settings = settings
        self._orientations = ORIENTATIONS if settings.test_time_augmentation else ORIENTATIONS[:1]

    def in_tiles(self, net: Callable[[Tensor], Tensor], image: Tensor) -> Tensor:
        """Return a net's outputs [1, C, H, W] for an image [1, 1, H, W]; large ones by blended tiles."""
        own = self._settings
        if max(image.shape) <= own.tile:
            return net(image)
        # MONAI takes seconds to import: nets that are none of its own do without where no image needs tiles.
        from monai.inferers.utils import sliding_window_inference

        height, width = image.shape[-2:]
        outputs = sliding_window_inference(
            image,
            roi_size=(min(own.tile, height), min(own.tile, width)),
            sw_batch_size=1,
            predictor=net,
            overlap=own.overlap,
            mode="gaussian",
        )
        assert isinstance(outputs, Tensor)  # as the net's are
        return outputs

    def average(
        self,
        apply: Callable[[Tensor, Orientation], Tensor],
        invert: Callable[[Tensor, Orientation], Tensor],
        image: Tensor,
    ) -> Tensor:
        """Return the mean of the outputs over the orientations of an image, see `Views.average`."""
        if len(self._orientations) == 1:
            return apply(image, self._orientations[0])
        total = torch.zeros(())
        for orientation in self._orientations:
            outputs = apply(oriented(image, orientation), orientation)
            outputs = torch.rot90(outputs, -orientation.quarter_turns, dims=(-2, -1))
            outputs = (outputs.flip(-1) if orientation.reflected else outputs).float()
            total = total + invert(outputs, orientation)
        return total / len(self._orientations)

    def gather(self, detect: Callable[[Tensor], Cells], stride: int, image: Tensor) -> Cells:
        """Return the detections in all tiles and orientations of an image, see `Views.gather`."""
        own = self._settings
        return gather_detections(detect, stride, image, own.tile, own.overlap, self._orientations)


def oriented(image: Tensor, orientation: Orientation) -> Tensor:
    """Return images [..., H, W], flipped and then rotated."""
    return torch.rot90(
        image.flip(-1) if orientation.reflected else image, orientation.quarter_turns, dims=(-2, -1)
    )
