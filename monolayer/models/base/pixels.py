"""The model around a net with outputs for each pixel: what they mean is the affair of its head."""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, pad

from monolayer.heads.base.head import PixelHead
from monolayer.models.base.model import Maps, Model, Orientation, State, Validated, Views
from monolayer.models.base.settings import PixelSettings

BAND = 256
"""Rows of an image's outputs that are read at once; what is computed on the way is no larger."""


class PixelModel(Model):
    """A net with outputs for each pixel.

    Parameters
    ----------
    net
        Maps float32 [B, 1, H, W] to outputs [B, C, H, W], of the head's number of channels.
    head
        What the net learns.
    stride
        H and W must be multiples of it.
    settings
        Of the model.
    """

    head: PixelHead

    def __init__(self, net: nn.Module, head: PixelHead, stride: int, settings: PixelSettings) -> None:
        super().__init__(head, stride, settings, decoder=settings.head["method"])
        self.net = net

    def forward(self, images: Tensor) -> Tensor:
        """Turn normalised images float32 [B, 1, H, W] into outputs [B, C, H, W]."""
        return self.net(images)

    def loss(self, outputs: Tensor, targets: Tensor) -> dict[str, Tensor]:
        """Return the head's losses."""
        return self.head.loss(outputs, targets)

    def validated(self, images: Tensor, labels: Tensor) -> Validated:
        """Say how it does on normalised images float32 [B, 1, H, W] of any size; labels int32 [B, H, W]."""
        outputs = outputs_at_stride(self, self.stride, images)
        loss = self.loss(outputs, self.targets(labels))["loss"]
        return Validated(loss, self.foreground(outputs), self.maps(outputs))

    def infer(self, image: Tensor, size: tuple[int, int], views: Views, state: State) -> Maps:
        """Say what an image holds, see `Model.infer`."""

        def apply(seen: Tensor, orientation: Orientation) -> Tensor:
            return outputs_at_stride(self.oriented_net(orientation, views, state), self.stride, seen)

        outputs = views.average(apply, self._invert_orientation, image)
        outputs = outputs.float()
        if self.resize is not None:
            outputs = interpolate(outputs, size=size, mode="bilinear", antialias=True)
        return self._read(outputs)

    def _read(self, outputs: Tensor) -> Maps:
        """Turn outputs float32 [1, C, H, W] into maps, which take their place."""
        bands = [outputs[:, :, row : row + BAND] for row in range(0, outputs.shape[2], BAND)]
        foreground = torch.cat([self.foreground(band) for band in bands], dim=1)[0]
        for band in bands:
            band.copy_(self.maps(band))
        return Maps(foreground.cpu().numpy(), outputs[0].cpu().numpy())

    def oriented_net(
        self, orientation: Orientation, views: Views, state: State
    ) -> Callable[[Tensor], Tensor]:
        """Return what turns an image float32 [1, 1, H, W] in one orientation into outputs [1, C, H, W]."""
        return partial(views.in_tiles, self)

    def _invert_orientation(self, outputs: Tensor, orientation: Orientation) -> Tensor:
        return self.head.invert_orientation(outputs, *orientation)

    def maps(self, outputs: Tensor) -> Tensor:
        """Return what the decoder reads, float32 [B, C, H, W]."""
        return self.head.maps(outputs)

    def foreground(self, outputs: Tensor) -> Tensor:
        """Return the probability of belonging to a cell, float32 [B, H, W]."""
        return self.head.foreground(outputs)


def outputs_at_stride(apply: Callable[[Tensor], Tensor], stride: int, images: Tensor) -> Tensor:
    """Return the outputs [B, C, H, W] for images [B, 1, H, W], padded by reflection to `stride`."""
    height, width = images.shape[-2:]
    below, right = -height % stride, -width % stride
    # Reflection needs more pixels than it adds; an image as small as that repeats its edge.
    mode = "reflect" if below < height and right < width else "replicate"
    return apply(pad(images, (0, right, 0, below), mode=mode))[..., :height, :width]
