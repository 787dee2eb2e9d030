"""One place in one well, seen in several splits."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import combinations

from monolayer.annotations import livecell_names
from monolayer.annotations.coco import SPLITS, Image, cell_type_of
from monolayer.cleaning.removals import Removal
from monolayer.cleaning.survey import Survey

FieldOfView = tuple[str, str, int]
"""Cell type, well and location; or cell type and recording."""


def field_of_view(image: Image) -> FieldOfView | None:
    """Return the recording that the data set names, else what the LIVECell file name tells, else None.

    >>> field_of_view(Image(1, "A172_Phase_C7_1_02d16h00m_2.tif", 704, 520))
    ('A172', 'C7', 1)
    >>> field_of_view(Image(1, "nuclei.png", 256, 256)) is None
    True
    """
    if image.sequence:
        return cell_type_of(image), image.sequence, 0
    name = livecell_names.parse(image.file_name)
    return name.field_of_view if name else None


def group_by_field(surveys: Iterable[Survey]) -> dict[FieldOfView, list[Survey]]:
    """Group images by field of view; those of which it is unknown are left out."""
    fields = defaultdict(list)
    for survey in surveys:
        field = field_of_view(survey.image)
        if field is not None:
            fields[field].append(survey)
    return dict(fields)


def count_shared_fields(surveys: Iterable[Survey]) -> dict[str, int | None]:
    """Count the fields of view that each two splits have in common.

    Returns
    -------
    dict
        ``{"train_val": 3, "train_test": 0, "val_test": None}``; None where one of the two splits has images
        of unknown fields alone, so that nobody can tell.
    """
    splits = [{survey.split for survey in members} for members in group_by_field(surveys).values()]
    told = {split for seen in splits for split in seen}
    return {
        f"{a}_{b}": sum({a, b} <= seen for seen in splits) if {a, b} <= told else None
        for a, b in combinations(SPLITS, 2)
    }


def remove_shared_fields(surveys: Sequence[Survey]) -> list[Removal]:
    """Remove images of a field of view that another split keeps: test before val, val before train."""
    removals = []
    for members in group_by_field(surveys).values():
        kept = max(members, key=lambda survey: (SPLITS.index(survey.split), -survey.image.id))
        removals += [_removal(survey, kept) for survey in members if survey.split != kept.split]
    return removals


def _removal(removed: Survey, kept: Survey) -> Removal:
    image = removed.image
    return Removal(
        removed.split, image.id, image.file_name, None, "same_field_of_view", kept.split, kept.image.id
    )
