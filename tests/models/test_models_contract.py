"""The contract that every architecture fulfils."""

import pytest
import torch
from numpy.testing import assert_allclose

from monolayer.decoders.base.decoder import load_decoder
from monolayer.errors import InputError
from monolayer.inference.whole_image import predict_maps
from monolayer.models.base.detector import Detector
from monolayer.models.base.files import read_model, write_model
from monolayer.models.base.model import Model, Validated, build_model
from monolayer.models.base.pixels import PixelModel
from monolayer.models.base.settings import PredictSettings, selected_model
from monolayer.plugins import load_plugin
from monolayer.predictions.cells import encode_cells
from monolayer.training.validation import judge_by

SMALLEST = {
    "cellsam": {"head": {"method": "boxes"}, "size": "tiny", "prompts": 8},
    "convlstm_unet": {"head": {"method": "contour"}, "channels": [8, 16, 16], "frames": 2},
    "maskrcnn": {"head": {"method": "boxes"}, "proposals": 50, "samples": 8, "detections": 20},
    "resunet": {},
    "unet": {"channels": [8, 16, 32], "residual_units": 1},
    "vnet": {"dropout": 0.1},
    "swinunetr": {"feature_size": 12},
}
HEADS = ("boxes", "contour", "flow", "foreground", "stardist")
# Every architecture once, and every head once: a head does not know which net wears it.
ENTRIES = [
    *({"architecture": name, **settings} for name, settings in SMALLEST.items()),
    *({"architecture": "unet", **SMALLEST["unet"], "head": {"method": head}} for head in HEADS[1:]),
]


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    """Other tests run beside these: waiting threads would slow all of them."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(
    params=ENTRIES, ids=lambda entry: f"{entry['architecture']}-{entry.get('head', {}).get('method', '')}"
)
def entry(request):
    return selected_model({"models": {"tried": request.param}}, "tried")


@pytest.fixture
def model(entry):
    torch.manual_seed(0)
    return build_model(entry)


def discs(size: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Two textured discs on a flat background: grey levels uint8 and labels int32, [size, size]."""
    rows, columns = torch.meshgrid(torch.arange(size), torch.arange(size), indexing="ij")
    labels = torch.zeros(size, size, dtype=torch.int32)
    for label, centre in enumerate((size // 4, 3 * size // 4), start=1):
        labels[(rows - centre) ** 2 + (columns - centre) ** 2 < (size / 6) ** 2] = label
    texture = 20 * ((rows + columns) % 2) - 10
    return (128 + texture * (labels > 0)).to(torch.uint8), labels


def predicted(model: Model, images: torch.Tensor) -> torch.Tensor:
    return model.validated(
        images, torch.ones(images.shape[0], *images.shape[2:], dtype=torch.int32)
    ).foreground


def normalised(images: torch.Tensor) -> torch.Tensor:
    return ((images.float() - 128) / 10).unsqueeze(1)


def test_every_architecture_is_in_the_suite():
    with pytest.raises(InputError, match=f"valid: {', '.join(sorted(SMALLEST))}$"):
        load_plugin("monolayer.models", "none", "models.tried.architecture")
    for package in ("monolayer.heads", "monolayer.decoders"):
        with pytest.raises(InputError, match=f"valid: {', '.join(HEADS)}$"):
            load_plugin(package, "none", "models.tried.head")


def test_foreground_is_as_large_as_the_images(model):
    images = torch.randint(0, 256, (1, 1, 70, 90)).float()
    with torch.no_grad():
        labels = torch.ones(1, 70, 90, dtype=torch.int32)
        loss, foreground, maps = model.eval().validated(images, labels)
        said = Validated(loss, foreground, maps)
        assert 0 <= judge_by(model.decoder)(said, labels).found <= 1
    assert loss.ndim == 0
    assert foreground.shape == (1, 70, 90)
    assert 0 <= foreground.min() <= foreground.max() <= 1


def test_odd_sizes_are_padded_and_cut_back(model):
    model.eval()
    image = discs(67)[0].numpy()[:, :51]
    foreground, maps = predict_maps(model, image, PredictSettings())
    assert foreground.shape == (67, 51)
    assert foreground.dtype == "float32"
    if isinstance(model, PixelModel):
        assert maps.shape == (model.head.channels, 67, 51)
        assert maps.dtype == "float32"
    assert 0 <= foreground.min() <= foreground.max() <= 1
    decoder = load_decoder(model.decoder)
    cells = decoder.decode(maps, decoder.Settings())
    assert len(cells.scores) == len(encode_cells(cells, 67, 51))
    assert ((cells.scores >= 0) & (cells.scores <= 1)).all()


def test_the_loss_falls_on_one_image(model):
    image, labels = (plane[None] for plane in discs(64))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3 if isinstance(model, Detector) else 1e-2)
    losses = []
    for _ in range(8):
        terms = model.loss(model(normalised(image)), model.targets(labels))
        assert all(term.ndim == 0 for term in terms.values())
        optimizer.zero_grad()
        terms["loss"].backward()
        optimizer.step()
        losses.append(terms["loss"].item())
    assert losses[-1] < 0.92 * losses[0]


def test_every_weight_is_trained(model):
    image, labels = (plane[None] for plane in discs(64))
    model.loss(model(normalised(image)), model.targets(labels))["loss"].backward()
    assert all(weight.grad is not None for weight in model.parameters() if weight.requires_grad)


def test_a_written_model_gives_the_same_outputs(entry, model, tmp_path):
    model.train()(torch.rand(2, 1, 64, 64) * 255)  # moves the batch statistics away from their start
    write_model(tmp_path, entry, model.state_dict(), provenance={})
    rebuilt = read_model(tmp_path)
    images = torch.rand(1, 1, 70, 50)
    with torch.inference_mode():
        expected = predicted(model.eval(), images)
        assert_allclose(predicted(rebuilt, images), expected, atol=1e-6)
    assert not rebuilt.training


def test_an_unknown_setting_is_an_error(entry):
    values = {**entry.model_dump(), "depth": 3}
    with pytest.raises(InputError, match=r"models\.tried\.depth: unknown key"):
        selected_model({"models": {"tried": values}}, "tried")


def test_training_numbers_are_accepted_in_every_spelling(entry):
    values = {**entry.model_dump(), "lr": "1e-3"}
    assert selected_model({"models": {"tried": values}}, "tried").lr == 1e-3
