"""What must always hold, the database refuses to break: one entry here for every named constraint of every model."""

import datetime as dt

import pytest
from django.apps import apps
from django.db import IntegrityError
from django.utils import timezone

from accounts import scope
from accounts.models import ApiClient, School, User
from modeling.models import ModelVersion
from students.models import Upload
from tests import rows
from tests.rows import DAY

BEFORE, AFTER = DAY - dt.timedelta(days=1), DAY + dt.timedelta(days=1)
NOW = timezone.now()
KEY = "00000000-0000-4000-8000-000000000001"

# For a check: fields that break it in an otherwise sound row. For uniqueness: fields that two rows share.
BREAKING = {
    "check_on_track_known": [{"on_track": "perhaps"}],
    "help_goal_has_percent_and_day": [
        {"attendance_goal": 90},
        {"attendance_goal_by": DAY},
        {"attendance_goal": 101, "attendance_goal_by": DAY},
    ],
    "one_digest_per_person_and_day": [{"user": "shared", "day": DAY}],
    "digest_state_known": [{"state": "lost"}],
    "one_exit_code_per_word": [{"plain": "w7"}],
    "exit_code_is_a_word": [{"plain": ""}],
    "exit_code_kind_known": [{"kind": "guessed"}],
    "one_help_kind_per_code": [{"code": "mentor"}],
    "one_help_kind_per_label": [{"label": "Mentor"}],
    "help_kind_tier_known": [{"tier": 0}, {"tier": 4}],
    "help_kind_takes_days": [{"usual_days": 0}, {"check_every_days": 0}],
    "help_happened_known": [{"happened": "perhaps"}],
    "one_case_per_request": [{"opened_by": "shared", "request_key": KEY}],
    "data_case_state_known": [{"state": "lost"}],
    "data_case_one_opener_at_most": [{"opened_by": User, "api_client": ApiClient}],
    "one_way_back_at_a_time": [{"student": "shared"}],
    "way_back_state_known": [{"state": "asleep"}],
    "way_back_ending_known": [{"state": "ended", "due_on": None, "ended_on": DAY, "ending": "lost"}],
    "way_back_path_known": [{"path": "sea", "returned_on": DAY}],
    "way_back_due_until_it_ends": [
        {"due_on": None},
        {"ended_on": DAY},
        {"ending": "moved"},
        {"state": "ended", "due_on": None, "ended_on": DAY},
        {"state": "ended", "due_on": None, "ending": "moved"},
        {"state": "ended", "ended_on": DAY, "ending": "moved"},
    ],
    "way_back_path_since_a_day": [{"path": "work"}, {"returned_on": DAY}],
    "way_back_followed_since_a_day": [{"state": "following"}],
    "case_step_kind_known": [{"kind": "guessed"}],
    "way_back_takes_days": [{"find_out_days": 0}, {"plan_days": 0}, {"return_days": 0}, {"first_check_days": 0}],
    "way_back_checks_in_turn": [{"second_check_days": 30}, {"third_check_days": 90}, {"fourth_check_days": 180}],
    "one_concern_per_request": [{"raised_by": "shared", "request_key": KEY}],
    "concern_kind_known": [{"kind": "gossip"}],
    "one_note_per_request": [{"author": "shared", "request_key": KEY}],
    "note_readers_known": [{"visibility": "friends"}],
    "note_kind_known": [{"kind": "gossip"}],
    "one_revision_per_number": [{"note": "shared", "number": 1}],
    "one_draft_per_author_and_student": [{"author": "shared", "student": "shared"}],
    "capacity_some": [{"n": 0}, {"n": 5001}],
    "capacity_of_one": [{"school": School, "user": User}],
    "verdict_kind_known": [{"kind": "maybe"}],
    "verdict_one_giver_at_most": [{"by": User, "api_client": ApiClient}],
    "one_answer_per_idempotency_key": [{"api_client": "shared", "key": "7c1e"}],
    "not_now_has_a_day": [{"kind": "not_now", "until_on": None}],
    "institution_capacity_positive": [{"capacity": 0}],
    "one_school_per_external_id": [{"external_id": "N"}],
    "one_user_per_email": [{"email": "ada@riverside.example"}],
    "membership_role_known": [{"role": "king"}],
    "membership_ends_after_start": [{"starts_on": DAY, "ends_on": BEFORE}],
    "audit_one_actor_at_most": [{"user": User, "api_client": ApiClient}],
    "one_job_per_key": [{"task": "t", "idempotency_key": "k"}],
    "job_state_known": [{"state": "asleep", "finished_at": NOW}],
    "job_finished_at_when_ended": [{"state": "done"}, {"state": "queued", "finished_at": NOW}],
    "job_running_has_lease": [{"state": "running"}],
    "one_cohort_per_name": [{"name": "uci_697"}],
    "one_student_per_external_id": [{"external_id": "s1"}],
    "enrolment_known_after_entry": [{"entered_on": DAY, "known_on": BEFORE}],
    "enrolment_exit_known_after_exit": [
        {"exited_on": BEFORE, "exit_known_on": DAY},
        {"exited_on": AFTER, "exit_known_on": DAY},
        {"exited_on": None, "exit_known_on": DAY},
        {"exited_on": DAY, "exit_known_on": None},
    ],
    "one_open_enrolment_at_a_school": [{"student": "shared", "school": "shared"}],
    "caseload_ends_after_start": [{"starts_on": DAY, "ends_on": BEFORE}],
    "one_open_caseload_entry": [{"student": "shared", "counsellor": "shared"}],
    "help_ends_after_start": [{"started_on": DAY, "ended_on": BEFORE}],
    "outcome_kind_known": [{"kind": "vanished"}],
    "outcome_known_after_day": [{"happened_on": DAY, "known_on": BEFORE}],
    "one_term_per_name": [{"school_year": 2025, "term": "1"}],
    "term_ends_after_start": [{"starts_on": DAY, "ends_on": BEFORE}],
    "one_row_per_school_day": [{"held_on": DAY}],
    "one_count_per_part_of_the_list": [{"school": "shared", "grade_level": "9", "tier": "check_in"}],
    "one_attendance_row_per_day": [{"student": "shared", "held_on": DAY, "category": "tardy"}],
    "attendance_category_known": [{"category": "asleep"}],
    "attendance_part_excused": [
        {"n_excused": 2, "n_sessions": 1},
        {"n_excused": 0.5, "excused": True},
        {"n_excused": -1},
    ],
    "attendance_sessions_not_negative": [{"n_sessions": -1}],
    "attendance_known_after_day": [{"held_on": DAY, "known_on": BEFORE}],
    "grade_within_scale": [{"value": 101, "scale_max": 100}, {"value": -1}],
    "grade_known_after_day": [{"awarded_on": DAY, "known_on": BEFORE}],
    "incident_days_not_negative": [{"days_removed": -1}],
    "incident_known_after_day": [{"happened_on": DAY, "known_on": BEFORE}],
    "one_attribute_value_per_day": [{"student": "shared", "name": "fees", "known_on": DAY}],
    "one_protected_value_per_day": [{"student": "shared", "name": "gender", "known_on": DAY}],
    # Of every kind of fact.
    **{
        f"{kind}_replaced_by_an_upload": [{"replaced_on": AFTER}, {"replaced_by": Upload}]
        for kind in (
            *("attendancerecord", "disciplineincident", "enrolment", "graderecord"),
            *("intervention", "outcome", "protectedattribute", "studentattribute"),
        )
    },
    "one_enrolment_per_entry": [
        {"student": "shared", "school": "shared", "entered_on": DAY, "exited_on": DAY, "exit_known_on": DAY}
    ],
    "one_grade_per_course_and_day": [
        {"student": "shared", "awarded_on": DAY, "course": "Algebra", "term": "1", "source_id": ""}
    ],
    "one_incident_per_code_and_day": [{"student": "shared", "happened_on": DAY, "code": "fight", "source_id": ""}],
    "one_previous_student_per_upload": [{"student": "shared", "replaced_by": "shared"}],
    "student_merge_of_two": [{"kept": "shared", "other": "shared"}],
    "student_merge_taken_back_by_somebody": [{"taken_back_at": NOW}, {"taken_back_by": User}],
    "one_standing_merge_per_student": [{"other": "shared"}],
    "one_source_per_name": [{"name": "Attendance export"}],
    "one_source_per_shape": [{"shape_sha256": "0" * 64}],
    "import_thresholds_are_shares": [{"most_gone_share": 1.1}, {"most_bad_share": -0.1}],
    "upload_stage_known": [{"stage": "asleep"}],
    "upload_merged_at_when_merged": [{"stage": "done"}, {"stage": "review", "merged_at": NOW}],
    "upload_undone_at_when_undone": [
        {"stage": "undone", "merged_at": NOW},
        {"stage": "done", "merged_at": NOW, "undone_at": NOW},
    ],
    "one_partition_per_month": [{"kind": "attendance", "month": DAY}],
    "one_dataset_per_content": [{"content_sha256": "0" * 64}],
    "one_model_per_number": [{"number": 1}],
    "one_champion": [{"is_champion": True}],
    "one_challenger": [{"is_challenger": True}],
    "champion_is_no_challenger": [{"is_champion": True, "is_challenger": True}],
    "model_threshold_share": [{"threshold": 1.1}, {"threshold": -0.1}],
    "tuning_method_known": [{"method": "guessing"}],
    "tuning_budget_positive": [{"n_trials": 0}, {"minutes": 0}],
    "one_trial_per_number": [{"study": "shared", "number": 1}],
    "trial_finished_at_when_ended": [
        {"state": "complete"},
        {"finished_at": NOW},
        {"state": "lost", "finished_at": NOW},
    ],
    "one_score_per_run": [{"run": "shared", "student": "shared"}],
    "score_risk_share": [{"risk": 1.01}, {"risk": -0.01}],
    "score_term_risk_share": [{"term_risk": 1.01}, {"term_risk": -0.01}],
    "score_ranked_unless_insufficient": [
        {"rank": None},
        {"rank": 0},
        {"tier": ""},
        {"tier": "doomed"},
        {"insufficient_data": True, "rank": 1, "tier": ""},
    ],
    "one_drift_row_per_feature": [{"report": "shared", "feature": "age"}],
}
# What breaks the one breaks the other too, which PostgreSQL asks first.
SAID_BY = {
    "one_user_per_email": "accounts_user_email_key",
    "job_state_known": "job_finished_at_when_ended",
    "upload_stage_known": "upload_merged_at_when_merged",
}
# In what the first of two rows differs, so that no other constraint speaks.
DIFFERS = {"one_open_enrolment_at_a_school": {"entered_on": BEFORE}}
CONSTRAINTS = {
    constraint.name: (model, constraint)
    for model in apps.get_models()
    if model.__module__.split(".")[0] in ("accounts", "jobs", "students", "modeling", "predictions", "monitoring")
    for constraint in model._meta.constraints
}
CASES = [(name, given) for name, cases in BREAKING.items() for given in cases]


@pytest.fixture
def somewhere(riverside):
    with scope.entered(scope.of_institution(riverside)):
        yield riverside


def filled(model, given, institution):
    """Replace models and the word "shared" by rows."""
    related = {
        name: model._meta.get_field(name).related_model if value == "shared" else value
        for name, value in given.items()
        if value == "shared" or isinstance(value, type)
    }
    made = {kind: rows.sound(kind, institution=institution) for kind in set(related.values())}
    return given | {name: made[kind] for name, kind in related.items()}


def refused_by(error):
    return error.__cause__.diag.constraint_name


def test_every_constraint_has_an_entry_here():
    assert set(BREAKING) == set(CONSTRAINTS)


@pytest.mark.parametrize(("name", "given"), CASES, ids=[f"{name}-{'-'.join(given)}" for name, given in CASES])
def test_a_row_that_breaks_it_is_refused(somewhere, name, given):
    model, constraint = CONSTRAINTS[name]
    given = filled(model, given, somewhere)
    if "Unique" in type(constraint).__name__:
        rows.sound(model, institution=somewhere, **given | DIFFERS.get(name, {}))

    with pytest.raises(IntegrityError) as caught:
        rows.sound(model, institution=somewhere, **given)

    assert refused_by(caught.value) == SAID_BY.get(name, name)


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("one_open_enrolment_at_a_school", {"exited_on": DAY, "exit_known_on": DAY}),
        ("one_champion", {"is_champion": False}),
        ("one_open_caseload_entry", {"ends_on": DAY}),
        ("grade_within_scale", {"value": None}),
        ("grade_within_scale", {"value": 100, "scale_max": 100}),
        ("score_ranked_unless_insufficient", {"insufficient_data": True, "rank": None, "tier": ""}),
    ],
)
def test_a_row_at_the_edge_of_it_is_accepted(somewhere, name, given):
    model, _constraint = CONSTRAINTS[name]
    shared = filled(model, BREAKING[name][0], somewhere) if name.startswith("one_") else {}

    rows.sound(model, institution=somewhere, **shared | given | DIFFERS.get(name, {}))
    rows.sound(model, institution=somewhere, **shared | given)

    assert model._base_manager.count() == 2


def test_one_person_signs_in_with_an_address_whatever_its_case(db):
    User.objects.create(email="ada@riverside.example")

    with pytest.raises(IntegrityError) as caught:
        User.objects.create(email="Ada@Riverside.Example")
    assert refused_by(caught.value) == "one_user_per_email"


def test_each_institution_has_a_champion_of_its_own(riverside, elsewhere):
    for institution in (riverside, elsewhere):
        with scope.entered(scope.of_institution(institution)):
            rows.sound(ModelVersion, institution=institution, is_champion=True)
            assert ModelVersion.objects.count() == 1
