"""The sizes of a split's cells, image by image."""

from pathlib import Path

from numpy.testing import assert_array_equal
from tiny_split import annotation, image

from monolayer.annotations.coco import Coco, write_coco
from monolayer.exploration.measurements import read_measurements


def test_cells_are_gathered_image_by_image_in_the_files_order(tmp_path: Path):
    cells = [(5, 3, 1, 2, 4), (1, 2, 3, 4, 5), (2, 3, 5, 6, 7), (9, 8, 0, 0, 9), (4, 2, 7, 8, 9)]
    listed = [image(3), image(1), image(2)]  # none is 8
    write_coco(tmp_path / "a.json", Coco(listed, [annotation(*cell) for cell in cells]))
    measured = read_measurements(tmp_path / "a.json")
    assert measured.images == listed
    assert [measured.annotation_id[measured.of(number)].tolist() for number in range(3)] == [
        [5, 2],
        [],
        [1, 4],
    ]
    assert_array_equal(measured.area, [16, 49, 25, 81])
    assert_array_equal(measured.box, [[1, 2, 4, 4], [5, 6, 7, 7], [3, 4, 5, 5], [7, 8, 9, 9]])


def test_a_split_without_a_cell(tmp_path: Path):
    write_coco(tmp_path / "a.json", Coco([image(3)], []))
    measured = read_measurements(tmp_path / "a.json")
    assert (measured.area[measured.of(0)].tolist(), measured.box.shape) == ([], (0, 4))
