"""The page of ``dvc plots``: its template, and what a browser without a network makes of it."""

import json
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from dvc_render import VegaRenderer, render_html
from PIL import Image

from monolayer.plots.page import write_page_template

ROOT = Path(__file__).parents[2]
TEMPLATES = sorted((ROOT / ".dvc" / "plots").glob("*.json"))
BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
needs_browser = pytest.mark.skipif(
    BROWSER is None, reason="no chromium, chromium-browser or google-chrome on the PATH"
)

DVC_YAML = """
stages:
  make:
    cmd: "true"
    plots:
      - tables/notes.json: {cache: false}
      - pictures/grey.png: {cache: false}
plots:
  - validation Dice: {template: curves, x: epoch, y: {tables/history.tsv: val_dice}, y_label: Dice}
  - cells: {template: bars, x: count, y: {tables/comparison.csv: method}, x_label: cells found}
"""
HISTORY = "model\tepoch\tval_dice\nunet\t1\t0.5\nunet\t2\t\nunet\t10\t0.9\nvnet\t1\t0.4\nvnet\t2\t{last}\n"
COMPARISON = "method,count,images\nmany,10.5,16\nfew,0.9,16\nsome,9.25,16\nfailed,,16\n"


class Links(HTMLParser):
    """Collects what a page would load, and every attribute that may hold an address."""

    def __init__(self, page: str):
        super().__init__()
        self.found: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        """Note the addresses of one element."""
        self.found += [value or "" for name, value in attributes if name in ("src", "href")]


def run(folder: Path, *command: str) -> str:
    """Run a command that has to succeed; return what it prints."""
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout


def dvc(folder: Path, *arguments: str) -> str:
    """Run DVC."""
    return run(folder, sys.executable, "-m", "dvc", *arguments)


def dom(page: Path, profile: Path) -> str:
    """What the page is once its scripts have run, in a browser that resolves no host's name."""
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--host-resolver-rules=MAP * ~NOTFOUND"]
    flags += ["--virtual-time-budget=10000", "--window-size=1400,2400", f"--user-data-dir={profile}"]
    return run(page.parent, str(BROWSER), *flags, "--dump-dom", page.as_uri())


def part(text: str, name: str) -> str:
    """The element of one plot."""
    found = re.search(rf'<div\s+id="{name}".*?(?=<div\s+id=|</main>)', text, re.DOTALL)
    assert found, name
    return found[0]


def marks(text: str, kind: str) -> list[str]:
    """The labels of a plot's marks of one kind."""
    return re.findall(rf'aria-label="([^"]*)" role="graphics-symbol" aria-roledescription="{kind}"', text)


def axis_labels(text: str) -> list[str]:
    """The texts at the ticks of all axes."""
    groups = re.findall(r'class="mark-text role-axis-label".*?</g>', text)
    return [label for group in groups for label in re.findall(r">([^<>]+)</text>", group)]


def write_tables(folder: Path, last: float) -> None:
    """Write what the project's plots are drawn from."""
    for name in ("tables", "pictures"):
        (folder / name).mkdir(exist_ok=True)
    (folder / "tables" / "history.tsv").write_text(HISTORY.format(last=last))
    (folder / "tables" / "comparison.csv").write_text(COMPARISON)
    (folder / "tables" / "notes.json").write_text(json.dumps({"seed": last, "nested": {"text": "none"}}))
    Image.new("L", (900, 60), int(255 * last)).save(folder / "pictures" / "grey.png")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A DVC project with this one's settings and templates, and a change that is not committed."""
    folder = tmp_path_factory.mktemp("project")
    run(folder, "git", "init", "-q")
    dvc(folder, "init", "-q")
    shutil.copy(ROOT / ".dvc" / "config", folder / ".dvc" / "config")
    (folder / ".dvc" / "plots").mkdir()
    for path in TEMPLATES:
        shutil.copy(path, folder / ".dvc" / "plots")
    write_page_template(folder / ".dvc" / "plots" / "page.html")
    (folder / "dvc.yaml").write_text(DVC_YAML)
    write_tables(folder, last=0.75)
    run(folder, "git", "add", "-A")
    run(folder, "git", "-c", "user.name=Test", "-c", "user.email=test@example.org", "commit", "-qm", "first")
    write_tables(folder, last=0.25)
    return folder


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page without plots."""
    path = tmp_path_factory.mktemp("template") / "new" / "page.html"
    write_page_template(path)
    return path


def test_template_has_the_placeholders(template: Path):
    page = template.read_text()
    assert page.count("{plot_divs}") == page.count("{refresh_tag}") == 1
    assert "{scripts}" not in page  # DVC would put the addresses of scripts there


def test_template_loads_nothing(template: Path):
    page = template.read_text()
    assert Links(page).found == []
    assert "url(" not in page[: page.index("</style>")]
    assert "@import" not in page[: page.index("</style>")]


def test_template_is_the_same_again(template: Path, tmp_path: Path):
    command = [sys.executable, "-m", "monolayer.plots.page", str(tmp_path / "page.html")]
    subprocess.run(command, cwd=ROOT, check=True)
    assert (tmp_path / "page.html").read_bytes() == template.read_bytes()


def test_git_ignores_the_page_alone():
    paths = [str(path.relative_to(ROOT)) for path in TEMPLATES]
    ignored = subprocess.run(
        ["git", "check-ignore", ".dvc/plots/page.html", *paths], cwd=ROOT, capture_output=True, text=True
    )
    assert ignored.stdout.split() == [".dvc/plots/page.html"]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_plots_have_their_anchors_and_no_others(path: Path):
    rows = [{"model": "unet", "x.1": "1", "y[0]": "0.5", "rev": "workspace"}]
    labels = {"x_label": "across", "y_label": "up", "title": "plot"}
    renderer = VegaRenderer(rows, "name", template=str(path), x="x.1", y="y[0]", **labels)
    filled = renderer.get_filled_template()
    assert filled["data"]["values"] == rows
    assert filled["title"]["text"] == "plot"
    assert "<DVC_METRIC" not in json.dumps(filled)


@needs_browser
def test_show(project: Path, tmp_path: Path):
    dvc(project, "plots", "show", "-q", "-o", "show")
    text = dom(project / "show" / "index.html", tmp_path)
    assert 'class="failure"' not in text
    assert len(marks(part(text, "validation_Dice"), "line mark")) == 2
    assert len(marks(part(text, "validation_Dice"), "point")) == 4  # an empty cell is no point
    bars = part(text, "cells")
    assert len(marks(bars, "bar")) == 3
    assert ">of 16 images<" in bars
    assert " images<" not in part(text, "validation_Dice")  # its table does not have the number
    assert [label for label in axis_labels(bars) if label.isalpha()] == [
        "many",
        "few",
        "some",
    ]  # as in the table
    assert 'hidden=""' in part(text, "tables_notes_json").split(">")[0]
    assert re.findall(r'<h2 id="part-\d">([^<]*)', text) == ["tables", "pictures"]
    assert '<a href="static/workspace_pictures_grey.png"><img' in part(text, "pictures_grey_png")


@needs_browser
def test_diff(project: Path, tmp_path: Path):
    dvc(project, "plots", "diff", "-q", "HEAD", "-o", "diff")
    text = dom(project / "diff" / "index.html", tmp_path)
    assert 'class="failure"' not in text
    lines = marks(part(text, "validation_Dice"), "line mark")
    assert sorted("HEAD" in line for line in lines) == [False, False, True, True]
    assert len(marks(part(text, "cells"), "bar")) == 6
    assert part(text, "pictures_grey_png").count("<img") == 2


@needs_browser
def test_broken_plots_say_so(template: Path, tmp_path: Path):
    wrong = tmp_path / "wrong.json"
    wrong.write_text(json.dumps({"data": {"values": "<DVC_METRIC_DATA>"}, "mark": "unheard-of"}))
    right = str(ROOT / ".dvc" / "plots" / "curves.json")
    rows = [{"model": "unet", "x": "1", "y": "0.5", "rev": "workspace"}]
    plots = [
        ("wrong", str(wrong), rows),
        ("it's", right, rows),
        ("0 right", right, rows),
        ("none", right, []),
    ]
    renderers = [VegaRenderer(data, name, template=path, x="x", y="y") for name, path, data in plots]
    render_html(renderers, tmp_path / "index.html", str(template))
    text = dom(tmp_path / "index.html", tmp_path / "profile")
    assert "wrong cannot be drawn: " in part(text, "wrong")
    assert "it's cannot be drawn: its script did not run" in part(text, "it's")
    assert 'class="failure"' not in part(text, "0_right")
    assert len(marks(part(text, "0_right"), "point")) == 1
    assert text.count('class="failure"') == 2
