"""params.yaml: what is read, and what is said of mistakes."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from monolayer.errors import InputError
from monolayer.parameters import SECTIONS, Number, Settings, lookup, read_parameters, section, validate


class Inner(Settings):
    depth: int = 3


class Outer(Settings):
    lr: Number
    name: str = "unet"
    steps: int = 10
    on: bool = True
    inner: Inner = Inner()


def write(folder: Path, text: str) -> Path:
    path = folder / "params.yaml"
    path.write_text(text)
    return path


@pytest.mark.parametrize("text", ["1e-4", "1.0e-4", "1E-4", "0.0001", "1e-04", ".0001", "'0.0001'", "+1e-4"])
def test_numbers_in_every_spelling(text: str) -> None:
    assert validate(yaml.safe_load(f"lr: {text}"), "train", Outer).lr == 1e-4


@pytest.mark.parametrize(("text", "value"), [("1", 1.0), ("1e3", 1000.0), ("-2", -2.0), ("0", 0.0)])
def test_whole_numbers_are_numbers(text: str, value: float) -> None:
    lr = validate(yaml.safe_load(f"lr: {text}"), "train", Outer).lr
    assert lr == value
    assert isinstance(lr, float)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"lr": "fast"}, r"params\.yaml: train\.lr: .*valid number, got 'fast'"),
        ({"lr": True}, r"train\.lr: .*valid number, got True"),
        ({"lr": None}, r"train\.lr: .*valid number, got None"),
        ({"lr": 1, "steps": "10"}, r"train\.steps: .*valid integer, got '10'"),
        ({"lr": 1, "steps": 1.5}, r"train\.steps: .*valid integer, got 1\.5"),
        ({"lr": 1, "on": "yes"}, r"train\.on: .*valid boolean, got 'yes'"),
        ({"lr": 1, "name": 5}, r"train\.name: .*valid string, got 5"),
        ({"lr": 1, "Lr": 2}, r"train\.Lr: unknown key; valid keys: lr, name, steps, on, inner"),
        ({"lr": 1, "inner": {"width": 2}}, r"train\.inner\.width: unknown key; valid keys: depth$"),
        ({}, r"train\.lr: missing key"),
        ([1], r"train: .*valid dictionary"),
    ],
)
def test_mistakes_name_the_key_and_the_remedy(values: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        validate(values, "train", Outer)


def test_all_mistakes_are_told_at_once() -> None:
    with pytest.raises(InputError) as caught:
        validate({"lr": "x", "steps": "y", "z": 0}, "train", Outer)
    assert len(str(caught.value).splitlines()) == 3


def test_settings_are_final() -> None:
    settings = Outer(lr=1.0)
    with pytest.raises(ValueError, match="frozen"):
        settings.lr = 2.0  # type: ignore[misc]


def test_a_section_is_found_by_its_dotted_key(tmp_path: Path) -> None:
    path = write(tmp_path, "models:\n  vnet:\n    lr: 2e-2\n")
    assert section(read_parameters(path), "models.vnet", Outer).lr == 0.02


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("models.vnett", r"no 'vnett' in models; it has: vnet, unet"),
        ("train", r"no 'train' in params\.yaml; it has: models"),
        ("models.vnet.lr", r"no 'lr' in models\.vnet; it has: 'x'"),
    ],
)
def test_a_missing_key_lists_those_beside_it(key: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        lookup({"models": {"vnet": "x", "unet": {}}}, key)


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(
        InputError, match=r"params\.yaml not found: run the stage from the folder that holds it"
    ):
        read_parameters(tmp_path / "params.yaml")


@pytest.mark.parametrize("text", ["", "- a\n- b\n", "just text"])
def test_not_a_mapping(text: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="must be a mapping of sections, such as dataset"):
        read_parameters(write(tmp_path, text))


def test_not_yaml(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"params\.yaml is not valid YAML: while parsing"):
        read_parameters(write(tmp_path, "seed: 0\nmodels: [\n"))


def test_unknown_section(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"unknown section 'modells'; valid sections: .*models"):
        read_parameters(write(tmp_path, "modells: {}\n"))


def test_the_committed_file_has_every_section() -> None:
    assert set(read_parameters(Path(__file__).parents[1] / "params.yaml")) == set(SECTIONS)
