import pytest
import torch

from monolayer.errors import InputError
from monolayer.models.base.model import build_model
from monolayer.models.base.settings import selected_model


def selected(**settings: object):
    values = {"architecture": "unet", "channels": [4, 8, 16], "residual_units": 1, **settings}
    return selected_model({"models": {"tiny": values}}, "tiny")


@pytest.mark.parametrize(("first_stride", "stride", "finest"), [(1, 2, (16, 24)), (2, 4, (8, 12))])
def test_the_finest_level_has_the_resolution_that_is_asked_for(first_stride, stride, finest):
    settings = selected(first_stride=first_stride)
    model = build_model(settings)
    seen = []
    model.net.model[0].register_forward_hook(lambda *call: seen.append(tuple(call[2].shape[1:])))
    assert model(torch.rand(1, 1, 16, 24)).shape == (1, 2, 16, 24)
    assert model.stride == stride
    assert seen == [(4, *finest)]


def test_no_other_stride():
    with pytest.raises(InputError, match=r"models\.tiny\.first_stride"):
        selected(first_stride=3)
