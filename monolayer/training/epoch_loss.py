"""The training loss of an epoch, kept on the device: to read it there after each step would stall a GPU."""

from collections import deque

import torch
from torch import Tensor

from monolayer.errors import InputError
from monolayer.training.processes import gathered

CHECK_EVERY = 50
"""Steps after which a loss that is no number is noticed at the latest."""


class EpochLoss:
    """Sum and number of the losses since the epoch began, and the first step whose loss was no number.

    Where several processes train together, all of them ask at the same steps, and get the same answers.
    """

    def __init__(self) -> None:
        self._values = torch.tensor([0.0, 0.0, -1.0], dtype=torch.float64)
        self._rates: deque[tuple[int, float]] = deque(maxlen=CHECK_EVERY + 1)

    def add(self, loss: Tensor, step: int, lr: float) -> None:
        """Take in the loss of a step, counted from 0, and its learning rate."""
        total, count, bad = self._values.to(loss.device)
        bad = torch.where((bad < 0) & ~torch.isfinite(loss), step, bad)
        self._values = torch.stack([total + loss.detach(), count + 1, bad])
        self._rates.append((step, lr))
        if step % CHECK_EVERY == 0:
            self.check()

    def check(self) -> None:
        """Raise an `InputError` where a loss was no number, in any process."""
        self._of_all()

    def _of_all(self) -> Tensor:
        everyone = gathered(self._values)  # (processes, 3)
        found = [int(bad) for bad in everyone[:, 2] if bad >= 0]
        if found:
            bad = min(found)
            raise InputError(
                f"the loss is no number from step {bad + 1} on, at a learning rate of "
                f"{dict(self._rates)[bad]:.2g}: lower the model's lr, or set train.clip_norm. The weights of "
                "the best epoch so far, if there was one, stay in best.ckpt in the scratch folder"
            )
        return everyone.mean(dim=0)

    def mean(self) -> float:
        """Return the mean loss; raises as `check`."""
        total, count, _ = self._of_all()
        return float(total / count)

    def state(self) -> Tensor:
        """Return what `load` takes; raises as `check`, so that no such state is saved."""
        return self._of_all()

    def load(self, state: Tensor) -> None:
        """Go on from a saved state."""
        self._values = state
