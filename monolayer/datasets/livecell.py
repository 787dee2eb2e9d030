"""LIVECell: the official files from their server, a mirror, or a folder laid out like it.

Edlund et al., LIVECell - A large-scale dataset for label-free live cell segmentation, Nature Methods, 2021.
"""

import shutil
from pathlib import Path
from typing import Literal, get_args
from urllib.parse import urlsplit
from urllib.request import url2pathname

from pydantic import Field

from monolayer.annotations.coco import SPLITS, read_coco, write_coco
from monolayer.compute.settings import ComputeSettings
from monolayer.datasets._description import Description, SourceFile, write_description
from monolayer.datasets._settings import DatasetSettings
from monolayer.download.archives import UnusableArchiveError, unzip
from monolayer.download.disk import copy_folder, require_space
from monolayer.download.fetch import Fetched, discarded_on, fetch, inspect
from monolayer.errors import InputError

OFFICIAL = "http://livecell-dataset.s3.eu-central-1.amazonaws.com/LIVECell_dataset_2021/"
IMAGES = "images.zip"

CellType = Literal["a172", "bt474", "bv2", "huh7", "mcf7", "shsy5y", "skbr3", "skov3"]
SizeSplit = Literal["train2percent", "train4percent", "train5percent", "train25percent", "train50percent"]
AnnotationChoice = Literal["full", CellType, SizeSplit]


class Settings(DatasetSettings):
    """Which of LIVECell's files to take, and from where."""

    base_url: str = OFFICIAL
    """``http(s)://``, ``file://`` or a folder, laid out like the official server. A folder may hold
    ``images.zip`` or the unpacked ``images/``."""
    annotations: AnnotationChoice = "full"
    """All cells; one cell type; or a fraction of the training images with the full val and test."""
    sha256: dict[str, str] = Field(default={})
    """Known digests by the file's path below `base_url`, such as ``images.zip``. Every digest is recorded
    in dataset.json; those given here are checked."""


def download(settings: Settings, folder: Path, scratch: Path, compute: ComputeSettings) -> None:
    """Write LIVECell's images and annotations.

    Parameters
    ----------
    settings
        What to take, and from where.
    folder
        Gets ``images/``, ``annotations/{train,val,test}.json`` and ``dataset.json``.
    scratch
        Keeps what comes from a server, unfinished files to go on from and finished ones because DVC runs
        the stage again, into an empty folder, when another setting or the code has changed. May be deleted
        at any time.
    compute
        Not used: files are fetched and copied one by one.

    Raises
    ------
    InputError
        A file is missing, refused by the server, damaged, or has another SHA-256 than the known one; or the
        disk has no room.
    """
    _require_known(settings.sha256)
    names = annotation_files(settings.annotations)
    fetched = {name: _obtain(settings, name, scratch) for name in sorted(set(names.values()))}
    folder.mkdir(parents=True, exist_ok=True)
    require_space(folder, sum(file.bytes for file in fetched.values()), "Writing the annotations")
    for split, name in names.items():
        with discarded_on(InputError, fetched[name], scratch):
            write_coco(folder / "annotations" / f"{split}.json", read_coco(fetched[name].path))
    fetched |= _bring_images(settings, folder / "images", scratch)
    write_description(folder, _describe(settings, fetched))


def annotation_files(choice: AnnotationChoice) -> dict[str, str]:
    """Return the path of each split's annotation file below the base URL.

    >>> annotation_files("a172")["val"]
    'annotations/LIVECell_single_cells/a172/val.json'
    >>> annotation_files("train4percent")["train"]
    'annotations/LIVECell_dataset_size_split/1_train4percent.json'
    """
    if choice in get_args(CellType):
        return {split: f"annotations/LIVECell_single_cells/{choice}/{split}.json" for split in SPLITS}
    files = {split: f"annotations/LIVECell/livecell_coco_{split}.json" for split in SPLITS}
    if choice in get_args(SizeSplit):
        number = get_args(SizeSplit).index(choice)
        files["train"] = f"annotations/LIVECell_dataset_size_split/{number}_{choice}.json"
    return files


def _require_known(sha256: dict[str, str]) -> None:
    known = {IMAGES}.union(*(annotation_files(choice).values() for choice in get_args(AnnotationChoice)))
    unknown = sorted(sha256.keys() - known)
    if unknown:
        files = ", ".join(sorted(known))
        raise InputError(f"sha256: {unknown[0]} is no file of LIVECell; its files: {files}")


def _local_root(base_url: str) -> Path | None:
    parts = urlsplit(base_url)
    if parts.scheme in ("http", "https"):
        return None
    root = Path(url2pathname(parts.path)) if parts.scheme == "file" else Path(base_url)
    if not root.is_dir():
        raise InputError(
            f"base_url {base_url}: {root.absolute()} is no folder. Give http(s)://..., file:///... or the "
            "path of a folder laid out like the official server"
        )
    return root


def _obtain(settings: Settings, name: str, scratch: Path) -> Fetched:
    sha256 = settings.sha256.get(name)
    root = _local_root(settings.base_url)
    if root is None:
        return fetch(f"{settings.base_url.rstrip('/')}/{name}", scratch, sha256)
    if not (root / name).is_file():
        raise InputError(f"{root / name} not found: base_url must be laid out like {OFFICIAL}")
    return inspect(root / name, sha256)


def _bring_images(settings: Settings, images: Path, scratch: Path) -> dict[str, Fetched]:
    shutil.rmtree(images, ignore_errors=True)
    root = _local_root(settings.base_url)
    if root is not None and (root / "images").is_dir():
        copy_folder(root / "images", images)
        return {}
    archive = _obtain(settings, IMAGES, scratch)
    with discarded_on(UnusableArchiveError, archive, scratch):
        unzip(archive.path, images)
    return {IMAGES: archive}


def _describe(settings: Settings, fetched: dict[str, Fetched]) -> Description:
    return Description(
        name="LIVECell",
        licence="CC BY-NC 4.0",
        citation=(
            "Edlund, C., Jackson, T.R., Khalid, N. et al. LIVECell - A large-scale dataset for label-free "
            "live cell segmentation. Nature Methods 18, 1038-1045 (2021). "
            "https://doi.org/10.1038/s41592-021-01249-6"
        ),
        source=settings.base_url,
        files=[SourceFile(name, file.bytes, file.sha256) for name, file in sorted(fetched.items())],
    )
