"""A net with outputs for each pixel that remembers earlier frames of a recording."""

from abc import abstractmethod
from typing import Any

from pydantic import Field
from torch import Tensor, nn

from monolayer.errors import InputError
from monolayer.heads._head import PixelHead
from monolayer.models._model import Validated
from monolayer.models._pixels import PixelModel, PixelSettings, outputs_at_stride


class FilmSettings(PixelSettings):
    """Settings of a net that remembers."""

    frames: int = Field(default=4, ge=1)
    """Length of the clips that it is trained on."""


class FilmNet(nn.Module):
    """What a `FilmModel` is built around."""

    @abstractmethod
    def forward(self, clips: Tensor, memory: Any) -> tuple[Tensor, Any]:
        """Turn clips float32 [B, T, 1, H, W] into outputs [B, T, C, H, W] and what to remember.

        `memory` is what was returned for the frames before, or None at the beginning of a recording.
        """


class FilmModel(PixelModel):
    """Sees a batch as clips, one behind the other."""

    net: FilmNet

    def __init__(self, net: FilmNet, head: PixelHead, stride: int, settings: FilmSettings) -> None:
        super().__init__(net, head, stride, settings)
        if not head.leaves_out:
            raise InputError(
                f"head.method: {self.decoder} needs all cells of every frame; a net that remembers is also "
                "shown frames that nobody annotated: set it to contour"
            )
        self.frames = settings.frames

    def forward(self, images: Tensor) -> Tensor:
        """Turn normalised frames float32 [B * T, 1, H, W] into outputs [B * T, C, H, W].

        Fewer frames than a clip's are one clip.
        """
        clips = images.unflatten(0, (-1, min(self.frames, len(images))))
        return self.net(clips, None)[0].flatten(0, 1)

    def go_on(self, image: Tensor, memory: Any) -> tuple[Tensor, Any]:
        """Turn the next frame, float32 [1, 1, H, W], into outputs [1, C, H, W] and what to remember."""
        outputs, memory = self.net(image[None], memory)
        return outputs[0], memory

    def validated(self, images: Tensor, labels: Tensor) -> Validated:
        """Say how it does on the last of normalised frames float32 [T, 1, H, W]; labels int32 [1, H, W]."""
        outputs = outputs_at_stride(self, self.stride, images)[-1:]
        return Validated(self.loss(outputs, self.targets(labels))["loss"], self.foreground(outputs))
