import pandas as pd

from monolayer.training.history import as_table, best_epoch, write_history


def history() -> pd.DataFrame:
    epochs = [(1.5, 1.4, 0.5), (1.1, 1.2, 0.7), (0.8, 0.9, 0.7)]
    return as_table([{"val/dice": dice, "train/loss": train, "val/loss": val} for train, val, dice in epochs])


def test_the_first_of_the_best_epochs():
    of_dice = {"val_dice": 0.7, "val_loss": 1.2, "best_epoch": 2}
    assert best_epoch(history(), "dice") == of_dice
    assert best_epoch(history(), "loss") == {"val_dice": 0.7, "val_loss": 0.9, "best_epoch": 3}


def test_the_tables_for_plots(tmp_path):
    write_history(tmp_path / "out", history())
    assert (tmp_path / "out/loss.tsv").read_text().startswith("epoch\ttrain_loss\tval_loss\n1\t1.5\t1.4\n")
    assert (tmp_path / "out/dice.tsv").read_text().startswith("epoch\tval_dice\n1\t0.5\n")
