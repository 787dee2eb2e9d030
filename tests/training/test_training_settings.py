import pytest
import torch

from monolayer.errors import InputError
from monolayer.parameters import validate
from monolayer.training._settings import TrainSettings, read_seed


@pytest.mark.parametrize("seed", [-1, 1.5, "zero", True, None])
def test_a_seed_must_be_a_whole_number(seed):
    with pytest.raises(InputError, match=r"params\.yaml: seed: expected a whole number"):
        read_seed({"seed": seed})


def test_the_seed_is_read():
    assert read_seed({"seed": 5}) == 5


@pytest.mark.parametrize(
    "wrong",
    [{"threads": 0}, {"crops": {"positive_share": 1.5}}, {"precision": "fp8"}, {"accelerator": "abacus"}],
)
def test_impossible_values(wrong):
    with pytest.raises(InputError, match=rf"train\.{next(iter(wrong))}"):
        validate(wrong, "train", TrainSettings)


def test_what_auto_means_is_settled_before_a_training_begins(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"amx_bf16": True})
    settings = TrainSettings(early_stopping=7).on_this_machine()
    assert (settings.accelerator, settings.precision) == ("cpu", "bf16-mixed")
    assert settings.early_stopping == 7
