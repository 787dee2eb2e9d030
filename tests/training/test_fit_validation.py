"""What a training validates on and how, which epoch it keeps, and a GPU whose memory is full."""

from collections.abc import Callable
from itertools import chain

import pytest
import torch
from tiny_project import TINY, disc_sample, interrupt_once

from monolayer.errors import InputError
from monolayer.models.base.model import Judge, Judged, Model, Views
from monolayer.models.base.recurrent import RecurrentModel
from monolayer.training.crops import Crops
from stages.train import train


@pytest.mark.parametrize(("monitor", "best"), [("loss", min), ("dice", max)])
def test_what_tells_the_best_epoch_may_be_chosen(project, monitor: str, best: Callable[..., float]):
    model = {**TINY, "epochs": 4, "lr": 1e-2, "head": {"method": "flow"}}
    project.set_parameters({**model, "train": {"monitor": monitor}})
    train(**project.train_arguments())
    summary = project.summary()
    values = summary["history"][f"val_{monitor}"]
    assert summary[f"val_{monitor}"] == best(values) == values[summary["best_epoch"] - 1]


@pytest.mark.parametrize("killed", [False, True])
@pytest.mark.parametrize(
    ("last", "kept"),
    [
        ([0.6, 0.55, 0.6], 3),  # one image is better than after the second epoch
        ([0.6, 0.4, 0.5], 2),
    ],
)
def test_the_last_epoch_as_good_as_the_best_is_kept(project, monkeypatch, last, kept, killed):
    project.set_images("val", {number: disc_sample(number) for number in (2, 4, 5)})
    project.pack("val")
    epochs = [[0.2, 0.2, 0.2], [0.7, 0.5, 0.6], last]
    scores = chain(*epochs)
    monkeypatch.setattr("monolayer.training.validation.image_ap50", lambda *_: next(scores))
    if killed:
        interrupt_once(project, monkeypatch, step=7)
    train(**project.train_arguments())
    summary = project.summary()
    assert summary["best_epoch"] == kept
    assert summary["history"]["val_ap50"] == pytest.approx([sum(own) / 3 for own in epochs], abs=1e-6)


def test_where_nothing_is_found_the_lowest_loss_tells_the_best_epoch(project, monkeypatch):
    monkeypatch.setattr("monolayer.training.validation.image_ap50", lambda *_: 0.0)
    project.set_parameters({**TINY, "epochs": 4, "lr": 1e-2})
    train(**project.train_arguments())
    summary = project.summary()
    assert summary["history"]["val_ap50"] == [0] * 4
    assert summary["val_loss"] == min(summary["history"]["val_loss"])


def test_a_gpu_whose_memory_is_full_names_what_to_lower(project, monkeypatch):
    def full(*_: object) -> None:
        raise torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB.\nMore on this")

    monkeypatch.setattr(Crops, "batch", full)
    message = r"memory of the GPU is full: lower models\.tiny\.batch_size or models\.tiny\.crop_size .* 2 GiB"
    with pytest.raises(InputError, match=message):
        train(**project.train_arguments())


@pytest.mark.parametrize("recurrent", [False, True])
def test_validation_keeps_to_the_tiles_of_prediction(project, monkeypatch, recurrent):
    seen = []

    def recorded(
        model: Model, judge: Judge, views: Views, images: torch.Tensor, labels: torch.Tensor
    ) -> Judged:
        model.register_forward_pre_hook(lambda _, given: seen.append(tuple(given[0].shape[-2:])))
        return judged(model, judge, views, images, labels)

    kind = {"architecture": "convlstm_unet", "head": {"method": "contour"}, "frames": 1} if recurrent else {}
    owner = RecurrentModel if recurrent else Model
    judged = owner.judged_by
    monkeypatch.setattr(owner, "judged_by", recorded)
    project.set_parameters({**TINY, **kind, "epochs": 1}, tile=64)
    train(**project.train_arguments())
    # The image of 64 x 72 pixels is padded to a multiple of the net's stride.
    assert set(seen) == ({(64, 72)} if recurrent else {(64, 64)})
    assert len(seen) == (1 if recurrent else 2)
    assert 0 <= project.summary()["val_dice"] <= 1


@pytest.mark.parametrize(
    ("kind", "remedy"),
    [
        ({}, r"lower predict\.tile in params"),
        (
            {"architecture": "convlstm_unet", "head": {"method": "contour"}},
            "set compute.accelerator: cpu .this architecture sees whole frames, without tiles. in params",
        ),
    ],
)
def test_a_gpu_that_is_full_in_the_validation_has_another_remedy(project, monkeypatch, kind, remedy):
    def full(*_: object) -> None:
        raise torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB.\nMore on this")

    monkeypatch.setattr("monolayer.models.base.pixels.PixelModel.validated", full)
    monkeypatch.setattr("monolayer.models.base.recurrent.RecurrentModel.validated", full)
    project.set_parameters({**TINY, **kind})
    with pytest.raises(InputError, match=f"memory of the GPU is full: {remedy}.* 2 GiB"):
        train(**project.train_arguments())
