"""U-Net with or without residual units (Ronneberger et al. 2015; Kerfoot et al. 2018), as MONAI builds it."""

from monai.networks.nets.unet import UNet

from monolayer.heads.base.head import build_pixel_head
from monolayer.models.base.pixels import PixelModel
from monolayer.models.unet.settings import Settings


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
