"""Nets that remember earlier frames of a recording."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from monolayer.annotations.coco import Image
from monolayer.errors import InputError
from monolayer.heads.base.head import build_pixel_head
from monolayer.inference.whole_image import Applied
from monolayer.models.base.recurrent import RecurrentModel, RecurrentNet
from monolayer.models.base.settings import PredictSettings, RecurrentSettings
from monolayer.models.convlstm_unet import model as convlstm_unet
from monolayer.models.unet import model as unet

SETTINGS = convlstm_unet.Settings(architecture="convlstm_unet", channels=[8, 16], frames=3)


class Sum(RecurrentNet):
    """Adds up all frames so far: what it remembers is the sum."""

    def forward(self, sequences: Tensor, memory: Tensor | None) -> tuple[Tensor, Tensor]:
        sums = sequences.cumsum(dim=1) + (0 if memory is None else memory)
        return sums.repeat(1, 1, 3, 1, 1), sums[:, -1:]


def summing(**settings: object) -> RecurrentModel:
    values = {"architecture": "sum", "head": {"method": "contour"}, "normalise": {"mean": 0, "scale": 1}}
    own = RecurrentSettings.model_validate(values | settings)
    model = RecurrentModel(Sum(), build_pixel_head(own.head), stride=4, settings=own)
    model.maps = lambda outputs: outputs.float()  # type: ignore[method-assign]
    model.unused = nn.Parameter(torch.zeros(1))
    return model.eval()


@pytest.fixture
def net() -> RecurrentModel:
    torch.manual_seed(0)
    return convlstm_unet.build(SETTINGS).eval()


def test_a_clip_is_as_its_frames_one_after_the_other(net: RecurrentModel):
    frames = torch.randn(3, 1, 16, 24)
    memory, outputs = None, []
    with torch.no_grad():
        for frame in frames:
            own, memory = net.next_frame(frame[None], memory)
            outputs.append(own)
        torch.testing.assert_close(net(frames), torch.cat(outputs), atol=1e-5, rtol=1e-5)


def test_earlier_frames_matter_and_later_ones_do_not(net: RecurrentModel):
    frames = torch.randn(3, 1, 16, 24)
    with torch.no_grad():
        before = net(frames)
        changed = net(torch.cat([frames[:1], frames[1:2] + 1, frames[2:]]))
    assert torch.equal(before[0], changed[0])
    assert not torch.allclose(before[2], changed[2])


def test_clips_of_a_batch_do_not_mix(net: RecurrentModel):
    sequences = torch.randn(6, 1, 16, 24)
    with torch.no_grad():
        torch.testing.assert_close(net(sequences)[3:], net(sequences[3:]), atol=1e-5, rtol=1e-5)


def test_the_lstm_is_that_of_shi():
    torch.manual_seed(0)
    cell = convlstm_unet.ConvLstm(2, 3, kernel=3)
    image, hidden, state = torch.randn(1, 2, 5, 6), torch.randn(1, 3, 5, 6), torch.randn(1, 3, 5, 6)
    seen = torch.cat([image, hidden], dim=1)
    layers = zip(cell.gates.weight.split(3), cell.gates.bias.split(3), strict=True)
    forget, take, give, new = (nn.functional.conv2d(seen, *layer, padding=1) for layer in layers)
    expected = forget.sigmoid() * state + take.sigmoid() * new.tanh()
    got_hidden, got_state = cell(image, (hidden, state))
    torch.testing.assert_close(got_state, expected)
    torch.testing.assert_close(got_hidden, give.sigmoid() * expected.tanh())


def test_published_weights_of_the_classes():
    assert SETTINGS.head == {"method": "contour", "background": 0.15, "cell": 0.25, "contour": 0.6}


def test_validation_is_of_the_last_frame():
    frames = torch.arange(3.0)[:, None, None, None].expand(3, 1, 6, 7)
    labels = torch.zeros(1, 6, 7, dtype=torch.int32)
    _, foreground, _ = summing().validated(frames, labels)
    assert foreground.shape == (1, 6, 7)
    torch.testing.assert_close(foreground, torch.full((1, 6, 7), 2 / 3))  # three equal classes


@pytest.mark.parametrize("turns", [False, True])
def test_memory_is_carried_on_and_ends_with_the_recording(turns: bool):
    images = np.random.default_rng(0).integers(0, 50, (4, 7, 9)).astype(np.uint8)
    apply = Applied(summing(), PredictSettings(test_time_augmentation=turns), "32-true")
    sequences = ["a", "a", "b", "b"]
    seen = [apply(image, sequence).maps[0] for image, sequence in zip(images, sequences, strict=True)]
    expected = [images[0], images[0] + images[1], images[2], images[2] + images[3]]
    np.testing.assert_allclose(np.stack(seen), np.stack(expected), atol=1e-4)


def test_frames_of_another_size_begin_anew():
    apply = Applied(summing(), PredictSettings(), "32-true")
    apply(np.full((7, 9), 5, np.uint8), "a")
    assert apply(np.full((8, 9), 3, np.uint8), "a").maps.max() == 3


def frame(number: int, sequence: str, at: int) -> Image:
    return Image(number, f"{sequence}{at}.tif", 9, 7, sequence=sequence, frame=at)


PLACES = [("b", 2), ("a", 5), ("b", 0), ("a", 1), ("c", 0), ("b", 1)]
FRAMES = [frame(number, *place) for number, place in enumerate(PLACES)]


def test_frames_come_in_the_order_of_time():
    assert [image.id for image in summing().in_order(FRAMES)] == [3, 1, 2, 5, 0, 4]
    assert [image.id for image in summing().with_context([FRAMES[5]], FRAMES)] == [2, 5]
    assert [image.id for image in summing().with_context([FRAMES[1], FRAMES[2]], FRAMES)] == [3, 1, 2]


def test_what_does_not_remember_sees_images_as_they_are_listed():
    model = unet.build(unet.Settings(architecture="unet", channels=[8, 16]))
    assert model.in_order(FRAMES) == FRAMES
    assert model.with_context(FRAMES[1:2], FRAMES) == FRAMES[1:2]


@pytest.mark.parametrize("head", ["foreground", "flow", "stardist"])
def test_heads_that_need_every_cell(head: str):
    with pytest.raises(InputError, match=rf"head\.method: {head} needs all cells of every frame"):
        RecurrentSettings(architecture="sum", head={"method": head}).check("m")
