"""LIVECell's defects: how many of each there are to be, and the list of those there are, the manifest."""

from typing import NamedTuple

from pydantic import Field

from monolayer.parameters import Settings
from monolayer.synthesis.pictures import Cell, Picture


class DefectSettings(Settings):
    """How many of each defect are planted; 0 for none. The names are the cleaning's reasons."""

    same_name: int = Field(default=2, ge=0)
    """One file listed under two ids of a split, with different polygons."""
    same_pixels: int = Field(default=2, ge=0)
    """One image under two names in a split."""
    near_copy: int = Field(default=5, ge=0)
    """Copies in the same split: re-encoded, brighter, of more contrast, flipped, turned by turns."""
    leak_same_name: int = Field(default=3, ge=0)
    """One file name in two splits: train and val, train and test, val and test by turns."""
    leak_same_pixels: int = Field(default=3, ge=0)
    """One image under two names in two splits."""
    leak_near_copy: int = Field(default=5, ge=0)
    """Changed copies in another split."""
    incomplete_annotation: int = Field(default=4, ge=0)
    """Crowded images of which 1 to 9 cells are annotated."""
    no_annotation: int = Field(default=2, ge=0)
    """Images listed without any annotation."""
    missing_file: int = Field(default=2, ge=0)
    """Images listed and annotated whose file does not exist."""
    doubled_contour: int = Field(default=6, ge=0)
    """Cells annotated twice."""
    too_few_points: int = Field(default=2, ge=0)
    """Polygons of two points."""
    no_area: int = Field(default=2, ge=0)
    """Polygons whose points lie on one line."""
    outside_image: int = Field(default=2, ge=0)
    """Polygons beyond the image's border."""

    @property
    def spares(self) -> int:
        """Images to be spoilt as a whole, which are rendered for that."""
        return self.incomplete_annotation + self.no_annotation


class Defect(NamedTuple):
    """One row of the manifest."""

    name: str
    picture: Picture
    """The picture to be removed, or the one of whose annotations one is to be removed."""
    cell: Cell | None = None
    """The annotation to be removed."""
    kept: Picture | None = None
    """The picture that stays in the removed one's place."""


MANIFEST_HEADER = "defect,split,image_id,file_name,annotation_id,kept_split,kept_image_id"


def manifest(defects: list[Defect]) -> str:
    """Write the list of defects as CSV; pictures and cells must be numbered."""
    rows = [MANIFEST_HEADER]
    for name, picture, cell, kept in defects:
        where = [name, picture.split, picture.id, picture.file_name, cell.id if cell else ""]
        rows.append(",".join(map(str, [*where, *([kept.split, kept.id] if kept else ["", ""])])))
    return "\n".join(rows) + "\n"
