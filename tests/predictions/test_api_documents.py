"""The API describes itself: a valid OpenAPI schema, and a page that asks no other host for anything."""

import re

import pytest
import yaml
from drf_spectacular.validation import validate_schema

WRITTEN = {"200", "201", "400", "401", "403", "404", "413", "415", "422", "429"}
PATHS = {
    "/api/predict": {"post": {"200", "400", "401", "403", "413", "429", "503"}},
    "/api/models/current": {"get": {"200", "401", "403", "429", "503"}},
    "/api/students/{public_id}/risk": {"get": {"200", "401", "403", "404", "429"}},
    "/api/outcomes": {"post": WRITTEN},
    "/api/interventions": {"post": WRITTEN},
    "/api/verdicts": {"get": {"200", "400", "401", "403", "404", "429"}, "post": WRITTEN},
    "/api/uploads": {
        "get": {"200", "400", "401", "403", "429"},
        "post": {"200", "202", "400", "401", "403", "413", "415", "429"},
    },
    "/api/uploads/{public_id}": {"get": {"200", "401", "403", "404", "429"}},
    "/api/uploads/{public_id}/confirm": {"post": {"202", "400", "401", "403", "404", "409", "415", "429"}},
    "/api/uploads/{public_id}/answers": {"post": {"202", "400", "401", "403", "404", "409", "415", "429"}},
    "/api/uploads/{public_id}/discard": {"post": {"200", "401", "403", "404", "409", "429"}},
    "/api/uploads/{public_id}/undo": {"post": {"202", "401", "403", "404", "409", "429"}},
    "/api/uploads/{public_id}/quarantine": {"get": {"200", "401", "403", "404", "429"}},
}


@pytest.fixture
def schema(client, db):
    response = client.get("/api/schema/")
    assert response.status_code == 200
    return yaml.safe_load(response.content)


def test_the_schema_is_valid_and_lists_every_path_with_its_answers(schema):
    validate_schema(schema)

    told = {
        path: {method: set(operation["responses"]) for method, operation in methods.items()}
        for path, methods in schema["paths"].items()
    }
    assert told == PATHS


def test_every_operation_asks_for_the_key(schema):
    assert schema["components"]["securitySchemes"]["ApiKey"]["name"] == "Authorization"
    for methods in schema["paths"].values():
        for operation in methods.values():
            assert operation["security"] == [{"ApiKey": []}]


def test_errors_are_described_in_their_one_form(schema):
    answers = schema["paths"]["/api/predict"]["post"]["responses"]

    assert {tuple(answers[status]["content"]) for status in ("400", "401", "503")} == {("application/problem+json",)}


def test_the_page_to_try_it_out_needs_no_other_host_and_nothing_inline(client, db):
    response = client.get("/api/docs/")

    markup = response.content.decode()
    addresses = re.findall(r'(?:src|href)="([^"]+)"', markup)
    assert addresses
    assert [address for address in addresses if not address.startswith("/")] == []
    assert [tag for tag in re.findall(r"<script[^>]*>", markup) if " src=" not in tag] == []
    assert "<style" not in markup
    assert not re.search(r"\son\w+=|\sstyle=", markup)
    assert "'unsafe-inline'" not in response["Content-Security-Policy"]


def test_the_pages_script_names_no_other_host(client, db):
    script = re.search(r'<script src="(/api/docs/[^"]+)"', client.get("/api/docs/").content.decode())[1]

    answer = client.get(script.replace("&amp;", "&"))

    assert answer.status_code == 200
    assert "javascript" in answer["Content-Type"]
    assert "http://" not in answer.content.decode().replace("http://testserver", "")
    assert "https://" not in answer.content.decode()
