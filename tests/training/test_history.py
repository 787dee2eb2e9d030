import pandas as pd

from monolayer.training.history import best_epoch, read_history, write_history


def log(folder, name: str, rows: list[tuple[int, float]]) -> None:
    path = folder / "plots" / "metrics" / f"{name}.tsv"
    path.parent.mkdir(parents=True, exist_ok=True)
    column = name.split("/")[1]
    lines = ["timestamp\tstep\t" + column] + [f"17\t{step}\t{value}" for step, value in rows]
    path.write_text("\n".join(lines) + "\n")


def logged(folder) -> pd.DataFrame:
    log(folder, "train/loss", [(1, 1.5), (2, 1.0), (2, 1.1), (3, 0.8)])
    log(folder, "val/loss", [(1, 1.4), (2, 1.2), (3, 0.9)])
    log(folder, "val/dice", [(1, 0.5), (2, 0.7), (3, 0.7)])
    return read_history(folder)


def test_an_epoch_logged_twice_counts_once_and_the_last_time(tmp_path):
    history = logged(tmp_path)
    assert history["epoch"].tolist() == [1, 2, 3]
    assert history["train_loss"].tolist() == [1.5, 1.1, 0.8]


def test_the_first_of_the_best_epochs(tmp_path):
    of_dice = {"val_dice": 0.7, "val_loss": 1.2, "best_epoch": 2}
    assert best_epoch(logged(tmp_path), "dice") == of_dice
    assert best_epoch(logged(tmp_path), "loss") == {"val_dice": 0.7, "val_loss": 0.9, "best_epoch": 3}


def test_the_tables_hold_no_times(tmp_path):
    write_history(tmp_path / "out", logged(tmp_path))
    assert (tmp_path / "out/loss.tsv").read_text().startswith("epoch\ttrain_loss\tval_loss\n1\t1.5\t1.4\n")
    assert (tmp_path / "out/dice.tsv").read_text().startswith("epoch\tval_dice\n1\t0.5\n")
