import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from torch import nn

from monolayer.inference import PredictSettings, outputs_at_stride, predict_image
from monolayer.models._semantic import SemanticModel, SemanticSettings

SETTINGS = SemanticSettings(architecture="unet")
WHOLE = PredictSettings()
TILED = PredictSettings(tile=64, overlap=0.5)


class Pixelwise(nn.Module):
    """Looks at single pixels, so tiles must give what the whole image gives; keeps the size it saw."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.tensor(0.5))
        self.largest = (0, 0)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        self.largest = max(self.largest, tuple(images.shape[-2:]))
        return self.weight * images


def image(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(0).integers(100, 150, (height, width), dtype=np.uint8)


@pytest.mark.parametrize("shape", [(200, 170), (70, 300), (65, 64)])
def test_tiles_agree_with_the_whole_image(shape):
    model = SemanticModel(Pixelwise(), stride=32, settings=SETTINGS)
    whole = predict_image(model, image(*shape), WHOLE, "32-true")
    assert max(model.net.largest) >= max(shape)
    model.net.largest = (0, 0)
    tiled = predict_image(model, image(*shape), TILED, "32-true")
    assert model.net.largest == (64, 64)
    assert_allclose(tiled.foreground, whole.foreground, atol=1e-6)


def test_blending_hides_the_seams_of_a_net_that_looks_around():
    torch.manual_seed(0)
    net = nn.Conv2d(1, 1, 5, padding=2)
    model = SemanticModel(net, stride=1, settings=SETTINGS)
    whole = predict_image(model, image(150, 150), WHOLE, "32-true").foreground
    tiled = predict_image(model, image(150, 150), TILED, "32-true").foreground
    away_from_the_border = np.abs(tiled - whole)[16:-16, 16:-16]
    assert away_from_the_border.max() < 0.01


@pytest.mark.parametrize("shape", [(1, 1), (3, 40), (31, 33), (32, 64)])
def test_padding_reflects_and_is_cut_back(shape):
    images = torch.rand(2, 1, *shape)
    seen = []

    def apply(padded: torch.Tensor) -> torch.Tensor:
        seen.append(padded)
        return padded

    assert torch.equal(outputs_at_stride(apply, 32, images), images)
    assert all(side % 32 == 0 for side in seen[0].shape[-2:])
    if shape == (31, 33):
        assert torch.equal(seen[0][..., 31, 33:], images[..., 29, 1:32].flip(-1))
