"""National ids, medical notes, passwords and card numbers are known by name or content, and never kept."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from students.importing import containers, privacy, record_kinds
from students.importing.csv_blocks import CsvFile
from students.importing.file_errors import FileRefused
from tests.students.importing.hostile_files import ANA, BEN, CHLOE, STUDENTS, students, text
from tests.students.importing.hostile_zips import CORPUS, zipped

WITHHELD = {
    "national_id": (
        *(
            "SSN",
            "ssn",
            "student_ssn",
            "StudentSSN",
            "studentssn",
            "S.S.N.",
            "Social Security Number",
            "socialSecurityNo",
        ),
        *("National ID", "nationalId", "NATIONAL_ID_NUMBER", "Passport No.", "passportNumber", "DNI", "CURP"),
        *(
            "Número de seguridad social",
            "N° de sécurité sociale",
            "Personalausweis",
            "Codice Fiscale",
            "Driver's License",
        ),
    ),
    "medical": (
        *("Medical", "medical_notes", "Diagnosis", "Medications", "Allergies", "allergy", "Health conditions"),
        *(
            "IEP notes",
            "Mental Health",
            "Diagnóstico",
            "Krankheiten",
            "alergias",
            "Immunization date",
            "health_insurance",
        ),
    ),
    "password": (
        "password",
        "Passwort",
        "userPassword",
        "passwordHash",
        "contraseña",
        "Mot de passe",
        "PIN",
        "Login PIN",
    ),
    "payment": ("IBAN", "Credit card", "creditCardNumber", "bank_account", "Kontonummer", "Tarjeta de crédito"),
}
INNOCENT = (
    *(
        "student_id",
        "studentUniqueId",
        "session",
        "sessions",
        "lesson",
        "class",
        "classNumber",
        "grade",
        "Pass",
        "passed",
    ),
    *("International", "international_id", "Nacionality", "nationality", "health", "Health class", "zip", "pincode"),
    *("opinion", "spin", "shopping", "discipline", "card", "Library card number", "address", "reason", "iep", "sex"),
    *("diagnostic_score", "assignment", "assessment", "mission", "status", "disability", "Educational special needs"),
    *("username", "email", "phone", "sourcedId", "userIds", "agentSourcedIds", "bic", "nurse_visits", "condition"),
)


@pytest.mark.parametrize(("header", "reason"), [(name, key) for key, names in WITHHELD.items() for name in names])
def test_a_column_is_known_by_its_name(header: str, reason: str) -> None:
    found = privacy.withheld_columns((header,), [])

    assert found == {header: reason}
    assert privacy.reasons()[reason].label


def test_innocent_names_are_left_alone() -> None:
    found = privacy.withheld_columns(INNOCENT, [])

    assert found == {}


def test_no_column_that_the_portal_knows_is_withheld() -> None:
    kinds = record_kinds.kinds().values()
    names = [name for kind in kinds for field in kind.fields for name in (field.name, *field.also_called)]

    found = privacy.withheld_columns(list(dict.fromkeys(names)), [])

    assert found == {}


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (["123-45-6789", "219-09-9999", "457-55-5462"], "national_id"),
        (["123.456.789-09", "987.654.321-00", "111.444.777-35"], "national_id"),
        (["AB123456C", "AB 12 34 56 C", "ZX987654D"], "national_id"),
        (["4111 1111 1111 1111", "5500-0000-0000-0004", "340000000000009"], "payment"),
        (["DE89370400440532013000", "GB29 NWBK 6016 1331 9268 19", "FR1420041010050500013M02606"], "payment"),
        (["$2b$12$abcdefghijklmnopqrstuv", "pbkdf2_sha256$1000$x$y=", "$argon2id$v=19$m=1$x$y"], "password"),
        (["has asthma, inhaler in bag", "none", "Diabetes type 1", "", "allergic to nuts"], "medical"),
    ],
)
def test_a_column_is_known_by_what_it_holds(values: list[str], reason: str) -> None:
    found = privacy.withheld_columns(("student_id", "code"), [("s1", value) for value in values])

    assert found == {"code": reason}


@pytest.mark.parametrize(
    "values",
    [
        ["123456789", "219099999", "457555462"],
        ["2024-09-01", "2024-09-02", "2024-09-03"],
        ["555-123-4567", "555-987-6543", "555-222-3333"],
        ["4111111111111112", "5500000000000005", "4111111111111113"],
        ["Medical appointment", "Illness", "Doctor", "Health Science", "Medical"],
        ["123-45-6789", "north", "south"],
    ],
)
def test_innocent_values_are_left_alone(values: list[str]) -> None:
    found = privacy.withheld_columns(("code",), [(value,) for value in values])

    assert found == {}


def test_health_is_a_scale_or_a_note_by_what_it_holds() -> None:
    scale = privacy.withheld_columns(("health",), [("5",), ("3",), ("1",)])
    notes = privacy.withheld_columns(("health",), [("broke an arm",), ("wears glasses",), ("fine",)])

    assert (scale, notes) == ({}, {"health": "medical"})


def rewritten(content: bytes, withheld: set[str], folder: Path) -> bytes:
    path = folder / "stored"
    path.write_bytes(content)
    to = io.BytesIO()
    privacy.rewritten(containers.opened(path, "students.csv").members[0], withheld, to)
    return to.getvalue()


@pytest.mark.parametrize(
    ("withheld", "kept"),
    [
        ({"a"}, "b,c,d\n2,3,4\n"),
        ({"d"}, "a,b,c\n1,2,3\n"),
        ({"b", "c"}, "a,d\n1,4\n"),
        ({"a", "b"}, "c,d\n3,4\n"),
        ({"a", "d"}, "b,c\n2,3\n"),
        ({"a", "b", "d"}, "c\n3\n"),
        ({"unknown"}, "a,b,c,d\n1,2,3,4\n"),
    ],
)
def test_columns_are_taken_out_wherever_they_stand(withheld: set[str], kept: str, tmp_path: Path) -> None:
    assert rewritten(b"a,b,c,d\r\n1,2,3,4\r\n", withheld, tmp_path).decode() == kept


def test_every_row_keeps_its_line_and_bad_lines_keep_nothing_but_their_place(tmp_path: Path) -> None:
    lines = ['1,"one\ntwo, three",x', "", "2,secret", '3,"a""b",y', '4,sec"ret,z', ",,", "5,secret,w,v", "6,,u"]
    content = text("id,notes,code", *lines, encoding="utf-16")

    kept = rewritten(content, {"notes"}, tmp_path).decode()

    assert kept == "id,code\n1,x\n\n\n?,,\n3,y\n?,,\n,,\n?,,\n6,u\n"


def test_a_file_of_nothing_but_withheld_columns_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileRefused, match="Every column of this file"):
        rewritten(b"ssn\n123-45-6789\n", {"ssn"}, tmp_path)


Read = dict[str, tuple[list[tuple[object, ...]], list[int]]]


def of_members(container: containers.Container, without: dict[str, str]) -> Read:
    read: Read = {}
    for member in container.members:
        blocks = list(CsvFile(member).blocks(4096))
        rows = [row for block in blocks for row in block.rows.drop(without[member.name], strict=False).rows()]
        read[member.name] = rows, [line for block in blocks for line in block.faults["line"]]
    return read


CAN_BE_READ = {
    name: one for name, one in CORPUS.items() if not one.refused and "JSON" not in name and "12 MB" not in name
}


@pytest.mark.parametrize("name", CAN_BE_READ)
def test_a_hostile_file_without_a_column_gives_the_same_rows_and_bad_lines(name: str, tmp_path: Path) -> None:
    hostile = CAN_BE_READ[name]
    container = containers.opened(hostile.written(tmp_path), hostile.filename)
    secret = {member.name: CsvFile(member).header[1] for member in container.members}

    privacy.stripped(container, {file: {column} for file, column in secret.items()}, tmp_path / "copy")

    copy = containers.opened(tmp_path / "copy", hostile.filename)
    assert copy.kind == container.kind
    assert all(secret[member.name] not in CsvFile(member).header for member in copy.members)
    assert of_members(copy, secret) == of_members(container, secret)


def test_a_zip_keeps_its_other_files_as_they_are(tmp_path: Path) -> None:
    secret = students(ANA + ",123-45-6789", BEN + ",219-09-9999", header=STUDENTS + ",SSN")
    path = tmp_path / "stored"
    path.write_bytes(zipped({"students.csv": secret, "more.json": b'[{"id": 1}]', "other.csv": students(CHLOE)}))
    copy = tmp_path / "copy"

    privacy.stripped(containers.opened(path, "export.zip"), {"students.csv": ["SSN"]}, copy)

    with zipfile.ZipFile(copy) as archive:
        held = {name: archive.read(name) for name in archive.namelist()}
    assert held == {"students.csv": students(ANA, BEN), "more.json": b'[{"id": 1}]', "other.csv": students(CHLOE)}
    assert b"6789" not in copy.read_bytes()
