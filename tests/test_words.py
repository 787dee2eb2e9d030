"""The field's words: those that were given up stand nowhere, and neither do modules of their names."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("monolayer", "stages", "experiments", "benchmarks", "docs")
TEXTS = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*") if path.suffix in (".py", ".md")]
TEXTS += [ROOT / name for name in ("params.yaml", "dvc.yaml", "README.md", "Makefile")]

WORDS = {
    r"films?": "sequence",
    r"(?<![.\w])clips?(?!\()": "subsequence, or sequence",
    r"lessons?": "mask targets",
    r"(?<!hot)spots?": "blobs, markers",
    r"(?<!snap)shots?": "image",
    r"tints?": "overlay colour",
    r"nobodys": "unannotated",
    r"extremes?": "examples",
    r"turn(s|ed)? back": "inverse rotation (test-time augmentation)",
    r"as seen": "normalised input",
    r"origin_of": "provenance",
    r"\w+_shares?": "fraction",
    r"(the|this|a) share of": "fraction",
}
"""What is not written, and what is written instead."""

MODULES = {
    "film",
    "extremes",
    "lessons",
    "drawing",
    "candidates",
    "evaluated",
    "cell_evaluation",
    "cell_scores",
    "kaggle",
}
"""Names that modules no longer have."""


@pytest.mark.parametrize("word", WORDS)
def test_the_fields_word_is_used(word: str):
    found = re.compile(rf"\b({word})\b", re.IGNORECASE)
    lines = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in TEXTS
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if found.search(line)
    ]
    assert not lines, "\n".join([f"write {WORDS[word]}:", *lines])


def test_the_hall_is_empty():
    loose = {path.name for path in (ROOT / "monolayer").glob("*.py")}
    assert loose == {"__init__.py", "errors.py", "parameters.py", "plugins.py"}
    everywhere = {path.stem.lstrip("_") for path in (ROOT / "monolayer").rglob("*.py")}
    assert not everywhere & MODULES


def test_shared_modules_stand_in_base():
    for room in ("models", "heads", "decoders"):
        assert not [path.name for path in (ROOT / "monolayer" / room).glob("_[a-z]*.py")]
        assert (ROOT / "monolayer" / room / "base").is_dir()
