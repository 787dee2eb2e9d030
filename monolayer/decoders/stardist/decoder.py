"""Cells of object probabilities and distances: star-convex polygons say which, the foreground how far.

Source: Schmidt, Weigert, Broaddus and Myers, Cell detection with star-convex polygons, MICCAI 2018.
"""

import numpy as np
import shapely
from scipy import ndimage
from skimage.segmentation import watershed

from monolayer.annotations.rasterise import CellRuns, draw, label_runs
from monolayer.decoders.stardist.settings import Settings
from monolayer.predictions.cells import Cells

WINDOW = 5
"""A centre is more probable than all else in a square of so many pixels around it."""
NEAREST = 1e-3
"""No ray is shorter, in pixels: polygons whose rays all have a length never cross themselves."""


def decode(maps: np.ndarray, settings: Settings) -> Cells:
    """Find cells: the most probable polygons that do not overlap, and of the foreground what is theirs.

    A cell whose centre is no foreground is its polygon, as in the paper; such cells may overlap. A cell's
    score is its centre's probability times the root of its `agreement`, the most probable centre first.

    Parameters
    ----------
    maps
        Object probability, distances in pixels, and the foreground's probability; float32 [K + 2, H, W]. Ray
        k of K points at the angle 2 pi k / K, from the right clockwise.
    settings
        Of the decoder.
    """
    probability = ndimage.gaussian_filter(maps[0], settings.sigma)
    row, column = centres(probability, settings.threshold)
    outlines = star_outlines(row, column, maps[1:-1, row, column])
    kept = not_suppressed(shapely.polygons(outlines), settings.overlap)
    row, column, outlines = row[kept], column[kept], outlines[kept]
    polygons = draw([[outline.ravel().tolist()] for outline in outlines], *probability.shape)
    labels = divided(probability, maps[-1] >= settings.foreground, row, column)
    scores = probability[row, column] * np.sqrt(agreement(polygons, labels, len(row)))
    runs = _labels_or_polygons(label_runs(labels), polygons)
    large = runs.areas(len(row)) >= settings.cell_area
    return Cells(runs.cells(large), scores[large].astype(np.float32))


def centres(probability: np.ndarray, threshold: float) -> tuple[np.ndarray, np.ndarray]:
    """Return rows and columns of the pixels that may be centres, int64 [N] each, the most probable first.

    The paper lets all pixels above the threshold compete. Here only the best of its `WINDOW` does, which the
    others would lose to, as their polygons are nearly the same. Of equal ones the first in the image is best.

    Examples
    --------
    >>> centres(np.array([[0.9, 0.8, 0.1, 0.1, 0.7, 0.7]]), threshold=0.5)
    (array([0, 0]), array([0, 4]))
    """
    row, column = np.nonzero(probability >= threshold)
    order = np.argsort(-probability[row, column], kind="stable")
    row, column = row[order], column[order]
    rank = np.zeros(probability.shape, dtype=np.int32)
    rank[row, column] = np.arange(len(row), 0, -1)
    is_best = (rank == ndimage.maximum_filter(rank, WINDOW))[row, column]
    return row[is_best], column[is_best]


def star_outlines(row: np.ndarray, column: np.ndarray, distances: np.ndarray) -> np.ndarray:
    """Return the ends of the rays, x and y in pixels, float64 [N, K, 2]; the image's corner is at 0, 0.

    Parameters
    ----------
    row, column
        Of the centres, int64 [N].
    distances
        float32 [K, N]; below a thousandth of a pixel, and above 10,000 pixels, they are cut.

    Examples
    --------
    >>> star_outlines(np.array([0]), np.array([2]), np.full((4, 1), 1.5)).round(3).tolist()
    [[[4.0, 0.5], [2.5, 2.0], [1.0, 0.5], [2.5, -1.0]]]
    """
    angle = 2 * np.pi * np.arange(len(distances)) / len(distances)
    directions = np.stack([np.cos(angle), np.sin(angle)], axis=1)  # (K, 2)
    reach = np.clip(distances.T.astype(np.float64), NEAREST, 1e4)
    return np.stack([column, row], axis=1)[:, None] + 0.5 + reach[..., None] * directions


def not_suppressed(polygons: np.ndarray, overlap: float) -> np.ndarray:
    """Say which polygons no better one that is kept itself overlaps; greedy non-maximum suppression.

    In rounds, for all polygons at once: those that no better one can remove any more are kept for good, and
    remove others.

    Parameters
    ----------
    polygons
        Of shapely, [N], the best first.
    overlap
        Two overlap where they share more than this fraction of the area of the smaller one.

    Returns
    -------
    numpy.ndarray
        bool [N].

    Examples
    --------
    >>> not_suppressed(shapely.box(np.array([0, 2, 5]), 0, np.array([4, 6, 9]), 1), overlap=0.4)
    array([ True, False,  True])
    """
    areas, kept = shapely.area(polygons), np.ones(len(polygons), dtype=bool)
    better, worse = shapely.STRtree(polygons).query(polygons)
    pairs = np.stack([better, worse])[:, better < worse]
    while pairs.size:
        in_doubt = np.zeros(len(polygons), dtype=bool)
        in_doubt[pairs[1]] = True
        decided = ~in_doubt[pairs[0]]
        better, worse = pairs[:, decided]
        shared = shapely.area(shapely.intersection(polygons[better], polygons[worse]))
        kept[worse[shared > overlap * np.minimum(areas[better], areas[worse])]] = False
        pairs = pairs[:, ~decided & kept[pairs].all(axis=0)]
    return kept


def divided(
    probability: np.ndarray, foreground: np.ndarray, row: np.ndarray, column: np.ndarray
) -> np.ndarray:
    """Divide the foreground among the centres, by a watershed of the object probability.

    The probability falls towards every border, also where cells touch, and a net learns it sooner than it
    learns distances.

    Parameters
    ----------
    probability
        float32 [H, W].
    foreground
        bool [H, W]; parts of it without a centre belong to no cell.
    row, column
        Of the centres, int64 [N].

    Returns
    -------
    numpy.ndarray
        Labels int32 [H, W]: centre k has k + 1, and no pixel where it is no foreground.

    Examples
    --------
    >>> probability = np.array([[0.1, 0.5, 1.0, 0.5, 0.2, 0.6, 0.9, 0.1]])
    >>> divided(probability, probability > 0.1, row=np.array([0, 0]), column=np.array([2, 6]))
    array([[0, 1, 1, 1, 2, 2, 2, 0]], dtype=int32)
    """
    seeds = np.zeros(probability.shape, dtype=np.int32)
    seeds[row, column] = np.arange(1, len(row) + 1)
    return watershed(-probability, seeds, mask=foreground)


def agreement(polygons: CellRuns, labels: np.ndarray, cells: int) -> np.ndarray:
    """Return the IoU of each cell's polygon and label, float64 [N]; 1 for a cell that has no label.

    Where a cell was cut in two, or two are one, the distances and the foreground tell different outlines.

    Examples
    --------
    >>> polygons = draw([[[0, 0, 2, 0, 2, 1, 0, 1]], [[3, 0, 4, 0, 4, 1, 3, 1]]], height=1, width=4)
    >>> agreement(polygons, np.array([[1, 1, 1, 0]]), cells=2).round(3)
    array([0.667, 1.   ])
    """
    shared = np.zeros(cells + 1, dtype=np.int64)
    height = len(labels)
    for _, part in polygons.bands(labels.size):
        position, cell = part.pixels()
        column, row = np.divmod(position, height)
        shared += np.bincount(np.where(labels[row, column] == cell + 1, cell + 1, 0), minlength=cells + 1)
    areas = label_runs(labels).areas(cells)
    union = areas + polygons.areas(cells) - shared[1:]
    return np.where(areas, shared[1:] / np.maximum(union, 1), 1.0)


def _labels_or_polygons(labels: CellRuns, polygons: CellRuns) -> CellRuns:
    """Return the runs of the labels, and of the polygons those whose cell has no label."""
    others = polygons.select(~np.isin(polygons.cell, labels.cell))
    runs = CellRuns(*(np.concatenate(own) for own in zip(labels, others, strict=True)))
    return runs.select(np.argsort(runs.cell, kind="stable"))
