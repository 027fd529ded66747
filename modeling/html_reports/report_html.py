"""Build a report that is one file: HTML with its own style and figures and nothing from elsewhere, and Markdown.

The pages of the portal allow no inline style, so a report goes out as a download, never as a page of the portal.
"""

from __future__ import annotations

import html
import io
import re
import warnings
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Cell = str | int | float | None

# Colours to draw with. In the file each becomes a name of the style sheet, so that a figure follows light and dark.
INK, QUIET, LINE, FIRST, SECOND, THIRD = "#1d2327", "#566068", "#e4e1d9", "#0f5c66", "#b25a00", "#5b6770"
_NAMES = {INK: "ink", QUIET: "quiet", LINE: "line", FIRST: "first", SECOND: "second", THIRD: "third"}

_STYLE = """
:root { color-scheme: light dark;
  --paper: #fbfaf7; --ink: #1d2327; --quiet: #566068; --line: #e4e1d9;
  --first: #0f5c66; --second: #b25a00; --third: #5b6770; }
@media (prefers-color-scheme: dark) { :root {
  --paper: #15181b; --ink: #e8e6e1; --quiet: #a3a9ad; --line: #2e3439;
  --first: #7fc7cf; --second: #eba45c; --third: #a3a9ad; } }
* { box-sizing: border-box; }
body { max-width: 60rem; margin: 0 auto; padding: 2rem 1rem 4rem; background: var(--paper); color: var(--ink);
  font: 1.0625rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1, h2, h3 { line-height: 1.25; margin: 2.5rem 0 .5rem; text-wrap: balance; }
h1 { margin-top: 0; font-size: 1.75rem; } h2 { font-size: 1.375rem; } h3 { font-size: 1.0625rem; }
p, ul { max-width: 66ch; margin: .5rem 0; } ul { padding-inline-start: 1.25rem; }
.quiet { color: var(--quiet); font-size: .9375rem; }
.scroll { overflow-x: auto; margin: 1.5rem 0; overflow-wrap: normal; }
table { width: 100%; border-collapse: collapse; font-size: .9375rem; font-variant-numeric: tabular-nums; }
caption { padding-bottom: .5rem; font-weight: 640; text-align: start; }
th, td { padding: .5rem .75rem; border-top: 1px solid var(--line); text-align: start; vertical-align: top; }
th:first-child, td:first-child { padding-inline-start: 0; }
thead th { border-top: 0; color: var(--quiet); font-weight: 400; vertical-align: bottom; }
tbody th { font-weight: 400; min-width: 9rem; } .number { text-align: end; }
dl { display: grid; grid-template-columns: minmax(7rem, 14rem) minmax(0, 1fr); gap: .5rem 1.5rem; }
dt { color: var(--quiet); } dd { margin: 0; }
figure { margin: 1.5rem 0; overflow-x: auto; } figcaption { font-weight: 640; margin-bottom: .5rem; }
figure svg { display: block; width: 100%; min-width: 30rem; max-width: 44rem; height: auto; }
figure svg * { stroke-linejoin: round; } figure svg text { font-family: system-ui, sans-serif !important; }
@media print { :root { font-size: 10pt; color-scheme: light;
  --paper: #fff; --ink: #1d2327; --quiet: #566068; --line: #e4e1d9;
  --first: #0f5c66; --second: #b25a00; --third: #5b6770; }
  body { max-width: none; padding: 0; font-size: 1rem; } .scroll, figure { overflow: visible; }
  figure svg { min-width: 0; }
  figure, tr { break-inside: avoid; } h2, h3, caption { break-after: avoid; } @page { margin: 14mm; } }
"""
# Should a name ever slip past the escaping, a browser still runs and fetches nothing.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_DRAWN: dict[Any, Any] = {
    "svg.fonttype": "none",
    # Without it the ids of clip paths are random, and the same report twice differs.
    "svg.hashsalt": "dropout-portal",
    # A school may be called "$100": that is no formula.
    "text.parse_math": False,
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "text.color": INK,
    "axes.edgecolor": LINE,
    "axes.labelcolor": QUIET,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": LINE,
    "xtick.color": QUIET,
    "ytick.color": QUIET,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "legend.frameon": False,
    "lines.linewidth": 2,
}
# What the file format would write of itself: dates make two equal reports differ.
_NO_METADATA = dict.fromkeys(("Creator", "Date", "Format", "Type"))


class Report:
    """A document written from top to bottom, each part as HTML and as Markdown. Every word is escaped."""

    def __init__(self, *, title: str, subtitle: str = "", language: str = "en") -> None:
        self._title, self._language = title, language
        self._html: list[str] = []
        self._markdown: list[str] = []
        self._n_figures = 0
        self.heading(title, level=1)
        if subtitle:
            self.note(subtitle)

    def heading(self, words: str, *, level: int = 2) -> None:
        """Begin a section (level 2) or a part of one (level 3)."""
        self._add(f"<h{level}>{html.escape(words)}</h{level}>", f"{'#' * level} {_plain(words)}")

    def paragraph(self, words: str) -> None:
        """Add some sentences."""
        self._add(f"<p>{html.escape(words)}</p>", _plain(words))

    def note(self, words: str) -> None:
        """Add a quiet line: from when, from what."""
        self._add(f'<p class="quiet">{html.escape(words)}</p>', _plain(words))

    def bullets(self, items: Iterable[str]) -> None:
        """Add a list; nothing where there are no items."""
        listed = list(items)
        if listed:
            points = "".join(f"<li>{html.escape(item)}</li>" for item in listed)
            self._add(f"<ul>{points}</ul>", "\n".join(f"- {_plain(item)}" for item in listed))

    def facts(self, pairs: Iterable[tuple[str, Cell]]) -> None:
        """Add labels with a value each."""
        listed = [(label, cell_text(value)) for label, value in pairs]
        rows = "".join(f"<dt>{html.escape(label)}</dt><dd>{html.escape(value)}</dd>" for label, value in listed)
        self._add(f"<dl>{rows}</dl>", "\n".join(f"- {_plain(label)}: {_plain(value)}" for label, value in listed))

    def table(
        self, *, caption: str, columns: Sequence[str], rows: Iterable[Sequence[Cell]], n_text_columns: int = 1
    ) -> None:
        """Add a table: its first columns are words, the others numbers at the right edge.

        A cell that is None stands as a dash; round numbers yourself where three decimals are too many.
        """
        listed = [[cell_text(cell) for cell in row] for row in rows]
        places = [' class="number"' if place >= n_text_columns else "" for place in range(len(columns))]
        head = "".join(
            f'<th scope="col"{place}>{html.escape(name)}</th>' for name, place in zip(columns, places, strict=True)
        )
        body = "".join(_row(row, places) for row in listed)
        self._add(
            f'<div class="scroll" role="region" tabindex="0" aria-label="{html.escape(caption)}"><table>'
            f"<caption>{html.escape(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>",
            markdown_table(columns=columns, rows=listed, caption=caption, n_text_columns=n_text_columns),
        )

    def figure(
        self, draw: Callable[[Axes], Any], *, title: str, alt: str, width: float = 7.0, height: float = 3.2
    ) -> None:
        """Add a drawing: `draw` is given the axes and draws in INK, QUIET, FIRST, SECOND and THIRD; sizes in inches.

        The title is what the figure says; `alt` tells it to those who do not see it. Markdown gets the words alone.
        """
        self._n_figures += 1
        drawing = _svg(draw, number=self._n_figures, size=(width, height), alt=alt)
        self._add(
            f"<figure><figcaption>{html.escape(title)}</figcaption>{drawing}</figure>",
            f"**{_plain(title)}.**" + (f" {_plain(alt)}" if alt != title else ""),
        )

    def html(self) -> str:
        """Return the whole file."""
        title, language = html.escape(self._title), html.escape(self._language)
        return (
            f'<!doctype html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
            f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            f"<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n"
            + "\n".join(self._html)
            + "\n</main>\n</body>\n</html>\n"
        )

    def markdown(self) -> str:
        """Return the same as Markdown."""
        return "\n\n".join(self._markdown) + "\n"

    def _add(self, as_html: str, as_markdown: str) -> None:
        self._html.append(as_html)
        self._markdown.append(as_markdown)


def markdown_table(
    *, columns: Sequence[str], rows: Iterable[Sequence[Cell]], caption: str = "", n_text_columns: int = 1
) -> str:
    """Return a table as Markdown, numbers at the right edge."""
    lines = [f"**{_plain(caption)}**", ""] if caption else []
    rule = ["---" if place < n_text_columns else "---:" for place in range(len(columns))]
    lines += [f"| {' | '.join(_plain(name) for name in columns)} |", f"| {' | '.join(rule)} |"]
    lines += [f"| {' | '.join(_plain(cell_text(cell)) for cell in row)} |" for row in rows]
    return "\n".join(lines)


def cell_text(value: Cell) -> str:
    """Write a cell: whole numbers with their thousands grouped, others with three decimals, a dash for nothing."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def _row(row: Sequence[str], places: Sequence[str]) -> str:
    first, *others = zip(row, places, strict=True)
    cells = "".join(f"<td{place}>{html.escape(cell)}</td>" for cell, place in others)
    return f'<tr><th scope="row"{first[1]}>{html.escape(first[0])}</th>{cells}</tr>'


def _plain(words: str) -> str:
    """Return words that Markdown takes as they are: no link, no tag, no new cell."""
    escaped = html.escape(" ".join(words.split()), quote=False)
    return re.sub(r"([\\`*_\[\]|~])|^([#+-])(?=\s)|^(\d+)([.)])(?=\s)", _escaped, escaped)


def _escaped(found: re.Match[str]) -> str:
    return f"{found[3]}\\{found[4]}" if found[3] else f"\\{found[0]}"


def _svg(draw: Callable[[Axes], Any], *, number: int, size: tuple[float, float], alt: str) -> str:
    """Return a drawing as SVG to stand within HTML, its text as text, its colours by name, its ids its own."""
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context(_DRAWN), warnings.catch_warnings():
        # The reader's own fonts draw the text: that ours lacks a letter of a name only makes it a little narrower.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure = Figure(figsize=size, layout="constrained")
        draw(figure.add_subplot())
        figure.patch.set_visible(False)
        for axes in figure.axes:
            axes.patch.set_visible(False)
        written = io.StringIO()
        figure.savefig(written, format="svg", metadata=_NO_METADATA)
    drawing = written.getvalue()
    # Of the XML document only the element; what styles every element of the page is ours to say.
    drawing = drawing[drawing.index("<svg") :]
    drawing = re.sub(r"<style.*?</style>|<metadata>.*?</metadata>|<!--.*?-->", "", drawing, flags=re.DOTALL)
    opening, rest = drawing.split(">", 1)
    opening = re.sub(r'\s(?:xmlns(?::\w+)?|width|height)="[^"]*"', "", opening)
    drawing = f"{opening}>{rest}".replace("xlink:href", "href")
    drawing = re.sub(r'(\bid="|\burl\(#|\bhref="#)', rf"\1f{number}-", drawing)
    for colour, name in _NAMES.items():
        drawing = drawing.replace(colour, f"var(--{name})")
    label = html.escape(alt)
    return drawing.replace("<svg", f'<svg role="img" aria-label="{label}"', 1).strip()
