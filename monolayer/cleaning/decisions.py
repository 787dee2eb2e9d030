"""From what the survey found to what is removed."""

from collections.abc import Iterable, Mapping, Sequence

from monolayer.annotations.coco import cell_type_of
from monolayer.cleaning.copies import (
    Link,
    in_groups,
    link_equal,
    precedence,
    remove_equal,
    remove_near_copies,
    renewed,
)
from monolayer.cleaning.density import cell_density, typical_density
from monolayer.cleaning.fields_of_view import remove_shared_fields
from monolayer.cleaning.near_copies import link_near_copies
from monolayer.cleaning.removals import Removal
from monolayer.cleaning.settings import CleaningSettings
from monolayer.cleaning.survey import Survey
from monolayer.compute.settings import ComputeSettings


def decide(surveys: Sequence[Survey], settings: CleaningSettings, compute: ComputeSettings) -> list[Removal]:
    """List what has to go: useless images first, then copies, shared fields and faulty outlines.

    Only an image that is good in itself takes the place of a copy, so that none is lost for the sake of a
    twin that goes as well.

    Parameters
    ----------
    surveys
        Images of all splits.
    settings
        Which checks run, and their thresholds.
    compute
        Where candidates for near copies are read and correlated.

    Returns
    -------
    list of Removal
        Rows for images, each image at most once, then rows for annotations.
    """
    typical = typical_density(surveys)
    removals = [removal for survey in surveys if (removal := remove_useless(survey, settings, typical))]
    readable = [survey for survey in _left(surveys, removals) if survey.digest is not None]
    removals += remove_copies(readable, settings, compute)
    if settings.same_field_of_view:
        removals += remove_shared_fields(_left(surveys, removals))
    return removals + remove_outlines(surveys, removals)


def _left(surveys: Iterable[Survey], removals: Iterable[Removal]) -> list[Survey]:
    gone = {(removal.split, removal.image_id) for removal in removals}
    return [survey for survey in surveys if (survey.split, survey.image.id) not in gone]


def remove_useless(
    survey: Survey, settings: CleaningSettings, typical: Mapping[str, float]
) -> Removal | None:
    """Return the removal of an image that has no file, no pixels, no annotation or few of those it needs.

    Where the data set itself says that cells are not annotated, or that there are none, they need not be.

    Parameters
    ----------
    survey
        The image.
    settings
        Which checks run, and their thresholds.
    typical
        Cells per pixel of a typical image, by cell type, as `typical_density` returns it.
    """
    complete = survey.image.truth == "complete"
    incomplete = looks_incomplete(survey, settings) and has_few_cells(survey, settings, typical)
    score = survey.coverage.missed if survey.coverage and incomplete else None
    applies = {
        "missing_file": survey.path is None,
        "unreadable_file": bool(survey.problem),
        "no_annotation": complete and survey.sound_annotations == 0 and not survey.image.empty,
        "incomplete_annotation": incomplete,
    }
    for reason, holds in applies.items():
        if holds and getattr(settings, reason):
            return Removal(survey.split, survey.image.id, survey.image.file_name, None, reason, score=score)
    return None


def looks_incomplete(survey: Survey, settings: CleaningSettings) -> bool:
    """Say whether an image that should be annotated completely has the texture of cells where none are."""
    coverage = survey.coverage if survey.image.truth == "complete" else None
    return coverage is not None and is_incomplete(*coverage, settings)


def has_few_cells(survey: Survey, settings: CleaningSettings, typical: Mapping[str, float]) -> bool:
    """Say whether an image has far fewer annotated cells than others of its type.

    Debris, neurites, scratches and noise have the texture of cells, too; but where that is all that was left
    out, there are as many annotated cells as elsewhere. Up to twice as many still are few where those that
    the texture stands for would make the image a usual one.
    """
    relative = cell_density(survey) / (typical[cell_type_of(survey.image)] or 1)
    if relative < settings.few_cells or survey.coverage is None:
        return relative < settings.few_cells
    annotated, missed = survey.coverage
    would_be_usual = relative * (annotated + missed) <= _USUAL * annotated
    return relative < 2 * settings.few_cells and would_be_usual


_USUAL = 2.0  # times as many cells as is typical


def is_incomplete(annotated: float, missed: float, settings: CleaningSettings) -> bool:
    """Say whether much of an image looks like cells without being annotated, absolutely and relatively.

    >>> is_incomplete(annotated=0.01, missed=0.30, settings=CleaningSettings())
    True
    >>> is_incomplete(annotated=0.01, missed=0.02, settings=CleaningSettings())
    False
    """
    return missed > settings.missed_area and missed > settings.missed_ratio * annotated


def remove_copies(
    surveys: Sequence[Survey], settings: CleaningSettings, compute: ComputeSettings
) -> list[Removal]:
    """Remove images that repeat another one: first equal pixels, then what is nearly the same."""
    equal = remove_equal(surveys, links_of_equal(surveys, settings))
    near: list[Removal] = []
    if settings.near_copy:
        left = sorted(_left(surveys, equal), key=precedence, reverse=True)
        near = remove_near_copies(left, link_near_copies(left, settings, compute))
    return in_groups(renewed(equal, surveys, near) + near, surveys)


def links_of_equal(surveys: Sequence[Survey], settings: CleaningSettings) -> list[Link]:
    """Link the images of equal pixels: of one name, or of several."""
    places = ["" if settings.leaks else survey.split for survey in surveys]
    pixels = [(place, survey.digest) for place, survey in zip(places, surveys, strict=True)]
    listed_again = link_equal(
        [(*key, survey.image.file_name) for key, survey in zip(pixels, surveys, strict=True)]
    )
    # Of a name that is listed again, one stands for it: the two checks can be switched off separately.
    again = {link.second for link in listed_again}
    renamed = link_equal([None if index in again else key for index, key in enumerate(pixels)])
    return [*(listed_again if settings.same_name else []), *(renamed if settings.same_pixels else [])]


def remove_outlines(surveys: Iterable[Survey], removals: Iterable[Removal]) -> list[Removal]:
    """Return the removals of annotations, but for those that go with their image.

    Where an image goes because none of its annotations is sound, their rows say why.
    """
    gone = {(removal.split, removal.image_id): removal.reason for removal in removals}
    return [
        Removal(
            survey.split,
            survey.image.id,
            survey.image.file_name,
            survey.annotation_ids[fault.position],
            fault.reason,
            score=fault.score,
        )
        for survey in surveys
        if gone.get((survey.split, survey.image.id), "no_annotation") == "no_annotation"
        for fault in survey.faults
    ]
