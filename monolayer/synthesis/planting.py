"""Plants LIVECell's defects among sound pictures."""

from collections.abc import Callable

import numpy as np

from monolayer.annotations.coco import SPLITS
from monolayer.errors import InputError
from monolayer.synthesis import flaws
from monolayer.synthesis.copies import NEAR_COPIES, copy_picture, shift_cells, thin_out
from monolayer.synthesis.defects import Defect, DefectSettings
from monolayer.synthesis.pictures import Cell, Picture


class Planting:
    """Pictures with the defects planted so far.

    Each sound picture takes part in one defect of a whole image at most, so that what is to be removed, and
    why, has one answer.
    """

    def __init__(
        self, pictures: list[Picture], spares: list[Picture], size: tuple[int, int], rng: np.random.Generator
    ) -> None:
        self.pictures = [*pictures, *spares]
        self.defects: list[Defect] = []
        self._sound = {
            split: [picture for picture in pictures if picture.split == split and picture.cells]
            for split in SPLITS
        }
        for candidates in self._sound.values():
            rng.shuffle(candidates)
        self._spares = list(spares)
        self._size = size
        self._rng = rng

    def plant(self, settings: DefectSettings) -> None:
        """Plant all defects that the settings ask for."""
        self._copies(settings)
        self._leaks(settings)
        self._whole_images(settings)
        self._annotations(settings)

    def _take(self, split: str) -> Picture:
        if not self._sound[split]:
            raise InputError(
                f"synthetic data: too few images in {split} for the defects asked for; "
                f"ask for fewer defects or for more {split}_images"
            )
        return self._sound[split].pop()

    def _copies(self, settings: DefectSettings) -> None:
        for turn in range(settings.same_name):
            self._twice("same_name", turn, SPLITS[turn * 2 % 3], "none", fuller_first=turn % 2 == 0)
        for turn in range(settings.same_pixels):
            self._twice("same_pixels", turn, SPLITS[turn * 2 % 3], "none", fuller_first=turn % 2 == 1)
        for turn in range(settings.near_copy):
            change = NEAR_COPIES[turn % len(NEAR_COPIES)]
            original = self._take(SPLITS[turn * 2 % 3])
            copy = self._add(copy_picture(original, original.split, change, False, self._size))
            self.defects.append(Defect("near_copy", copy, kept=original))

    def _twice(self, name: str, turn: int, split: str, change: str, fuller_first: bool) -> None:
        """List a picture twice in a split, once with about half of its cells."""
        original = self._take(split)
        copy = self._add(copy_picture(original, split, change, name == "same_name", self._size))
        copy.cells = shift_cells(self._rng, copy.cells, self._size)
        poorer, fuller = (copy, original) if fuller_first else (original, copy)
        poorer.cells = thin_out(self._rng, poorer.cells, 0.6)
        self.defects.append(Defect(name, poorer, kept=fuller))

    def _leaks(self, settings: DefectSettings) -> None:
        pairs = [("train", "val"), ("train", "test"), ("val", "test")]
        for name in ("same_name", "same_pixels", "near_copy"):
            for turn in range(getattr(settings, f"leak_{name}")):
                removed, kept = pairs[turn % 3]
                change = NEAR_COPIES[turn % len(NEAR_COPIES)] if name == "near_copy" else "none"
                original = self._take(kept)
                copy = self._add(copy_picture(original, removed, change, name == "same_name", self._size))
                copy.cells = shift_cells(self._rng, copy.cells, self._size)
                self.defects.append(Defect(f"leak_{name}", copy, kept=original))

    def _add(self, picture: Picture) -> Picture:
        self.pictures.append(picture)
        return picture

    def _whole_images(self, settings: DefectSettings) -> None:
        for turn in range(settings.incomplete_annotation):
            picture = self._spares.pop(0)
            few = (1, 4, 9, 2)[turn % 4]
            picture.cells = thin_out(self._rng, picture.cells, few / max(len(picture.cells), 1))
            self.defects.append(Defect("incomplete_annotation", picture))
        for _ in range(settings.no_annotation):
            picture = self._spares.pop(0)
            picture.cells = []
            self.defects.append(Defect("no_annotation", picture))
        for turn in range(settings.missing_file):
            original = self._take(SPLITS[turn % 3])
            picture = self._add(copy_picture(original, original.split, "none", False, self._size))
            picture.on_disk = False
            self.defects.append(Defect("missing_file", picture))

    def _annotations(self, settings: DefectSettings) -> None:
        spoil: dict[str, Callable[..., Cell]] = {
            "doubled_contour": flaws.doubled_contour,
            "too_few_points": flaws.too_few_points,
            "no_area": flaws.no_area,
            "outside_image": flaws.outside_image,
        }
        for name, flaw in spoil.items():
            for turn in range(getattr(settings, name)):
                picture = self._take_any(turn)
                picture.cells.append(flaw(self._rng, picture.cells, self._size))
                self.defects.append(Defect(name, picture, cell=picture.cells[-1]))

    def _take_any(self, turn: int) -> Picture:
        """A picture for one more bad annotation: several may share one."""
        left = [picture for split in SPLITS for picture in self._sound[split]]
        if not left:
            raise InputError(
                "synthetic data: no sound image is left for bad annotations; "
                "ask for fewer defects or for more images"
            )
        return left[turn * 7 % len(left)]
