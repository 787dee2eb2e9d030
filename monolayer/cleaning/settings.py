"""The ``deduplicate`` section of params.yaml: which checks run, and where their thresholds lie."""

from pydantic import Field

from monolayer.parameters import Number, Settings


class CleaningSettings(Settings):
    """Each check can be switched off; the thresholds were measured on real LIVECell images."""

    missing_file: bool = True
    """Remove an image whose file does not exist."""
    unreadable_file: bool = True
    """Remove an image whose file cannot be read, or has another size than its annotations are for."""
    same_name: bool = True
    """Remove an image that is listed again under another id."""
    same_pixels: bool = True
    """Remove an image whose pixels stand under another name too. Two frames of one sequence, where the data
    set names the sequence, are not copies of each other, here and below."""
    near_copy: bool = True
    """Remove an image that is another re-encoded, brightened, changed in contrast, inverted, noisy, cropped,
    shifted, resized, flipped or turned, or a tile that shows half of another or more."""
    leaks: bool = True
    """Look for those three across splits as well, not only within each."""
    hash_distance: int = Field(default=72, ge=0, lt=128)
    """Near copies: bits of 256 in which the hashes may differ. Of 374 real images, copies that were shrunk by
    half, cropped by 2 % or noisy differ by up to 70, different images by 88 and more."""
    correlation: Number = Field(default=0.95, gt=0, le=1)
    """Near copies: size of the correlation from which two images are one, once they are registered and the
    noise that one of them alone has is set aside. JPEG of quality 50, or noise of 5 grey levels, leaves .96
    of a faint image; where the cells of a field have moved by 4 pixels, it is .95 at most under fluorescence
    and .2 in phase contrast."""
    no_annotation: bool = True
    """Remove an image without any (sound) annotation, unless the data set says that it is not annotated."""
    incomplete_annotation: bool = True
    """Remove an image of which the data set does not say so, though most of what looks like cells is not
    annotated, and far fewer cells than in others of its type."""
    missed_area: Number = Field(default=0.08, gt=0, lt=1)
    """Incomplete annotation: fraction of the image that looks like cells without being annotated."""
    missed_ratio: Number = Field(default=1.5, gt=0)
    """Incomplete annotation: that share relative to the annotated one. Both must be exceeded. A complete
    real image has at most .15 here; with 1 to 9 of its cells annotated it has 3.4 here and .11 above, but for
    one of full confluence (.085). One with 5 to 20 cells on real background has up to .076 above."""
    few_cells: Number = Field(default=0.2, gt=0)
    """Incomplete annotation: cells per area, relative to the median of the images of its type, below which an
    image may be incomplete. Of 342 complete real images none is taken (six have the texture alone), of those
    with 1 to 9 cells left of hundreds, all; 1000 lets the texture alone decide."""
    unknown_image: bool = True
    """Remove an annotation whose image is not listed."""
    too_few_points: bool = True
    """Remove a polygon of fewer than three points."""
    no_area: bool = True
    """Remove a polygon that encloses nothing, or not one pixel."""
    outside_image: bool = True
    """Remove a polygon wholly outside its image."""
    doubled_contour: bool = True
    """Remove the second outline of a cell that was annotated twice."""
    doubled_iou: Number = Field(default=0.8, gt=0, le=1)
    """Doubled contours: intersection over union from which two outlines are one cell. Different real cells
    overlap up to .41, rendered ones now and then .75; outlines drawn twice, .9."""
    same_field_of_view: bool = False
    """Remove images of a field of view (well and location) that another split shows too."""
