"""Tiny phase-contrast-like pictures and real ones, for the tests of the cleaning."""

from collections.abc import Callable
from pathlib import Path

import imagecodecs
import numpy as np
import tifffile
from scipy import ndimage
from skimage import transform

from monolayer.annotations.coco import Coco, annotations_by_image, decode_segmentation, read_coco

HEIGHT, WIDTH = 128, 160
LIVECELL_MINI = Path(__file__).resolve().parents[2] / ".." / "shared" / "livecell-mini"
NO_LIVECELL_MINI = f"{LIVECELL_MINI} is absent"


def circle(x: float, y: float, radius: float) -> list[float]:
    """Twenty points on a circle, as a COCO polygon."""
    angles = np.linspace(0, 2 * np.pi, 20, endpoint=False)
    return (
        np.stack([x + radius * np.cos(angles), y + radius * np.sin(angles)], axis=1).round(2).ravel().tolist()
    )


def dish(seed: int, cells: int = 12) -> tuple[np.ndarray, list[list[float]]]:
    """Draw cells that differ from the background by texture only; return uint8 [128, 160] and polygons."""
    rng = np.random.default_rng(seed)
    places = rng.permutation([(x, y) for x in range(14, WIDTH - 8, 24) for y in range(14, HEIGHT - 8, 24)])
    noise = ndimage.gaussian_filter(rng.normal(0, 1, (HEIGHT, WIDTH)), 1)  # as blurred as optics leave it
    noise /= noise.std()
    sd = np.full(noise.shape, 2.0)
    rows, columns = np.mgrid[:HEIGHT, :WIDTH]
    polygons = []
    for x, y in places[:cells] + rng.uniform(-2, 2, (cells, 2)):
        sd[np.hypot(columns - x, rows - y) < 9] = 20
        polygons.append(circle(x, y, 10))
    return (128 + sd * noise).clip(0, 255).astype(np.uint8), polygons


def field(seed: int, height: int = 200, width: int = 300) -> np.ndarray:
    """Blobs of 10 pixels everywhere, uint8 [height, width]."""
    noise = ndimage.gaussian_filter(np.random.default_rng(seed).normal(size=(height, width)), 3)
    return (128 + 40 * noise / noise.std()).clip(0, 255).astype(np.uint8)


def jpeg(image: np.ndarray, quality: int) -> np.ndarray:
    """Compress and decompress."""
    return imagecodecs.jpeg_decode(imagecodecs.jpeg_encode(image, level=quality))


def stretch(
    image: np.ndarray, contrast: float = 1.0, brightness: float = 0.0, gamma: float = 1.0
) -> np.ndarray:
    """Change grey levels, clipped to 0..255."""
    levels = (image.astype(np.float64) - 128) * contrast + 128 + brightness
    return np.rint(255 * (levels.clip(0, 255) / 255) ** gamma).astype(np.uint8)


def resized(image: np.ndarray, factor: float) -> np.ndarray:
    """Shrink or enlarge."""
    shape = tuple(round(size * factor) for size in image.shape)
    large = transform.resize(image.astype(np.float64), shape, order=1, anti_aliasing=factor < 1)
    return np.rint(large).clip(0, 255).astype(np.uint8)


def noisy(image: np.ndarray, sd: float) -> np.ndarray:
    """Add noise."""
    return np.rint(image + np.random.default_rng(1).normal(0, sd, image.shape)).clip(0, 255).astype(np.uint8)


ALTERATIONS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "jpeg 50": lambda image: jpeg(image, 50),
    "jpeg 90": lambda image: jpeg(image, 90),
    "darker": lambda image: stretch(image, brightness=-10),
    "brighter": lambda image: stretch(image, brightness=10),
    "less contrast": lambda image: stretch(image, contrast=0.8),
    "more contrast": lambda image: stretch(image, contrast=1.2),
    "gamma": lambda image: stretch(image, gamma=0.85),
    "inverted": lambda image: 255 - image,
    "cropped by a pixel": lambda image: image[1:],
    "cropped by two pixels on every side": lambda image: image[2:-2, 2:-2],
    "shifted by two": lambda image: np.pad(image, ((2, 0), (2, 0)), "edge")[:-2, :-2],
    "shrunk": lambda image: resized(image, 0.75),
    "enlarged": lambda image: resized(image, 2.0),
    "noisy": lambda image: noisy(image, 5),
    "inverted, cropped and noisy": lambda image: noisy(255 - image[1:, 1:], 5),
    "upside down": lambda image: image[::-1],
    "mirrored": lambda image: image[:, ::-1],
    "half turn": lambda image: image[::-1, ::-1],
    "quarter turn": lambda image: np.rot90(image),
    "three quarter turn": lambda image: np.rot90(image, 3),
    "transposed": lambda image: image.T,
    "turned, faint and compressed": lambda image: jpeg(np.rot90(stretch(image, 0.8, 10)).copy(), 50),
}
"""What may have been done to a copy."""


def real_images() -> dict[str, np.ndarray]:
    """All 44 images of livecell-mini by name."""
    return {path.stem: tifffile.imread(path) for path in sorted(LIVECELL_MINI.rglob("*.tif"))}


def real_annotations() -> dict[str, list[list[list[float]]]]:
    """Polygons of the twelve annotated images by name."""
    found = {}
    for path in sorted(LIVECELL_MINI.rglob("livecell_coco_*.json")):
        coco: Coco = read_coco(path)
        groups = annotations_by_image(coco)
        for image in coco.images:
            polygons = [decode_segmentation(annotation.segmentation) for annotation in groups[image.id]]
            found[Path(image.file_name).stem] = polygons
    return found
