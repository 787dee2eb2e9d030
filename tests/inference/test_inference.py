import numpy as np
import pytest
import torch
from numpy.testing import assert_allclose
from scipy import ndimage
from torch import nn

from monolayer.errors import InputError
from monolayer.heads.base.head import build_head
from monolayer.inference.whole_image import predict_maps
from monolayer.models.base import pixels
from monolayer.models.base.model import Judged, Validated
from monolayer.models.base.pixels import PixelModel, outputs_at_stride
from monolayer.models.base.settings import PixelSettings, PredictSettings
from monolayer.models.base.views import TiledViews

SETTINGS = PixelSettings(architecture="unet")
HEAD = build_head({"method": "foreground", "gap": 0})
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
    model = PixelModel(Pixelwise(), HEAD, stride=32, settings=SETTINGS)
    whole = predict_maps(model, image(*shape), WHOLE, "32-true")
    assert max(model.net.largest) >= max(shape)
    model.net.largest = (0, 0)
    tiled = predict_maps(model, image(*shape), TILED, "32-true")
    assert model.net.largest == (64, 64)
    assert_allclose(tiled.foreground, whole.foreground, atol=1e-6)


class Recording(nn.Module):
    """The identity; keeps what it was given."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.tensor(1.0))
        self.seen: list[torch.Tensor] = []

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        self.seen.append(images.clone())  # what a net returns, the model reads in its place
        return images


def recording(**settings: object) -> PixelModel:
    chosen = PixelSettings.model_validate({"architecture": "unet", **settings})
    return PixelModel(Recording(), HEAD, stride=1, settings=chosen)


def test_the_net_sees_the_image_normalised():
    model = recording(normalise={"method": "min-max"})
    predict_maps(model, image(30, 40), WHOLE)
    levels = image(30, 40).astype(float)
    expected = (levels - levels.min()) / (levels.max() - levels.min())
    assert_allclose(model.net.seen[0][0, 0], expected, atol=1e-6)


def test_a_resized_image_gives_an_answer_of_its_own_size():
    model = recording(resize=64)
    smooth = np.tile(np.linspace(100, 150, 90), (70, 1)).astype(np.uint8)
    foreground = predict_maps(model, smooth, WHOLE).foreground
    assert model.net.seen[0].shape[-2:] == (64, 64)
    assert_allclose(foreground, 1 / (1 + np.exp(-(smooth - 128.0) / 10)), atol=0.03)


def test_a_large_image_resized_to_a_small_one_needs_no_tiles():
    model = recording(resize=32)
    predict_maps(model, image(200, 170), TILED)
    assert [seen.shape[-2:] for seen in model.net.seen] == [(32, 32)]


@pytest.mark.parametrize("settings", [WHOLE, TILED])
def test_all_eight_turns_are_averaged(settings):
    # Looks to the left alone: the average over the turns looks up, down, left and right alike.
    net = nn.Conv2d(1, 1, 3, padding=1, padding_mode="replicate", bias=False)
    kernel = torch.tensor([[0, 0.1, 0], [0.7, 0.2, 0], [0, 0, 0]])
    net.weight = nn.Parameter(kernel[None, None])
    model = PixelModel(net, HEAD, stride=1, settings=SETTINGS)
    augmented = settings.model_copy(update={"test_time_augmentation": True})
    foreground = predict_maps(model, image(50, 40), augmented, "32-true").foreground
    normalised = (image(50, 40) - 128.0) / 10
    symmetric = np.array([[0, 0.2, 0], [0.2, 0.2, 0.2], [0, 0.2, 0]])
    expected = 1 / (1 + np.exp(-ndimage.correlate(normalised, symmetric, mode="nearest")))
    assert_allclose(foreground, expected, atol=1e-5)


def test_blending_hides_the_seams_of_a_net_that_looks_around():
    torch.manual_seed(0)
    net = nn.Conv2d(1, 1, 5, padding=2)
    model = PixelModel(net, HEAD, stride=1, settings=SETTINGS)
    whole = predict_maps(model, image(150, 150), WHOLE, "32-true").foreground
    tiled = predict_maps(model, image(150, 150), TILED, "32-true").foreground
    away_from_the_border = np.abs(tiled - whole)[16:-16, 16:-16]
    assert away_from_the_border.max() < 0.01


@pytest.mark.parametrize("shape", [(200, 170), (70, 300), (60, 64)])
def test_validation_in_tiles_is_that_of_the_whole_image(shape):
    model = PixelModel(Pixelwise(), HEAD, stride=32, settings=SETTINGS)
    images = torch.randn(1, 1, *shape, generator=torch.Generator().manual_seed(0))
    labels = (images[:, 0] > 0.7).int()
    with torch.no_grad():
        whole = model.validated(images, labels)
        model.net.largest = (0, 0)
        loss, foreground, found = model.judged_by(brightest, TiledViews(TILED), images, labels)
    assert max(model.net.largest) <= 64
    assert_allclose(foreground, whole.foreground, atol=1e-6)
    assert loss == pytest.approx(whole.loss.item(), rel=0.02)  # a mean over tiles, which overlap
    assert 0 < found <= whole.maps.max()


def brightest(said: Validated, labels: torch.Tensor) -> Judged:
    return Judged(said.loss, said.foreground, said.maps.max())


def test_the_loss_of_tiles_is_their_mean():
    labels = torch.randint(0, 9, (1, 64, 150), dtype=torch.int32)
    seen = []

    def judge(tile: torch.Tensor, own: torch.Tensor) -> Judged:
        assert torch.equal(tile[:, 0], own.float())  # each tile comes with its own labels
        seen.append(own.float().mean())
        return Judged(seen[-1], tile[:, 0].clone(), 2 * seen[-1])

    found = TiledViews(TILED).validated(judge, labels[:, None].float(), labels)
    assert len(seen) > 3
    assert found.loss == pytest.approx(sum(seen) / len(seen))
    assert found.found == pytest.approx(2 * sum(seen) / len(seen))
    assert_allclose(found.foreground, labels.float(), atol=1e-5)


def test_outputs_are_read_alike_in_bands_and_at_once(monkeypatch):
    torch.manual_seed(0)
    net = nn.Conv2d(1, 34, 3, padding=1)
    model = PixelModel(net, build_head({"method": "stardist"}), stride=1, settings=SETTINGS)
    whole = predict_maps(model, image(50, 40), WHOLE)
    monkeypatch.setattr(pixels, "BAND", 7)
    in_bands = predict_maps(model, image(50, 40), WHOLE)
    assert_allclose(in_bands.maps, whole.maps, atol=1e-5)
    assert_allclose(in_bands.foreground, whole.foreground, atol=1e-5)
    outputs = net((torch.from_numpy(image(50, 40)).float() - 128)[None, None] / 10).detach()
    assert_allclose(whole.maps, model.maps(outputs)[0], atol=1e-6)
    assert_allclose(whole.foreground, model.foreground(outputs)[0], atol=1e-6)


def test_maps_of_large_images_are_put_together_on_the_host(monkeypatch):
    # `meta` stands for a GPU: had MONAI to keep the maps there, they would have no values.
    asked = []

    def recorded(image: torch.Tensor, device: torch.device, **_: object) -> torch.Tensor:
        asked.append((image.device.type, device.type))
        return torch.zeros(1, 1, *image.shape[-2:], device=device)

    monkeypatch.setattr("monai.inferers.utils.sliding_window_inference", recorded)
    views = TiledViews(TILED)
    assert views.in_tiles(nn.Identity(), torch.zeros(1, 1, 80, 80, device="meta")).device.type == "cpu"
    assert asked == [("meta", "cpu")]


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


def test_a_head_of_directions_takes_images_as_they_are():
    settings = PixelSettings.model_validate(
        {"architecture": "unet", "resize": 64, "head": {"method": "flow"}}
    )
    with pytest.raises(InputError, match=r"m\.resize: the head flow takes images as they are"):
        settings.check("m")
