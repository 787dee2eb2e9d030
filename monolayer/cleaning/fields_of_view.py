"""One place in one well, seen in several splits."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import combinations

from monolayer.annotations import livecell_names
from monolayer.annotations.coco import SPLITS
from monolayer.cleaning.removals import Removal
from monolayer.cleaning.survey import Survey

FieldOfView = tuple[str, str, int]
"""Cell type, well and location."""


def group_by_field(surveys: Iterable[Survey]) -> dict[FieldOfView, list[Survey]]:
    """Group images by field of view; those whose names do not tell it are left out."""
    fields = defaultdict(list)
    for survey in surveys:
        name = livecell_names.parse(survey.image.file_name)
        if name is not None:
            fields[name.field_of_view].append(survey)
    return dict(fields)


def count_shared_fields(surveys: Iterable[Survey]) -> dict[str, int]:
    """Count the fields of view that each two splits have in common.

    Returns
    -------
    dict
        ``{"train_val": 3, "train_test": 0, "val_test": 0}``
    """
    splits = [{survey.split for survey in members} for members in group_by_field(surveys).values()]
    return {f"{a}_{b}": sum({a, b} <= seen for seen in splits) for a, b in combinations(SPLITS, 2)}


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
