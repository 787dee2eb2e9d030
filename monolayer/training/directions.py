"""Directions that a head learns at each pixel: made once of each whole image, and turned with the crops."""

import math
from collections.abc import Callable, Iterable

import torch
from torch import Tensor

from monolayer.training.packing import Packed

CODES = 255
"""A direction is kept as one of so many angles, in a byte: off by 0.7 degrees at most. 0 is no direction."""


class Directions:
    """Unit vectors down and right at the pixels of a packed split; those of an image when first asked for.

    Parameters
    ----------
    make
        Turns label images int32 [1, H, W] into them, float32 [1, 2, H, W]; 0, 0 where there is none.
    packed
        Whose images they are of.
    device
        Where they are made and kept.
    """

    def __init__(
        self, make: Callable[[Tensor], Tensor], packed: Packed, device: torch.device | str = "cpu"
    ) -> None:
        self._make = make
        self._packed = packed
        self._codes = torch.zeros(len(packed.pixels), dtype=torch.uint8, device=device)
        self._made: set[int] = set()
        angle = torch.arange(CODES) * (2 * math.pi / CODES)
        vectors = torch.stack([angle.sin(), angle.cos()], dim=1)
        self._vectors = torch.cat([torch.zeros(1, 2), vectors]).to(device)

    def make(self, images: Iterable[int]) -> None:
        """Make those of images that are not made yet."""
        for image in set(images) - self._made:
            labels = torch.from_numpy(self._packed.image(image)[1].astype("int32")).to(self._codes.device)
            down, right = self._make(labels[None])[0]
            code = (torch.atan2(down, right) * (CODES / (2 * math.pi))).round() % CODES + 1
            code[(down == 0) & (right == 0)] = 0
            first = self._packed.first_pixels[image]
            self._codes[first : first + code.numel()] = code.flatten().byte()
            self._made.add(image)

    def at(self, pixels: Tensor) -> Tensor:
        """Return those at positions among the pixels of all images, int64 [B, H, W]; float32 [B, 2, H, W]."""
        return self._vectors[self._codes[pixels].int()].movedim(-1, 1)


def mirrored(vectors: Tensor, down: Tensor, right: Tensor) -> Tensor:
    """Return the vectors of pictures turned upside down, or left to right.

    Vectors float32 [B, 2, H, W] in and out; bool of shapes that fit [B, H, W].

    Examples
    --------
    >>> vectors = torch.tensor([[[[0.5]], [[2.0]]]])
    >>> mirrored(vectors, torch.tensor([[[True]]]), torch.tensor([[[False]]])).flatten().tolist()
    [-0.5, 2.0]
    """
    signs = torch.broadcast_tensors(*(torch.where(axis, -1.0, 1.0) for axis in (down, right)))
    return vectors * torch.stack(signs, dim=-3)


def rotated(vectors: Tensor, angle: Tensor) -> Tensor:
    """Return the vectors of pictures that `monolayer.training.crop_coordinates.warped` rotated.

    Vectors float32 [B, 2, H, W] in and out; angle in radians, float32 [B].

    Examples
    --------
    >>> down = torch.tensor([[[[1.0]], [[0.0]]]])
    >>> rotated(down, torch.tensor([torch.pi / 2])).flatten().round().int().tolist()
    [0, -1]
    """
    cosine, sine = angle.cos()[:, None, None], angle.sin()[:, None, None]
    down, right = vectors.unbind(1)
    return torch.stack([cosine * down + sine * right, cosine * right - sine * down], dim=1)
