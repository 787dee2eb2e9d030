"""What SAM's mask decoder sees: a square window of the features around each prompt."""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import pad

from monolayer.models.cellsam.sizes import Size


class Frame(NamedTuple):
    """How windows lie in an image."""

    side: int
    """Of a window, in patches."""
    patch: int
    """Side of a patch in the pixels that the encoder sees, which are those of prompts."""
    stride: int
    """Side of a patch in pixels of the image."""
    centred: bool
    """See `Size`."""

    def windows(self, boxes: Tensor, height: int, width: int) -> Tensor:
        """Return the window of each box.

        Parameters
        ----------
        boxes
            In pixels of the image, float32 [K, 4].
        height, width
            Of the image, in patches.

        Returns
        -------
        Tensor
            First row and column, in patches, int64 [K, 2].
        """
        shape = torch.tensor([height, width], device=boxes.device)
        middle = 0.5 * (boxes[:, :2] + boxes[:, 2:]).flip(1) / self.stride
        first = (middle.clamp(min=0).minimum(shape) - 0.5 * self.side).round().long()
        return first if self.centred else first.minimum(shape - self.side).clamp(min=0)

    def prompts(self, boxes: Tensor, windows: Tensor) -> Tensor:
        """Return boxes, or points [K, 2], as the mask decoder is asked for them within their windows."""
        corner = self.stride * windows.flip(1)
        return (boxes - corner.repeat(1, boxes.shape[1] // 2)) * (self.patch / self.stride)

    def outlines(self, windows: Tensor) -> Tensor:
        """Return the windows as boxes in pixels of the image, float32 [K, 4]."""
        return (self.stride * torch.cat([windows.flip(1), windows.flip(1) + self.side], dim=1)).float()

    def cut(self, grid: Tensor, windows: Tensor, pixels: bool = False) -> Tensor:
        """Cut windows out of features [..., h, w], or out of pixels [..., H, W]; [K, ..., side, side].

        There are zeros beyond the image.
        """
        times = self.stride if pixels else 1
        side = times * self.side
        edged = pad(grid, (side,) * 4)
        place = torch.arange(side, device=grid.device)
        rows, columns = ((times * windows + side)[:, axis, None] + place for axis in (0, 1))
        return edged[..., rows[:, :, None], columns[:, None]].movedim(-3, 0)


def frame_of(size: Size, enlarge: int) -> Frame:
    """Return how windows lie in images that the encoder sees enlarged."""
    return Frame(size.window // size.patch, size.patch, size.patch // enlarge, size.centred)
