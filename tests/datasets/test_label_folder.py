"""Which label image belongs to which image of a folder."""

import re

import numpy as np
import pytest
from own_labels import HEIGHT, LABELS, WIDTH, Folder

from monolayer.errors import InputError
from monolayer.images.files import write_png, write_tiff


def test_an_image_without_label_image(folder: Folder) -> None:
    (folder.images / "0_masks.tif").unlink()
    with pytest.raises(
        InputError, match=r"0\.png has no label image: expected 0 with _masks, _labels, .*-mask and"
    ):
        folder.download()


def test_several_label_images(folder: Folder) -> None:
    write_png(folder.images / "0_labels.png", LABELS)
    with pytest.raises(
        InputError, match=r"0\.png has several label images: .*0_masks\.tif, .*0_labels\.png\. Keep"
    ):
        folder.download()


def test_folders_that_are_missing_or_empty(folder: Folder) -> None:
    with pytest.raises(InputError, match=r"images: .*nowhere is no folder: give the folder"):
        folder.download(images=str(folder.root / "nowhere"))
    with pytest.raises(InputError, match=r"labels: .*nowhere is no folder: give the folder"):
        folder.download(labels=str(folder.root / "nowhere"))
    (folder.root / "empty").mkdir()
    with pytest.raises(InputError, match=r"images: no image is below .*empty: its files must end with \.tif"):
        folder.download(images=str(folder.root / "empty"))


@pytest.mark.parametrize(
    ("image", "labels"),
    [
        ("A.TIF", "A_masks.TIF"),
        ("a.tif", "a_MASKS.PNG"),
        ("a.PNG", "A_Labels.npy"),
        ("a.tif", "a_cp_masks.png"),
        ("a.tif", "a-labels.png"),
        ("a [x=0,y=0,w=9,h=9].tif", "a [x=0,y=0,w=9,h=9]-labelled.png"),
        ("a.ome.tif", "a.ome_masks.tif"),
    ],
)
def test_names_of_label_images(image: str, labels: str, folder: Folder) -> None:
    (folder.images / "0.png").unlink()
    (folder.images / "0_masks.tif").unlink()
    grey = np.full((HEIGHT, WIDTH), 50, np.uint8)
    (write_png if image.lower().endswith(".png") else write_tiff)(folder.images / image, grey)
    if labels.endswith(".npy"):
        np.save(folder.images / labels, LABELS)
    else:
        (write_png if labels.lower().endswith(".png") else write_tiff)(folder.images / labels, LABELS)
    names = [name.file_name for coco in folder.download().values() for name in coco.images]
    assert image in names
    assert len(names) == 8


def test_the_spelling_of_the_image_goes_first(folder: Folder) -> None:
    for stem in ("a", "A"):
        write_png(folder.images / f"{stem}.png", np.full((HEIGHT, WIDTH), 50, np.uint8))
        write_tiff(folder.images / f"{stem}_masks.tif", LABELS * (stem == "A"))
    if len(list(folder.images.glob("[aA].png"))) < 2:
        pytest.skip("this disk does not tell capital letters apart")
    empty = {image.file_name for coco in folder.download().values() for image in coco.images if image.empty}
    assert empty == {"a.png"}


def test_a_name_that_nobody_thought_of_is_shown(folder: Folder) -> None:
    (folder.images / "0_masks.tif").rename(folder.images / "0_roi.tif")
    with pytest.raises(InputError, match=r"0\.png has no label image: .*\(there is 0_roi\.tif\)\. Add it"):
        folder.download()


def test_label_images_of_no_image_are_named(folder: Folder, capsys: pytest.CaptureFixture[str]) -> None:
    write_tiff(folder.images / "9_masks.tif", LABELS)
    folder.download()
    assert re.search(r"1 label images belong to no image, such as .*9_masks\.tif", capsys.readouterr().err)


def test_label_images_in_a_folder_among_the_images(folder: Folder) -> None:
    (folder.images / "drawn").mkdir()
    for number in range(8):
        name = f"{number}_masks.tif"
        (folder.images / name).rename(folder.images / "drawn" / f"{number}.tif")
    splits = folder.download(labels=str(folder.images / "drawn"))
    assert sum(len(coco.images) for coco in splits.values()) == 8


def test_links_are_followed_and_hidden_files_are_not_read(folder: Folder) -> None:
    moved = folder.root / "elsewhere"
    folder.images.rename(moved)
    folder.images.mkdir()
    (folder.images / "linked").symlink_to(moved)
    (moved / "circle").symlink_to(folder.images)
    (moved / "._0.png").write_bytes(b"of macOS")
    (moved / ".ipynb_checkpoints").mkdir()
    (moved / ".ipynb_checkpoints" / "0.png").write_bytes(b"of Jupyter")
    names = [image.file_name for coco in folder.download().values() for image in coco.images]
    assert sorted(names) == [f"linked/{number}.png" for number in range(8)]
