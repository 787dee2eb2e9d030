"""A net with outputs for each pixel that remembers earlier frames of a sequence."""

from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import Any

from torch import Tensor, nn

from monolayer.annotations.coco import Image, place_in_time
from monolayer.annotations.sequences import in_time
from monolayer.heads.base.head import PixelHead
from monolayer.models.base.model import Judge, Judged, Orientation, State, Validated, Views
from monolayer.models.base.pixels import PixelModel, outputs_at_stride
from monolayer.models.base.settings import RecurrentSettings


class RecurrentNet(nn.Module):
    """What a `RecurrentModel` is built around."""

    @abstractmethod
    def forward(self, sequences: Tensor, memory: Any) -> tuple[Tensor, Any]:
        """Turn sequences float32 [B, T, 1, H, W] into outputs [B, T, C, H, W] and what to remember.

        `memory` is what was returned for the frames before, or None at the beginning of a sequence.
        """


class RecurrentModel(PixelModel):
    """Sees a batch as sequences, one behind the other; in prediction whole frames, without tiles."""

    memory_remedy = "set compute.accelerator: cpu (this architecture sees whole frames, without tiles)"
    net: RecurrentNet

    def __init__(self, net: RecurrentNet, head: PixelHead, stride: int, settings: RecurrentSettings) -> None:
        super().__init__(net, head, stride, settings)
        self.frames = settings.frames

    def forward(self, images: Tensor) -> Tensor:
        """Turn normalised frames float32 [B * T, 1, H, W] into outputs [B * T, C, H, W].

        Fewer frames than a sequence's are one sequence.
        """
        sequences = images.unflatten(0, (-1, min(self.frames, len(images))))
        return self.net(sequences, None)[0].flatten(0, 1)

    def next_frame(self, image: Tensor, memory: Any) -> tuple[Tensor, Any]:
        """Turn the next frame, float32 [1, 1, H, W], into outputs [1, C, H, W] and what to remember."""
        outputs, memory = self.net(image[None], memory)
        return outputs[0], memory

    def oriented_net(
        self, orientation: Orientation, views: Views, state: State
    ) -> Callable[[Tensor], Tensor]:
        """Return what turns the next frame in one orientation into outputs [1, C, H, W], and remembers it."""

        def apply(image: Tensor) -> Tensor:
            outputs, state[orientation] = self.next_frame(image, state.get(orientation))
            return outputs

        return apply

    def in_order(self, images: Sequence[Image]) -> list[Image]:
        """Return images by sequence, in the order of time."""
        return in_time(images)

    def with_context(self, images: Sequence[Image], all_images: Sequence[Image]) -> list[Image]:
        """Return images, in the order of time, with the frames before them."""
        last: dict[str, int] = {}
        for sequence, frame in map(place_in_time, images):
            last[sequence] = max(frame, last.get(sequence, frame))
        places = ((image, place_in_time(image)) for image in in_time(all_images))
        return [image for image, (sequence, frame) in places if frame <= last.get(sequence, frame - 1)]

    def validated(self, images: Tensor, labels: Tensor) -> Validated:
        """Say how it does on the last of normalised frames float32 [T, 1, H, W]; labels int32 [1, H, W]."""
        outputs = outputs_at_stride(self, self.stride, images)[-1:]
        loss = self.loss(outputs, self.targets(labels))["loss"]
        return Validated(loss, self.foreground(outputs), self.maps(outputs))

    def judged_by(self, judge: Judge, views: Views, images: Tensor, labels: Tensor) -> Judged:
        """Say how it does, see `Model.judged_by`: memory is of places, and tiles have none in common."""
        return judge(self.validated(images, labels), labels)
