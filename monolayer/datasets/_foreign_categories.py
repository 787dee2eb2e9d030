"""Which categories of a COCO file are cells: those that the user names, or all where they are alike."""

import re
from collections import Counter
from collections.abc import Collection, Sequence

import numpy as np

from monolayer.annotations.rasterise import CellRuns
from monolayer.datasets._foreign_coco import ForeignAnnotation, ForeignCoco
from monolayer.errors import InputError

_NO_CELLS = re.compile(
    r"\b(back ?ground|bg|scale ?bars?|scale|ruler|art[ei]facts?|rois?|regions? of interest"
    r"|fields? of view|fov|ignored?|excluded?|unlabell?ed|debris|dust|dirt|bubbles?|noise|blur(red|ry)?"
    r"|out of focus|text|timestamp|watermark|scratch(es)?|(no|not a|non) ?cells?|empty|void|border)\b"
)
"""Names of what people annotate beside cells."""

_MANY = 0.1
"""Fraction of a category's annotations that lie on those of another, from which on they do so on purpose."""


def count_categories(files: Collection[ForeignCoco]) -> Counter[str]:
    """Return the number of annotations of each category, by name."""
    return Counter(file.category_of(item) for file in files for item in file.annotations)


def chosen_names(categories: Sequence[str | int], files: Collection[ForeignCoco]) -> set[str]:
    """Return the names of categories that are given by name or id.

    Raises
    ------
    InputError
        No file has one of them, or none has annotations; the message lists those that they have.
    """
    counts = count_categories(files)
    names = set(counts) | {name for file in files for name in file.categories.values()}
    chosen = set()
    for category in map(str, categories):
        own = {file.categories[key] for file in files for key in file.categories if str(key) == category}
        if category not in names and not own:
            raise InputError(
                f"categories: no category is called {category!r}; there are {_listed(counts, names)}"
            )
        chosen |= {category} if category in names else own
    if not any(counts[name] for name in chosen):
        raise InputError(f"categories: none of them has annotations; there are {_listed(counts, names)}")
    return chosen


def require_names_of_cells(files: Collection[ForeignCoco]) -> None:
    """Make sure that of several categories in use, none has a name such as background or scale bar.

    Raises
    ------
    InputError
        One has; the message lists them with their counts.
    """
    counts = count_categories(files)
    for name in counts:
        if len(counts) > 1 and _NO_CELLS.search(_words(name)):
            raise _question(counts, f"{name!r} sounds as if it were none")


def _words(name: str) -> str:
    """Return a name's words in lower case.

    >>> _words("Scale_Bar"), _words("scaleBar")
    ('scale bar', 'scale bar')
    """
    return re.sub(r"[\W_]+", " ", re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)).strip().lower()


class CategoryOverlaps:
    """How far the categories' annotations cover one another, and whole images."""

    def __init__(self) -> None:
        self._annotations: Counter[str] = Counter()
        self._covered: Counter[tuple[str, str]] = Counter()
        self._large: Counter[str] = Counter()

    def add(self, names: Sequence[str], runs: CellRuns, height: int, width: int) -> None:
        """Add the annotations of an image: the category of each, and their pixels."""
        self._annotations.update(names)
        areas = runs.areas(len(names))
        self._large.update(np.asarray(names, dtype=object)[areas > height * width / 2].tolist())
        if len(set(names)) == 1:
            return
        position, cell = runs.pixels()
        for upper in set(names):
            is_upper = np.array([name == upper for name in names])
            covered = np.zeros(height * width, dtype=bool)
            covered[position[is_upper[cell]]] = True
            inside = np.bincount(cell, covered[position], minlength=len(names)) > areas / 2
            self._covered.update(
                (upper, names[number]) for number in np.flatnonzero(inside & ~is_upper).tolist()
            )

    def require_apart(self) -> None:
        """Make sure that categories do not lie on each other, as nuclei on cells, and none fills images.

        Raises
        ------
        InputError
            They do; the message lists them with their counts.
        """
        for name, count in self._large.items():
            if len(self._annotations) > 1 and count >= _MANY * self._annotations[name]:
                raise _question(self._annotations, f"those of {name!r} cover most of their image")
        for (upper, lower), count in sorted(self._covered.items()):
            if count >= _MANY * self._annotations[lower]:
                raise _question(
                    self._annotations, f"{count} of {lower!r} lie on those of {upper!r}, as nuclei on cells"
                )


def _question(counts: Counter[str], reason: str) -> InputError:
    likely = [name for name, _ in counts.most_common() if not _NO_CELLS.search(_words(name))] or list(counts)
    return InputError(
        f"annotations are of {len(counts)} categories, and {reason}: name those that are cells by "
        f"`categories`, such as [{likely[0]}]. There are {_listed(counts, set())}"
    )


def _listed(counts: Counter[str], others: Collection[str]) -> str:
    numbers = [*counts.most_common(), *((name, 0) for name in sorted(set(others) - set(counts)))]
    return ", ".join(f"{name} ({count})" for name, count in numbers)


def of_categories(
    file: ForeignCoco, names: Collection[str]
) -> tuple[list[ForeignAnnotation], list[ForeignAnnotation]]:
    """Return a file's annotations of these categories, and the others."""
    is_cell = [file.category_of(item) in names for item in file.annotations]
    pairs = list(zip(file.annotations, is_cell, strict=True))
    return [item for item, chosen in pairs if chosen], [item for item, chosen in pairs if not chosen]
