"""A stage's command line."""

import errno
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tifffile
import torch
from PIL import Image

from monolayer.compute.parallel import map_parallel
from monolayer.compute.settings import ComputeSettings
from monolayer.errors import InputError
from stages.command import run

calls: list[tuple[str, Path]] = []


def stage(name: str, plots_folder: Path) -> None:
    """Draw things."""
    calls.append((name, plots_folder))


def bad(name: str) -> None:
    """Refuse."""
    raise InputError(f"{name}.tif cannot be read: fetch it again")


def full(name: str) -> None:
    """Run out of disk."""
    raise OSError(errno.ENOSPC, "No space left on device", name)


def over_quota(name: str) -> None:
    """Run out of what the administrator allows."""
    raise OSError(errno.EDQUOT, "Disk quota exceeded", name)


FULL = Path("/dev/full")
PIXELS = np.random.default_rng(0).integers(0, 256, (600, 600), np.uint8)


def fill(_: int) -> None:
    FULL.write_bytes(PIXELS.tobytes())


def writes(kind: str) -> None:
    """Write a file where there is no room."""
    writers: dict[str, Callable[[], object]] = {
        "python": lambda: fill(0),
        "tiff": lambda: tifffile.imwrite(FULL, PIXELS),
        "numpy": lambda: PIXELS.tofile(FULL),
        "png": lambda: Image.fromarray(PIXELS).save(FULL, format="png"),
        "table": lambda: pd.DataFrame(PIXELS).to_csv(FULL),
        "weights": lambda: torch.save({"weights": torch.zeros(10**6)}, FULL),
        "worker": lambda: map_parallel(fill, range(4), ComputeSettings(jobs=2)),
    }
    writers[kind]()


def broken(name: str) -> None:
    """Fail in a way that is a bug."""
    raise PermissionError(errno.EACCES, "Permission denied", name)


@pytest.fixture(autouse=True)
def _no_calls() -> None:
    calls.clear()


def command_line(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> None:
    monkeypatch.setattr(sys, "argv", ["stages.stage", *arguments])


def test_each_argument_is_a_flag(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    command_line(monkeypatch, "--plots-folder", str(tmp_path / "plots"), "--name", "vnet")
    run(stage)
    assert calls == [("vnet", tmp_path / "plots")]


def test_paths_become_absolute(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    command_line(monkeypatch, "--plots-folder", "plots/unet", "--name", "plots/unet")
    run(stage)
    assert calls == [("plots/unet", tmp_path.resolve() / "plots" / "unet")]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--name", "a"], "required: --plots-folder"),
        (["--name", "a", "--plots-folder", "b", "--seed", "1"], "unrecognized arguments: --seed 1"),
    ],
)
def test_wrong_flags(
    arguments: list[str], message: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command_line(monkeypatch, *arguments)
    with pytest.raises(SystemExit, match="2"):
        run(stage)
    assert message in capsys.readouterr().err
    assert calls == []


def copies(source: Path, out_folder: Path) -> None:
    """Write over what it reads, if it is let."""
    calls.append(("copies", out_folder))


@pytest.mark.parametrize("out", ["data", "data/", "./data", "plots/../data"])
def test_no_two_paths_are_the_same(out: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    command_line(monkeypatch, "--source", "data", "--out-folder", out)
    with pytest.raises(SystemExit, match=r"copies: --source and --out-folder are both .*data: give each"):
        run(copies)
    assert calls == []


def test_help_is_the_docstring(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    command_line(monkeypatch, "--help")
    with pytest.raises(SystemExit, match="0"):
        run(stage)
    assert "Draw things." in capsys.readouterr().out


def test_an_input_error_is_its_message_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    command_line(monkeypatch, "--name", "a")
    with pytest.raises(SystemExit) as caught:
        run(bad)
    assert caught.value.code == "bad: a.tif cannot be read: fetch it again"


def test_a_full_disk_is_a_message_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    command_line(monkeypatch, "--name", "data/raw/a.tif")
    with pytest.raises(SystemExit) as caught:
        run(full)
    assert caught.value.code == "full: the disk is full (data/raw/a.tif): make room and run the stage again"


def test_a_full_quota_is_a_full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    command_line(monkeypatch, "--name", "data/raw/a.tif")
    with pytest.raises(SystemExit) as caught:
        run(over_quota)
    message = "over_quota: the disk quota is used up (data/raw/a.tif): make room and run the stage again"
    assert caught.value.code == message


@pytest.mark.skipif(not FULL.exists(), reason="needs Linux's device that is always full")
@pytest.mark.parametrize("kind", ["python", "tiff", "numpy", "png", "table", "weights", "worker"])
def test_a_full_disk_is_known_however_it_is_said(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    command_line(monkeypatch, "--kind", kind)
    with pytest.raises(
        SystemExit, match=r"^writes: the disk is full \(.*\): make room and run the stage again$"
    ):
        run(writes)


def test_other_failures_of_the_system_keep_their_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    command_line(monkeypatch, "--name", "a")
    with pytest.raises(PermissionError):
        run(broken)
