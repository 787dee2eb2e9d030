"""U-Net with or without residual units (Ronneberger et al. 2015; Kerfoot et al. 2018), as MONAI builds it."""

from typing import Literal

from monai.networks.nets.unet import UNet
from pydantic import Field

from monolayer.heads._head import build_pixel_head
from monolayer.models._pixels import PixelModel, PixelSettings


class Settings(PixelSettings):
    """Settings of a U-Net."""

    channels: list[int] = Field(min_length=2)
    """Feature channels of each level, from the finest to the coarsest."""
    residual_units: int = Field(default=0, ge=0)
    """Convolutions in each level's residual unit; 0 for plain convolutions."""
    norm: Literal["instance", "batch"] = "instance"
    """What the features are normalised by: the statistics of their own image, or those of the training."""
    first_stride: Literal[1, 2] = 2
    """2 halves the resolution at once. With 1 the finest features have the image's resolution, which borders
    of touching cells need, for several times the work."""


def build(settings: Settings) -> PixelModel:
    """Build the model with fresh weights; each level after the first halves the resolution."""
    halvings = len(settings.channels) - 2
    head = build_pixel_head(settings.head)
    net = UNet(
        spatial_dims=2,
        in_channels=1,
        out_channels=head.channels,
        channels=settings.channels,
        strides=[settings.first_stride] + [2] * halvings,
        num_res_units=settings.residual_units,
        norm=settings.norm,
    )
    return PixelModel(net, head, stride=settings.first_stride * 2**halvings, settings=settings)
