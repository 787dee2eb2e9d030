import dataclasses

import pytest
import torch
from tiny_project import TINY, disc_sample, packed_of

from monolayer.compute.settings import ComputeSettings
from monolayer.errors import InputError
from monolayer.models.base.settings import selected_model
from monolayer.training.provenance import fingerprint, provenance_of, with_known_levels
from monolayer.training.settings import TrainSettings

HERE, RECIPE = ComputeSettings(), TrainSettings()
SPLIT = packed_of(disc_sample(0))


def print_of(
    name: str = "m",
    seed: int = 0,
    train=SPLIT,
    val=SPLIT,
    recipe=RECIPE,
    compute=HERE,
    tile: int = 1024,
    **model: object,
) -> str:
    settings = selected_model({"models": {name: {**TINY, **model}}}, name)
    return fingerprint(name, settings, provenance_of(settings, recipe, compute, seed, train, val, tile))


def test_the_same_training_has_the_same_fingerprint():
    assert print_of() == print_of()


def test_who_does_the_work_and_how_it_is_kept_is_no_part_of_it():
    other = ComputeSettings(jobs=3, launcher="srun python", checkpoint_seconds=1, resident_fraction=0)
    assert print_of(compute=other) == print_of()


@pytest.mark.parametrize(
    "change",
    [
        {"name": "other"},
        {"seed": 1},
        {"lr": 1e-5},
        {"recipe": TrainSettings(optimizer="sgd")},
        {"compute": ComputeSettings(threads=1)},
        {"tile": 512},
        {"train": dataclasses.replace(SPLIT, digest="1")},
        {"val": dataclasses.replace(SPLIT, digest="1")},
    ],
)
def test_another_training_has_another_fingerprint(change):
    assert print_of(**change) != print_of()


def test_other_first_weights_are_another_training(tmp_path):
    torch.save({"a": torch.zeros(3)}, tmp_path / "weights.pt")
    before = print_of(initialise_from=str(tmp_path))
    torch.save({"a": torch.ones(3)}, tmp_path / "weights.pt")
    assert print_of(initialise_from=str(tmp_path)) != before


def test_first_weights_that_are_not_there(tmp_path):
    with pytest.raises(InputError, match=r"initialise_from: .*weights\.pt cannot be read .*No such file"):
        print_of(initialise_from=str(tmp_path))


def test_statistics_of_the_data_set_are_kept_with_the_model():
    settings = selected_model({"models": {"m": {**TINY, "normalise": {"method": "dataset"}}}}, "m")
    known = with_known_levels(settings, SPLIT).normalise
    pixels = SPLIT.pixels.astype(float)
    assert known.method == "fixed"
    assert (known.mean, known.scale) == pytest.approx((pixels.mean(), pixels.std()))
