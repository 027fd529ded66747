"""The report on the data: made by a job, kept as figures and as one file, telling of nobody."""

import json
import re
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import ProgrammingError
from django.utils import timezone

from accounts import scope
from accounts.models import School
from jobs import claims
from jobs.models import State
from modeling.html_reports import eda_document, eda_report, eda_requests
from modeling.models import Dataset, EdaReport, ModelVersion
from students.models import ProtectedAttribute


def made(institution, **asked):
    """Make a report as a worker does, and return it as it then stands."""
    with scope.entered(scope.of_institution(institution)):
        report = eda_requests.request(institution=institution, by=None, now=timezone.now(), wakes=False, **asked)
    claims.run_job(job_id=report.job_id, work=eda_report.make)
    with scope.entered(scope.of_institution(institution)):
        return EdaReport.objects.select_related("job", "dataset").get(pk=report.pk)


@pytest.fixture(scope="module")
def reports():
    """The reports that were made for those who only read them, by institution."""
    return {}


@pytest.fixture
def report_on(reports):
    """Return the report on an institution's records as they are, made once."""

    def report(institution):
        if institution.slug not in reports:
            reports[institution.slug] = made(institution)
        return reports[institution.slug]

    return report


def test_the_records_are_frozen_and_looked_at(riverside, report_on):
    report = report_on(riverside)

    assert (report.job.state, report.job.error) == (State.DONE, "")
    assert report.content["about"]["dataset"] == report.dataset.content_sha256
    assert report.content["outcome"]["n_rows"] == report.dataset.n_rows
    assert {"school", "grade_level"} <= {group["attribute"] for group in report.content["groups"]}
    assert report.html.startswith("<!doctype html>")


def test_the_records_of_a_training_are_the_same_dataset(riverside, report_on):
    report = report_on(riverside)

    with scope.entered(scope.of_institution(riverside)):
        trained_on = ModelVersion.objects.get(number=1).dataset
    assert report.dataset == trained_on


def test_a_frozen_dataset_can_be_asked_for(riverside):
    with scope.entered(scope.of_institution(riverside)):
        dataset = Dataset.objects.get()

    assert made(riverside, dataset=dataset).content["about"]["frozen_on"] == str(riverside.day_of(dataset.created_at))


@pytest.mark.slow
def test_the_same_data_give_the_same_file(riverside):
    one, other = made(riverside), made(riverside)

    assert (one.content, one.html) == (other.content, other.html)


def test_protected_attributes_of_a_flat_cohort_are_marked_and_no_column(lakeside, report_on):
    report = report_on(lakeside)

    with scope.entered(scope.of_institution(lakeside)):
        names = set(ProtectedAttribute.objects.values_list("name", flat=True))
    marked = {group["attribute"] for group in report.content["groups"] if group["is_protected"]}
    assert marked == names
    assert names.isdisjoint(column["name"] for column in report.content["columns"])


@pytest.mark.parametrize("name", ["riverside", "lakeside"])
def test_no_group_of_fewer_than_ten_is_told_of(request, report_on, name):
    report = report_on(request.getfixturevalue(name))

    told = [row for group in report.content["groups"] for row in group["rows"]]
    assert len(told) > 4
    for row in told:
        n_left = round((row["share"] or 0) * row["n"])
        assert row["n"] >= 10
        assert row["share"] is None or min(n_left, row["n"] - n_left) >= 10


def test_the_file_stands_alone_and_runs_nothing(riverside, report_on):
    html = report_on(riverside).html

    assert not re.search(r"https?:|<script|<link|<img|\bsrc=|@import|\son\w+=", html)
    assert html.count("<svg") >= 1
    assert '<html lang="en">' in html


def test_a_hostile_name_of_a_school_is_only_a_name(riverside):
    hostile = '"><script>alert(1)</script>$x_{'
    School.objects.filter(institution=riverside, external_id="H").update(name=hostile)

    report = made(riverside)

    assert "<script" not in report.html
    assert "&lt;script&gt;alert(1)&lt;/script&gt;$x_{" in report.html
    assert "<script" not in eda_document.document(report.content).markdown()


def test_an_institution_without_records_is_told_what_is_missing(elsewhere):
    report = made(elsewhere)

    assert report.job.state == State.FAILED
    assert report.job.error.startswith("There are no dates to learn from yet")
    assert (report.content, report.html) == ({}, "")


def test_a_second_request_leads_to_the_first(riverside):
    with scope.entered(scope.of_institution(riverside)):
        one, other = (
            eda_requests.request(institution=riverside, by=None, now=timezone.now(), wakes=False) for _ in range(2)
        )

    assert one == other


def test_the_database_itself_keeps_reports_apart(riverside, elsewhere):
    with scope.entered(scope.of_institution(riverside)):
        job = eda_requests.request(institution=riverside, by=None, now=timezone.now(), wakes=False).job

    with scope.entered(scope.of_institution(elsewhere)):
        assert EdaReport.objects.count() == 0
        with pytest.raises(ProgrammingError, match="row-level security"):
            EdaReport.objects.create(institution=riverside, job=job, created_at=timezone.now())


def test_the_command_writes_the_file_and_says_where(riverside, tmp_path):
    said, path = StringIO(), tmp_path / "reports" / "eda.html"

    call_command("eda_report", institution="riverside", to=str(path), json=True, stdout=said)

    answer = json.loads(said.getvalue().splitlines()[-1])
    assert path.read_text(encoding="utf-8").startswith("<!doctype html>")
    assert (answer["file"], answer["n_rows"] > 100) == (str(path), True)


@pytest.mark.parametrize("digest", ["0123456789abcdef", "no hash"])
def test_the_command_refuses_a_dataset_that_is_not_there(riverside, digest):
    with pytest.raises(CommandError, match=digest):
        call_command("eda_report", institution="riverside", dataset=digest)
