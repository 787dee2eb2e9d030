"""How many cells images have for their size, and how many those of a type typically have."""

from collections.abc import Iterable, Mapping
from statistics import median

from monolayer.annotations.coco import cell_type_of
from monolayer.cleaning.survey import Survey

_FEW = 5  # images of a type: fewer say nothing, and all types together stand for them


def cell_density(survey: Survey) -> float:
    """Return the number of sound annotations per pixel."""
    return survey.sound_annotations / max(survey.image.width * survey.image.height, 1)


def typical_density(surveys: Iterable[Survey]) -> Mapping[str, float]:
    """Return the median density of the completely annotated images of each cell type.

    Images without annotations are left out; a type of fewer than five images has the median of all.
    """
    listed = list(surveys)
    by_type: dict[str, list[float]] = {cell_type_of(survey.image): [] for survey in listed}
    for survey in listed:
        if survey.image.truth == "complete" and survey.sound_annotations:
            by_type[cell_type_of(survey.image)].append(cell_density(survey))
    everything = [density for densities in by_type.values() for density in densities]
    overall = median(everything) if everything else 0.0
    return {
        name: median(densities) if len(densities) >= _FEW else overall for name, densities in by_type.items()
    }
