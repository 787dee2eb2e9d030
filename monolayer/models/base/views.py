"""How a model is shown an image: whole where it fits, else in tiles; in one or eight orientations."""

import itertools
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from monolayer.models.base.detections import gather_detections
from monolayer.models.base.model import Judged, Orientation
from monolayer.models.base.settings import PredictSettings
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
        return self._stitched(net, image) if self._in_tiles(image) else net(image)

    def _in_tiles(self, image: Tensor) -> bool:
        return max(image.shape[-2:]) > self._settings.tile

    def _stitched(self, net: Callable[..., Tensor], image: Tensor, **more: Any) -> Tensor:
        # MONAI takes seconds to import: nets that are none of its own do without where no image needs tiles.
        from monai.inferers.utils import sliding_window_inference

        own, (height, width) = self._settings, image.shape[-2:]
        outputs = sliding_window_inference(
            image,
            roi_size=(min(own.tile, height), min(own.tile, width)),
            sw_batch_size=1,
            predictor=net,
            overlap=own.overlap,
            mode="gaussian",
            device=torch.device("cpu"),  # a GPU holds one tile's outputs, however large the image is
            **more,
        )
        assert isinstance(outputs, Tensor)  # as the net's are
        return outputs

    def validated(self, judge: Callable[[Tensor, Tensor], Judged], image: Tensor, labels: Tensor) -> Judged:
        """Return how a model does on an image, see `Views.validated`; the foreground is blended."""
        if not self._in_tiles(image):
            return judge(image, labels)
        tiles: list[Tensor] = []

        def foreground_of(tile: Tensor, places: list[list[slice]]) -> Tensor:
            loss, foreground, found = judge(tile, labels[:, *places[0][2:]])
            tiles.append(torch.stack([loss, found]))
            return foreground.unsqueeze(1)

        foreground = self._stitched(foreground_of, image, with_coord=True)
        loss, found = torch.stack(tiles).mean(dim=0)
        return Judged(loss, foreground[:, 0], found)

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
            outputs = invert((outputs.flip(-1) if orientation.reflected else outputs).float(), orientation)
            total = total.add_(outputs) if total.ndim else outputs
            del outputs  # the next orientation's maps take its place
        return total.div_(len(self._orientations))

    def gather(self, detect: Callable[[Tensor], Cells], stride: int, image: Tensor) -> Cells:
        """Return the detections in all tiles and orientations of an image, see `Views.gather`."""
        own = self._settings
        return gather_detections(detect, stride, image, own.tile, own.overlap, self._orientations)


def oriented(image: Tensor, orientation: Orientation) -> Tensor:
    """Return images [..., H, W], flipped and then rotated."""
    return torch.rot90(
        image.flip(-1) if orientation.reflected else image, orientation.quarter_turns, dims=(-2, -1)
    )
