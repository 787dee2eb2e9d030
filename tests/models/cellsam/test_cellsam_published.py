"""SAM's published weights: from a folder, and from a hub on 127.0.0.1."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
import torch
from tiny_cellsam import SMALL, built
from transformers import SamModel

from monolayer.errors import InputError
from monolayer.models.cellsam.published import PUBLISHED
from monolayer.models.cellsam.sizes import SIZES, build_sam

HERE = Path(__file__).parent
ROOT = HERE.parents[2]


def test_weights_of_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(SIZES, "tiny", SMALL)
    published = build_sam(SMALL)
    published.save_pretrained(tmp_path)
    model = built(weights=str(tmp_path))
    before = model.finder.score.weight.clone()
    assert model.take_published_weights() == str(tmp_path)
    assert all(
        torch.equal(value, published.state_dict()[name]) for name, value in model.sam.state_dict().items()
    )
    assert torch.equal(model.finder.score.weight, before)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        ("missing", "is no folder, and not facebook/sam-vit-base"),
        ("empty", "cannot be read"),
        ("other", "does not hold a whole SAM"),
        ("size", "does not fit the net"),
    ],
)
def test_a_folder_without_such_weights(
    damage: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(SIZES, "tiny", SMALL)
    folder = tmp_path / "weights"
    if damage != "missing":
        folder.mkdir()
    if damage == "other":
        other = SamModel(build_sam(SMALL).config)
        kept = {name: value for name, value in other.state_dict().items() if "mask_decoder" not in name}
        other.save_pretrained(folder, state_dict=kept)
    if damage == "size":
        build_sam(SMALL._replace(channels=32)).save_pretrained(folder)
    with pytest.raises(InputError, match=message):
        built(weights=str(folder)).take_published_weights()


# Transformers reads the address of its hub where it is imported.
FROM_THE_HUB = """
import torch
from monolayer.models.cellsam import model as cellsam
from monolayer.models.cellsam.sizes import SIZES
from tiny_cellsam import SMALL
SIZES["tiny"] = SMALL
settings = {"architecture": "cellsam", "size": "tiny", "weights": "facebook/sam-vit-base"}
model = cellsam.build(cellsam.Settings.model_validate(settings))
print(model.take_published_weights())
print(float(sum(value.abs().sum() for value in model.sam.state_dict().values())))
"""


def from_the_hub(url: str, cache: Path) -> list[str]:
    environment = {
        "HF_ENDPOINT": url,
        "HF_HOME": str(cache),
        "PYTHONPATH": os.pathsep.join(map(str, [ROOT, HERE])),
        "PATH": "",
    }
    command = [sys.executable, "-c", FROM_THE_HUB]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


COMMIT = 40 * "a"


@contextmanager
def hub(files: dict[str, bytes]) -> Iterator[str]:
    """Serve files on 127.0.0.1 as huggingface.co does those of a repository."""

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self._answer(b"")

        def do_GET(self) -> None:
            self._answer(files.get(Path(self.path).name, b""))

        def _answer(self, body: bytes) -> None:
            content = files.get(Path(self.path).name)
            self.send_response(404 if content is None else 200)
            self.send_header("X-Repo-Commit", COMMIT)
            if content is None:
                self.send_header("X-Error-Code", "EntryNotFound")
            else:
                self.send_header("ETag", f'"{hashlib.sha256(content).hexdigest()}"')
            self.send_header("Content-Length", str(len(content or b"")))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_weights_are_fetched_from_the_hub(tmp_path: Path):
    published = build_sam(SMALL)
    published.save_pretrained(tmp_path / "written")
    with hub({path.name: path.read_bytes() for path in (tmp_path / "written").iterdir()}) as url:
        name, total = from_the_hub(url, tmp_path / "cache")[-2:]
    assert name == PUBLISHED
    expected = float(sum(value.abs().sum() for value in published.state_dict().values()))
    assert float(total) == pytest.approx(expected, rel=1e-5)


def test_where_they_cannot_be_fetched_the_start_is_random(tmp_path: Path):
    with hub({}) as url:
        *said, name, _ = from_the_hub(url, tmp_path / "cache")
    assert name == "random weights"
    assert any("facebook/sam-vit-base cannot be fetched" in line for line in said)
