"""Background, cell and contour as three classes: contours keep touching cells apart.

Chen et al., DCAN, CVPR 2016, and Caicedo et al., Cytometry A 95:952 (2019), who weight the rare contours in
the cross-entropy of one three-class output.
"""

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, max_pool2d

from monolayer.heads.base.head import PixelHead
from monolayer.heads.contour.settings import Settings

BACKGROUND, CELL, CONTOUR = range(3)


class ContourHead(PixelHead):
    """Tells background, the inside of cells, and contours apart."""

    channels = 3

    def __init__(self, settings: Settings) -> None:
        self._width = settings.width
        self._weights = (settings.background, settings.cell, settings.contour)

    def targets(self, labels: Tensor) -> Tensor:
        """Turn label images int32 [B, H, W] into the three classes, float32 [B, 3, H, W] of 0 and 1.

        Where a label is negative, nobody knows what the pixel is: it is of no class, and is not learned.
        """
        cell, inside = labels > 0, is_inside(labels, self._width)
        return torch.stack([labels == 0, cell & inside, cell & ~inside], dim=1).float()

    def loss(self, outputs: Tensor, targets: Tensor) -> dict[str, Tensor]:
        """Return the class-weighted cross-entropy, ``loss``: a mean over all pixels."""
        weights = torch.tensor(self._weights, device=outputs.device)
        known, truth = targets.max(dim=1)
        by_pixel = cross_entropy(outputs.float(), truth, reduction="none")
        return {"loss": (known * weights[truth] * by_pixel).mean()}

    def maps(self, outputs: Tensor) -> Tensor:
        """Return the probability of each class, float32 [B, 3, H, W]."""
        return torch.softmax(outputs.float(), dim=1)

    def foreground(self, outputs: Tensor) -> Tensor:
        """Return the probability of cell or contour, float32 [B, H, W]."""
        return 1 - self.maps(outputs)[:, BACKGROUND]


def is_inside(labels: Tensor, width: int) -> Tensor:
    """Say which pixels have their own label around them; bool [B, H, W].

    Parameters
    ----------
    labels
        int32 [B, H, W]. Beyond the image's edge all is alike.
    width
        Half the side of the square that has to be of one label, in pixels.

    Examples
    --------
    >>> is_inside(torch.tensor([[[1, 1, 1, 2, 2, 2]]]), 1).int().tolist()
    [[[1, 1, 0, 0, 1, 1]]]
    """
    numbers = labels[:, None].float()  # exact: labels are below 2 ** 24
    side = 2 * width + 1
    highest, lowest = (max_pool2d(sign * numbers, side, stride=1, padding=width) for sign in (1, -1))
    return (highest == -lowest)[:, 0]


def build(settings: Settings) -> ContourHead:
    """Build the head."""
    return ContourHead(settings)
