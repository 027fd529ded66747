"""A real Chromium that watches itself: every page opened here must be silent and talk to our own host alone."""

from __future__ import annotations

import functools
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from tests.live import stories
from tests.live.stack import LiveStack

ARGUMENTS = (
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
)
LONGEST_MS = 30_000
UNNAMED = b"Pupil;Away on;Why;Room\nS-1;03/04/2026;flu;B-12\nS-2;05/04/2026;;B-14\n"
DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}


@dataclass
class Watch:
    """What a page did that nobody should have to see."""

    host: str
    troubles: list[str] = field(default_factory=list)

    def follow(self, page: Page) -> None:
        """Write down errors, refusals of the content policy, dialogs, and every request to another host."""
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.troubles.append(f"script: {error}"))
        page.on("dialog", lambda dialog: (self.troubles.append(f"dialog: {dialog.message}"), dialog.dismiss()))
        page.on("request", lambda request: self._request(request.url))
        page.on("websocket", lambda socket: self.troubles.append(f"socket: {socket.url}"))

    def forget(self, words: str) -> None:
        """Take back what a test provoked: it must have happened, or the test is wrong."""
        assert any(words in trouble for trouble in self.troubles), self.troubles
        self.troubles = [trouble for trouble in self.troubles if words not in trouble]

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.troubles.append(f"{message.type}: {message.text} ({message.location.get('url', '')})")

    def _request(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("data", "blob") and parts.netloc != self.host:
            self.troubles.append(f"request: {url}")


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """One Chromium for all of these tests; closed with them, because its event loop would stand in Django's way."""
    path = shutil.which("chromium") or "/usr/bin/chromium"
    if not Path(path).exists():
        pytest.skip("Chromium is not installed (Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture
def watch(live: LiveStack) -> Iterator[Watch]:
    """What went wrong in the browser; the test fails if anything did."""
    watching = Watch(urlsplit(live.url).netloc)
    yield watching
    assert watching.troubles == []


@pytest.fixture(scope="package")
def cookies(live: LiveStack) -> Callable[[str], list[dict[str, str]]]:
    """Sign somebody in, once for all tests, and return what a browser then keeps."""

    @functools.cache
    def of_person(person: str) -> list[dict[str, str]]:
        kept = live.visitor(person).cookies
        return [{"name": cookie.name, "value": cookie.value or "", "url": live.url} for cookie in kept]

    return of_person


@pytest.fixture(scope="package")
def history(live: LiveStack, trained: stories.FirstList, tmp_path_factory: pytest.TempPathFactory) -> stories.FirstList:
    """The institution with a first list, a month later: two lists, a file with wrong rows, and an unknown one."""
    stories.a_month_later(live, "trained")
    ines = live.visitor(trained.institution["ines"])
    spoilt = stories.flat_cohort(tmp_path_factory.mktemp("spoilt"), n=40, mistakes=("not_allowed", "out_of_range"))
    stories.watched(ines, stories.upload(ines, spoilt, filename="spoilt.csv"))
    stories.watched(ines, stories.upload(ines, UNNAMED, filename="export.csv", format="mapped"))
    return trained


@pytest.fixture
def opened(
    live: LiveStack, chromium: Browser, watch: Watch, cookies: Callable[[str], Any]
) -> Iterator[Callable[..., Page]]:
    """Open an empty page, of somebody who is signed in already if an e-mail address is given."""
    contexts = []

    def open_page(person: str = "", **options: Any) -> Page:
        context = chromium.new_context(base_url=live.url, **{"viewport": DESKTOP, "locale": "en-US"} | options)
        contexts.append(context)
        context.set_default_timeout(LONGEST_MS)
        if person:
            context.add_cookies(cookies(person))
        page = context.new_page()
        watch.follow(page)
        return page

    yield open_page
    for context in contexts:
        context.close()
