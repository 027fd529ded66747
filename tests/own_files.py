"""A person's own CSV as a browser sends it, shown, confirmed, and given back."""

import csv
import html
import io
import re

from django.core.files.uploadedfile import SimpleUploadedFile

from tests.people import signed_in


def send(person, address, content, name="lines.csv"):
    data = content if isinstance(content, bytes) else content.encode()
    return signed_in(person).post(address, {"file": SimpleUploadedFile(name, data)})


def signed(response):
    return html.unescape(re.search(r'name="lines" value="([^"]+)"', response.content.decode()).group(1))


def confirm(person, address, response, do="record"):
    return signed_in(person).post(address, {"lines": signed(response), "do": do})


def told(response):
    return [(one.said.line, one.status, one.why) for one in response.context["lines"]]


def given_back(response):
    return list(csv.reader(io.StringIO(response.content.decode("utf-8-sig"))))
