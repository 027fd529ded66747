"""Bring Plotly's basic bundle and its style sheet into the environment: `make install` and the image run this file.

It runs before Django is wired up, so it needs nothing but Python. The bundle is no part of the repository and of no
Python package: it is one file of npm's package, taken for what its published digest says it must be.
"""

from __future__ import annotations

import base64
import hashlib
import io
import os
import re
import sys
import tarfile
import time
import urllib.request
from pathlib import Path

PACKAGE, VERSION = "plotly.js-basic-dist-min", "4.1.1"
INTEGRITY = "sha512-1oNF8PeQx2hv/y7tqEVWKD3JGwn/MGEMQ8mL9HUwsaqG9FGy/OU5FHUHvzqbqxN4mnwZGI9abTiE775C4kkjMQ=="
REGISTRY, MIRROR = "https://registry.npmjs.org", "npm_config_registry"
# In the environment, as a Python package would be; the version in its name, so that a new one is not taken for it.
FOLDER = Path(sys.prefix) / "share" / f"{PACKAGE}-{VERSION}"
# What the bundle can draw. A figure of another type stays empty.
TRACE_TYPES = frozenset({"scatter", "bar", "pie"})
TRIES, LONGEST_SECONDS, MOST_BYTES = 3, 60, 8 * 1024**2

_FILES = {"package/plotly-basic.min.js": "plotly.min.js", "package/LICENSE": "LICENSE.txt"}
_RULES = re.compile(r"=\{(\"X,X div\":.*?)\};for\(")
_RULE = re.compile(r"""(["'])(?P<selector>.*?)\1:(["'])(?P<style>.*?)\3(?:,|$)""")


class PlotlyUnavailable(Exception):
    """The bundle could not be had, or is not what it must be."""


def address() -> str:
    """Return where the package is fetched from: npm's own registry, or the mirror that npm's variable names."""
    named = os.environ.get(MIRROR) or os.environ.get(MIRROR.upper()) or REGISTRY
    return f"{named.rstrip('/')}/{PACKAGE}/-/{PACKAGE}-{VERSION}.tgz"


def install(folder: Path = FOLDER) -> None:
    """Fetch, check and unpack the bundle into a folder; nothing is done where it stands there already.

    :raises PlotlyUnavailable: if the registry does not answer, or its file has another digest
    """
    if is_installed(folder):
        return
    files = unpacked(checked(_fetched()))
    folder.mkdir(parents=True, exist_ok=True)
    # The bundle last: while it is missing, the folder counts for nothing.
    for name in sorted(files, key=lambda name: name == "plotly.min.js"):
        unfinished = folder / f"{name}.{os.getpid()}"
        unfinished.write_bytes(files[name])
        unfinished.replace(folder / name)


def is_installed(folder: Path = FOLDER) -> bool:
    """Tell whether the bundle stands in the environment."""
    return (folder / "plotly.min.js").is_file()


def checked(archive: bytes) -> bytes:
    """Return the archive, if it has the digest that npm published for it.

    :raises PlotlyUnavailable: if it has another one
    """
    digest = "sha512-" + base64.b64encode(hashlib.sha512(archive).digest()).decode()
    if digest != INTEGRITY:
        raise PlotlyUnavailable(f"{address()} is not the file it must be: {digest}.")
    return archive


def unpacked(archive: bytes) -> dict[str, bytes]:
    """Return the files of the archive that are served, by the name they are served as, and the style sheet."""
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as package:
        members = {name: package.extractfile(name) for name in _FILES}
        files = {_FILES[name]: member.read() for name, member in members.items() if member is not None}
    return files | {"plotly.css": style_sheet(files["plotly.min.js"].decode()).encode()}


def style_sheet(javascript: str) -> str:
    """Return the style sheet that the bundle would inject inline, which our content policy refuses.

    :raises PlotlyUnavailable: if the rules do not stand where this version of Plotly kept them
    """
    found = _RULES.search(javascript)
    rules = list(_RULE.finditer(found.group(1))) if found else []
    if len(rules) < 30:
        raise PlotlyUnavailable("This version of Plotly keeps its style rules elsewhere: charts would overlap the page")
    lines = []
    for rule in rules:
        selector = re.sub(r"^,", " ,", rule["selector"])
        selector = selector.replace("X", ".js-plotly-plot .plotly").replace("Y", ".plotly-notifier")
        lines.append(f"{selector} {{{rule['style']}}}")
    return "\n".join(lines) + "\n"


def _fetched() -> bytes:
    reason: Exception | None = None
    for attempt in range(TRIES):
        time.sleep(2 * attempt)
        try:
            with urllib.request.urlopen(address(), timeout=LONGEST_SECONDS) as answer:  # noqa: S310
                return bytes(answer.read(MOST_BYTES))
        except (OSError, ValueError) as failed:
            reason = failed
    raise PlotlyUnavailable(f"{address()} cannot be had ({reason}). Another registry: {MIRROR}=https://...")


def main() -> int:
    """Install the bundle, or say in one line why not."""
    try:
        install()
    except PlotlyUnavailable as reason:
        sys.stderr.write(f"Charts cannot be installed: {reason}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
