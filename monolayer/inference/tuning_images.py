"""On which val images the settings of a decoder are chosen: as many as a budget of seconds allows."""

from collections.abc import Sequence

from monolayer.annotations.coco import Coco, Image, place_in_time
from monolayer.annotations.sampling import in_order_of_drawing
from monolayer.decoders.base.settings import DecoderSettings
from monolayer.errors import InputError
from monolayer.evaluation.cells import annotated_images, true_cells
from monolayer.images.files import read_image
from monolayer.images.folder import ImageFolder
from monolayer.inference.settings import TuneSettings
from monolayer.inference.tuning import DecodeTask
from monolayer.inference.whole_image import Applied
from monolayer.metrics.partial_truth import OF_ANNOTATED_CELLS, needs_complete_truth

FEWEST = 4
"""Images that are taken, if there are so many, however little time there is."""
DECODED = 0.8
"""Fraction of the images that a trial decodes: others end early."""


def images_to_tune_on(
    images: Sequence[Image], settings: TuneSettings, decoder: type[DecoderSettings]
) -> list[Image]:
    """Return images of which the score can be had, so that every beginning is spread over the cell types.

    How many the budget allows is reckoned with a fixed time by pixel, that of the decoder's settings, so that
    what is chosen does not depend on how fast the machine is.

    Parameters
    ----------
    images
        Of val.
    settings
        The score may need that all cells of an image are annotated.
    decoder
        Settings of the decoder.

    Raises
    ------
    InputError
        There are none.
    """
    truths = ("complete",) if needs_complete_truth(settings.score) else ("complete", "partial")
    fit = [image for image in images if image.truth in truths]
    if not fit:
        raise InputError(
            f"params.yaml: tune.score: {settings.score!r} cannot be had, as none of {len(images)} val images "
            f"has {' or '.join(truths)} truth. Partial truth would do for {', '.join(OF_ANNOTATED_CELLS)}"
        )
    return in_order_of_drawing(fit)[: settings.images or _affordable(fit, settings, decoder)]


def _affordable(images: Sequence[Image], settings: TuneSettings, decoder: type[DecoderSettings]) -> int:
    pixels = sum(image.height * image.width for image in images) / len(images)
    seconds = settings.trials * DECODED * decoder.seconds_per_megapixel * pixels / 1e6
    return max(FEWEST, int(settings.seconds / seconds))


def tasks_to_tune_on(
    applied: Applied, val: Coco, images: Sequence[Image], folder: ImageFolder
) -> list[DecodeTask]:
    """Apply a model to the val images that its decoder is tuned on.

    Parameters
    ----------
    applied
        The model.
    val
        Cleaned annotations of val.
    images
        Some of its images, as `images_to_tune_on` returns them.
    folder
        Where the files are.

    Returns
    -------
    list of DecodeTask
        In the order of `images`.

    Raises
    ------
    InputError
        A file cannot be read.
    """
    truths = {truth.image.id: truth for truth in annotated_images(val, images)}
    tasks = {}
    for image in applied.model.with_context(images, val.images):
        pixels = read_image(folder.path(image.file_name, "val"), image)
        maps = applied(pixels, place_in_time(image).sequence).maps
        if image.id in truths:
            tasks[image.id] = DecodeTask(maps, true_cells(truths[image.id]), {})
    return [tasks[image.id] for image in images]
