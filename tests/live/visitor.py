"""Somebody who visits the portal over HTTP, without a browser: cookies, forms and files, nothing more."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
from dataclasses import dataclass
from http.cookiejar import CookieJar
from typing import Any

from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from django.utils.html import strip_tags

from tests.live.people import PASSWORD

SECONDS = 30


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    url: str
    body: str

    @property
    def words(self) -> str:
        """Return what a person reads: no tags, no runs of space."""
        return " ".join(strip_tags(self.body).split())

    @property
    def json(self) -> Any:
        """Return the body as JSON."""
        return json.loads(self.body)

    def hrefs(self, pattern: str) -> list[str]:
        """Return the addresses of the page's links that match, in order."""
        return [href for href in re.findall(r'<a [^>]*href="([^"]+)"', self.body) if re.search(pattern, href)]


class Visitor:
    """Keeps cookies from one page to the next."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.cookies = CookieJar()
        handlers = (urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(self.cookies))
        self._opener = urllib.request.build_opener(*handlers)

    def sign_in(self, person: str, password: str = PASSWORD) -> None:
        """Sign in through the login page."""
        self.get("/login/")
        answer = self.post("/login/", username=person, password=password)
        assert answer.status == 200, answer.words
        assert "/login/" not in answer.url

    def get(self, path: str, **headers: str) -> Answer:
        """Open a page."""
        return self._open(urllib.request.Request(self.url + path, headers=_headers(headers)))

    def post(self, path: str, **fields: Any) -> Answer:
        """Send a form, with the token a page of the portal carries."""
        token = next((cookie.value or "" for cookie in self.cookies if cookie.name == "csrftoken"), "")
        headers = {"Content-Type": MULTIPART_CONTENT, "X-CSRFToken": token}
        data = encode_multipart(BOUNDARY, fields)
        return self._open(urllib.request.Request(self.url + path, data=data, headers=headers))

    def ask(self, path: str, *, key: str, body: Any = None) -> Answer:
        """Ask the API."""
        headers = {"Authorization": f"Api-Key {key}", "Content-Type": "application/json"}
        data = None if body is None else json.dumps(body).encode()
        return self._open(urllib.request.Request(self.url + path, data=data, headers=headers))

    def bring(self, path: str, *, key: str, **fields: Any) -> Answer:
        """Send a form to the API, such as one with a file."""
        headers = {"Authorization": f"Api-Key {key}", "Content-Type": MULTIPART_CONTENT}
        data = encode_multipart(BOUNDARY, fields)
        return self._open(urllib.request.Request(self.url + path, data=data, headers=headers))

    def _open(self, request: urllib.request.Request) -> Answer:
        try:
            with self._opener.open(request, timeout=SECONDS) as response:
                return Answer(response.status, response.url, response.read().decode())
        except urllib.error.HTTPError as refused:
            with refused:
                return Answer(refused.code, refused.url or request.full_url, refused.read().decode())


def _headers(given: dict[str, str]) -> dict[str, str]:
    return {name.replace("_", "-"): value for name, value in given.items()}
