import pytest

from monolayer.compute.settings import ComputeSettings
from monolayer.errors import InputError
from monolayer.models.base.settings import ModelSettings
from monolayer.parameters import validate
from monolayer.training.settings import TrainSettings, check_batch_size, read_seed


@pytest.mark.parametrize("seed", [-1, 1.5, "zero", True, None])
def test_a_seed_must_be_a_whole_number(seed):
    with pytest.raises(InputError, match=r"params\.yaml: seed: expected a whole number"):
        read_seed({"seed": seed})


def test_the_seed_is_read():
    assert read_seed({"seed": 5}) == 5


@pytest.mark.parametrize("wrong", [{"crops": {"positive_fraction": 1.5}}, {"loggers": ["neptune"]}])
def test_impossible_values(wrong):
    with pytest.raises(InputError, match=rf"train\.{next(iter(wrong))}"):
        validate(wrong, "train", TrainSettings)


@pytest.mark.parametrize(("size", "devices", "nodes"), [(3, 2, 1), (6, 2, 2), (1, 1, 2)])
def test_batches_that_cannot_be_shared(size, devices, nodes):
    model = ModelSettings(architecture="unet", batch_size=size)
    message = rf"models\.tiny\.batch_size: {size} crops .* choose a multiple of {devices * nodes}"
    with pytest.raises(InputError, match=message):
        check_batch_size("tiny", model, ComputeSettings(devices=devices, nodes=nodes))
