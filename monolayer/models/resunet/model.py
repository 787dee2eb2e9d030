"""U-Net with a ResNet-34 for its encoder, as segmentation_models_pytorch builds it."""

from typing import Any

from segmentation_models_pytorch import Unet
from torchvision.models import ResNet34_Weights

from monolayer.heads.base.head import PixelHead, build_pixel_head
from monolayer.models.base.pixels import PixelModel
from monolayer.models.base.published import read_published, take_published
from monolayer.models.resunet.settings import Settings


class ResUNet(PixelModel):
    """A U-Net whose encoder may start from published weights."""

    net: Unet

    def __init__(self, head: PixelHead, settings: Settings) -> None:
        net = Unet("resnet34", encoder_weights=None, in_channels=1, classes=head.channels)
        super().__init__(net, head, stride=2**5, settings=settings)
        self._weights = settings.weights

    def take_published_weights(self) -> str:
        """Take ImageNet's weights for the encoder; its first layer sees grey where they were for colours."""
        return take_published(self.net.encoder, self._weights, _published)


def _published(name: str) -> dict[str, Any] | None:
    published = read_published(name, {"imagenet": ResNet34_Weights.IMAGENET1K_V1.url})
    if published is not None and "conv1.weight" in published:
        published["conv1.weight"] = published["conv1.weight"].sum(dim=1, keepdim=True)
    return published


def build(settings: Settings) -> ResUNet:
    """Build the model with random weights; it halves the resolution five times."""
    return ResUNet(build_pixel_head(settings.head), settings)
