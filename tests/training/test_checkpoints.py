import numpy as np
import pytest
import torch

from monolayer.training.checkpoints import WholeCheckpointIO, fingerprint
from monolayer.training.samples import Sample


def sample(**changes: np.ndarray) -> Sample:
    return Sample(np.zeros((4, 6), np.uint8), np.zeros((4, 6), np.uint16))._replace(**changes)


def test_the_same_training_has_the_same_fingerprint():
    assert fingerprint("lr=1", [sample()]) == fingerprint("lr=1", [sample()])


@pytest.mark.parametrize(
    "other",
    [
        ("lr=2", [sample()]),
        ("lr=1", [sample(), sample()]),
        ("lr=1", [sample(image=np.ones((4, 6), np.uint8))]),
        ("lr=1", [sample(labels=np.ones((4, 6), np.uint16))]),
        ("lr=1", [Sample(np.zeros((6, 4), np.uint8), np.zeros((6, 4), np.uint16))]),
    ],
)
def test_another_training_has_another_fingerprint(other):
    assert fingerprint("lr=1", [sample()]) != fingerprint(*other)


def test_a_checkpoint_that_cannot_be_written_leaves_the_last_one(tmp_path):
    path = tmp_path / "last.ckpt"
    WholeCheckpointIO().save_checkpoint({"epoch": 1}, path)
    with pytest.raises(Exception, match="pickle"):
        WholeCheckpointIO().save_checkpoint({"epoch": lambda: 2}, path)
    assert torch.load(path) == {"epoch": 1}
