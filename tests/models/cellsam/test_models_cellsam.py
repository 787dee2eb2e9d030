"""CellSAM as a whole: its phases, and what it learns."""

import numpy as np
import pytest
import torch
from tiny_cellsam import built, grid_of_squares

from monolayer.models.cellsam import model as cellsam


def test_masks_that_are_thought_bad_are_left_out():
    model = built().eval()
    with torch.inference_mode():
        outputs = model(torch.randn(1, 1, 64, 64))
        boxes = torch.tensor([[8.0, 8.0, 30.0, 30.0], [30.0, 20.0, 60.0, 60.0]])
        (every,) = model.detect_with_boxes(outputs, [boxes])
        (some,) = model.detect_on_grid(outputs, spacing=16, mask_iou=0.0)
        (none,) = model.detect_on_grid(outputs, spacing=16, mask_iou=1.0)
    assert (len(every.scores), len(some.scores), len(none.scores)) == (2, 16, 0)


def test_the_best_boxes_alone_are_asked_for_their_masks():
    model = built(box_score=1e-9, mask_iou=0.0, detections=5).eval()
    with torch.inference_mode():
        outputs = model(torch.randn(1, 1, 64, 64))
        best = outputs.found.logits[-1, 0].sort(descending=True).indices[:5].sort().values
        (true,) = model.detect_with_boxes(outputs, [outputs.found.boxes[-1, 0, best]])
        (found,) = model.detect(outputs)
    scores = outputs.found.logits[-1, 0, best].sigmoid().numpy() * true.scores
    np.testing.assert_allclose(found.scores, scores, rtol=1e-5)
    np.testing.assert_array_equal(found.runs.pixels()[0], true.runs.pixels()[0])


def trained_parts(model: cellsam.CellSam) -> set[str]:
    image, labels = torch.randn(1, 1, 128, 128), grid_of_squares(128)[None]
    model.loss(model(image), model.targets(labels))["loss"].backward()
    changed = {name for name, weight in model.named_parameters() if weight.grad is not None}
    assert changed == {name for name, weight in model.named_parameters() if weight.requires_grad}
    parts = (
        "finder",
        "sam.vision_encoder.neck",
        "sam.vision_encoder",
        "sam.mask_decoder",
        "sam.prompt_encoder",
    )
    return {next(part for part in parts if name.startswith(part)) for name in changed}


@pytest.mark.parametrize(
    ("phase", "parts"),
    [
        ("detector", {"finder", "sam.vision_encoder"}),
        ("masks", {"sam.vision_encoder.neck", "sam.mask_decoder", "sam.prompt_encoder"}),
        (
            "both",
            {
                "finder",
                "sam.vision_encoder",
                "sam.vision_encoder.neck",
                "sam.mask_decoder",
                "sam.prompt_encoder",
            },
        ),
    ],
)
def test_each_phase_trains_its_parts(phase: str, parts: set[str]):
    assert trained_parts(built(phase=phase)) == parts


def test_it_learns_cells_by_heart():
    labels = grid_of_squares(128)
    image = (15 * torch.randn(128, 128) * (labels > 0))[None, None] / 10
    model = built(prompts=9)
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
    for _ in range(80):
        optimizer.zero_grad()
        model.loss(model(image), model.targets(labels[None]))["loss"].backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimizer.step()
    with torch.inference_mode():
        validated = model.eval().validated(image, labels[None])
    found, true = validated.foreground[0] >= 0.5, labels > 0
    assert 2 * (found & true).sum() / (found.sum() + true.sum()) > 0.8
