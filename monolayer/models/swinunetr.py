"""SwinUNETR (Hatamizadeh et al. 2022), as MONAI builds it: shifted-window attention, a U-Net's decoder."""

from monai.networks.nets.swin_unetr import SwinUNETR
from pydantic import Field

from monolayer.heads._head import build_pixel_head
from monolayer.models._pixels import PixelModel, PixelSettings


class Settings(PixelSettings):
    """Settings of a SwinUNETR."""

    feature_size: int = Field(default=24, ge=12, multiple_of=12)
    """Channels of the finest level, a multiple of 12; time and memory grow with its square."""
    depths: list[int] = Field(default=[2, 2, 2, 2], min_length=4, max_length=4)
    """Transformer blocks of each stage; even numbers, as plain and shifted windows alternate."""


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
