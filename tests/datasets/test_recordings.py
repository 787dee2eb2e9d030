"""What images belong to, by their names or a table."""

import pytest

from monolayer.datasets._recordings import groups_of, places_in_time
from monolayer.errors import InputError

NAMES = ["p1/A01_t9.tif", "p1/A01_t10.tif", "p2/A01_t9.tif"]


@pytest.mark.parametrize(
    ("expression", "groups"),
    [
        ("^p[0-9]", ["p1", "p1", "p2"]),
        ("^(p[0-9])/", ["p1", "p1", "p2"]),
        ("(A01)_t([0-9]+)", ["A01"] * 3),
        (".*(?=_t)", ["p1/A01", "p1/A01", "p2/A01"]),
    ],
)
def test_groups_by_a_regular_expression(expression: str, groups: list[str]) -> None:
    assert groups_of(NAMES, expression, {}) == groups


def test_groups_by_a_column() -> None:
    assert groups_of(NAMES, "patient", {"patient": ["x", "y", "x"]}) == ["x", "y", "x"]


def test_a_column_without_a_value() -> None:
    with pytest.raises(InputError, match=r"group: the column patient has no value for p1/A01_t10\.tif"):
        groups_of(NAMES, "patient", {"patient": ["x", "", "x"]})


@pytest.mark.parametrize(
    ("expression", "matched", "first"), [("p3", 0, "p1/A01_t9"), ("p1", 2, "p2"), ("p1|(p2)", 1, "p1")]
)
def test_an_expression_that_does_not_match(expression: str, matched: int, first: str) -> None:
    with pytest.raises(
        InputError, match=rf"group: .* matches {matched} of 3 names, and not {first}"
    ) as raised:
        groups_of(NAMES, expression, {"well": ["", "", ""]})
    assert "nor is it a column of the table (well)" in str(raised.value)


@pytest.mark.parametrize(
    "expression",
    [
        "(p[0-9])/A01_t([0-9]+)",
        "(?P<sequence>p[0-9])/.*_t(?P<frame>[0-9]+)",
        "_?(?:x)?(?P<sequence>p[0-9])/A(01)_t(?P<frame>[0-9]+)",
    ],
)
def test_recordings_by_a_regular_expression(expression: str) -> None:
    assert places_in_time(NAMES, expression, {}) == [("p1", 9), ("p1", 10), ("p2", 9)]


@pytest.mark.parametrize("expression", ["^p[0-9]", "^(p[0-9])", "^(?P<sequence>p[0-9])"])
def test_frames_without_a_number_go_by_their_names(expression: str) -> None:
    assert places_in_time(NAMES[::-1], expression, {}) == [("p2", 0), ("p1", 1), ("p1", 0)]


def test_recordings_by_a_column() -> None:
    columns = {"movie": ["a", "a", "b"], "frame": ["7", "005", "7"]}
    assert places_in_time(NAMES, "movie", columns) == [("a", 7), ("a", 5), ("b", 7)]
    assert places_in_time(NAMES, "movie", {"movie": ["a", "a", "b"]}) == [("a", 0), ("a", 1), ("b", 0)]


@pytest.mark.parametrize("frame", ["", "7.5", "-1", "x"])
def test_a_frame_number_that_is_none(frame: str) -> None:
    columns = {"movie": ["a", "a", "b"], "frame": ["7", frame, "7"]}
    with pytest.raises(InputError, match=rf"frame number of p1/A01_t10\.tif is '{frame}': expected a whole"):
        places_in_time(NAMES, "movie", columns)


def test_two_frames_of_one_number() -> None:
    with pytest.raises(InputError, match=r"p1/A01_t9\.tif and p2/A01_t9\.tif are both frame 9 of A01: tell"):
        places_in_time(NAMES, "(A01)_t([0-9]+)", {})
