"""Files that were read, compared and merged are taken back, to the tables as they were before each of them."""

import datetime as dt
import io
import random
import zipfile

import pytest

from modeling import facts
from students.models import AttendanceRecord, Enrolment, Student
from tests.students.test_undo import fingerprint
from tests.students.uploading import send, work_on
from tests.students.written_by_hand import take_back

SEPTEMBER = dt.date(2025, 9, 1)
DAYS = [SEPTEMBER + dt.timedelta(days=n) for n in range(0, 60, 7)]
PUPILS = [f"p{n}" for n in range(12)]


def some_school(seed):
    """Return the rows of a school's export; each seed leaves some out and says something else of others."""
    draw = random.Random(seed)
    pupils = draw.sample(PUPILS, 10)
    return {
        "schools": [{"school_id": school, "name": f"School {school}"} for school in ("N", "H", f"X{seed}")],
        "terms": [{"school_year": 2026 + seed, "term": "1", "starts_on": DAYS[0], "ends_on": DAYS[-1]}],
        "school_days": [{"held_on": day} for day in DAYS[: 5 + seed % 4]],
        "students": [
            {"student_id": pupil, "given_name": f"Given {draw.randrange(2)}", "family_name": pupil} for pupil in pupils
        ],
        "enrolments": [
            {
                "student_id": pupil,
                "school_id": draw.choice(["N", "H"]),
                "entered_on": SEPTEMBER,
                "exited_on": (exited := draw.choice(["", "", DAYS[-1]])),
                "exit_reason": "Dropout" if exited else "",
                "grade_level": draw.choice(["9", "10"]),
            }
            for pupil in pupils
        ],
        "attendance": [
            {"student_id": pupil, "held_on": day, "category": "absent", "excused": draw.choice(["yes", "no"])}
            for pupil in pupils
            for day in draw.sample(DAYS, 4)
        ],
        "grades": [
            {"student_id": pupil, "awarded_on": DAYS[3], "course": "Art", "term": "1", "value": draw.randrange(40, 99)}
            for pupil in pupils[:8]
        ],
        "discipline": [
            {"student_id": pupil, "happened_on": DAYS[2], "code": "Late", "days_removed": draw.randrange(2)}
            for pupil in pupils[:4]
        ],
    }


def as_zip(tables):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, lines in tables.items():
            texts = [",".join(lines[0]), *(",".join(map(str, line.values())) for line in lines)]
            archive.writestr(f"{name}.csv", "\n".join(texts))
    return packed.getvalue()


def bring(institution, seed):
    """Import one export and return its upload."""
    content = as_zip(some_school(seed))
    upload = work_on(send(institution, content, filename=f"{seed}.zip", schema="", is_complete=True)[0])
    assert upload.stage == "done", (upload.errors[:3], upload.job.error, upload.summary)
    return upload


@pytest.mark.parametrize("seeds", [(1, 2, 3), (4, 5, 6), (7, 8, 9)])
def test_files_are_taken_back_in_the_order_in_which_they_came(at_riverside, riverside, seeds):
    before, brought = [], []
    for seed in seeds:
        before.append(fingerprint())
        brought.append(bring(riverside, seed))
    after, revived = [fingerprint()], []

    for upload in reversed(brought):
        undone = take_back(upload)
        after.append(fingerprint())
        assert undone.stage == "undone", undone.undo_job.error
        revived.append(undone.summary["undone"]["revived"])

    assert after[0] not in before
    assert after[1:] == before[::-1]
    # All but the first of them had replaced something of every kind that a file may say anew.
    assert all({"enrolments", "attendance", "grades"} <= set(kinds) for kinds in revived[:-1])
    assert revived[-1] == {}


def test_a_file_taken_back_can_be_brought_in_again(at_riverside, riverside):
    bring(riverside, 1)
    bring_again = bring(riverside, 2)
    n_before = {model: model.every_version.count() for model in (AttendanceRecord, Enrolment)}
    n_students = Student.objects.count()

    take_back(bring_again)
    bring(riverside, 2)

    assert {model: model.every_version.count() for model in n_before} == n_before
    assert Student.objects.count() == n_students


def test_the_model_sees_through_its_copy_what_the_tables_hold(at_riverside, riverside):
    seen = []
    first = bring(riverside, 1)
    for step in (lambda: None, lambda: bring(riverside, 2), lambda: take_back(riverside.uploads.latest("pk"))):
        step()
        copied = facts.frames().attendance
        stored = AttendanceRecord.every_version.values_list(
            "student_id", "held_on", "excused", "known_on", "replaced_on"
        )
        columns = ["student_id", "held_on", "excused", "known_on", "replaced_on"]
        dated = copied.assign(**{name: copied[name].dt.date for name in columns if name.endswith("_on")})
        plain = dated[columns].astype(object).where(dated[columns].notna(), None)
        seen.append(sorted(map(repr, plain.itertuples(index=False, name=None))) == sorted(map(repr, stored)))

    assert seen == [True, True, True]
    assert first.stage == "done"
