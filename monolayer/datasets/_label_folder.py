"""Folders of images and of label images: which label image belongs to which image."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from monolayer.errors import InputError
from monolayer.images.decoding import IMAGE_ENDINGS
from monolayer.images.folder import image_files
from monolayer.images.label_files import LABEL_ENDINGS, LOSSY_ENDINGS


class Pair(NamedTuple):
    """An image and its label image."""

    image: Path
    labels: Path


class Pairs(NamedTuple):
    """What two folders hold."""

    pairs: list[Pair]
    """In the order of their paths."""
    left_over: list[Path]
    """Files beside the images that are named as label images, but of no image."""


def find_pairs(root: Path, label_root: Path, suffixes: Sequence[str]) -> Pairs:
    """Find the images of a folder, and the label image of each.

    Parameters
    ----------
    root
        Folder of the images, in any sub-folders, also behind links; hidden files are passed over.
    label_root
        Folder of the label images, in the same sub-folders; may be `root`.
    suffixes
        What a label image's name has behind that of its image, in small or capital letters.

    Raises
    ------
    InputError
        There is no image, or one has no label image, or several.
    """
    ends = tuple(suffix.lower() for suffix in suffixes)
    pictures = image_files(root)
    if label_root != root:
        pictures = [path for path in pictures if label_root not in path.parents]
    images = [path for path in pictures if not path.stem.lower().endswith(ends)]
    if not images:
        raise InputError(
            f"images: no image is below {root}: its files must end with {', '.join(IMAGE_ENDINGS)}, and "
            "before that not with one of `suffixes`"
        )
    labels = _LabelFiles(root, label_root, suffixes)
    pairs = [Pair(image, labels.of(image)) for image in images]
    used = {pair.labels for pair in pairs}
    return Pairs(pairs, [path for path in pictures if path.stem.lower().endswith(ends) and path not in used])


class _LabelFiles:
    """Finds label images by the names that they may have."""

    def __init__(self, root: Path, label_root: Path, suffixes: Sequence[str]) -> None:
        self._root, self._label_root, self._suffixes = root, label_root, suffixes
        self._of_folder: dict[Path, dict[str, list[Path]]] = {}

    def of(self, image: Path) -> Path:
        """Return an image's label image, or raise InputError where it has none or several."""
        folder = self._label_root / image.relative_to(self._root).parent
        found = self._named(folder, image.stem)
        if not found:
            raise InputError(
                f"{image} has no label image: expected {image.stem} with {', '.join(self._suffixes)} and the "
                f"ending .png, .tif or .npy in {folder}{self._near(folder, image.stem)}. Add it, correct "
                "`labels` or `suffixes`, or move the image elsewhere"
            )
        if len(found) > 1:
            raise InputError(
                f"{image} has several label images: {', '.join(map(str, found))}. Keep one of them, or leave "
                "its suffix alone in `suffixes`"
            )
        return found[0]

    def _named(self, folder: Path, stem: str) -> list[Path]:
        beside = self._label_root == self._root
        endings = (*LABEL_ENDINGS, *LOSSY_ENDINGS)  # a lossy one is refused by name when it is read
        names = [f"{stem}{suffix}{ending}" for suffix in self._suffixes for ending in endings]
        names += [f"{stem}{ending}" for ending in ((".npy",) if beside else endings)]
        listed = self._listing(folder)
        found = [path for name in dict.fromkeys(map(str.lower, names)) for path in listed.get(name, [])]
        same_letters = [path for path in found if path.name.startswith(stem)]
        return same_letters or found

    def _near(self, folder: Path, stem: str) -> str:
        """Name a file that begins as the image does, for a suffix that nobody thought of."""
        starts = f"{stem.lower()}_", f"{stem.lower()}-", f"{stem.lower()}."
        near = [
            path
            for name, paths in sorted(self._listing(folder).items())
            for path in paths
            if name.startswith(starts) and path.stem != stem
        ]
        return f" (there is {near[0].name})" if near else ""

    def _listing(self, folder: Path) -> dict[str, list[Path]]:
        if folder not in self._of_folder:
            listed: dict[str, list[Path]] = {}
            for path in sorted(folder.iterdir()) if folder.is_dir() else []:
                if path.is_file() and not path.name.startswith("."):
                    listed.setdefault(path.name.lower(), []).append(path)
            self._of_folder[folder] = listed
        return self._of_folder[folder]
