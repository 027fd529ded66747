"""A report is one file that asks nobody for anything, runs nothing, and is the same twice."""

import re

import pytest

from modeling.html_reports import report_html
from modeling.html_reports.report_html import FIRST, SECOND, Report

HOSTILE = '</title><script>alert("x")</script> & $\\frac{a}$ | `code` [link](http://evil.example)'


def drawn(axes):
    axes.bar(["one", HOSTILE], [1, 2], color=FIRST)
    axes.plot([0, 1], [0, 1], color=SECOND, label=HOSTILE)
    axes.set_xlabel(HOSTILE)
    axes.legend()


def report():
    made = Report(title=HOSTILE, subtitle=HOSTILE)
    made.heading(HOSTILE)
    made.paragraph(HOSTILE)
    made.note(HOSTILE)
    made.bullets([HOSTILE])
    made.facts([(HOSTILE, HOSTILE)])
    made.table(caption=HOSTILE, columns=[HOSTILE, "n"], rows=[[HOSTILE, 1]])
    made.figure(drawn, title=HOSTILE, alt=HOSTILE)
    return made


def test_whatever_words_are_given_they_stay_words():
    html = report().html()

    assert "<script" not in html
    assert not re.search(r"<[^>]*\son\w+=", html)
    assert html.count("&lt;script&gt;") >= 10


def test_nothing_is_fetched_from_anywhere():
    html = report().html()

    assert re.findall(r"(?:src|href|url)\s*[=(]\s*['\"]?(?!#)[^'\")\s]+", html.replace(HOSTILE, "")) == []
    assert "@import" not in html
    assert "default-src 'none'" in html


def test_words_that_mean_something_in_markdown_mean_nothing_in_the_twin():
    markdown = report().markdown()

    assert "<script" not in markdown
    assert not re.search(r"(?<!\\)\]\(", markdown)
    for line in markdown.splitlines():
        assert not line.startswith("|") or len(re.findall(r"(?<!\\)\|", line)) == 3


def test_the_same_report_twice_is_the_same_file():
    assert report().html() == report().html()


def test_figures_do_not_share_ids_and_keep_their_text_as_text():
    made = Report(title="Two")
    for _ in range(2):
        made.figure(lambda axes: axes.plot([0, 1], [0, 1]), title="A line", alt="It rises.")

    html = made.html()

    ids = re.findall(r'\bid="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    assert re.search(r"<text[^>]*>0\.0</text>", html)
    assert html.count('role="img" aria-label="It rises."') == 2


def test_every_clip_has_a_width_so_that_lines_are_seen():
    made = Report(title="One")
    made.figure(lambda axes: axes.plot([0, 1], [0, 1]), title="A line", alt="It rises.")

    clips = re.findall(r"<clipPath[^>]*>\s*<rect ([^>]*)", made.html())

    assert clips
    assert all('width="' in clip and 'height="' in clip for clip in clips)


def test_our_colours_are_names_so_that_they_follow_light_and_dark():
    made = Report(title="One")
    made.figure(drawn, title="Bars", alt="Two bars.")

    drawing = made.html().partition("<svg")[2]

    assert "var(--first)" in drawing
    assert "var(--second)" in drawing
    assert FIRST not in drawing
    assert SECOND not in drawing


def test_numbers_stand_at_the_right_edge_and_words_at_the_left():
    made = Report(title="Table")
    made.table(
        caption="Who", columns=["School", "Students", "Share"], rows=[["Harbor", 1234, 0.5], ["North", None, 1.0]]
    )

    assert '<th scope="row">Harbor</th><td class="number">1,234</td><td class="number">0.500</td>' in made.html()
    assert '<td class="number">–</td>' in made.html()
    assert "| --- | ---: | ---: |" in made.markdown()


@pytest.mark.parametrize("letter", ["学", "م", "\u200b", "😀"])
def test_letters_that_the_drawing_font_lacks_are_no_trouble(letter):
    made = Report(title=letter)
    made.figure(lambda axes: axes.set_xlabel(letter), title=letter, alt=letter)

    assert letter in made.html()


def test_the_document_says_its_language_and_its_headings_are_in_order():
    made = Report(title="Title", language="de")
    made.heading("Part")
    made.heading("Smaller", level=3)

    assert '<html lang="de">' in made.html()
    assert re.findall(r"<h(\d)>", made.html()) == ["1", "2", "3"]


def test_cells_are_written_by_what_they_are():
    written = [report_html.cell_text(cell) for cell in (None, True, 1234, 0.12345, "as it is")]

    assert written == ["–", "yes", "1,234", "0.123", "as it is"]
