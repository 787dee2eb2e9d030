"""CellSAM: its parts, each against hand-made truth or transformers' own SAM, and its published weights."""

import hashlib
import itertools
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import numpy as np
import pytest
import torch
from torch import Tensor
from transformers import SamConfig, SamModel

from monolayer.errors import InputError
from monolayer.heads.boxes import cells_of
from monolayer.models import cellsam
from monolayer.models._box_masks import box_mask_runs
from monolayer.models._cellsam import drawing
from monolayer.models._cellsam.encoder import accept_any_size, encode
from monolayer.models._cellsam.finder import Found
from monolayer.models._cellsam.lessons import lessons
from monolayer.models._cellsam.masks import Masks, ask, margins, mask_terms
from monolayer.models._cellsam.matching import ALPHA, BOX_WEIGHTS, box_terms, costs_of, match
from monolayer.models._cellsam.neighbourhood import BLOCK, REACH, Neighbourhood
from monolayer.models._cellsam.published import PUBLISHED
from monolayer.models._cellsam.sizes import SIZES, build_sam
from monolayer.models._cellsam.windows import Frame, frame_of
from monolayer.rasterise import painted

TINY = SIZES["tiny"]
SMALL = TINY._replace(window=32, attention_window=2, channels=16, mask_channels=16, mask_hidden=16)


@pytest.fixture(autouse=True)
def seeded():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    yield
    torch.set_num_threads(before)


def built(**values: object) -> cellsam.CellSam:
    settings = {"architecture": "cellsam", "size": "tiny", **values}
    return cellsam.build(cellsam.Settings.model_validate(settings))


def grid_of_squares(side: int) -> Tensor:
    """Nine squares and oblongs, labels int32 [side, side]."""
    labels = torch.zeros(side, side, dtype=torch.int32)
    for label in range(9):
        top, left = 8 + 36 * (label // 3), 6 + 36 * (label % 3)
        labels[top : top + 16 + label, left : left + 20] = label + 1
    return labels


# --- the image encoder ---


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


# --- the detector ---


def test_a_query_attends_to_its_neighbours_alone():
    height, width, patterns, others, channels = 11, 9, 2, 3, 8
    attention = Neighbourhood(channels, heads=2)
    queries = torch.randn(2, height, width, patterns, channels)
    around = torch.randn(2, height, width, others, channels)
    with torch.no_grad():
        seen = attention(queries, around)
        asked = attention.query(queries).unflatten(-1, (2, -1))
        key, value = attention.key_value(around).chunk(2, dim=-1)
        empty = attention.key_value.bias  # of what is beyond the grid: zeros of keys and values
        assert empty is not None
        for image, row, column in itertools.product(range(2), (0, 5, 10), (0, 4, 8)):
            scores, values = [], []
            for down, right in itertools.product(range(-REACH, REACH + 1), repeat=2):
                place = attention.places[:, down + REACH, right + REACH]  # (heads,)
                inside = 0 <= row + down < height and 0 <= column + right < width
                for other in range(others):
                    at = image, row + down, column + right, other
                    own_key = key[at] if inside else torch.zeros(channels)
                    own_value = value[at] if inside else torch.zeros(channels)
                    split = own_key.unflatten(0, (2, -1))
                    scores.append((asked[image, row, column] * split).sum(-1) / 2 + place)  # sqrt(4) = 2
                    values.append(own_value.unflatten(0, (2, -1)))
            weights = torch.stack(scores).softmax(dim=0)  # (K, P, heads)
            mixed = torch.einsum("kph,khc->phc", weights, torch.stack(values)).flatten(1)
            torch.testing.assert_close(seen[image, row, column], attention.out(mixed), atol=1e-5, rtol=1e-4)
    assert (height % BLOCK, width % BLOCK) == (3, 1)  # the last squares are not whole


def test_each_cell_is_given_the_queries_that_cost_least_together():
    logits = torch.randn(6)
    corner = 20 * torch.rand(6, 2)
    boxes = torch.cat([corner, corner + 5 + 10 * torch.rand(6, 2)], dim=1)
    true = boxes[torch.tensor([4, 2, 0])] + torch.randn(3, 4)
    costs = costs_of(logits, boxes, true)
    cheapest = min(
        itertools.permutations(range(6), 3), key=lambda own: sum(costs[own[n], n].item() for n in range(3))
    )
    pairs = match(logits, boxes, true)
    assert sorted(zip(pairs.cell.tolist(), pairs.query.tolist(), strict=True)) == list(enumerate(cheapest))


def test_with_fewer_queries_than_cells_some_cells_get_none():
    pairs = match(torch.zeros(1), torch.tensor([[0.0, 0.0, 9.0, 9.0]]), 5 * torch.eye(4)[:3] + 6)
    assert pairs.query.tolist() == [0]


def test_terms_of_boxes_by_hand():
    exact, off = [0.0, 0.0, 10.0, 10.0], [0.0, 0.0, 10.0, 5.0]
    logits = torch.zeros(2, 1, 2)  # two layers, one image, two queries: a probability of a half each
    boxes = torch.tensor([[[exact, [50.0, 50.0, 60.0, 60.0]]], [[off, [50.0, 50.0, 60.0, 60.0]]]])
    terms = box_terms(Found(logits, boxes), [torch.tensor([exact])])
    focal = np.log(2) * 0.25  # of one query: the error is a half, squared
    assert terms["score"].item() == pytest.approx(ALPHA * focal + (1 - ALPHA) * focal)
    assert terms["edges"].item() == pytest.approx((0 + 5 / 4 / 10) / 2)
    assert terms["giou"].item() == pytest.approx((0 + 0.5) / 2, abs=1e-4)
    assert set(terms) == set(BOX_WEIGHTS)


def test_an_image_without_cells_teaches_that_there_are_none():
    terms = box_terms(Found(torch.zeros(1, 1, 3), torch.rand(1, 1, 3, 4)), [torch.zeros(0, 4)])
    assert terms["score"] > 0
    assert terms["edges"] == terms["giou"] == 0


# --- the mask decoder ---


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
    windows, boxes = (
        torch.randn(2, 64, 16, 16),
        torch.tensor([[10.0, 20.0, 60.0, 70.0], [64.0, 8.0, 120, 30]]),
    )
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


# --- windows ---


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
    own = lessons(frame, torch.randn(64, 16, 16), target, most=99, training=False)
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
    monkeypatch.setattr(drawing, "ask", lambda *_: everything)
    sam, frame = build_sam(TINY).eval(), frame_of(TINY, enlarge=1)
    boxes = torch.tensor(
        [[20.0, 30.0, 50.0, 50.0]]
    )  # a tenth of its sides and two pixels around may be its mask
    with torch.inference_mode():
        cells = drawing.draw(sam, frame, torch.randn(64, 16, 16), boxes, margins(boxes), torch.ones(1), 0.0)
    drawn = painted(cells.runs, 128, 128) > 0
    assert drawn[26:54, 15:55].all()
    assert drawn.sum() == 28 * 40


def test_masks_that_are_thought_bad_are_left_out():
    model = built().eval()
    with torch.inference_mode():
        outputs = model(torch.randn(1, 1, 64, 64))
        boxes = torch.tensor([[8.0, 8.0, 30.0, 30.0], [30.0, 20.0, 60.0, 60.0]])
        (every,) = model.detect_with_boxes(outputs, [boxes])
        (some,) = model.detect_on_grid(outputs, spacing=16, mask_iou=0.0)
        (none,) = model.detect_on_grid(outputs, spacing=16, mask_iou=1.0)
    assert (len(every.scores), len(some.scores), len(none.scores)) == (2, 16, 0)


# --- phases ---


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


# --- published weights ---


def test_weights_of_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(SIZES, "tiny", SMALL)
    published = build_sam(SMALL)
    published.save_pretrained(tmp_path)
    model = built(weights=str(tmp_path))
    before = model.finder.score.weight.clone()
    assert model.take_published_weights() == str(tmp_path)
    assert all(
        torch.equal(value, published.state_dict()[name]) for name, value in model.sam.state_dict().items()
    )
    assert torch.equal(model.finder.score.weight, before)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        ("missing", "is no folder, and not facebook/sam-vit-base"),
        ("empty", "cannot be read"),
        ("other", "does not hold a whole SAM"),
        ("size", "does not fit the net"),
    ],
)
def test_a_folder_without_such_weights(
    damage: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(SIZES, "tiny", SMALL)
    folder = tmp_path / "weights"
    if damage != "missing":
        folder.mkdir()
    if damage == "other":
        other = SamModel(build_sam(SMALL).config)
        kept = {name: value for name, value in other.state_dict().items() if "mask_decoder" not in name}
        other.save_pretrained(folder, state_dict=kept)
    if damage == "size":
        build_sam(SMALL._replace(channels=32)).save_pretrained(folder)
    with pytest.raises(InputError, match=message):
        built(weights=str(folder)).take_published_weights()


# Transformers reads the address of its hub where it is imported.
FROM_THE_HUB = """
import torch
from monolayer.models import cellsam
from monolayer.models._cellsam.sizes import SIZES
from tests.models.test_models_cellsam import SMALL
SIZES["tiny"] = SMALL
settings = {"architecture": "cellsam", "size": "tiny", "weights": "facebook/sam-vit-base"}
model = cellsam.build(cellsam.Settings.model_validate(settings))
print(model.take_published_weights())
print(float(sum(value.abs().sum() for value in model.sam.state_dict().values())))
"""


def from_the_hub(url: str, cache: Path) -> list[str]:
    environment = {"HF_ENDPOINT": url, "HF_HOME": str(cache), "PYTHONPATH": ".:tests", "PATH": ""}
    command = [sys.executable, "-c", FROM_THE_HUB]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


COMMIT = 40 * "a"


@contextmanager
def hub(files: dict[str, bytes]) -> Iterator[str]:
    """Serve files on 127.0.0.1 as huggingface.co does those of a repository."""

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self._answer(b"")

        def do_GET(self) -> None:
            self._answer(files.get(Path(self.path).name, b""))

        def _answer(self, body: bytes) -> None:
            content = files.get(Path(self.path).name)
            self.send_response(404 if content is None else 200)
            self.send_header("X-Repo-Commit", COMMIT)
            if content is None:
                self.send_header("X-Error-Code", "EntryNotFound")
            else:
                self.send_header("ETag", f'"{hashlib.sha256(content).hexdigest()}"')
            self.send_header("Content-Length", str(len(content or b"")))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_weights_are_fetched_from_the_hub(tmp_path: Path):
    published = build_sam(SMALL)
    published.save_pretrained(tmp_path / "written")
    with hub({path.name: path.read_bytes() for path in (tmp_path / "written").iterdir()}) as url:
        name, total = from_the_hub(url, tmp_path / "cache")[-2:]
    assert name == PUBLISHED
    expected = float(sum(value.abs().sum() for value in published.state_dict().values()))
    assert float(total) == pytest.approx(expected, rel=1e-5)


def test_where_they_cannot_be_fetched_the_start_is_random(tmp_path: Path):
    with hub({}) as url:
        *said, name, _ = from_the_hub(url, tmp_path / "cache")
    assert name == "random weights"
    assert any("facebook/sam-vit-base cannot be fetched" in line for line in said)
