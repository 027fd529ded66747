"""What a model is trained on is frozen under the hash of its bytes: same rows, same dataset."""

import dataclasses
import datetime as dt
import hashlib

import pandas as pd
import pytest

from accounts import scope
from modeling import facts
from modeling.core import labels
from modeling.core.term_deadline import term_ends_on
from modeling.models import Dataset, ModelVersion
from modeling.training import datasets
from students.models import Outcome, ProtectedAttribute
from students.outcomes import outcomes_recorded
from tests.district_in_database import ENDS_ON, NOW

AUTUMN, WINTER = dt.date(2024, 10, 15), dt.date(2025, 1, 31)


@pytest.fixture
def known(at_riverside):
    return facts.frames()


def snapshots(known, dates=(AUTUMN, WINTER)):
    wanted = facts.terms(default_horizon_days=365, rule_name="abc").features
    return datasets.labelled_snapshots(known, dates=dates, wanted=wanted, horizon_days=365, known_by=ENDS_ON)


def freeze(rows, institution):
    return datasets.freeze(rows, institution=institution, horizon_days=365, now=NOW)


def test_a_dataset_lies_under_the_hash_of_its_bytes(known, riverside):
    dataset = freeze(snapshots(known), riverside)

    content = datasets.path(dataset).read_bytes()
    assert dataset.content_sha256 == hashlib.sha256(content).hexdigest()
    assert datasets.path(dataset).name == f"{dataset.content_sha256}.parquet"


def test_a_dataset_can_be_read_by_its_owner_alone(known, riverside):
    path = datasets.path(freeze(snapshots(known), riverside))

    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_the_same_rows_are_the_same_dataset(known, riverside):
    first, second = freeze(snapshots(known), riverside), freeze(snapshots(facts.frames()), riverside)

    assert first == second
    assert Dataset.objects.filter(content_sha256=first.content_sha256).count() == 1


def test_one_changed_value_is_another_dataset(known, riverside):
    made = snapshots(known)
    before = freeze(made, riverside)
    made.rows.loc[0, "absence_rate_30d"] = 0.123456

    assert freeze(made, riverside).content_sha256 != before.content_sha256


def test_two_trainings_on_the_same_records_share_their_dataset(at_riverside):
    first, second = ModelVersion.objects.order_by("number")

    assert first.dataset == second.dataset


def test_a_frozen_dataset_reads_back_as_it_was(known, riverside):
    made = snapshots(known)
    dataset = freeze(made, riverside)

    read = pd.read_parquet(datasets.path(dataset))

    pd.testing.assert_frame_equal(read, made.rows, check_dtype=False)
    assert (dataset.n_rows, dataset.n_positive) == (len(read), read["y"].sum())
    assert dataset.n_students == read["student_id"].nunique()
    assert dataset.snapshot_dates == [AUTUMN, WINTER]


def test_every_row_has_a_label_and_who_is_censored_is_counted_by_why(known):
    made = snapshots(known)

    n_on_roll = len(made.rows) + sum(made.censored.values())
    assert set(made.rows["y"]) == {0, 1}
    assert set(made.censored) <= {"transferred", "died", "unknown", "no_outcome", "window_open"}
    assert made.censored["transferred"] > 0
    assert n_on_roll > len(made.rows)
    assert set(datasets.KEYS) < set(made.rows.columns)


def test_who_was_helped_within_the_horizon_is_marked(known):
    made = snapshots(known, dates=[AUTUMN])

    begun = known.interventions[known.interventions["started_on"].between("2024-10-16", "2025-10-15")]
    assert set(made.rows.loc[made.rows["helped"], "student_id"]) == set(begun["student_id"]) & set(
        made.rows["student_id"]
    )
    assert made.rows["helped"].any()


def test_who_left_before_the_term_was_over_is_marked(known):
    made = snapshots(known, dates=[AUTUMN]).rows.set_index("student_id")
    term_end = term_ends_on(known.terms, as_of=AUTUMN)

    standing = labels.current_outcomes(known.outcomes).set_index("outcome_id")
    decided = standing.loc[made["term_outcome_id"].dropna(), ["kind", "happened_on"]].set_axis(
        made.index[made["term_outcome_id"].notna()]
    )
    left = decided.loc[(decided["kind"] == "dropped_out") & (decided["happened_on"] <= pd.Timestamp(term_end))].index
    assert set(made.index[made["y_term"] == 1]) == set(left)
    assert len(left) > 0
    # Who left later in the year was still there when the term ended.
    assert (made.loc[made["y"] > made["y_term"], "y_term"] == 0).all()
    assert made["y_term"].sum() < made["y"].sum()
    assert made["y_term"].notna().mean() > 0.9


def test_without_a_calendar_no_row_has_a_label_of_the_term(known):
    flat = dataclasses.replace(known, terms=known.terms.iloc[:0])

    assert snapshots(flat, dates=[AUTUMN]).rows["y_term"].isna().all()


def test_no_dataset_carries_a_protected_attribute(lakeside, at_riverside):
    with scope.entered(scope.of_institution(lakeside)):
        protected = set(ProtectedAttribute.objects.values_list("name", flat=True))
        file = datasets.path(Dataset.objects.get())

    stored = set(pd.read_parquet(file).columns)
    assert {"gender", "nationality"} <= protected
    assert not protected & stored
    assert stored == set(datasets.KEYS) | set(datasets.SAID) | {
        feature.name for feature in datasets.features_of(file, hashlib.sha256(file.read_bytes()).hexdigest())
    }


def test_a_file_that_was_damaged_is_written_anew(known, riverside):
    made = snapshots(known)
    dataset = freeze(made, riverside)
    whole = datasets.path(dataset).read_bytes()
    datasets.path(dataset).write_bytes(whole[:-100])

    assert freeze(made, riverside) == dataset
    assert datasets.path(dataset).read_bytes() == whole


def test_help_that_a_later_file_took_back_was_never_given(known):
    begun = known.interventions[known.interventions["started_on"].between("2024-10-16", "2025-10-15")].index[0]
    taken_back = known.interventions.copy()
    taken_back.loc[begun, "replaced_on"] = pd.Timestamp(ENDS_ON)

    without = snapshots(dataclasses.replace(known, interventions=taken_back), dates=[AUTUMN])
    never = snapshots(dataclasses.replace(known, interventions=known.interventions.drop(index=begun)), dates=[AUTUMN])

    assert without.rows["helped"].equals(never.rows["helped"])


def test_a_frozen_file_says_itself_what_its_columns_are(known, riverside):
    made = snapshots(known)
    dataset = freeze(made, riverside)

    assert datasets.features_of(datasets.path(dataset), dataset.content_sha256) == made.features


def test_a_training_freezes_who_said_each_label(at_riverside):
    dataset = ModelVersion.objects.get(number=1).dataset
    rows = pd.read_parquet(datasets.path(dataset))

    told = Outcome.objects.in_bulk(rows["outcome_id"].unique().tolist())
    uploads = {outcome.pk: str(outcome.upload.public_id) if outcome.upload else "" for outcome in told.values()}
    assert rows["said_upload"].tolist() == [uploads[pk] for pk in rows["outcome_id"]]
    assert rows["said_source"].tolist() == [told[pk].source for pk in rows["outcome_id"]]
    assert rows["is_correction"].tolist() == [told[pk].corrects_id is not None for pk in rows["outcome_id"]]
    assert dataset.said == {
        "file": int((rows["said_by"] == "file").sum()),
        "staff": int((rows["said_by"] == "staff").sum()),
        "corrections": int(rows["is_correction"].sum()),
    }
    assert dataset.said["file"] + dataset.said["staff"] == dataset.n_rows


def test_a_label_that_staff_corrected_says_so(known, riverside, sam):
    made = snapshots(known, dates=[AUTUMN])
    first = Outcome.objects.get(pk=int(made.rows["outcome_id"].iloc[0]))
    given = {"exit_code": "Dropout", "happened_on": first.happened_on, "evidence": "", "by": sam, "now": NOW}
    corrected = outcomes_recorded.record(student=first.student, corrects=first, **given)

    told = datasets.with_who_said(snapshots(facts.frames(), dates=[AUTUMN]), facts.who_said())
    rows = told.rows.set_index("outcome_id")

    said = ("said_by", "is_correction", "said_source", "said_upload")
    assert rows.loc[corrected.pk, list(said)].tolist() == ["staff", True, "staff", ""]
    assert freeze(told, riverside).said["corrections"] >= 1
    assert first.pk not in rows.index


def test_a_file_of_the_schema_before_can_still_be_read(known, riverside, monkeypatch):
    made = snapshots(known)
    monkeypatch.setattr(datasets, "SCHEMA", 2)
    dataset = freeze(made, riverside)
    monkeypatch.undo()

    assert datasets.features_of(datasets.path(dataset), dataset.content_sha256) == made.features
    assert (datasets.schema_of(datasets.path(dataset)), dataset.said) == (2, {})


@pytest.mark.parametrize(
    ("dates", "sentence"),
    [
        ([], "at least one past school year"),
        ([dt.date(2026, 4, 1)], "No student has a known outcome yet"),
        ([dt.date(2010, 1, 1)], "no student on the roll"),
    ],
)
def test_nothing_to_learn_from_says_why(known, dates, sentence):
    with pytest.raises(datasets.NothingToLearn, match=sentence):
        snapshots(known, dates=dates)
