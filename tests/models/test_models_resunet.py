"""The U-Net with a ResNet-34, and published weights in general."""

from pathlib import Path

import pytest
import torch
from torchvision.models import resnet34

from monolayer.errors import InputError
from monolayer.models.resunet import model as resunet


def built(weights: str | Path | None) -> resunet.ResUNet:
    values = {"architecture": "resunet", "weights": None if weights is None else str(weights)}
    return resunet.build(resunet.Settings.model_validate(values))


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file as torchvision publishes it."""
    torch.manual_seed(1)
    path = tmp_path_factory.mktemp("published") / "resnet34.pth"
    torch.save(resnet34().state_dict(), path)
    return path


def test_the_encoder_sees_grey_as_torchvisions_sees_grey_in_colours(published: Path):
    net = resnet34()
    net.load_state_dict(torch.load(published))
    model = built(published)
    assert model.take_published_weights() == str(published)
    images = torch.rand(2, 1, 64, 96)
    with torch.no_grad():
        theirs = torch.nn.Sequential(*list(net.eval().children())[:-2])(images.expand(-1, 3, -1, -1))
        ours = model.eval().net.encoder(images)[-1]
    torch.testing.assert_close(ours, theirs, atol=1e-3, rtol=1e-3)


def test_without_weights_it_starts_at_random():
    assert built(None).take_published_weights() == "random weights"


def test_weights_that_cannot_be_fetched(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr("monolayer.models.base.published.load_state_dict_from_url", unreachable)
    model = built("imagenet")
    before = model.net.encoder.conv1.weight.clone()
    assert model.take_published_weights() == "random weights"
    assert torch.equal(model.net.encoder.conv1.weight, before)
    said = capsys.readouterr().out
    assert "weights: imagenet cannot be fetched from https://" in said
    assert "no route): training starts from random weights. Fetch the file elsewhere" in said


def unreachable(*_: object, **__: object) -> None:
    raise OSError("no route")


def test_weights_that_are_no_file():
    with pytest.raises(InputError, match="weights: nowhere is no file, and none of imagenet"):
        built("nowhere").take_published_weights()


def test_a_file_without_weights(tmp_path: Path):
    (tmp_path / "notes.pth").write_text("none")
    with pytest.raises(InputError, match=r"notes\.pth holds none: give a file of tensors"):
        built(tmp_path / "notes.pth").take_published_weights()
    torch.save([1, 2], tmp_path / "list.pth")
    with pytest.raises(InputError, match=r"list\.pth holds a list: give a file of a net's weights"):
        built(tmp_path / "list.pth").take_published_weights()


def test_weights_of_another_net(tmp_path: Path):
    torch.save({"first.weight": torch.zeros(3)}, tmp_path / "other.pth")
    with pytest.raises(InputError, match=r"weights: .*other\.pth does not fit the net \(.*\): give other"):
        built(tmp_path / "other.pth").take_published_weights()
