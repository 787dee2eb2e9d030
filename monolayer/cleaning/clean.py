"""The whole cleaning: lists of images and annotations in, cleaned lists and their explanation out."""

import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from monolayer.annotations.coco import SPLITS
from monolayer.cleaning.applying import unknown_images, write_without
from monolayer.cleaning.decisions import decide
from monolayer.cleaning.fields_of_view import count_shared_fields
from monolayer.cleaning.messages import (
    lines_of_doubts,
    lines_of_numbers,
    lines_of_problems,
    lines_of_removals,
)
from monolayer.cleaning.removals import Removal, removals_csv
from monolayer.cleaning.report import Counts, report
from monolayer.cleaning.settings import CleaningSettings
from monolayer.cleaning.survey import Survey, survey_split
from monolayer.compute.settings import ComputeSettings
from monolayer.errors import InputError
from monolayer.images.files import write_whole
from monolayer.images.folder import ImageFolder
from monolayer.metrics.files import write_metrics


def clean_splits(
    sampled: Path,
    images: Path,
    out: Path,
    metrics: Path,
    settings: CleaningSettings,
    compute: ComputeSettings,
) -> list[Removal]:
    """Remove copies, leaks and faulty annotations from train, val and test.

    The annotations are read in pieces, for the survey, and once more for the writing. What is wrong is said
    on the screen as soon as it is known: also where nothing is left in the end.

    Parameters
    ----------
    sampled
        Folder of train.json, val.json and test.json.
    images
        Folder of the image files, in any sub-folders.
    out
        Folder to write the cleaned lists and removed.csv to.
    metrics
        JSON file to write the counts to.
    settings
        Which checks run, and their thresholds.
    compute
        Where the work over images runs.

    Returns
    -------
    list of Removal
        The rows of removed.csv.

    Raises
    ------
    InputError
        A split is empty after the cleaning, or an annotation file cannot be used.
    """
    surveys, unknown = _survey(sampled, ImageFolder(images), settings, compute)
    removals = decide(surveys, settings, compute) + (unknown if settings.unknown_image else [])
    shared_fields = count_shared_fields(surveys)
    _say(lines_of_removals(removals))
    _say(lines_of_doubts(surveys, removals, settings, shared_fields))
    check_not_empty(surveys, removals)
    before, after = _write_kept(sampled, out, removals, surveys)
    write_whole(out / "removed.csv", removals_csv(removals).encode())
    write_metrics(metrics, report(before, after, removals, shared_fields))
    return removals


def _say(lines: Iterable[str]) -> None:
    for line in lines:
        print(f"deduplicate: {line}", file=sys.stderr)


def _survey(
    sampled: Path, folder: ImageFolder, settings: CleaningSettings, compute: ComputeSettings
) -> tuple[list[Survey], list[Removal]]:
    surveys: list[Survey] = []
    unknown: list[Removal] = []
    for split in SPLITS:
        annotations = sampled / f"{split}.json"
        own = survey_split(annotations, split, folder, settings, compute)
        _say(lines_of_problems(own))
        _say(lines_of_numbers(own))
        surveys += own
        unknown += unknown_images(annotations, split)
    return surveys, unknown


def _write_kept(
    sampled: Path, out: Path, removals: list[Removal], surveys: list[Survey]
) -> tuple[Counts, Counts]:
    before, after = {}, {}
    for split in SPLITS:
        name = f"{split}.json"
        gone = [row for row in removals if row.split == split]
        limits = {survey.image.id: survey.limits for survey in surveys if survey.split == split}
        before[split], after[split] = write_without(sampled / name, out / name, gone, limits)
    return before, after


def check_not_empty(surveys: Iterable[Survey], removals: Iterable[Removal]) -> None:
    """Raise an InputError that tells why, where a split loses all its images."""
    images = Counter(survey.split for survey in surveys)
    for split in SPLITS:
        reasons = Counter(row.reason for row in removals if row.split == split and row.annotation_id is None)
        if reasons.total() == images[split]:
            why = ", ".join(f"{count} {reason}" for reason, count in sorted(reasons.items())) or "it had none"
            raise InputError(
                f"split {split} has no image left after the cleaning ({why}). Mend what is said above, "
                "sample more images, or switch a check off under `deduplicate:` in params.yaml."
            )
