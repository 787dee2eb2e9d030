"""A detector's detections for images of any size."""

import itertools

import numpy as np
import pytest
import torch
from scipy import ndimage
from torch import Tensor

from monolayer.annotations.rasterise import CellRuns, label_runs, painted
from monolayer.decoders.boxes.decoder import Settings, decode
from monolayer.errors import InputError
from monolayer.inference.whole_image import predict_maps
from monolayer.models.base.detections import gather_detections, views
from monolayer.models.base.detector import Detector
from monolayer.models.base.settings import DetectorSettings, PredictSettings
from monolayer.models.base.views import ORIENTATIONS, TiledViews
from monolayer.predictions.cells import Cells, best_scores
from monolayer.training.validation import judge_by

UPRIGHT = ORIENTATIONS[:1]


class Islands(Detector):
    """Finds bright islands exactly; each one's score is its brightness. Nothing is learned."""

    def __init__(self, **settings: object) -> None:
        values = {"architecture": "islands", "normalise": {"mean": 0, "scale": 100}} | settings
        super().__init__(stride=16, settings=DetectorSettings.model_validate(values))
        self.unused = torch.nn.Parameter(torch.zeros(1))

    def forward(self, images: Tensor) -> Tensor:
        assert images.shape[-1] % 16 == images.shape[-2] % 16 == 0
        return images[:, 0]

    def loss(self, outputs: Tensor, targets: list) -> dict[str, Tensor]:
        return {"loss": outputs.sum() * 0 + sum(len(own.numbers) for own in targets)}

    def detect(self, outputs: Tensor) -> list[Cells]:
        return [self._islands(image.numpy()) for image in outputs]

    def _islands(self, image: np.ndarray) -> Cells:
        labels, count = ndimage.label(image > 0)
        scores = ndimage.maximum(image, labels, np.arange(1, count + 1))
        return Cells(label_runs(labels), np.array(scores, dtype=np.float32))


@pytest.fixture(scope="module")
def image() -> np.ndarray:
    """Islands of different brightness, 10 to 99, none of which is the turned or reflected other."""
    rng = np.random.default_rng(0)
    rows, columns = np.indices((150, 230))
    drawn = np.zeros((150, 230), dtype=np.uint8)
    for level in range(10, 100):
        row, column = rng.integers(0, (150, 230))
        down, across = rows - row, columns - column
        ellipse = (down / rng.integers(2, 6)) ** 2 + ((across + down // 2) / rng.integers(2, 6)) ** 2 < 1
        if not drawn[ndimage.binary_dilation(ellipse)].any():
            drawn[ellipse] = level
    return drawn


def drawn(cells: Cells, shape: tuple[int, int]) -> np.ndarray:
    return np.append(0, np.rint(100 * cells.scores))[painted(cells.runs, *shape)]


def test_the_whole_image_at_once(image: np.ndarray):
    foreground, detections = predict_maps(Islands().eval(), image, PredictSettings(tile=256), "32-true")
    assert np.array_equal(drawn(detections, image.shape), image)
    assert np.array_equal(np.rint(100 * foreground), image)


@pytest.mark.parametrize("every_orientation", [False, True])
def test_tiles_and_orientations_find_the_same_cells(image: np.ndarray, every_orientation: bool):
    settings = PredictSettings(tile=64, overlap=0.5, test_time_augmentation=every_orientation)
    foreground, detections = predict_maps(Islands().eval(), image, settings, "32-true")
    assert len(detections.scores) > (8 if every_orientation else 1) * ndimage.label(image)[1]
    found = decode(detections, Settings(score=0, overlap=0, cell_area=0))
    assert len(found.scores) == ndimage.label(image)[1]  # nothing that a border cut
    assert np.array_equal(drawn(found, image.shape), image)
    assert np.array_equal(np.rint(100 * foreground), image)


def test_tiles_cover_the_image():
    for side, tile, overlap in ((100, 100, 0.25), (101, 100, 0.25), (500, 64, 0.0), (300, 64, 0.9)):
        seen = np.zeros(side, dtype=int)
        starts = sorted({view.top for view in views(side, 10, tile, overlap, UPRIGHT)})
        for start in starts:
            seen[start : start + tile] += 1
        assert seen.min() >= 1
        assert all(b - a <= tile * (1 - overlap) + 1 for a, b in itertools.pairwise(starts))


def test_the_best_score_of_each_pixel():
    one = label_runs(np.array([[1, 1, 0]]))
    two = label_runs(np.array([[0, 1, 1]]))
    both = zip(one, two._replace(cell=two.cell + 1), strict=True)
    runs = CellRuns(*(np.concatenate(planes) for planes in both))
    assert best_scores(Cells(runs, np.array([0.5, 0.25])), 1, 3).tolist() == [[0.5, 0.5, 0.25]]


def test_validation_is_of_the_image_without_what_was_added():
    images = torch.zeros(1, 1, 20, 35)
    images[0, 0, 5:9, 30:35] = 0.75
    loss, foreground, (cells,) = Islands().validated(images, (images[:, 0] > 0).int())
    assert len(cells.scores) == 1
    assert loss == 1  # a single cell
    assert torch.equal(foreground, images[:, 0])


def test_a_large_image_is_validated_in_tiles(image: np.ndarray):
    images = torch.from_numpy(image / np.float32(100))[None, None]
    views = TiledViews(PredictSettings(tile=64, overlap=0.5))
    found = Islands().judged_by(judge_by("boxes"), views, images, (images[:, 0] > 0).int())
    np.testing.assert_allclose(found.foreground, images[:, 0], atol=1e-5)
    assert found.loss == 1  # of a single cell in each tile


def test_no_detections():
    no_cells = Cells(label_runs(np.zeros((32, 32), int)), np.zeros(0, np.float32))
    image = torch.zeros(1, 1, 32, 32)
    empty = gather_detections(lambda _: no_cells, 16, image, 64, 0.5, ORIENTATIONS)
    assert len(empty.scores) == len(empty.runs.start) == 0


def test_a_detector_does_not_resize():
    with pytest.raises(InputError, match="resize: a detector takes images as they are: set it to null"):
        DetectorSettings(architecture="islands", resize=128).check("m")


def test_a_detector_has_boxes():
    with pytest.raises(InputError, match=r"head\.method: flow is for pixels: a detector has boxes"):
        DetectorSettings(architecture="islands", head={"method": "flow"}).check("m")
