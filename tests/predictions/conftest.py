"""The people of these tests work in the trained and scored district, not in an empty institution."""

import json

import pytest
from django.test import Client
from django.utils import timezone

from accounts import api_keys
from tests.district_fixtures import harbor, lakeside, northside, riverside

__all__ = ["harbor", "lakeside", "northside", "riverside"]


class District:
    """A system that asks on behalf of an institution."""

    def __init__(self, institution, *, scopes=("predict", "read_risk")):
        self.client, self.key = api_keys.issue(
            institution=institution,
            name="Gradebook",
            purpose="Plan tutoring",
            scopes=list(scopes),
            by=None,
            now=timezone.now(),
        )

    def post(self, path, body, **headers):
        """Send JSON, or bytes as they are."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self._browser(headers).post(path, content, content_type="application/json")

    def send(self, file, **fields):
        """Send a file of records, or whatever stands in its place, with the other fields of the form."""
        return self._browser({}).post("/api/uploads", {"file": file} | fields)

    def get(self, path, **headers):
        return self._browser(headers).get(path)

    def _browser(self, headers):
        return Client(headers={"Authorization": f"Api-Key {self.key}"} | headers, raise_request_exception=False)


@pytest.fixture
def district_client(riverside):
    """The API client of Riverside, allowed everything there is."""
    return District(riverside)


@pytest.fixture
def client_of():
    """Make the API client of any institution."""
    return District
