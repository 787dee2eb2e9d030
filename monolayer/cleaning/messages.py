"""What the cleaning says on the screen: a few lines, with counts and an example each."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from monolayer.cleaning.decisions import has_few_cells, looks_incomplete
from monolayer.cleaning.density import typical_density
from monolayer.cleaning.fields_of_view import field_of_view
from monolayer.cleaning.overlaps import MOST_IMAGES
from monolayer.cleaning.removals import ANNOTATION_REASONS, IMAGE_REASONS, Removal
from monolayer.cleaning.settings import CleaningSettings
from monolayer.cleaning.survey import Survey

_MOST = 5  # files that are named one by one


def lines_of_problems(surveys: Iterable[Survey]) -> Iterator[str]:
    """Say what is wrong with unreadable files: of the first ones each, of the rest how many."""
    problems = [survey.problem for survey in surveys if survey.problem]
    yield from problems[:_MOST]
    if len(problems) > _MOST:
        yield f"{len(problems) - _MOST} more files cannot be used, the last because: {problems[-1]}"


def lines_of_numbers(surveys: Iterable[Survey]) -> Iterator[str]:
    """Name the files with pixels that are not a number, and how many there are."""
    files = [survey for survey in surveys if survey.not_finite]
    if files:
        named = ", ".join(f"{survey.image.file_name} ({survey.not_finite})" for survey in files[:_MOST])
        others = f" and {len(files) - _MOST} more" if len(files) > _MOST else ""
        yield f"pixels that are not a number or infinite are left out of account in {named}{others}"


def lines_of_removals(removals: Sequence[Removal]) -> Iterator[str]:
    """Say how many images and annotations go for each reason, with an example."""
    for kind, reasons in (("image", IMAGE_REASONS), ("annotation", ANNOTATION_REASONS)):
        for reason in reasons:
            rows = [row for row in removals if row.reason == reason]
            if rows:
                removed = f"{len(rows)} {kind}{'s' * (len(rows) > 1)} removed as {reason}"
                yield f"{removed}, such as {_example(rows[0])}"


def _example(row: Removal) -> str:
    name = row.file_name or f"one of image {row.image_id}"
    kept = f", which repeats image {row.kept_image_id} of {row.kept_split}" if row.kept_split else ""
    return f"{name} of {row.split}{kept}"


def lines_of_doubts(
    surveys: Sequence[Survey],
    removals: Iterable[Removal],
    settings: CleaningSettings,
    shared_fields: Mapping[str, int | None],
) -> Iterator[str]:
    """Say what stays though it may be wrong, and what was not looked for."""
    yield from _maybe_incomplete(surveys, removals, settings)
    if settings.near_copy and len(surveys) > MOST_IMAGES:
        yield f"overlapping tiles are looked for among {MOST_IMAGES} images at most, not among {len(surveys)}"
    unknown = [survey.image.file_name for survey in surveys if field_of_view(survey.image) is None]
    if unknown and None in shared_fields.values():
        yield (
            f"cannot tell which fields of view the splits share: {len(unknown)} of {len(surveys)} file names "
            f"do not say theirs, such as {unknown[0]}"
        )


def _maybe_incomplete(
    surveys: Sequence[Survey], removals: Iterable[Removal], settings: CleaningSettings
) -> Iterator[str]:
    gone = {(removal.split, removal.image_id) for removal in removals if removal.annotation_id is None}
    typical = typical_density(surveys)
    doubtful = [
        survey.image.file_name
        for survey in surveys
        if (survey.split, survey.image.id) not in gone
        and looks_incomplete(survey, settings)
        and not has_few_cells(survey, settings, typical)
    ]
    if settings.incomplete_annotation and doubtful:
        yield (
            f"{len(doubtful)} image{'s' * (len(doubtful) > 1)} may lack annotations, such as {doubtful[0]}: "
            "much outside of them has the texture of cells. They stay, as they have about as many cells as "
            "others of their type"
        )
