"""The epochs of a training, and the file that says how it went."""

import json
from pathlib import Path

import pandas as pd
import pytest
from torch import Tensor, tensor

from monolayer.compute.settings import ComputeSettings
from monolayer.errors import InputError
from monolayer.evaluation.training_results import histories, read_training, repeats_where
from monolayer.training.history import (
    as_table,
    is_as_good,
    monitored,
    scores_of_epoch,
    where_trained,
    write_training,
)
from monolayer.training.settings import Monitor

PLACE = {"device": "CPU, AVX2", "number_format": "32-true"}


def history() -> pd.DataFrame:
    epochs = [(1.5, 1.4, 0.5), (1.1, 1.2, 0.7), (0.8, 0.9, 0.7)]
    return as_table(
        [
            {"val/ap50": dice / 2, "val/dice": dice, "train/loss": train, "val/loss": val}
            for train, val, dice in epochs
        ]
    )


def test_the_scores_of_an_epoch():
    expected = {"val_ap50": 0.35, "val_dice": 0.7, "val_loss": 1.2, "best_epoch": 2}
    assert scores_of_epoch(history(), 2) == expected


@pytest.mark.parametrize(("monitor", "order"), [("ap50", "cab"), ("dice", "cba"), ("loss", "acb")])
def test_the_best_epoch_by_each_monitor(monitor: Monitor, order: str):
    """Best first; b and c are alike in Dice, a and b in AP50."""
    epochs = {
        "a": scores_of_images(ap50=0.2, dice=0.5, loss=0.9),
        "b": scores_of_images(ap50=0.2, dice=0.8, loss=1.1),
        "c": scores_of_images(ap50=0.3, dice=0.8, loss=1.0),
    }
    found = sorted(epochs, key=lambda name: -monitored(epochs[name], monitor).mean())
    assert "".join(found) == order


def scores_of_images(**means: float) -> dict[str, Tensor]:
    return {name: tensor([mean - 0.1, mean + 0.1]).double() for name, mean in means.items()}


@pytest.mark.parametrize(
    ("own", "as_good"),
    [
        ([0.8, 0.6, 0.7], True),  # better in all
        ([0.69, 0.49, 0.59], False),  # a little worse in all
        ([0.2, 0.55, 0.65], True),  # worse in one
        ([0.0, 0.0, 0.0], False),
        ([0.7, 0.5, 0.6], True),
    ],
)
def test_an_epoch_is_as_good_as_the_best_where_images_do_not_agree(own: list[float], as_good: bool):
    assert is_as_good(tensor(own).double(), tensor([0.7, 0.5, 0.6]).double()) == as_good


def test_one_image_tells_any_difference():
    assert not is_as_good(tensor([0.69]), tensor([0.7]))
    assert is_as_good(tensor([0.7]), tensor([0.7]))


def test_what_is_written_is_read_by_comparisons(tmp_path: Path):
    path = tmp_path / "train" / "unet.json"
    write_training(path, {"epochs": 3, "seconds": 61.5, **PLACE}, history())
    assert json.loads(path.read_text())["epochs"] == 3
    read = read_training(path)
    assert (read.seconds, read.device, read.number_format) == (61.5, "CPU, AVX2", "32-true")
    table = histories({"unet": read, "vnet": read}, "train_loss")
    assert table["model"] == ["unet"] * 3 + ["vnet"] * 3
    assert table["epoch"] == [1, 2, 3, 1, 2, 3]
    assert table["train_loss"] == [1.5, 1.1, 0.8] * 2


def test_results_repeat_where_all_models_were_trained(tmp_path: Path):
    for name, device in (("unet", "CPU, AVX2"), ("vnet", "CPU, AVX512"), ("mine", "CPU, AVX2")):
        write_training(tmp_path / f"{name}.json", {"seconds": 1, **PLACE, "device": device}, history())
    trained = {name: read_training(tmp_path / f"{name}.json") for name in ("unet", "vnet", "mine")}
    assert "(here CPU, AVX2 in 32-true, CPU, AVX512 in 32-true)" in repeats_where(trained)


def test_where_a_gpu_trained(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("torch.cuda.get_device_name", lambda: "NVIDIA H100")
    compute = ComputeSettings(accelerator="gpu", precision="bf16-mixed")
    assert where_trained(compute) == {"device": "NVIDIA H100", "number_format": "bf16-mixed"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, r"vnet\.json not found: run `dvc repro train@vnet`"),
        ("{", r"vnet\.json says nothing of a training .*: train again"),
        ('{"val_dice": 0.5}', r"vnet\.json says nothing of a training .*`seconds`.*: train again"),
    ],
)
def test_files_of_no_training(tmp_path: Path, content: str | None, message: str):
    if content is not None:
        (tmp_path / "vnet.json").write_text(content)
    with pytest.raises(InputError, match=message):
        read_training(tmp_path / "vnet.json")
