"""What images belong to, as their names or a table say it: a well, a patient, a recording and its frame."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence

from monolayer.annotations.coco import PlaceInTime
from monolayer.errors import InputError

Columns = Mapping[str, Sequence[str]]
"""Columns of a table, each with a value for each image."""


def groups_of(names: Sequence[str], expression: str, columns: Columns, key: str = "group") -> list[str]:
    """Return what each image belongs to.

    Parameters
    ----------
    names
        Paths of the images below their folder.
    expression
        Name of a column, or a regular expression that is searched in each name: its first group is what the
        image belongs to, or the whole match where it has none.
    columns
        Of the data set's table; none where it has no table.
    key
        The setting, for errors.

    Raises
    ------
    InputError
        The expression does not match a name, or the column has no value for it.

    Examples
    --------
    >>> groups_of(["A1_0.tif", "A1_1.tif", "B7_0.tif"], "^[A-H][0-9]+", {})
    ['A1', 'A1', 'B7']
    """
    if expression in columns:
        return _filled(names, expression, columns, key)
    return [match[1] if match.re.groups else match[0] for match in _matches(names, expression, columns, key)]


FRAME_COLUMN = "frame"
"""The table's column with frame numbers, where a column gives the recordings."""


def places_in_time(names: Sequence[str], expression: str, columns: Columns) -> list[PlaceInTime]:
    """Return the recording that each image is of, and its frame's number.

    Parameters
    ----------
    names, columns
        As in `groups_of`.
    expression
        Name of a column, beside which `FRAME_COLUMN` may stand, or a regular expression whose groups
        ``sequence`` and ``frame``, or else the first and the second, are recording and frame number. Without
        a frame number, the frames of a recording are numbered in the order of their names, numbers in these
        by their value.

    Raises
    ------
    InputError
        As `groups_of`, a frame number is no whole number, or two frames of a recording have the same one.

    Examples
    --------
    >>> places_in_time(["A1_t9.tif", "A1_t10.tif"], "(?P<sequence>.*)_t(?P<frame>[0-9]+)", {})
    [PlaceInTime(sequence='A1', frame=9), PlaceInTime(sequence='A1', frame=10)]
    >>> places_in_time(["A1_9.tif", "A1_10.tif"], "^[^_]+", {})
    [PlaceInTime(sequence='A1', frame=0), PlaceInTime(sequence='A1', frame=1)]
    """
    if expression in columns:
        sequences = _filled(names, expression, columns, "sequence")
        frames = list(columns[FRAME_COLUMN]) if FRAME_COLUMN in columns else None
    else:
        matches = _matches(names, expression, columns, "sequence")
        sequences = [match[_group(match, "sequence", 1)] for match in matches]
        numbered = _group(matches[0], "frame", 2) if matches else 0
        frames = [match[numbered] for match in matches] if numbered else None
    numbers = _in_order(names, sequences) if frames is None else _whole_numbers(names, frames)
    places = [PlaceInTime(*place) for place in zip(sequences, numbers, strict=True)]
    _require_one_of_each(names, places)
    return places


def _filled(names: Sequence[str], column: str, columns: Columns, key: str) -> list[str]:
    values = list(columns[column])
    if "" in values:
        raise InputError(
            f"{key}: the column {column} has no value for {names[values.index('')]}: give it one, or take "
            "another column or a regular expression"
        )
    return values


def _matches(names: Sequence[str], expression: str, columns: Columns, key: str) -> list[re.Match[str]]:
    found = [re.search(expression, name) for name in names]
    without = [
        name
        for name, match in zip(names, found, strict=True)
        if match is None or match[1 if match.re.groups else 0] is None
    ]
    if without:
        known = f", nor is it a column of the table ({', '.join(columns)})" if columns else ""
        raise InputError(
            f"{key}: {expression!r} matches {len(names) - len(without)} of {len(names)} names, and not "
            f"{without[0]}{known}: give a regular expression that is found in the path of each image"
        )
    return [match for match in found if match is not None]


def _group(match: re.Match[str], name: str, position: int) -> int:
    """Return the number of a named group, else its position where the expression has so many; else 0."""
    named = match.re.groupindex
    if name in named:
        return named[name]
    return position if not named and match.re.groups >= position else 0


def _in_order(names: Sequence[str], sequences: Sequence[str]) -> list[int]:
    counts: dict[str, int] = defaultdict(int)
    numbers = [0] * len(names)
    for position in sorted(range(len(names)), key=lambda position: _natural(names[position])):
        numbers[position] = counts[sequences[position]]
        counts[sequences[position]] += 1
    return numbers


def _natural(name: str) -> list[tuple[int, str]]:
    """Return a key that sorts ``a10`` behind ``a9``."""
    parts = re.findall("[0-9]+|[^0-9]+", name)
    return [(int(part), "") if part[0] in "0123456789" else (-1, part) for part in parts]


def _whole_numbers(names: Sequence[str], frames: Sequence[str | None]) -> list[int]:
    for name, frame in zip(names, frames, strict=True):
        if not re.fullmatch("[0-9]{1,18}", frame or ""):
            raise InputError(
                f"sequence: the frame number of {name} is {frame!r}: expected a whole number from 0 on"
            )
    return [int(frame or 0) for frame in frames]


def _require_one_of_each(names: Sequence[str], places: Sequence[PlaceInTime]) -> None:
    seen: dict[PlaceInTime, str] = {}
    for name, place in zip(names, places, strict=True):
        if seen.setdefault(place, name) != name:
            raise InputError(
                f"sequence: {seen[place]} and {name} are both frame {place.frame} of {place.sequence}: tell "
                "the recordings apart, such as by channel or position"
            )
