import io
import re
import sys

from tiny_project import TINY

from monolayer.training import progress
from stages.train import train


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_shows_epoch_loss_dice_rate_and_time_left(project, monkeypatch):
    monkeypatch.setattr(progress, "SECONDS", 0)
    monkeypatch.setattr(sys, "stderr", Terminal())
    project.set_parameters({**TINY, "epochs": 4, "crops_per_epoch": 20})
    train(**project.train_arguments())
    shown = sys.stderr.getvalue()
    line = r"epoch 4/4  loss \d\.\d{3}  val Dice 0\.\d{3}: .*\d+/80 \[\d\d:\d\d<\d\d:\d\d, .*crops/s\]"
    assert re.search(line, shown), shown
    assert "val Dice" not in shown[: shown.index("epoch 2/4")]


def test_nothing_where_it_is_no_terminal(project, capfd):
    train(**project.train_arguments())
    assert "epoch" not in capfd.readouterr().err
