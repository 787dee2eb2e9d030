import resource

import pytest
import torch

from monolayer.errors import InputError
from monolayer.training.checkpoints import WholeCheckpointIO


@pytest.fixture
def full_disk():
    """No file may grow beyond 100 kB, so that larger writes fail."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("size", [30_000, 3_000_000])
def test_a_full_disk_leaves_the_last_checkpoint(tmp_path, full_disk, size):
    path = tmp_path / "last.ckpt"
    WholeCheckpointIO().save_checkpoint({"epoch": 1}, path)
    with pytest.raises(InputError, match=r"last\.ckpt could not be written .*make room on its disk"):
        WholeCheckpointIO().save_checkpoint({"weights": torch.zeros(size)}, path)
    assert torch.load(path) == {"epoch": 1}
    assert [found.name for found in tmp_path.iterdir()] == ["last.ckpt"]
