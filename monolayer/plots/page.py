"""The page that ``dvc plots`` fills: Vega is inside, so the plots show without a network.

DVC's own page loads Vega from a server. ``python -m monolayer.plots.page .dvc/plots/page.html`` writes the
one that the setting ``plots.html_template`` names; its parts come from the package vl-convert-python.
"""

import argparse
from pathlib import Path

import vl_convert

STYLE = """
:root { color-scheme: light; }
body { margin: 0 auto; max-width: 1680px; padding: 16px 24px 48px; color: #222; background: #f6f7f8;
       font: 15px/1.5 system-ui, "Segoe UI", "DejaVu Sans", sans-serif; }
h1 { margin: 0 0 4px; font-size: 24px; }
nav { display: flex; flex-wrap: wrap; gap: 2px 16px; font-size: 14px; }
a { color: #004c78; }
main { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 600px), 1fr)); gap: 16px; }
main > h2 { grid-column: 1 / -1; margin: 20px 0 -4px; border-bottom: 1px solid #c4c9ce; font-size: 18px;
            overflow-wrap: anywhere; }
main > div { min-width: 0; padding: 12px 16px; background: #fff; border: 1px solid #d9dde1 !important;
             border-radius: 6px; text-align: left !important; white-space: normal !important; }
main > div[hidden] { display: none; }
main > .picture { display: flex; flex-wrap: wrap; gap: 4px 16px; align-content: start; }
.picture > p { flex: 0 0 100%; margin: 0; font-weight: 600; overflow-wrap: anywhere; }
.picture > div { flex: 1 1 0; min-width: 0; margin: 0 !important; border: 0 !important; }
.picture > div > p { margin: 0; color: #666; font-size: 13px; }
.picture.several { grid-column: 1 / -1; }
.picture img { display: block; max-width: 100%; height: auto; }
main .vega-embed { width: 100%; }
main .vega-embed svg { max-width: 100%; height: auto; }
.failure { margin: 0; color: #a40000; overflow-wrap: anywhere; }
"""

# Runs before DVC's calls of `vegaEmbed`, each of which stands in a script inside the plot's own element.
EMBED = """
const drawn = new Set();

function fail(place, reason) {
  const text = document.createElement("p");
  text.className = "failure";
  text.textContent = `${place.id} cannot be drawn: ${reason}`;
  place.replaceChildren(text);
}

const embed = window.vegaEmbed;
const options = {
  renderer: "svg",
  actions: {export: true, source: false, compiled: false, editor: false},
  config: {font: "system-ui, 'Segoe UI', 'DejaVu Sans', sans-serif", title: {fontSize: 15}},
};

window.vegaEmbed = (selector, spec) => {
  const place = document.currentScript.parentElement;
  drawn.add(place);
  if (Object.keys(spec).length === 0) {  // what DVC makes of a file that holds no table
    place.hidden = true;
    return Promise.resolve();
  }
  return embed(place, spec, options).catch((error) => fail(place, error.message));
};
"""

# Runs after the last plot.
ARRANGE = """
const main = document.querySelector("main");

function addHeading(text, before) {
  const heading = document.createElement("h2");
  heading.id = `part-${document.querySelectorAll("main > h2").length + 1}`;
  heading.textContent = text;
  main.insertBefore(heading, before);
  const link = document.createElement("a");
  link.href = `#${heading.id}`;
  link.textContent = text;
  document.querySelector("nav").append(link);
}

function linkToFile(image) {
  const link = document.createElement("a");
  link.href = image.getAttribute("src");
  image.replaceWith(link);
  link.append(image);
}

function arrangePicture(place) {
  const name = place.querySelector("p");
  const path = name.textContent;
  place.classList.add("picture");
  place.classList.toggle("several", place.querySelectorAll("img").length > 1);
  place.querySelectorAll("img").forEach(linkToFile);
  name.textContent = path.slice(path.lastIndexOf("/") + 1);
  return path.slice(0, Math.max(path.lastIndexOf("/"), 0)) || "pictures";
}

let part = "";
for (const place of main.querySelectorAll(":scope > div")) {
  const picture = place.querySelector(":scope > div > img") !== null;
  if (!picture && !drawn.has(place)) {
    fail(place, "its script did not run");
  }
  if (place.hidden) {
    continue;
  }
  const next = picture ? arrangePicture(place) : "tables";
  if (next !== part) {
    addHeading(next, place);
  }
  part = next;
}
"""

PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
{refresh_tag}
<title>Plots</title>
<style>@style@</style>
<script>(() => {@vega@})();</script>
<script>@embed@</script>
</head>
<body>
<h1>Plots</h1>
<nav></nav>
<main>
{plot_divs}
</main>
<script>@arrange@</script>
</body>
</html>
"""


def write_page_template(path: Path) -> None:
    """Write the page with DVC's placeholders for the plots and the refresh; the folder is made.

    Parameters
    ----------
    path
        Where DVC's setting ``plots.html_template`` looks, seen from the folder ``.dvc``.
    """
    vega = vl_convert.javascript_bundle()  # type: ignore[call-arg]  # its stub is too strict
    parts = {"style": STYLE, "vega": vega, "embed": EMBED, "arrange": ARRANGE}
    page = PAGE
    for name, text in parts.items():
        page = page.replace(f"@{name}@", text)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page, encoding="utf-8")


def main() -> None:
    """Write the page to the path on the command line."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("path", type=Path)
    write_page_template(parser.parse_args().path)


if __name__ == "__main__":
    main()
