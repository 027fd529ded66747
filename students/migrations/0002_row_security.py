"""Row-level security on the tables of this app."""

from django.db import migrations

from accounts import row_security

INSTITUTION = ["students_cohort", "students_upload", "students_term", "students_schoolday"]
SCHOOL = ["students_student"]
STUDENT = [
    "students_enrolment",
    "students_caseload",
    "students_attendancerecord",
    "students_graderecord",
    "students_disciplineincident",
    "students_studentattribute",
    "students_protectedattribute",
    "students_outcome",
    "students_intervention",
]


class Migration(migrations.Migration):
    dependencies = [("students", "0001_initial")]

    operations = [
        *[row_security.by_institution(table) for table in INSTITUTION],
        *[row_security.by_school(table) for table in SCHOOL],
        *[row_security.by_student(table) for table in STUDENT],
    ]
