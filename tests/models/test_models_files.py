import json

import pytest
import torch

from monolayer.errors import InputError
from monolayer.models.base.files import initialise, read_model, write_model
from monolayer.models.base.model import build_model
from monolayer.models.base.settings import selected_model

VALUES = {"architecture": "unet", "channels": [4, 8]}


@pytest.fixture
def folder(tmp_path):
    settings = selected_model({"models": {"m": VALUES}}, "m")
    write_model(tmp_path, settings, build_model(settings).state_dict(), {"seed": 3})
    return tmp_path


def change(folder, **settings):
    path = folder / "model.json"
    content = json.loads(path.read_text())
    content["settings"].update(settings)
    path.write_text(json.dumps(content))


def test_the_description_holds_every_setting(folder):
    settings = json.loads((folder / "model.json").read_text())["settings"]
    assert settings["channels"] == [4, 8]
    assert settings["normalise"]["mean"] == 128


def test_the_description_says_what_the_weights_come_from(folder):
    assert json.loads((folder / "model.json").read_text())["provenance"] == {"seed": 3}


def test_the_weights_need_no_pickled_code(folder):
    weights = torch.load(folder / "weights.pt", weights_only=True)
    assert all(isinstance(weight, torch.Tensor) for weight in weights.values())


@pytest.mark.parametrize("name", ["model.json", "weights.pt"])
def test_a_missing_file(folder, name):
    (folder / name).unlink()
    with pytest.raises(InputError, match=rf"{name} not found: train the model first"):
        read_model(folder)


@pytest.mark.parametrize("content", ["{", "{}", "[]", '{"settings": 3}'])
def test_a_damaged_description(folder, content):
    (folder / "model.json").write_text(content)
    with pytest.raises(InputError, match=r"model\.json is not a model description"):
        read_model(folder)


@pytest.mark.parametrize("fraction", [0, 0.01, 0.5])
def test_truncated_weights(folder, fraction):
    data = (folder / "weights.pt").read_bytes()
    (folder / "weights.pt").write_bytes(data[: int(fraction * len(data))])
    with pytest.raises(InputError, match=r"weights\.pt is damaged"):
        read_model(folder)


def test_an_architecture_of_another_version(folder):
    change(folder, architecture="capsules")
    with pytest.raises(InputError, match=r"another version .*'capsules' is unknown; valid: .*unet"):
        read_model(folder)


def test_a_setting_of_another_version(folder):
    change(folder, kernel=7)
    with pytest.raises(InputError, match=r"another version .*kernel: unknown key"):
        read_model(folder)


def test_a_model_starts_from_the_weights_of_another(folder):
    settings = selected_model({"models": {"m": VALUES}}, "m")
    model = build_model(settings)
    initialise(model, folder)
    trained = torch.load(folder / "weights.pt", weights_only=True)
    assert all(torch.equal(value, trained[name]) for name, value in model.state_dict().items())


def test_a_model_cannot_start_from_another_net(folder):
    settings = selected_model({"models": {"m": {**VALUES, "channels": [4, 16]}}}, "m")
    with pytest.raises(InputError, match=r"weights\.pt does not fit .*initialise_from.*model\.json"):
        initialise(build_model(settings), folder)


def test_weights_of_another_net(folder):
    change(folder, channels=[4, 16])
    with pytest.raises(InputError, match=r"weights\.pt does not fit the unet .* train the model again"):
        read_model(folder)
