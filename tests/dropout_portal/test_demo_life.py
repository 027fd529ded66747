"""The demo's people have worked for weeks: said once, through what the pages use, and true of the lists."""

import datetime as dt

import pytest

from accounts import scope
from accounts.models import AuditEntry, Membership, User
from dropout_portal import demo_life, demo_people, demo_words
from predictions import today
from predictions.models import CurrentRisk, ScoringRun, Tier, Verdict
from students.models import (
    Caseload,
    DataCase,
    HelpEnd,
    HelpPlan,
    Note,
    Outcome,
    ProgressCheck,
    ReengagementCase,
)
from tests.district_fixtures import lakeside, riverside  # noqa: F401

# The day of the district's newest list, a Friday.
NOW = dt.datetime(2026, 3, 20, 15, tzinfo=dt.UTC)


@pytest.fixture
def logins(riverside, lakeside):  # noqa: F811
    people = demo_people.ensure(now=NOW, district="riverside", other="lakeside", before={})
    return {name: user["login"] for name, user in people["users"].items()}


@pytest.fixture
def tell(riverside, logins):  # noqa: F811
    return lambda: demo_life.tell(institution=riverside, logins=logins, now=NOW)


def everything():
    tables = (Caseload, Verdict, DataCase, HelpPlan, ProgressCheck, HelpEnd, Outcome, AuditEntry)
    return {table.__name__: table.objects.count() for table in tables}


def morning(login):
    membership = Membership.objects.get(user__email=login)
    with scope.entered(scope.of_membership(membership)):
        return today.page(membership=membership, now=NOW)


def test_told_twice_it_is_told_once(riverside, tell):  # noqa: F811
    assert tell()
    with scope.entered(scope.of_institution(riverside)):
        told = everything()

    assert not tell()

    with scope.entered(scope.of_institution(riverside)):
        assert everything() == told


def test_each_kind_of_work_is_there(riverside, logins, tell):  # noqa: F811
    tell()

    counsellor = User.objects.get(email=logins["counsellor"])
    with scope.entered(scope.of_institution(riverside)):
        assert Caseload.objects.filter(counsellor=counsellor, ends_on=None).count() == demo_life.OWN
        assert Caseload.objects.values("counsellor").distinct().count() == 3
        assert {"agree", "known", "not_now"} <= set(Verdict.objects.values_list("kind", flat=True))
        plans = HelpPlan.objects.filter(owner=counsellor)
        assert {plan.intervention.kind for plan in plans} == {told.kind for told in demo_words.HELP}
        assert plans.filter(attendance_goal__isnull=False).count() == 1
        assert "partly" in HelpEnd.objects.values_list("happened", flat=True)
        said = Outcome.objects.filter(recorded_by__email=logins["outcome_staff"])
        assert said.filter(corrected_by__isnull=False).exists()
        assert not AuditEntry.objects.filter(at__gt=NOW, user=counsellor).exists()


def test_a_contested_fact_is_answered_and_another_waits(riverside, tell):  # noqa: F811
    tell()

    with scope.entered(scope.of_institution(riverside)):
        states = list(DataCase.objects.order_by("opened_at").values_list("state", flat=True))
        stands = Verdict.objects.filter(kind="wrong_fact", data_case__state="upheld").values("student")
        assert states == ["upheld", "open"]
        assert not CurrentRisk.objects.get(student__in=stands).is_left_out


def test_the_morning_says_who_came_who_left_and_what_is_due(logins, tell):
    tell()

    page = morning(logins["counsellor"])

    assert page["is_own"]
    assert page["rows"]
    said = " ".join(sentence for each in page["changes"].gone for sentence in each["sentences"])
    assert "Demo counsellor said on" in said
    assert {row["public_id"] for row in page["rows"] if row["is_new"]} == set(page["changes"].came)
    assert [due["is_late"] for due in page["due"]][:2] == [True, True]
    assert not page["due"][-1]["is_late"]
    assert page["answered"]


def test_the_look_names_whom_the_list_before_had_above_the_line(riverside, logins, tell):  # noqa: F811
    tell()

    with scope.entered(scope.of_institution(riverside)):
        look = AuditEntry.objects.get(action=today.ACTION)
        before = ScoringRun.objects.filter(published_at__lte=look.at).order_by("-as_of").first()
        above = before.scores.filter(tier=Tier.REVIEW_FIRST, student__public_id__in=look.subject_ids)
        assert before.as_of == dt.date(2026, 1, 30)
        assert above.count() == len(look.subject_ids) > 0


def test_nothing_is_told_where_somebody_worked_already(riverside, logins, tell):  # noqa: F811
    with scope.entered(scope.of_institution(riverside)):
        listed = CurrentRisk.objects.filter(rank=1).get()
        Caseload.objects.create(
            institution=riverside,
            student_id=listed.student_id,
            counsellor=User.objects.get(email=logins["institution_admin"]),
            starts_on=NOW.date(),
            recorded_at=NOW,
        )

    assert not tell()


def test_nothing_is_told_of_people_who_came_too_late(logins, tell):
    Membership.objects.filter(user__email=logins["counsellor"]).update(starts_on=NOW.date())

    assert not tell()


@pytest.mark.parametrize(
    ("now", "back", "day"),
    [
        ("2026-03-20", 3, "2026-03-17"),
        ("2026-03-23", 1, "2026-03-20"),
        ("2026-03-23", 2, "2026-03-20"),
        ("2026-03-22", 0, "2026-03-20"),
    ],
)
def test_nobody_works_on_a_weekend(now, back, day):
    clock = demo_life.Clock(now=dt.datetime.fromisoformat(f"{now}T12:00+00:00"), zone=dt.UTC)

    assert clock.day(back) == dt.date.fromisoformat(day)
    assert clock.at(back, 8).date() == clock.day(back)


def test_people_talked_and_two_are_on_their_way_back(riverside, logins, tell):  # noqa: F811
    tell()

    page = morning(logins["counsellor"])
    assert [concern.kind for concern in page["concerns"].waiting] == ["concern", "kudos"]
    assert morning(logins["school_lead"])["concerns"].waiting == []
    with scope.entered(scope.of_institution(riverside)):
        states = ReengagementCase.objects.values_list("state", flat=True)
        assert {"returning", "planning", "finding_out"} <= set(states)
        # The one for few is nobody's who asks for a whole institution.
        assert Note.objects.count() == 1
