"""Every pair of colours that meets on a page can be read, in light and in dark."""

import re
from pathlib import Path

import pytest

TOKENS = Path(__file__).resolve().parents[2] / "static" / "css" / "tokens.css"
PAIR = re.compile(r"--(?P<name>[\w-]+): light-dark\((?P<light>#[0-9a-f]{6}), (?P<dark>#[0-9a-f]{6})\);")
COLOURS = {m["name"]: {"light": m["light"], "dark": m["dark"]} for m in PAIR.finditer(TOKENS.read_text())}

TEXT_ON_GROUND = [
    (text, ground)
    for text, grounds in {
        "ink": ["paper", "sheet", "accent-soft", "warm-soft"],
        "quiet": ["paper", "sheet", "accent-soft"],
        "accent": ["paper", "sheet", "accent-soft", "warm-soft"],
        "warm": ["paper", "sheet", "warm-soft"],
        "on-accent": ["accent"],
    }.items()
    for ground in grounds
]
GRAPHICS_ON_GROUND = [
    (mark, ground)
    for mark, grounds in {
        "edge": ["paper", "sheet"],
        "accent-edge": ["paper", "sheet"],
        "chart-student": ["sheet", "chart-peers", "chart-help"],
        "chart-second": ["sheet", "chart-peers", "chart-help"],
        "chart-third": ["sheet"],
    }.items()
    for ground in grounds
]


def luminance(colour: str) -> float:
    """Return the relative luminance of a hex colour (WCAG 2.2, "relative luminance")."""
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(first: str, second: str) -> float:
    """Return the contrast ratio of two hex colours, from 1 to 21 (WCAG 2.2, "contrast ratio")."""
    darker, lighter = sorted([luminance(first), luminance(second)])
    return (lighter + 0.05) / (darker + 0.05)


def test_black_on_white_has_the_contrast_the_standard_states():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), TEXT_ON_GROUND)
def test_text_can_be_read(text, ground, scheme):
    ratio = contrast(COLOURS[text][scheme], COLOURS[ground][scheme])

    assert ratio >= 4.5, f"--{text} on --{ground} is {ratio:.2f} to 1 in {scheme}"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("mark", "ground"), GRAPHICS_ON_GROUND)
def test_marks_and_edges_can_be_seen(mark, ground, scheme):
    ratio = contrast(COLOURS[mark][scheme], COLOURS[ground][scheme])

    assert ratio >= 3, f"--{mark} on --{ground} is {ratio:.2f} to 1 in {scheme}"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_two_chart_lines_differ_in_grey_or_stand_apart_in_hue(scheme):
    first, second = COLOURS["chart-student"][scheme], COLOURS["chart-second"][scheme]

    red_minus_blue = [int(colour[1:3], 16) - int(colour[5:7], 16) for colour in (first, second)]

    assert min(red_minus_blue) < 0 < max(red_minus_blue), "one line is on the blue side and one on the orange side"
