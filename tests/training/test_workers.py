"""What processes do together that none does alone; each starts two."""

import os
import signal
import time
from pathlib import Path

import pytest
import torch
from torch import distributed
from torch.nn.parallel import DistributedDataParallel

from monolayer.errors import InputError
from monolayer.heads.base.losses import dice_loss
from monolayer.training.epoch_loss import EpochLoss
from monolayer.training.processes import Process
from monolayer.training.workers import run_workers


def join() -> Process:
    process = Process(int(os.environ["LOCAL_RANK"]), int(os.environ["WORLD_SIZE"]))
    distributed.init_process_group("gloo", rank=process.rank, world_size=process.world_size)
    return process


def batch() -> tuple[torch.Tensor, torch.Tensor]:
    """Images, and masks of which the second half has many more pixels than the first."""
    generator = torch.Generator().manual_seed(0)
    images = torch.randn(4, 1, 16, 16, generator=generator)
    levels = torch.tensor([0.05, 0.1, 0.6, 0.9])[:, None, None, None]
    return images, (torch.rand(4, 1, 16, 16, generator=generator) < levels).float()


def net() -> torch.nn.Module:
    torch.manual_seed(0)
    return torch.nn.Conv2d(1, 1, 3, padding=1)


def compare_gradients(folder: Path) -> None:
    process = join()
    model = DistributedDataParallel(net())
    images, masks = (part[process.of_batch(4)] for part in batch())
    loss = dice_loss(model(images), masks)
    loss.backward()
    gradients = [weight.grad for weight in model.parameters()]
    torch.save((loss.detach(), gradients), folder / f"{process.rank}.pt")


def test_the_dice_of_a_shared_batch_has_the_gradient_of_the_whole_batch(tmp_path):
    run_workers(compare_gradients, {"folder": tmp_path}, count=2)
    model, (images, masks) = net(), batch()
    whole = dice_loss(model(images), masks)
    whole.backward()
    for rank in range(2):
        loss, gradients = torch.load(tmp_path / f"{rank}.pt")
        assert loss == pytest.approx(whole.item(), rel=1e-6)
        for gradient, weight in zip(gradients, model.parameters(), strict=True):
            torch.testing.assert_close(gradient, weight.grad, rtol=1e-5, atol=1e-7)


def lose_a_number(folder: Path) -> None:
    process = join()
    losses = EpochLoss()
    losses.add(torch.tensor(1.0 + process.rank), 1, lr=0.1)
    (folder / f"{process.rank}.txt").write_text(str(losses.mean()))
    losses.add(torch.tensor(float("nan") if process.rank == 1 else 1.0), 2, lr=0.1)
    with pytest.raises(InputError):
        losses.check()
    losses.check()


def test_the_loss_is_the_mean_over_processes_and_stops_all_where_one_has_no_number(tmp_path):
    with pytest.raises(InputError, match="no number from step 3 on"):
        run_workers(lose_a_number, {"folder": tmp_path}, count=2)
    assert {path.read_text() for path in tmp_path.iterdir()} == {"1.5"}


def die(folder: Path) -> None:
    rank = int(os.environ["LOCAL_RANK"])
    (folder / f"{rank}").write_text(str(os.getpid()))
    while rank == 0 or len(list(folder.iterdir())) < 2:
        time.sleep(0.01)
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_process_that_is_killed_stops_the_others(tmp_path):
    with pytest.raises(InputError, match=r"process 2 of 2 was killed by SIGKILL, .* `dvc repro` goes on"):
        run_workers(die, {"folder": tmp_path}, count=2)
    for path in tmp_path.iterdir():
        with pytest.raises(ProcessLookupError):
            os.kill(int(path.read_text()), 0)


def kill_one_and_let_the_other_say_so(folder: Path) -> None:
    rank = int(os.environ["LOCAL_RANK"])
    (folder / f"{rank}").write_text(str(os.getpid()))
    while len(list(folder.iterdir())) < 2:
        time.sleep(0.01)
    if rank == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.1)
    raise InputError("another training process has ended")


def test_the_process_that_ended_first_is_named_also_where_another_says_something(tmp_path):
    with pytest.raises(InputError, match="process 2 of 2 was killed by SIGKILL"):
        run_workers(kill_one_and_let_the_other_say_so, {"folder": tmp_path}, count=2)


def fail_in_a_way_that_is_a_bug() -> None:
    raise KeyError("bug")


def test_a_bug_is_shown_by_the_process_that_has_it(capfd):
    with pytest.raises(InputError, match="ended with the error above"):
        run_workers(fail_in_a_way_that_is_a_bug, {}, count=1)
    assert "KeyError: 'bug'" in capfd.readouterr().err
