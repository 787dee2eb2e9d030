"""A cell type is a name, never a path, wherever it comes in."""

from pathlib import Path

import pytest

from monolayer.annotations.cell_types import require_name
from monolayer.annotations.coco import Coco, Image, read_coco, write_coco
from monolayer.annotations.coco_pieces import read_images
from monolayer.errors import InputError

PATHS = ["../x", "a/b", "a\\b", "/x", ".", "..", "a\nb", "a\0", "\u202eBV2", " BV2", "BV2\t", "x" * 101]


@pytest.mark.parametrize(
    "name", ["", "BV2", "SH-SY5Y", "HeLa (WT), p.3", "H\u00fchner \u03b1", "x" * 100, "..x"]
)
def test_names(name: str) -> None:
    require_name(name, "here")


@pytest.mark.parametrize("name", PATHS)
def test_what_is_no_name(name: str) -> None:
    with pytest.raises(InputError, match=r"^own\.csv: cell_type '.*' is no name: give one without / and"):
        require_name(name, "own.csv")


@pytest.mark.parametrize("name", ["../x", "a/b", "a\nb"])
def test_no_stage_reads_or_writes_a_path_as_cell_type(name: str, tmp_path: Path) -> None:
    coco = Coco([Image(1, "a.png", 9, 9, cell_type=name)], [])
    with pytest.raises(InputError, match=r"train\.json: cell_type"):
        write_coco(tmp_path / "train.json", coco)
    assert not list(tmp_path.iterdir())
    coco.images[0].cell_type = "REPLACE"
    write_coco(tmp_path / "train.json", coco)
    text = (tmp_path / "train.json").read_text().replace("REPLACE", name.replace("\n", "\\n"))
    (tmp_path / "train.json").write_text(text)
    with pytest.raises(InputError, match=r"train\.json: cell_type"):
        read_coco(tmp_path / "train.json")
    with pytest.raises(InputError, match=r"train\.json: cell_type"):
        read_images(tmp_path / "train.json")
