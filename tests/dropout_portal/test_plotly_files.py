"""What draws the charts comes from npm's registry or a mirror, is what it must be, or the installation fails."""

import base64
import hashlib
import io
import json
import re
import subprocess
import sys
import tarfile
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


@pytest.fixture
def mirror(tmp_path, monkeypatch):
    """A registry in a folder; the package in it is the one that is expected."""

    def offer(content, *, expected=None):
        name = f"{plotly_files.PACKAGE}/-/{plotly_files.PACKAGE}-{plotly_files.VERSION}.tgz"
        path = tmp_path / "mirror" / name
        path.parent.mkdir(parents=True)
        path.write_bytes(content)
        digest = base64.b64encode(hashlib.sha512(expected or content).digest()).decode()
        monkeypatch.setattr(plotly_files, "INTEGRITY", f"sha512-{digest}")
        monkeypatch.setattr(plotly_files, "TRIES", 1)
        monkeypatch.setenv("npm_config_registry", (tmp_path / "mirror").as_uri() + "/")

    return offer


def test_the_bundle_its_licence_and_its_styles_are_unpacked_and_nothing_else(mirror, tmp_path):
    mirror(archive())
    folder = tmp_path / "share" / "plotly"

    plotly_files.install(folder)

    assert {path.name for path in folder.iterdir()} == {"plotly.min.js", "plotly.css", "LICENSE.txt"}
    assert (folder / "plotly.min.js").read_bytes() == BUNDLE
    assert ".js-plotly-plot .plotly .rule-7 {margin:7px;}" in (folder / "plotly.css").read_text()
    assert not list(tmp_path.rglob("escaped"))


def test_what_is_there_is_not_fetched_again(mirror, tmp_path, monkeypatch):
    mirror(archive())
    plotly_files.install(tmp_path / "plotly")
    monkeypatch.setenv("npm_config_registry", (tmp_path / "nowhere").as_uri())

    plotly_files.install(tmp_path / "plotly")


def test_another_file_than_the_published_one_is_refused_and_leaves_nothing(mirror, tmp_path):
    mirror(archive(BUNDLE + b"steal();"), expected=archive())

    with pytest.raises(plotly_files.PlotlyUnavailable, match="is not the file it must be"):
        plotly_files.install(tmp_path / "plotly")

    assert not plotly_files.is_installed(tmp_path / "plotly")


def test_a_version_that_keeps_its_styles_elsewhere_is_refused(mirror, tmp_path):
    mirror(archive(b"var nothing={};"))

    with pytest.raises(plotly_files.PlotlyUnavailable, match="style rules elsewhere"):
        plotly_files.install(tmp_path / "plotly")

    assert not plotly_files.is_installed(tmp_path / "plotly")


def test_without_the_registry_the_installation_fails_in_one_line(mirror, tmp_path, monkeypatch, capsys):
    mirror(archive())
    monkeypatch.setenv("npm_config_registry", (tmp_path / "nowhere").as_uri())
    monkeypatch.setattr(plotly_files, "is_installed", lambda folder: False)

    assert plotly_files.main() == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "npm_config_registry=" in said


@pytest.mark.parametrize("name", ["npm_config_registry", "NPM_CONFIG_REGISTRY"])
def test_npms_own_variable_names_the_registry(monkeypatch, name):
    monkeypatch.delenv("npm_config_registry", raising=False)
    monkeypatch.delenv("NPM_CONFIG_REGISTRY", raising=False)
    assert plotly_files.address().startswith("https://registry.npmjs.org/plotly.js-basic-dist-min/-/")

    monkeypatch.setenv(name, "https://mirror.example/npm/")

    assert plotly_files.address().startswith("https://mirror.example/npm/plotly.js-basic-dist-min/-/")


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
