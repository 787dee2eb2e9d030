"""The library is a house: a room imports from lower floors alone."""

import ast
from pathlib import Path

LIBRARY = Path(__file__).resolve().parents[1] / "monolayer"
FLOORS = (
    {"errors"},
    {"parameters", "plugins", "download"},
    {"annotations", "compute", "heads"},
    {"images", "metrics", "synthesis"},
    {"cleaning", "exploration", "predictions"},
    {"datasets", "models", "decoders", "evaluation"},
    {"baseline", "training", "inference", "plots"},
)
"""Rooms and bare modules of `monolayer`, from the ground up."""


def room_of(module: str) -> str:
    return module.split(".")[1]


def imported_rooms(room: str) -> set[str]:
    """The rooms that a room's modules import, itself left out."""
    place = LIBRARY / room
    files = place.rglob("*.py") if place.is_dir() else [place.with_suffix(".py")]
    names: set[str] = set()
    for file in files:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module == "monolayer":
                names |= {f"monolayer.{alias.name}" for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                names.add(node.module)
            elif isinstance(node, ast.Import):
                names |= {alias.name for alias in node.names}
    return {room_of(name) for name in names if name.startswith("monolayer.")} - {room}


def test_every_room_is_on_a_floor():
    rooms = {path.stem for path in LIBRARY.iterdir() if not path.name.startswith("_")}
    assert rooms == set().union(*FLOORS)


def test_no_import_runs_upwards_or_sideways():
    below: set[str] = set()
    wrong = {}
    for floor in FLOORS:
        for room in sorted(floor):
            if above := imported_rooms(room) - below:
                wrong[room] = above
        below |= floor
    assert not wrong, f"move the code, or the room: {wrong}"
