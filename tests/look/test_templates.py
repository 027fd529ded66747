"""Templates keep to the content policy, to one shape per kind, and to words that can be translated."""

import re
from pathlib import Path

import pytest

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
EVERY = sorted(TEMPLATES.rglob("*.html"))
PARTIALS = [path for path in EVERY if path.name.startswith("_")]
COMPONENTS = [path for path in EVERY if path.parent.name == "components"]
# These stand without the frame: it, the page for when nothing works, and the API's pages, which bring their own look.
FRAMELESS = ("base.html", "500.html", "swagger_ui.html")
PAGES = [path for path in EVERY if path not in PARTIALS + COMPONENTS and path.name not in FRAMELESS]
FORBIDDEN = {
    "inline script": r"<script(?![^>]*\bsrc=)",
    "inline style element": r"<style",
    "style attribute": r"\sstyle=",
    "event handler": r"\son[a-z]+=",
    "htmx script": r"hx-on|hx-vals=.js:|hx-vars",
    "another host": r"(?:src|href|action)=[\"'](?:https?:)?//",
    "unescaped output": r"\|\s*safe\b|autoescape off",
}


def named(path):
    return str(path.relative_to(TEMPLATES))


@pytest.mark.parametrize("path", EVERY, ids=named)
@pytest.mark.parametrize("kind", FORBIDDEN)
def test_nothing_in_a_template_needs_a_weaker_content_policy(path, kind):
    assert re.findall(FORBIDDEN[kind], path.read_text()) == []


@pytest.mark.parametrize("path", PAGES, ids=named)
def test_a_page_extends_the_frame_and_stays_short(path):
    text = path.read_text()

    assert text.startswith('{% extends "base.html" %}')
    assert len(text.splitlines()) <= 150


@pytest.mark.parametrize("path", PARTIALS + COMPONENTS, ids=named)
def test_a_part_stays_short(path):
    assert len(path.read_text().splitlines()) <= 60


@pytest.mark.parametrize("path", PARTIALS, ids=named)
def test_a_partial_opens_with_its_own_swap_target(path):
    name = path.stem.removeprefix("_").replace("_", "-")

    first_tag = re.search(r"<[a-z][^>]*", path.read_text())

    assert f'id="{name}"' in first_tag.group()


@pytest.mark.parametrize("path", EVERY, ids=named)
def test_what_htmx_asks_for_is_reachable_without_it(path):
    for tag in re.findall(r"<(?:a|form)\b[^>]*hx-get=[^>]*>", path.read_text()):
        asked = re.search(r'hx-get="([^"]*)"', tag).group(1)
        assert f'href="{asked}"' in tag or f'action="{asked}"' in tag


@pytest.mark.parametrize("path", EVERY, ids=named)
def test_every_word_on_screen_can_be_translated(path):
    text = re.sub(r"\{% comment %\}.*?\{% endcomment %\}|\{#.*?#\}", "", path.read_text(), flags=re.DOTALL)
    text = re.sub(r"\{% blocktranslate.*?\{% endblocktranslate %\}", "", text, flags=re.DOTALL)
    text = re.sub(r"\{%.*?%\}|\{\{.*?\}\}", "", text, flags=re.DOTALL)

    words = re.findall(r"[A-Za-z]{2,}", re.sub(r"<[^>]*>", "", text))

    assert words == []


def whole(path):
    """Return a page with every part that it includes."""
    text = path.read_text()
    return text + "".join(whole(TEMPLATES / name) for name in re.findall(r'\{% include "([^"]+)"', text))


@pytest.mark.parametrize("path", PAGES, ids=named)
def test_a_page_goes_without_htmx_only_where_nothing_asks_for_it(path):
    if "{% block htmx %}{% endblock %}" in path.read_text():
        assert re.findall(r"\bhx-(?!headers)\w+=", whole(path)) == []
