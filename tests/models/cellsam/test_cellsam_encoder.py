"""CellSAM's image encoder is SAM's."""

import torch
from tiny_cellsam import SMALL
from transformers import SamConfig, SamModel

from monolayer.models.cellsam.encoder import accept_any_size, encode
from monolayer.models.cellsam.sizes import SIZES, build_sam


def test_features_of_an_image_as_large_as_sams_are_those_of_transformers():
    sam = build_sam(SMALL).eval()
    with torch.no_grad():
        for weight in sam.parameters():
            weight.add_(0.1 * torch.randn_like(weight))  # transformers starts its places at 0
        image = torch.randn(2, 1, 32, 32)
        expected = sam.vision_encoder(image.expand(-1, 3, -1, -1)).last_hidden_state
        accept_any_size(sam.vision_encoder)
        features = sam.vision_encoder.neck(encode(sam.vision_encoder, image))
    torch.testing.assert_close(features, expected, atol=1e-4, rtol=1e-4)


def test_a_larger_image_has_more_features_of_the_same_kind():
    sam = build_sam(SMALL).eval()
    accept_any_size(sam.vision_encoder)
    with torch.no_grad():
        features = encode(sam.vision_encoder, torch.randn(1, 1, 72, 40))
    assert features.shape == (1, 9, 5, 16)


def test_vit_base_has_the_weights_that_are_published():
    with torch.device("meta"):
        theirs, ours = SamModel(SamConfig()).state_dict(), build_sam(SIZES["vit-base"]).state_dict()
    assert {name: value.shape for name, value in theirs.items()} == {
        name: value.shape for name, value in ours.items()
    }
