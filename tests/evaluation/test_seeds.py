"""Means, spread and paired differences over seeds."""

import numpy as np
import pytest
from scipy import stats

from monolayer.errors import InputError
from monolayer.evaluation.seeds import seed_differences, seed_rows, seeds_text, t_interval

DICES = {
    "vnet": [0.80, 0.84, 0.88],
    "unet": [0.85, 0.88, 0.93],
    "noisy": [0.87, 0.80, 0.90],
    "otsu": [0.5] * 3,
}
RANKING = ["unet", "noisy", "vnet", "otsu"]


def scores(count: int = 3) -> dict[int, dict[str, dict[str, object]]]:
    return {
        seed: {
            method: {
                "kind": "threshold" if method == "otsu" else "model",
                "dice": dices[seed],
                "iou": dices[seed] / 2,
                "confluence_rmse": 1 - dices[seed],
            }
            for method, dices in DICES.items()
        }
        for seed in range(count)
    }


def test_mean_and_sample_standard_deviation():
    rows = seed_rows(scores())
    assert [row.method for row in rows] == RANKING
    vnet = rows[2]
    assert (vnet.kind, vnet.seeds) == ("model", 3)
    assert vnet.dice == pytest.approx(0.84)
    assert vnet.dice_sd == pytest.approx(0.04)
    assert vnet.iou == pytest.approx(0.42)
    assert vnet.iou_sd == pytest.approx(0.02)
    assert vnet.confluence_rmse == pytest.approx(0.16)
    assert vnet.confluence_rmse_sd == pytest.approx(0.04)


def test_a_threshold_has_no_spread():
    assert seed_rows(scores())[-1].dice_sd == 0


def test_fewer_than_two_seeds():
    with pytest.raises(InputError, match="two seeds or more, got 1"):
        seed_rows(scores(1))


def test_a_score_that_was_not_compared():
    without = scores()
    del without[0]["vnet"]["iou"]
    with pytest.raises(InputError, match=r"no iou of vnet: list it in compare\.scores"):
        seed_rows(without)


def test_every_pair_is_compared_by_seed():
    differences = seed_differences(scores(), RANKING)
    pairs = [(row.better, row.method) for row in differences]
    assert pairs[:3] == [("unet", "noisy"), ("unet", "vnet"), ("unet", "otsu")]
    assert len(pairs) == 6
    row = differences[1]
    # -.05, -.04, -.05: their sd is .0057735; Tukey's range of four methods is 3.6332 standard deviations
    error = 2 * stats.norm.sf(3.6332 / 2**0.5)
    assert row.difference == pytest.approx(-0.14 / 3)
    assert row.high - row.difference == pytest.approx(
        stats.t.isf(error / 2, 2) * 0.0057735 / 3**0.5, rel=1e-3
    )
    assert row.exceeds_spread


def test_methods_without_spread_count_as_one():
    thresholds = {f"otsu {number}": "otsu" for number in range(5)}
    more = {
        seed: row | {name: row[old] for name, old in thresholds.items()} for seed, row in scores().items()
    }
    assert seed_differences(more, [*RANKING, *thresholds])[1] == seed_differences(scores(), RANKING)[1]


def test_of_equal_methods_hardly_ever_one_exceeds():
    rng = np.random.default_rng(0)
    exceeded = []
    for _ in range(100):
        dices = rng.normal(0.9, 0.01, (5, 8)).tolist()
        equal = {
            seed: {f"m{n}": {"dice": dice} for n, dice in enumerate(row)} for seed, row in enumerate(dices)
        }
        exceeded.append(any(row.exceeds_spread for row in seed_differences(equal, list(equal[0]))))
    assert np.mean(exceeded) <= 0.1


def test_pairing_finds_what_the_spread_of_each_alone_would_hide():
    rows = {row.method: row for row in seed_rows(scores())}
    difference = seed_differences(scores(), ["unet", "vnet"])[0]
    assert abs(difference.difference) < rows["unet"].dice_sd + rows["vnet"].dice_sd
    assert difference.exceeds_spread


@pytest.mark.parametrize(("better", "method"), [("unet", "vnet"), ("unet", "noisy"), ("noisy", "otsu")])
def test_exceeding_is_what_the_paired_t_test_says(better: str, method: str):
    (row,) = seed_differences(scores(), [better, method])
    test = stats.ttest_rel(DICES[method], DICES[better])  # of two methods alone
    interval = test.confidence_interval(0.95)
    assert (row.low, row.high) == pytest.approx((interval.low, interval.high))
    assert row.exceeds_spread == (test.pvalue < 0.05)


def test_equal_methods_do_not_exceed():
    equal = {seed: dict.fromkeys(("a", "b"), row["otsu"]) for seed, row in scores().items()}
    (row,) = seed_differences(equal, ["a", "b"])
    assert (row.difference, row.low, row.high, row.exceeds_spread) == (0, 0, 0, False)


def test_the_interval_of_two_seeds_ends_where_differences_of_dice_do():
    noisy, *_ = seed_differences(scores(2), RANKING)
    assert (noisy.difference, noisy.low, noisy.high) == (pytest.approx(-0.03), -1, 1)
    assert not noisy.exceeds_spread


@pytest.mark.parametrize("confidence", [0.5, 0.95])
def test_interval_is_scipys(confidence: float):
    values = np.random.default_rng(0).normal(size=7)
    expected = stats.t.interval(confidence, 6, values.mean(), stats.sem(values))
    assert t_interval(values, 1 - confidence) == pytest.approx(expected)


def test_table_as_text():
    text = seeds_text(seed_rows(scores()), seed_differences(scores(), RANKING))
    header, *rows = text.splitlines()
    assert header.split()[:2] == ["seeds", "IoU"]
    assert [row.split()[0] for row in rows[:4]] == RANKING
    assert "0.8400" in rows[2]
    assert "yes" in rows[2]
    assert rows[1].endswith("no")
    assert (
        "95 % intervals are from 3 seeds on the same test images; all differences of 4 methods hold" in text
    )
    assert text.endswith("differences within the spread of the seeds: unet and noisy, noisy and vnet")
