"""Row-level security on what staff write and plan; of notes also by who may read them."""

from django.db import migrations

from accounts import row_security

INSTITUTION = ["students_helpkind", "students_familytemplate", "students_notereader"]
STUDENT = [
    "students_helpplan",
    "students_progresscheck",
    "students_helpend",
    "students_concern",
    "students_concernanswer",
    "students_handovernote",
    "students_familymessage",
    "students_familywish",
    "students_datacase",
    "students_datacasestep",
]


class Migration(migrations.Migration):
    dependencies = [("students", "0006_the_desk")]

    operations = [
        *[row_security.by_institution(table) for table in INSTITUTION],
        *[row_security.by_student(table) for table in STUDENT],
        row_security.by_reader("students_note"),
        row_security.by_author("students_notedraft"),
        row_security.by_note("students_noterevision"),
    ]
