"""What may be set of a U-Net with a ResNet-34."""

from monolayer.models.base.settings import PixelSettings


class Settings(PixelSettings):
    """Settings of a U-Net with a ResNet-34."""

    weights: str | None = None
    """Of the encoder: ``imagenet`` for those that torchvision publishes, or a file of theirs; None for random
    ones. With them, normalise by ``imagenet``, too."""
