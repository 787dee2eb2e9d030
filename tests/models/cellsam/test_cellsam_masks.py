"""CellSAM's mask decoder is SAM's; windows and masks against hand-made truth."""

import numpy as np
import pytest
import torch
from tiny_cellsam import TINY, grid_of_squares

from monolayer.annotations.rasterise import painted
from monolayer.heads.boxes.head import cells_of
from monolayer.models.base.box_masks import box_mask_runs
from monolayer.models.cellsam import mask_prediction
from monolayer.models.cellsam.mask_targets import mask_targets
from monolayer.models.cellsam.masks import Masks, ask, margins, mask_terms
from monolayer.models.cellsam.sizes import SIZES, build_sam
from monolayer.models.cellsam.windows import Frame, frame_of


def test_masks_of_boxes_are_those_of_transformers():
    sam = build_sam(TINY).eval()
    boxes = torch.tensor([[10.0, 20.0, 60.0, 70.0], [64.0, 8.0, 120.0, 30.0]])
    with torch.no_grad():
        embedded = sam.vision_encoder(torch.randn(1, 3, 128, 128)).last_hidden_state
        masks = ask(sam, embedded.expand(2, -1, -1, -1), boxes)
        theirs = sam(image_embeddings=embedded, input_boxes=boxes[None], multimask_output=False)
    torch.testing.assert_close(masks.logits, theirs.pred_masks[0, :, 0], atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(masks.iou, theirs.iou_scores[0, :, 0], atol=1e-5, rtol=1e-4)


def test_of_a_points_masks_the_best_is_taken():
    sam = build_sam(TINY).eval()
    points = torch.tensor([[30.0, 40.0], [64.0, 90.0]])
    with torch.no_grad():
        embedded = sam.vision_encoder(torch.randn(1, 3, 128, 128)).last_hidden_state
        masks = ask(sam, embedded.expand(2, -1, -1, -1), points)
        theirs = sam(image_embeddings=embedded, input_points=points[None, :, None], multimask_output=True)
    best = theirs.iou_scores[0].argmax(dim=1)
    expected = theirs.pred_masks[0, torch.arange(2), best]
    torch.testing.assert_close(masks.logits, expected, atol=1e-4, rtol=1e-4)


def test_half_a_precision_moves_no_box():
    sam = build_sam(TINY).eval()
    windows = torch.randn(2, 64, 16, 16)
    boxes = torch.tensor([[10.0, 20.0, 60.0, 70.0], [64.0, 8.0, 120.0, 30.0]])
    with torch.no_grad():
        whole = ask(sam, windows, boxes)
        with torch.autocast("cpu", torch.bfloat16):
            half = ask(sam, windows, boxes)
    assert torch.equal(whole.logits, half.logits)
    assert torch.equal(whole.iou, half.iou)


def test_no_prompts_no_masks():
    sam = build_sam(TINY)
    for sides in (2, 4):
        masks = ask(sam, torch.zeros(0, 64, 16, 16), torch.zeros(0, sides))
        assert masks.logits.shape == (0, 64, 64)
        assert masks.iou.shape == (0,)


def test_terms_of_masks_by_hand():
    true = torch.zeros(2, 4, 4)
    true[:, :2] = 1
    near = torch.ones(2, 4, 4, dtype=torch.bool)
    near[:, :, 3] = False
    logits = 40 * (2 * true - 1)
    logits[1, :2, :2] *= -1  # of six pixels in reach it misses four
    logits[:, :, 3] = 40 * torch.randn(2, 4)  # beyond reach it may say anything
    terms = mask_terms(Masks(logits, torch.tensor([1.0, 0.5])), true, near)
    assert terms["dice"].item() == pytest.approx((0 + 1 - 2 * 2 / 8) / 2, abs=1e-4)
    assert terms["iou"].item() == pytest.approx((0 + (0.5 - 2 / 6) ** 2) / 2, abs=1e-6)
    assert terms["focal"].item() == pytest.approx((0 + 4 * 40 * 0.25 / 12) / 2, rel=1e-4)


def test_a_tiny_window_has_its_cell_in_the_middle():
    frame = frame_of(TINY, enlarge=1)
    assert frame == Frame(side=16, patch=8, stride=8, centred=True)
    box = torch.tensor([[4.0, 32.0, 12.0, 64.0]])  # its middle is x 8, y 48: between patches 0 and 1, 5 and 6
    window = frame.windows(box, height=20, width=30)
    assert window.tolist() == [[6 - 8, 1 - 8]]
    assert frame.prompts(box, window).tolist() == [[4 + 56, 32 + 16, 12 + 56, 64 + 16]]
    assert frame.outlines(window).tolist() == [[-56, -16, 72, 112]]


def test_sams_window_keeps_to_the_image():
    frame = frame_of(SIZES["vit-base"], enlarge=2)
    assert frame == Frame(side=64, patch=16, stride=8, centred=False)
    boxes = torch.tensor([[0.0, 0.0, 9.0, 9.0], [600.0, 300.0, 640.0, 340.0]])
    windows = frame.windows(boxes, height=65, width=88)
    assert windows.tolist() == [[0, 0], [1, 24]]
    # The encoder sees twice the size, and so do prompts.
    assert frame.prompts(boxes, windows)[1].tolist() == [2 * (600 - 192), 2 * 292, 2 * (640 - 192), 2 * 332]


def test_pixels_and_features_are_cut_alike():
    frame = Frame(side=2, patch=4, stride=4, centred=True)
    features = torch.arange(12.0).reshape(1, 3, 4)
    pixels = features[0].repeat_interleave(4, 0).repeat_interleave(4, 1)
    windows = torch.tensor([[1, 2], [-1, 3]])
    cut = frame.cut(features, windows)[:, 0]
    assert cut.tolist() == [[[6, 7], [10, 11]], [[0, 0], [3, 0]]]
    fine = frame.cut(pixels, windows, pixels=True)
    assert torch.equal(fine, cut.repeat_interleave(4, 1).repeat_interleave(4, 2))


def test_what_is_to_be_learned_is_drawn_back_where_it_was():
    labels = grid_of_squares(128)
    target, frame = cells_of(labels, 1), frame_of(TINY, enlarge=1)
    own = mask_targets(frame, torch.randn(64, 16, 16), target, most=99, training=False)
    squares = frame.outlines(frame.windows(target.boxes, 16, 16))
    runs = box_mask_runs(own.true, squares, 128, 128, within=margins(target.boxes))
    drawn = torch.from_numpy(painted(runs, 128, 128).astype(np.int32))
    # The true masks are known in squares of two pixels: sides of an odd length may gain or lose a pixel.
    assert ((drawn > 0) == (labels > 0)).float().mean() > 0.97
    both = (drawn > 0) & (labels > 0)
    assert torch.equal(drawn[both], labels[both])
    assert not (own.true.bool() & ~own.near).any()


def test_masks_are_cut_off_beyond_their_box(monkeypatch: pytest.MonkeyPatch):
    everything = Masks(torch.ones(1, 64, 64), torch.ones(1))
    monkeypatch.setattr(mask_prediction, "ask", lambda *_: everything)
    sam, frame = build_sam(TINY).eval(), frame_of(TINY, enlarge=1)
    boxes = torch.tensor([[20.0, 30.0, 50.0, 50.0]])
    with torch.inference_mode():
        cells = mask_prediction.predict_masks(
            sam, frame, torch.randn(64, 16, 16), boxes, margins(boxes), torch.ones(1), 0.0
        )
    drawn = painted(cells.runs, 128, 128) > 0
    # a tenth of the box's sides and two pixels around it may be the mask's
    assert drawn[26:54, 15:55].all()
    assert drawn.sum() == 28 * 40
