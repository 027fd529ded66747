"""Serve Plotly's bundle out of the installed package, and the style sheet it may not inject under our policy."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.core.exceptions import ImproperlyConfigured
from django.core.files.storage import FileSystemStorage

_MAP_STYLE = ",document.head.appendChild(e)}})()});var yi="
_RULES = re.compile(r"=\{(\"X,X div\":.*?)\};for\(")
_RULE = re.compile(r"""(["'])(?P<selector>.*?)\1:(["'])(?P<style>.*?)\3(?:,|$)""")


def bundle() -> Path:
    """Return the path of the installed plotly.min.js, without importing plotly."""
    spec = importlib.util.find_spec("plotly")
    if spec is None or spec.origin is None:
        raise ImproperlyConfigured("plotly is not installed")
    return Path(spec.origin).parent / "package_data" / "plotly.min.js"


def style_sheet(javascript: str) -> str:
    """Return the style sheet that the bundle would inject inline.

    :raises ImproperlyConfigured: if the rules do not stand where this version of Plotly kept them
    """
    found = _RULES.search(javascript)
    rules = list(_RULE.finditer(found.group(1))) if found else []
    if len(rules) < 30:
        raise ImproperlyConfigured(
            "The installed plotly keeps its style rules elsewhere; charts would overlap the page."
        )
    lines = []
    for rule in rules:
        selector = re.sub(r"^,", " ,", rule["selector"])
        selector = selector.replace("X", ".js-plotly-plot .plotly").replace("Y", ".plotly-notifier")
        lines.append(f"{selector} {{{rule['style']}}}")
    return "\n".join(lines) + "\n"


class PlotlyFinder(BaseFinder):
    """Find `plotly/plotly.min.js` and the generated `plotly/plotly.css`."""

    def __init__(self, app_names: list[str] | None = None, *args: Any, **kwargs: Any) -> None:
        self.folder = Path(settings.VAR_DIR) / "plotly"

    def check(self, **kwargs: Any) -> list[Any]:
        """Report nothing: a missing bundle raises at once."""
        return []

    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> Any:
        """Return where a file of Plotly's stands, or an empty list."""
        name = path.removeprefix("plotly/")
        if path == name or name not in ("plotly.min.js", "plotly.css"):
            return []
        self._write()
        found = str(self.folder / name)
        return [found] if find_all else found

    def list(self, ignore_patterns: Any) -> Iterator[tuple[str, FileSystemStorage]]:
        """Yield both files for collectstatic."""
        self._write()
        storage = FileSystemStorage(location=self.folder)
        storage.prefix = "plotly"  # type: ignore[attr-defined]
        for name in ("plotly.min.js", "plotly.css"):
            yield name, storage

    def _write(self) -> None:
        copy, sheet, marker = (self.folder / name for name in ("plotly.min.js", "plotly.css", "version"))
        version = metadata.version("plotly")
        if marker.exists() and marker.read_text(encoding="utf-8") == version:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        javascript = bundle().read_text(encoding="utf-8")
        sheet.write_text(style_sheet(javascript), encoding="utf-8")
        # The bundle's map library would inject a style of its own, for maps we do not draw.
        copy.write_text(javascript.replace(_MAP_STYLE, "}})()});var yi=", 1), encoding="utf-8")
        marker.write_text(version, encoding="utf-8")
