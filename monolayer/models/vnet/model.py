"""V-Net (Milletari et al. 2016), as MONAI builds it: residual 5 x 5 convolutions, 16 to 256 channels."""

from monai.networks.nets.vnet import VNet

from monolayer.heads.base.head import build_pixel_head
from monolayer.models.base.pixels import PixelModel
from monolayer.models.vnet.settings import Settings


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
