"""Which categories of a COCO file are cells."""

from pathlib import Path
from typing import Any

import pytest
from own_coco import HEIGHT, WIDTH, Own, cell

from monolayer.annotations.coco import SPLITS, Annotation, read_coco
from monolayer.datasets.coco import Settings
from monolayer.errors import InputError
from monolayer.parameters import validate

WHOLE = [[0, 0, WIDTH, 0, WIDTH, HEIGHT, 0, HEIGHT]]
INSIDE = [[3, 2, 5, 2, 5, 4, 3, 4]]
BESIDE = [[6, 5, 9, 5, 9, 8, 6, 8]]


def add(own: Own, name: str, segmentation: Any, number: int = 10) -> None:
    """Give some images an annotation of another category, with the id 7; that of the cells is 3."""
    own.file["categories"] = [{"id": 3, "name": "cell"}, {"id": 7, "name": name}]
    own.file["annotations"] += [
        cell(200 + image, image, category_id=7, segmentation=segmentation) for image in range(number)
    ]


def annotations_of(raw: Path) -> list[Annotation]:
    return [item for split in SPLITS for item in read_coco(raw / f"annotations/{split}.json").annotations]


@pytest.mark.parametrize(
    "name",
    ["background", "Background", "BG", "scale bar", "scale_bar", "ScaleBar", "scalebar", "artifact",
     "Artefacts", "ROI", "imaging artifact", "region-of-interest", "ignore", "debris", "field of view",
     "not a cell"],
)  # fmt: skip
def test_a_category_that_sounds_like_none_is_asked_about(name: str, own: Own) -> None:
    add(own, name, BESIDE, number=2)
    with pytest.raises(
        InputError,
        match=rf"2 categories, and '{name}' sounds as if it were none: name those that are cells by "
        rf"`categories`, such as \[cell\]\. There are cell \(10\), {name} \(2\)",
    ):
        own.download()
    assert not (own.root / "raw").exists()


@pytest.mark.parametrize("name", ["HeLa", "neuron", "dead cell", "scaled", "roium", "Back"])
def test_categories_that_are_alike_are_all_cells(
    name: str, own: Own, capsys: pytest.CaptureFixture[str]
) -> None:
    add(own, name, BESIDE)
    assert len(annotations_of(own.download())) == 20
    assert not capsys.readouterr().err


def test_the_only_category_in_use_is_that_of_the_cells(own: Own) -> None:
    own.file["categories"] = [{"id": 3, "name": "ROI"}, {"id": 7, "name": "background"}]
    for item in own.file["annotations"]:
        item["segmentation"] = WHOLE
    assert len(annotations_of(own.download())) == 10


@pytest.mark.parametrize("number", [10, 1])
def test_a_category_that_lies_on_another_is_asked_about(number: int, own: Own) -> None:
    add(own, "nucleus", INSIDE, number)
    with pytest.raises(InputError, match=rf"{number} of 'nucleus' lie on those of 'cell'.*such as \[cell\]"):
        own.download()


def test_one_of_many_that_lies_on_another_by_chance_is_not_asked_about(own: Own) -> None:
    add(own, "HeLa", BESIDE)
    own.file["annotations"] += [
        cell(300 + image, image, category_id=7, segmentation=BESIDE if image else INSIDE)
        for image in range(10)
    ]
    assert len(annotations_of(own.download())) == 30


def test_a_category_that_fills_images_is_asked_about(own: Own) -> None:
    add(own, "Kulturmedium", WHOLE)
    for item in own.file["annotations"]:
        if item["category_id"] == 7:
            item["image_id"] = (item["image_id"] + 1) % 10
    own.file["annotations"] = [
        item for item in own.file["annotations"] if item["image_id"] % 2 or item["id"] > 200
    ]
    with pytest.raises(InputError, match="those of 'Kulturmedium' cover most of their image"):
        own.download()


@pytest.mark.parametrize("categories", [["cell"], [3], ["3"]])
@pytest.mark.parametrize(
    ("name", "segmentation"), [("background", WHOLE), ("nucleus", INSIDE), ("HeLa", BESIDE)]
)
def test_chosen_categories_alone_are_cells_and_the_others_are_counted(
    categories: list[str | int], name: str, segmentation: Any, own: Own, capsys: pytest.CaptureFixture[str]
) -> None:
    add(own, name, segmentation)
    annotations = annotations_of(own.download(categories=categories))
    assert sorted(item.id for item in annotations) == list(range(100, 110))
    assert {item.category_id for item in annotations} == {1}
    assert capsys.readouterr().err == (
        f"download: 10 annotations of other categories were left out ({name} 10)\n"
    )


def test_what_is_chosen_is_not_asked_about(own: Own) -> None:
    add(own, "background", WHOLE)
    assert len(annotations_of(own.download(categories=["cell", "background"]))) == 20


def test_a_name_goes_before_an_id(own: Own) -> None:
    add(own, "3", BESIDE)
    assert sorted(item.id for item in annotations_of(own.download(categories=["3"]))) == list(range(200, 210))


def test_names_count_where_files_number_their_categories_differently(own: Own) -> None:
    add(own, "nucleus", INSIDE)
    files = own.split(5, 8)
    for split, path in files.items():
        numbers = {3: "cell", 7: "nucleus"} if split != "val" else {7: "cell", 3: "nucleus"}
        text = Path(path).read_text()
        if split == "val":
            text = text.replace('"category_id": 3', '"category_id": 0').replace(
                '"category_id": 7', '"category_id": 3'
            )
            text = text.replace('"category_id": 0', '"category_id": 7')
        names = ", ".join(f'{{"id": {number}, "name": "{name}"}}' for number, name in numbers.items())
        Path(path).write_text(text[:-1] + f', "categories": [{names}]}}')
    annotations = annotations_of(own.download(annotations=files, categories=["cell"]))
    assert sorted(item.id for item in annotations) == list(range(100, 110))


@pytest.mark.parametrize(
    "given",
    [
        {"3": "cell", "7": {"name": "nucleus"}},
        [{"id": "3.0", "name": "cell"}, {"id": 7.0, "name": "nucleus"}],
    ],
)
def test_categories_in_other_forms(given: Any, own: Own) -> None:
    add(own, "nucleus", INSIDE)
    own.file["categories"] = given
    assert len(annotations_of(own.download(categories=["nucleus"]))) == 10


@pytest.mark.parametrize("given", [None, [], "cell", [5], [{"id": 9, "name": "unused"}]])
def test_categories_without_a_name_go_by_id(given: Any, own: Own) -> None:
    add(own, "nucleus", INSIDE)
    own.file["categories"] = given
    own.file["annotations"][0].pop("category_id")
    with pytest.raises(
        InputError, match=r"3 categories.* There are 7 \(10\), 3 \(9\), \(no category\) \(1\)"
    ):
        own.download()
    assert len(annotations_of(own.download(categories=[7]))) == 10


def test_an_unknown_category_lists_those_that_there_are(own: Own) -> None:
    add(own, "nucleus", INSIDE, number=4)
    own.file["categories"].append({"id": 9, "name": "membrane"})
    with pytest.raises(
        InputError,
        match=r"no category is called 'Cells'; there are cell \(10\), nucleus \(4\), membrane \(0\)$",
    ):
        own.download(categories=["cell", "Cells"])
    with pytest.raises(InputError, match=r"categories: none of them has annotations; there are cell \(10\)"):
        own.download(categories=["membrane"])


@pytest.mark.parametrize("categories", [[], "cell", [1.5]])
def test_wrong_settings(categories: Any) -> None:
    values = {"source": "coco", "images": "a", "annotations": "b", "categories": categories}
    with pytest.raises(InputError, match=r"datasets\.own\.categories"):
        validate(values, "datasets.own", Settings)
