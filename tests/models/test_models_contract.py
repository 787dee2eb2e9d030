"""The contract that every architecture fulfils."""

import pytest
import torch
from numpy.testing import assert_allclose

from monolayer.errors import InputError
from monolayer.inference import PredictSettings, outputs_at_stride, predict_image
from monolayer.models._files import read_model, write_model
from monolayer.models._settings import selected_model
from monolayer.plugins import load_plugin

SMALLEST = {
    "unet": {"channels": [8, 16, 32], "residual_units": 1},
    "vnet": {"dropout": 0.1},
    "swinunetr": {"feature_size": 12},
}


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    """Other tests run beside these: waiting threads would slow all of them."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(params=SMALLEST)
def entry(request):
    values = {"architecture": request.param, **SMALLEST[request.param]}
    return selected_model({"models": {"tried": values}}, "tried")


@pytest.fixture
def model(entry):
    module, settings = entry
    torch.manual_seed(0)
    return module.build(settings)


def discs(size: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Two textured discs on a flat background: grey levels uint8 and labels int32, [size, size]."""
    rows, columns = torch.meshgrid(torch.arange(size), torch.arange(size), indexing="ij")
    labels = torch.zeros(size, size, dtype=torch.int32)
    for label, centre in enumerate((size // 4, 3 * size // 4), start=1):
        labels[(rows - centre) ** 2 + (columns - centre) ** 2 < (size / 6) ** 2] = label
    texture = 20 * ((rows + columns) % 2) - 10
    return (128 + texture * (labels > 0)).to(torch.uint8), labels


def as_seen(images: torch.Tensor) -> torch.Tensor:
    return ((images.float() - 128) / 10).unsqueeze(1)


def test_every_architecture_is_in_the_suite():
    with pytest.raises(InputError, match=f"valid: {', '.join(sorted(SMALLEST))}$"):
        load_plugin("monolayer.models", "none", "models.tried.architecture")


def test_outputs_keep_the_shape_of_the_images(model):
    images = torch.randint(0, 256, (2, 1, 2 * model.stride, 3 * model.stride)).float()
    outputs = model(images)
    assert outputs.shape == images.shape
    assert model.foreground(outputs).shape == (2, *images.shape[-2:])


def test_odd_sizes_are_padded_and_cut_back(model):
    model.eval()
    image = discs(67)[0].numpy()[:, :51]
    prediction = predict_image(model, image, PredictSettings())
    assert prediction.foreground.shape == (67, 51)
    assert prediction.foreground.dtype == "float32"
    assert 0 <= prediction.foreground.min() <= prediction.foreground.max() <= 1
    assert len(prediction.masks) == len(prediction.scores)
    assert all(code["size"] == [67, 51] for code in prediction.masks)


def test_the_loss_falls_on_one_image(model):
    image, labels = (plane[None] for plane in discs(64))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    losses = []
    for _ in range(8):
        terms = model.loss(model(as_seen(image)), model.targets(labels))
        assert all(term.ndim == 0 for term in terms.values())
        optimizer.zero_grad()
        terms["loss"].backward()
        optimizer.step()
        losses.append(terms["loss"].item())
    assert losses[-1] < 0.92 * losses[0]


def test_every_weight_is_trained(model):
    image, labels = (plane[None] for plane in discs(64))
    model.loss(model(as_seen(image)), model.targets(labels))["loss"].backward()
    assert all(weight.grad is not None for weight in model.parameters() if weight.requires_grad)


def test_a_written_model_gives_the_same_outputs(entry, model, tmp_path):
    model.train()(torch.rand(2, 1, 64, 64) * 255)  # moves the batch statistics away from their start
    write_model(tmp_path, entry[1], model.state_dict(), origin={})
    rebuilt = read_model(tmp_path)
    images = torch.rand(1, 1, 70, 50) * 255
    with torch.inference_mode():
        expected = outputs_at_stride(model.eval(), model.stride, images)
        assert_allclose(outputs_at_stride(rebuilt, rebuilt.stride, images), expected, atol=1e-6)
    assert not rebuilt.training


def test_an_unknown_setting_is_an_error(entry):
    values = {**entry[1].model_dump(), "depth": 3}
    with pytest.raises(InputError, match=r"models\.tried\.depth: unknown key"):
        selected_model({"models": {"tried": values}}, "tried")


def test_training_numbers_are_accepted_in_every_spelling(entry):
    values = {**entry[1].model_dump(), "lr": "1e-3"}
    assert selected_model({"models": {"tried": values}}, "tried")[1].lr == 1e-3
