"""What a score is made of comes back as it was told, and old rows say after the migration what they said before."""

import json
import math

import numpy as np
import pytest
from django.core.management import call_command
from django.db import connections

from accounts import scope
from accounts.models import Institution
from modeling import scoring
from modeling.core.reasons import Told
from predictions import packed_scores
from predictions.models import ListCount, RiskScore, SchoolAttendance, ScoringRun
from predictions.staged_scores import StagedScores
from tests import databases
from tests.district_in_database import LIST_ON


def without_contribution(reasons):
    return [{name: said for name, said in reason.items() if name != "contribution"} for reason in reasons]


def test_reasons_come_back_as_they_were_told(riverside, at_riverside):
    run = ScoringRun.objects.select_related("model_version").get(as_of=LIST_ON)
    scored = scoring.score(run.model_version, scoring.snapshot(run.model_version, as_of=LIST_ON))
    stored = {score.student_id: run.reasons_of(score) for score in run.scores.all()}

    assert sum(map(len, scored.reasons)) > 100
    for student, told in zip(scored.students.tolist(), scored.reasons, strict=True):
        assert without_contribution(stored[student]) == without_contribution(told)
        for kept, said in zip(stored[student], told, strict=True):
            assert kept["contribution"] == pytest.approx(said["contribution"], rel=1e-7)


def told(rows, columns, numbers, codes, sessions):
    kinds = [
        {"code": name, "source": name, "comparison": usual, "changeable": True, "holds": True}
        for name, usual in (("absence_rate_10d", 0.05), ("grade_level", "9"))
    ]
    contributions = [(-1) ** place * (0.5 - place / 100) for place in range(len(rows))]
    arrays = (rows, columns, contributions, numbers, sessions)
    names = ("rows", "columns", "contributions", "numbers", "sessions")
    whole = {"rows", "columns"}
    as_arrays = {
        name: np.array(values, dtype=int if name in whole else float)
        for name, values in zip(names, arrays, strict=True)
    }
    return Told(n=4, kinds=kinds, codes=codes, **as_arrays)


def test_numbers_codes_gaps_and_days_of_new_students_survive_packing(db):
    first = told([0, 0, 2], [0, 1, 0], [0.1 + 0.2, math.nan, math.nan], {1: "10"}, [math.nan, math.nan, 4.0])
    second = told([3, 3], [1, 1], [math.nan, math.nan], {0: "naïve", 1: "10"}, [math.nan] * 2)
    staged = StagedScores()

    packed = [staged._packed_reasons(part, 4) for part in (first, second)]

    for part, of_students in zip((first, second), packed, strict=True):
        read = [packed_scores.reasons(bytes.fromhex(text[2:]), staged.book) for text in of_students]
        assert list(map(without_contribution, read)) == list(map(without_contribution, part.as_dicts()))
    assert staged.book["codes"] == ["10", "naïve"]


def test_contributions_are_floats_of_four_bytes(riverside, at_riverside):
    score = RiskScore.objects.filter(run__as_of=LIST_ON).order_by("pk")[0]
    n_features = len(score.run.model_version.specification["features"])

    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT octet_length(contributions) FROM predictions_riskscore WHERE id = %s", [score.pk])
        assert cursor.fetchone() == (4 * n_features,)
    assert len(score.contributions) == n_features
    assert any(score.contributions)


def what_is_added_up():
    """Return what is counted with the lists, by institution."""
    kept = {}
    for institution in Institution.objects.all():
        with scope.entered(scope.of_institution(institution)):
            counts = ListCount.objects.values_list("school", "grade_level", "tier", "n", "risk_sum")
            attendance = SchoolAttendance.objects.values("school", "institution", "n_students", "until", "missed")
            kept[institution.pk] = (
                [(*part, pytest.approx(risk)) for *part, risk in counts.order_by("school", "grade_level", "tier")],
                list(attendance.order_by("school")),
            )
    return kept


def what_is_kept():
    """Return contributions and reasons of every score, as the newest code reads them."""
    kept = {}
    for institution in Institution.objects.all():
        with scope.entered(scope.of_institution(institution)):
            for score in RiskScore.objects.select_related("run"):
                kept[score.pk] = (score.contributions, score.run.reasons_of(score))
    return kept


def test_old_rows_say_the_same_after_the_migration_and_before_it(district_database, django_db_blocker):
    made = databases.made_once("test_district_made", lambda _name: None)
    with (
        databases.fresh("test_packed", template=made) as name,
        databases.pointed_at(name),
        django_db_blocker.unblock(),
    ):
        before, added_up = what_is_kept(), what_is_added_up()
        call_command("migrate", "predictions", "0009", verbosity=0)
        with connections["owner"].cursor() as cursor:
            cursor.execute("SELECT id, contributions, reasons::text FROM predictions_riskscore")
            as_they_were = {pk: (floats, json.loads(reasons)) for pk, floats, reasons in cursor.fetchall()}
        call_command("migrate", verbosity=0)
        after = what_is_kept()
        assert what_is_added_up() == added_up

    assert any(reasons for _floats, reasons in before.values())
    assert as_they_were == before
    assert after == before
