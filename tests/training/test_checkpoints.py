import pytest
import torch

from monolayer.training.checkpoints import WholeCheckpointIO, fingerprint


def test_the_same_training_has_the_same_fingerprint():
    assert fingerprint("lr=1") == fingerprint("lr=1")


def test_another_training_has_another_fingerprint():
    assert fingerprint("lr=1") != fingerprint("lr=2")


def test_a_checkpoint_that_cannot_be_written_leaves_the_last_one(tmp_path):
    path = tmp_path / "last.ckpt"
    WholeCheckpointIO().save_checkpoint({"epoch": 1}, path)
    with pytest.raises(Exception, match="pickle"):
        WholeCheckpointIO().save_checkpoint({"epoch": lambda: 2}, path)
    assert torch.load(path) == {"epoch": 1}
