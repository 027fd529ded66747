"""What a person reads on a page: its rows, boxes and messages, taken from the HTML by what they are."""

from __future__ import annotations

import html
import re
from collections.abc import Callable

LINKS = re.compile(r'<a class="name" href="([^"]+)">([^<]+)</a>')


def text_of(markup: str) -> str:
    """Return the words of some HTML, spaces folded."""
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", markup)).split())


def without_tokens(markup: str) -> str:
    """Return a page without what differs from one answer to the next."""
    return re.sub(r'(csrfmiddlewaretoken" value|X-CSRFToken"): ?"[^"]+"|value="[A-Za-z0-9]{64}"', "", markup)


def rows(markup: str) -> list[str]:
    """Return the HTML of each student's row on the list, in order."""
    return re.findall(r'<li class="person">.*?</li>', markup, re.DOTALL)


def row_of(markup: str, name: str) -> str:
    """Return the row of one student."""
    return next(row for row in rows(markup) if name in html.unescape(row))


def names(markup: str) -> list[str]:
    """Return the names on the list, in order."""
    return [html.unescape(name) for _href, name in LINKS.findall(markup)]


def values(markup: str) -> list[str]:
    """Return the machine-readable estimates of a page."""
    return re.findall(r'<data[^>]* value="([^"]*)"', markup)


def box(markup: str, title: str) -> list[str]:
    """Return the entries under a heading of the student's page, each as one line of words."""
    found = re.search(rf"<h2>{re.escape(title)}</h2>(.*?)</section>", markup, re.DOTALL)
    return [text_of(entry) for entry in re.findall(r"<li[^>]*>(.*?)</li>", found[1], re.DOTALL)] if found else []


def numbered(markup: str) -> list[int]:
    """Return the numbers before the names on the list, in order."""
    return [int(place) for place in re.findall(r'<span class="place">(\d+)</span>', markup)]


def next_query(markup: str, way: str = "next") -> str:
    """Return what is asked for by the link to a neighbouring page; "" on the last one."""
    found = re.search(rf'<a [^>]*href="/students/\??([^"]*)"[^>]*rel="{way}"', markup)
    return html.unescape(found[1]) if found else ""


def all_pages(read: Callable[[str], str], query: str = "") -> list[str]:
    """Return the pages of the list from the first to the last, as their links lead."""
    pages = [read(query)]
    while onward := next_query(pages[-1]):
        pages.append(read(onward))
    return pages


def pages_back(read: Callable[[str], str], last: str) -> list[str]:
    """Return the pages from the first to a last one, as the links back lead."""
    pages = [last]
    while 'rel="prev"' in pages[0]:
        pages.insert(0, read(next_query(pages[0], "prev")))
    return pages
