from collections import Counter, defaultdict

import pytest

from monolayer.annotations.livecell_names import parse
from monolayer.synthesis.plan import STEP_MINUTES, plan_shots, plan_spares

TYPES = ["A172", "BV2"]


@pytest.mark.parametrize(("train", "val", "test"), [(4, 2, 3), (1, 1, 1), (30, 10, 25)])
def test_as_many_as_asked_for_and_no_name_twice(train, val, test):
    shots = plan_shots(TYPES, train, val, test) + plan_spares(TYPES, 9)
    counts = Counter((shot.split, shot.cell_type) for shot in shots[:-9])
    for name in TYPES:
        assert [counts[split, name] for split in ("train", "val", "test")] == [train, val, test]
    assert len({shot.file_name for shot in shots}) == len(shots)


def test_names_follow_the_grammar():
    for shot in plan_shots(TYPES, 4, 2, 3) + plan_spares(TYPES, 5):
        name = parse(shot.file_name)
        assert name is not None
        assert name[:5] == (shot.cell_type, shot.well, shot.location, shot.minutes, shot.crop)


def test_test_has_its_own_wells_and_train_shares_fields_with_val():
    fields = defaultdict(set)
    wells = defaultdict(set)
    for shot in plan_shots(TYPES, 4, 2, 3) + plan_spares(TYPES, 6):
        fields[shot.split].add(shot.field)
        wells[shot.split].add(shot.well)
    assert fields["train"] & fields["val"]
    assert not wells["test"] & (wells["train"] | wells["val"])


def test_consecutive_times_of_a_field_occur():
    times = defaultdict(set)
    for shot in plan_shots(TYPES, 4, 2, 3):
        times[shot.field].add(shot.minutes)
    assert any(minutes + STEP_MINUTES in seen for seen in times.values() for minutes in seen)


def test_spares_are_apart_and_late():
    planned = {(shot.cell_type, shot.well) for shot in plan_shots(TYPES, 30, 10, 25)}
    spares = plan_spares(TYPES, 8)
    assert not planned & {(shot.cell_type, shot.well) for shot in spares}
    assert min(shot.minutes for shot in spares) >= 48 * 60
    assert {shot.split for shot in spares} == {"train", "val", "test"}
