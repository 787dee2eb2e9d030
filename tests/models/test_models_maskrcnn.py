"""Mask R-CNN for cells, and its published weights."""

import numpy as np
import pytest
import torch
from torchvision.models.detection import maskrcnn_resnet50_fpn_v2
from torchvision.models.detection.roi_heads import paste_masks_in_image
from torchvision.ops import roi_align

from monolayer.annotations.rasterise import painted
from monolayer.errors import InputError
from monolayer.models.base.box_masks import box_mask_runs
from monolayer.models.maskrcnn import model as maskrcnn


def settings(**values: object) -> maskrcnn.Settings:
    return maskrcnn.Settings.model_validate({"architecture": "maskrcnn", **values})


def test_masks_in_boxes_are_those_of_torchvision():
    rng = np.random.default_rng(0)
    corner = rng.uniform((0, 0), (60, 30), (40, 2))
    boxes = np.concatenate([corner, corner + rng.uniform(3, 20, (40, 2))], axis=1).astype(np.float32)
    rows, columns = np.indices((28, 28))
    blob = np.exp(-((rows - 13.5) ** 2 + (columns - 13.5) ** 2) / 120).astype(np.float32)
    masks = torch.from_numpy(np.tile(blob, (40, 1, 1)))
    runs = box_mask_runs(masks, torch.from_numpy(boxes), 50, 80)
    theirs = paste_masks_in_image(masks[:, None], torch.from_numpy(boxes), (50, 80))[:, 0] >= 0.5
    position, cell = runs.pixels()
    ours = np.zeros((40, 80, 50), dtype=bool)
    ours.reshape(40, -1)[cell, position] = True
    ours, theirs = ours.transpose(0, 2, 1), theirs.numpy()
    shared, either = (ours & theirs).sum(axis=(1, 2)), (ours | theirs).sum(axis=(1, 2))
    # Theirs are moved to whole pixels first.
    assert (shared / either).mean() > 0.8
    centres = [np.argwhere(plane).mean(axis=0) for plane in ours]
    expected = np.stack([boxes[:, [1, 3]].mean(axis=1), boxes[:, [0, 2]].mean(axis=1)], axis=1) - 0.5
    inside = (boxes[:, 2] < 80) & (boxes[:, 3] < 50)
    assert np.abs(np.array(centres) - expected)[inside].max() < 0.5


def test_a_mask_as_fine_as_its_box_is_copied():
    mask = torch.tensor([[[1.0, 0.0, 1.0], [0.0, 1.0, 0.0]]]).expand(1, 2, 3)
    square = torch.zeros(1, 3, 3)
    square[:, :2] = mask
    runs = box_mask_runs(square, torch.tensor([[4.0, 1.0, 7.0, 4.0]]), 6, 9)
    drawn = painted(runs, 6, 9)
    assert drawn[1:4, 4:7].tolist() == [[1, 0, 1], [0, 1, 0], [0, 0, 0]]
    assert drawn.sum() == 3


def test_many_large_boxes_are_done_some_at_a_time(monkeypatch):
    boxes = torch.tensor([[0.0, 0.0, 9.0, 8.0], [1.0, 2.0, 3.0, 7.0], [0.0, 0.0, 9.0, 8.0]])
    whole = box_mask_runs(torch.ones(3, 4, 4), boxes, 8, 9)
    monkeypatch.setattr("monolayer.models.base.box_masks.PIXELS_AT_ONCE", 10)
    assert all(
        np.array_equal(*planes)
        for planes in zip(whole, box_mask_runs(torch.ones(3, 4, 4), boxes, 8, 9), strict=True)
    )
    assert whole.areas().tolist() == [72, 10, 72]


def test_no_boxes():
    assert len(box_mask_runs(torch.zeros(0, 28, 28), torch.zeros(0, 4), 5, 5).start) == 0


def test_published_weights_but_those_of_cocos_classes(tmp_path):
    published = maskrcnn_resnet50_fpn_v2(weights=None, weights_backbone=None).state_dict()  # 91 classes
    torch.save(published, tmp_path / "coco.pth")
    model = maskrcnn.build(settings(weights=str(tmp_path / "coco.pth")))
    before = model.net.roi_heads.box_predictor.cls_score.weight.clone()
    assert model.take_published_weights() == str(tmp_path / "coco.pth")
    assert torch.equal(model.net.backbone.body.conv1.weight, published["backbone.body.conv1.weight"])
    assert torch.equal(model.net.roi_heads.box_predictor.cls_score.weight, before)
    assert model.net.roi_heads.mask_predictor.mask_fcn_logits.weight.shape[0] == 2


def test_anchors_are_as_small_as_cells():
    generator = maskrcnn.build(settings()).net.rpn.anchor_generator
    assert generator.sizes == ((8,), (16,), (32,), (64,), (128,))


def test_weights_that_are_none(tmp_path):
    with pytest.raises(InputError, match=r"weights: imagenet is no file, and none of coco"):
        maskrcnn.build(settings(weights="imagenet")).take_published_weights()


@pytest.fixture
def deterministic():
    """As Lightning's trainer asks for it."""
    torch.use_deterministic_algorithms(True, warn_only=True)
    yield
    torch.use_deterministic_algorithms(False)


def test_features_are_cropped_by_the_compiled_kernel_also_where_algorithms_are_to_repeat(
    deterministic, monkeypatch
):
    # With the flag up, torchvision's roi_align leaves its kernel on a GPU: here it is seen to be down.
    flags = []

    def recorded(*args: object, **keywords: object) -> torch.Tensor:
        flags.append(torch.are_deterministic_algorithms_enabled())
        return roi_align(*args, **keywords)

    for module in ("ops.poolers", "models.detection.roi_heads"):
        monkeypatch.setattr(f"torchvision.{module}.roi_align", recorded)
    model = maskrcnn.build(settings(proposals=20)).eval()
    labels = torch.zeros(1, 64, 64, dtype=torch.int32)
    labels[0, 20:40, 16:50] = 1
    outputs = model(torch.randn(1, 1, 64, 64))
    model.loss(outputs, model.targets(labels))["loss"].backward()
    of_training = len(flags)
    with torch.inference_mode():
        model.detect(model(torch.randn(1, 1, 64, 64)))
    assert 3 <= of_training < len(flags)  # features for boxes and for masks, and the true masks
    assert not any(flags)
    assert torch.get_deterministic_debug_mode() == 1
