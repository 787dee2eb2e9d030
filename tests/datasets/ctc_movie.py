"""A tiny data set of the Cell Tracking Challenge: discs that move across a flat ground."""

import io
import zipfile
from collections.abc import Collection
from pathlib import Path

import numpy as np

from monolayer.compute.settings import ComputeSettings
from monolayer.datasets.ctc import Settings, download
from monolayer.images.files import write_tiff

HEIGHT, WIDTH, RADIUS = 48, 64, 6


class Movie:
    """Two sequences of three discs, which `write` writes below `parent`; more is written by name.

    Parameters
    ----------
    parent
        Gets a folder with the data set's name.
    frames
        In each sequence.
    digits
        Of the frames' numbers in file names.
    """

    def __init__(self, parent: Path, frames: int = 5, digits: int = 3, name: str = "Disc-C2DL-Test") -> None:
        self.root = parent / name
        self.frames = frames
        self.digits = digits

    def labels(self, sequence: str, frame: int, radius: int = RADIUS) -> np.ndarray:
        """Discs 1, 2 and 3, uint16 [H, W]; they move by three pixels from frame to frame."""
        rows, columns = np.indices((HEIGHT, WIDTH))
        labels = np.zeros((HEIGHT, WIDTH), np.uint16)
        for label in (1, 2, 3):
            row, column = 14 * label - 4, 10 + 3 * frame + 9 * label * (sequence == "02")
            labels[np.hypot(rows - row, columns - column) < radius] = label
        return labels

    def write(self, silver: bool = True, gold: Collection[int] = (), markers: bool = True) -> "Movie":
        """Write sequences 01 and 02, with silver truth of all frames and gold truth of some."""
        for sequence in ("01", "02"):
            for frame in range(self.frames):
                self.write_image(sequence, frame)
                if silver:
                    self.write_labels(f"{sequence}_ST/SEG/man_seg", frame, self.labels(sequence, frame))
                if markers and gold:
                    small = self.labels(sequence, frame, radius=2)
                    self.write_labels(f"{sequence}_GT/TRA/man_track", frame, small)
            for frame in gold:
                self.write_labels(f"{sequence}_GT/SEG/man_seg", frame, self.labels(sequence, frame))
        return self

    def write_image(self, sequence: str, frame: int) -> None:
        """Write a frame: discs that are told from the ground by their texture, 16 bit."""
        rng = np.random.default_rng((int(sequence), frame))
        sd = np.where(self.labels(sequence, frame) > 0, 900, 50)
        noise = sd * rng.normal(0, 1, (HEIGHT, WIDTH))
        self.write_labels(f"{sequence}/t", frame, (8000 + noise).astype(np.uint16))

    def write_labels(self, prefix: str, frame: int, plane: np.ndarray) -> Path:
        """Write any plane; ``01_GT/SEG/man_seg`` of frame 7 is ``01_GT/SEG/man_seg007.tif``."""
        path = self.path(prefix, frame)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_tiff(path, plane, "lzw")
        return path

    def path(self, prefix: str, frame: int) -> Path:
        """Return where a plane is written."""
        return self.root / f"{prefix}{frame:0{self.digits}}.tif"

    def keep_cells(self, sequence: str, frame: int, *kept: int) -> None:
        """Let only some cells of a gold frame be annotated."""
        labels = self.labels(sequence, frame)
        self.write_labels(
            f"{sequence}_GT/SEG/man_seg", frame, labels * np.isin(labels, kept).astype(np.uint16)
        )

    def zipped(self) -> bytes:
        """The data set in an archive, as the challenge's server has it."""
        data = io.BytesIO()
        with zipfile.ZipFile(data, "w") as archive:
            for path in sorted(self.root.rglob("*.tif")):
                archive.write(path, path.relative_to(self.root.parent))
        return data.getvalue()

    def download(self, raw: Path, scratch: Path | None = None, **settings: object) -> Path:
        """Let the source bring it to `raw`."""
        values = {"source": "ctc", "data": str(self.root), **settings}
        download(Settings.model_validate(values), raw, scratch or raw.parent / "scratch", ComputeSettings())
        return raw
