from collections import Counter, defaultdict

import pytest

from monolayer.annotations.livecell_names import parse
from monolayer.synthesis.plan import STEP_MINUTES, plan_images, plan_spares

TYPES = ["A172", "BV2"]


@pytest.mark.parametrize(("train", "val", "test"), [(4, 2, 3), (1, 1, 1), (30, 10, 25)])
def test_as_many_as_asked_for_and_no_name_twice(train, val, test):
    planned_images = plan_images(TYPES, train, val, test) + plan_spares(TYPES, 9)
    counts = Counter((planned.split, planned.cell_type) for planned in planned_images[:-9])
    for name in TYPES:
        assert [counts[split, name] for split in ("train", "val", "test")] == [train, val, test]
    assert len({planned.file_name for planned in planned_images}) == len(planned_images)


def test_names_follow_the_grammar():
    for planned in plan_images(TYPES, 4, 2, 3) + plan_spares(TYPES, 5):
        name = parse(planned.file_name)
        assert name is not None
        assert name[:5] == (planned.cell_type, planned.well, planned.location, planned.minutes, planned.crop)


def test_test_has_its_own_wells_and_train_shares_fields_with_val():
    fields = defaultdict(set)
    wells = defaultdict(set)
    for planned in plan_images(TYPES, 4, 2, 3) + plan_spares(TYPES, 6):
        fields[planned.split].add(planned.field)
        wells[planned.split].add(planned.well)
    assert fields["train"] & fields["val"]
    assert not wells["test"] & (wells["train"] | wells["val"])


def test_consecutive_times_of_a_field_occur():
    times = defaultdict(set)
    for planned in plan_images(TYPES, 4, 2, 3):
        times[planned.field].add(planned.minutes)
    assert any(minutes + STEP_MINUTES in seen for seen in times.values() for minutes in seen)


def test_spares_are_apart_and_late():
    planned = {(planned.cell_type, planned.well) for planned in plan_images(TYPES, 30, 10, 25)}
    spares = plan_spares(TYPES, 8)
    assert not planned & {(planned.cell_type, planned.well) for planned in spares}
    assert min(planned.minutes for planned in spares) >= 48 * 60
    assert {planned.split for planned in spares} == {"train", "val", "test"}
