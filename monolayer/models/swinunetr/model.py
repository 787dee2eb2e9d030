"""SwinUNETR (Hatamizadeh et al. 2022), as MONAI builds it: shifted-window attention, a U-Net's decoder."""

from monai.networks.nets.swin_unetr import SwinUNETR

from monolayer.heads.base.head import build_pixel_head
from monolayer.models.base.pixels import PixelModel
from monolayer.models.swinunetr.settings import Settings


def build(settings: Settings) -> PixelModel:
    """Build the model with fresh weights; it halves the resolution five times."""
    head = build_pixel_head(settings.head)
    net = SwinUNETR(
        spatial_dims=2,
        in_channels=1,
        out_channels=head.channels,
        feature_size=settings.feature_size,
        depths=settings.depths,
    )
    return PixelModel(net, head, stride=2**5, settings=settings)
