"""V-Net (Milletari et al. 2016), as MONAI builds it: residual 5 x 5 convolutions, 16 to 256 channels."""

from monai.networks.nets.vnet import VNet
from pydantic import Field

from monolayer.heads._head import build_pixel_head
from monolayer.models._pixels import PixelModel, PixelSettings
from monolayer.parameters import Number


class Settings(PixelSettings):
    """Settings of a V-Net."""

    dropout: Number = Field(default=0.5, ge=0, lt=1)
    """Share of the feature channels that the deep stages drop while training."""


def build(settings: Settings) -> PixelModel:
    """Build the model with fresh weights; it halves the resolution four times."""
    head = build_pixel_head(settings.head)
    net = VNet(
        spatial_dims=2,
        in_channels=1,
        out_channels=head.channels,
        dropout_prob_down=settings.dropout,
        dropout_prob_up=(settings.dropout, settings.dropout),
        dropout_dim=2,
    )
    return PixelModel(net, head, stride=2**4, settings=settings)
