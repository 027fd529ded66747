"""The page of the data that models learn from: made on request, read by those who answer for models."""

import json
import re

import pytest
from django.utils import timezone

from accounts import scope
from accounts.models import AuditEntry, School
from dropout_portal.plotly_files import TRACE_TYPES
from jobs import claims, queue
from jobs.models import Job, State
from modeling.html_reports import eda_report
from modeling.models import EdaReport
from tests.people import signed_in
from tests.predictions.pages import text_of


def newest(institution):
    with scope.entered(scope.of_institution(institution)):
        return EdaReport.objects.select_related("job").first()


def read(person, **headers):
    return signed_in(person).get("/model/data/", headers=headers).content.decode()


@pytest.fixture
def asked(mika, riverside):
    """A report that waits for a worker."""
    signed_in(mika).post("/model/data/make")
    return newest(riverside)


@pytest.fixture(scope="module")
def written():
    """What the worker wrote of the district, once it has."""
    return {}


@pytest.fixture
def made(asked, written):
    """A report that a worker has made: it works for the first test, and the others get what it wrote."""
    with scope.entered(scope.of_institution(asked.institution)):
        reports = EdaReport.objects.filter(pk=asked.pk)
        if written:
            reports.update(**written)
            Job.objects.filter(pk=asked.job_id).update(state=State.DONE, finished_at=timezone.now())
        else:
            claims.run_job(job_id=asked.job_id, work=eda_report.make)
            written |= reports.values("content", "html", "dataset_id").get()
    return asked


def test_a_report_is_queued_for_the_heavy_workers(mika, riverside, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks() as waking:
        response = signed_in(mika).post("/model/data/make")

    report = newest(riverside)
    assert response["Location"] == "/model/data/"
    assert (report.created_by, report.job.state, report.job.queue) == (mika, State.QUEUED, "heavy")
    assert [(call.func, call.args[0].pk) for call in waking] == [(queue.wake, report.job_id)]
    with scope.entered(scope.of_institution(riverside)):
        assert AuditEntry.objects.filter(action="eda_report_asked_for", user=mika).count() == 1


def test_without_a_report_the_page_says_what_it_would_tell(mika, riverside):
    page = read(mika)

    assert "No report yet." in page
    assert 'action="/model/data/make"' in page


def test_while_it_is_made_the_page_follows_by_itself(mika, asked):
    now = timezone.now()
    Job.objects.filter(pk=asked.job_id).update(
        state=State.RUNNING, lease_until=now, started_at=now, progress_done=3, progress_total=5, progress_note="explore"
    )

    page, partial = read(mika), read(mika, **{"HX-Request": "true"})

    assert 'hx-trigger="every 2s"' in page
    assert 'action="/model/data/make"' not in page
    assert partial.lstrip().startswith('<section id="eda-progress"')
    assert "Counting and comparing" in partial


def test_once_it_is_made_the_page_is_loaded_anew(mika, made):
    answer = signed_in(mika).get("/model/data/", headers={"HX-Request": "true"})

    assert answer["HX-Refresh"] == "true"


def test_the_report_tells_who_left_and_where_the_data_may_mislead(mika, made):
    page = read(mika)

    said = text_of(page)
    assert re.search(r"Of 100 students on record, \d+ left\.", said)
    assert "Bear in mind" in said
    assert "Outcomes are known for" in said
    assert "Northside" in said
    assert made.job.state == State.QUEUED
    assert "hx-trigger" not in page


def test_every_chart_is_of_the_kinds_we_draw_and_has_its_numbers(mika, made):
    page = read(mika)

    drawn = [json.loads(figure)["data"] for figure in re.findall(r'<script[^>]*application/json">(.*?)</script>', page)]
    assert {trace["type"] for traces in drawn for trace in traces} <= TRACE_TYPES - {"pie"}
    assert page.count('class="chart') == page.count("Show the numbers") >= 1


def test_a_report_that_failed_says_why_and_leaves_the_last_one(mika, made, riverside):
    signed_in(mika).post("/model/data/make")
    again = newest(riverside)
    Job.objects.filter(pk=again.job_id).update(
        state=State.FAILED, finished_at=timezone.now(), error="Record outcomes, then try again."
    )

    page = read(mika)

    assert "Record outcomes, then try again." in page
    assert "Bear in mind" in page


def test_the_file_is_kept_and_never_shown_as_a_page(mika, made, riverside):
    answer = signed_in(mika).get("/model/data/?download=1")

    assert re.fullmatch(
        r'attachment; filename="data-of-riverside-\d{4}-\d\d-\d\d\.html"', answer["Content-Disposition"]
    )
    assert answer.content.decode() == newest(riverside).html
    assert answer["X-Content-Type-Options"] == "nosniff"


def test_there_is_no_file_before_the_first_report(mika, riverside):
    assert signed_in(mika).get("/model/data/?download=1").status_code == 404


def test_a_hostile_school_stays_a_name(mika, riverside, asked):
    School.objects.filter(institution=riverside, external_id="H").update(name="</script><script>alert(1)</script>")
    claims.run_job(job_id=asked.job_id, work=eda_report.make)

    page = read(mika)

    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page


@pytest.mark.parametrize(("person", "seen", "made_by"), [("ines", 200, 403), ("amara", 403, 403), ("sam", 403, 403)])
def test_only_those_who_answer_for_models_see_it_and_only_model_owners_make_it(
    request, riverside, person, seen, made_by
):
    browser = signed_in(request.getfixturevalue(person))

    assert browser.get("/model/data/").status_code == seen
    assert browser.post("/model/data/make").status_code == made_by


def test_an_administrator_reads_it_and_has_no_button(ines, made):
    page = read(ines)

    assert "Bear in mind" in page
    assert 'action="/model/data/make"' not in page


def test_otto_sees_nothing_of_it(otto, made):
    page = read(otto)

    assert "No report yet." in page
    assert signed_in(otto).get("/model/data/?download=1").status_code == 404


def test_no_report_is_made_by_following_a_link(mika, riverside):
    assert signed_in(mika).get("/model/data/make").status_code == 405
