"""A file is known by what is in it; what nothing knows, a person is asked about once."""

from __future__ import annotations

from pathlib import Path

import pytest

from students.importing import formats
from students.importing.batches import Options
from students.importing.cohort_schema import CohortSchema
from students.importing.file_errors import FileRefused
from students.importing.formats import NeedsMapping, Recognised, recognise
from tests.students.importing.real_data import COHORTS, real_file
from tests.students.importing.small_batches import TODAY
from tests.students.importing.small_cohort import ANA, BEN, csv_bytes, small_schema
from tests.students.importing.small_files import container_of, typed_by_kind

UNKNOWN = "Nr,Wann,Was\nA1,2025-09-15,absent\n"
ATTENDANCE = "student_id,date,status\ns1,2025-09-15,absent\n"
MANIFEST = "propertyName,value\nmanifest.version,1.0\n"
USERS = "sourcedId,enabledUser,orgSourcedIds,role\nu1,true,h1,student\n"
ORGS = "sourcedId,name,type\nh1,Hill,school\n"
FORMATS: dict[str, tuple[dict[str, str | bytes], str]] = {
    "our own file": ({"attendance.csv": ATTENDANCE}, "portal"),
    "our own zip": ({"attendance.csv": ATTENDANCE, "schools.csv": "school_id,name\nh1,Hill\n"}, "portal"),
    "cohort": ({"anything.csv": csv_bytes(ANA, BEN)}, "cohort"),
    "OneRoster with a manifest": ({"manifest.csv": MANIFEST, "users.csv": USERS}, "oneroster"),
    "OneRoster without one": ({"users.csv": USERS, "orgs.csv": ORGS}, "oneroster"),
    "Ed-Fi JSON": ({"students.json": '[{"studentUniqueId": "1"}]'}, "edfi"),
    "Ed-Fi CSV": ({"attendance.csv": "studentUniqueId,eventDate\n1,2025-09-15\n"}, "edfi"),
    "Ed-Fi CSV with references": ({"a.csv": "studentReference.studentUniqueId,entryDate\n1,2025-09-15\n"}, "edfi"),
}


def recognised(folder: Path, files: dict[str, str | bytes], **mappings: object) -> Recognised:
    return recognise(container_of(folder, files), schemas={"small": small_schema()}, mappings=dict(mappings))


@pytest.mark.parametrize(("files", "wanted"), FORMATS.values(), ids=FORMATS.keys())
def test_a_file_is_known_by_its_content(files: dict[str, str | bytes], wanted: str, tmp_path: Path) -> None:
    found = recognised(tmp_path, files)

    assert found.format == wanted
    assert found.schema_name == ("small" if wanted == "cohort" else None)
    assert len(found.shape) == 64


def test_a_file_that_nothing_knows_is_asked_about_with_a_proposal(tmp_path: Path) -> None:
    with pytest.raises(NeedsMapping) as question:
        recognised(tmp_path, {"export.csv": UNKNOWN.replace("Was", "Was,SSN").replace("absent", "absent,123-45-6789")})

    assert question.value.header == ["Nr", "Wann", "Was", "SSN"]
    assert question.value.sample == [["A1", "2025-09-15", "absent", ""]]
    assert question.value.withheld == ["SSN"]
    assert question.value.proposal.kind == "attendance"


def test_a_column_that_a_person_could_find_is_asked_about_not_refused(tmp_path: Path) -> None:
    with pytest.raises(NeedsMapping) as question:
        recognised(tmp_path, {"attendance.csv": "student_id,Wann,status\ns1,2025-09-15,absent\n"})

    assert question.value.proposal.columns == {"student_id": "student_id", "held_on": "Wann", "category": "status"}


def test_a_column_that_is_not_there_at_all_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileRefused, match='Column "held_on" is missing from attendance.csv'):
        recognised(tmp_path, {"attendance.csv": "student_id,status\ns1,absent\n"})


def test_what_was_said_of_a_file_holds_for_the_next_of_its_shape(tmp_path: Path) -> None:
    mapping = {"kind": "attendance", "columns": {"student_id": "Nr", "held_on": "Wann", "category": "Was"}}
    with pytest.raises(NeedsMapping) as question:
        recognised(tmp_path, {"export-2025-09-15.csv": UNKNOWN})

    later = container_of(tmp_path, {"export-2025-09-16.csv": "WAS,Nr,Wann\nabsent,A7,2025-09-16\n"})
    found = recognise(later, schemas={}, mappings={question.value.shape: mapping})

    assert found.format == "mapped"
    assert found.mapping == mapping


def test_another_column_makes_another_shape_and_another_day_in_a_name_does_not(tmp_path: Path) -> None:
    def shape(files: dict[str, str | bytes]) -> str:
        return formats.named(container_of(tmp_path, files), format="portal").shape

    days = [shape({f"attendance_{day}.csv": ATTENDANCE, "schools.csv": ORGS}) for day in (15, 16)]

    assert days[0] == days[1]
    assert shape({"a.csv": UNKNOWN}) == shape({"b.csv": UNKNOWN.upper()})
    assert shape({"a.csv": UNKNOWN}) != shape({"a.csv": UNKNOWN.replace("Was", "Wie")})
    assert shape({"attendance.csv": ATTENDANCE}) != shape({"attendance.csv": ATTENDANCE, "schools.csv": ORGS})


def test_a_file_with_a_few_columns_of_a_schema_by_chance_is_none_of_its_cohort(tmp_path: Path) -> None:
    columns = [column for column in small_schema().as_json()["columns"] if column["kind"] in ("identifier", "outcome")]
    schema = small_schema(columns=[*columns, small_schema().as_json()["columns"][6] | {"required": False}], rule=[])
    text = "Id,date,status,days\ns1,2025-09-15,absent,1\n"

    found = recognise(container_of(tmp_path, {"a.csv": text}), schemas={"few": schema}, mappings={})

    assert found.format == "portal"


@pytest.mark.parametrize(
    ("file", "schema"),
    [
        ("uci697/data.csv", "uci_697"),
        ("uci320/student-por.csv", "uci_320_por"),
        ("uci320/student-mat.csv", "uci_320_mat"),
    ],
)
def test_the_real_cohorts_are_known_each_by_its_schema(file: str, schema: str, tmp_path: Path) -> None:
    path = real_file(file)
    schemas = {one.stem: CohortSchema.from_yaml(one) for one in COHORTS.glob("*.yaml")}

    found = recognise(container_of(tmp_path, {path.name: path.read_bytes()}), schemas=schemas, mappings={})

    assert (found.format, found.schema_name) == ("cohort", schema)


@pytest.mark.parametrize("name", ["our own file", "cohort", "OneRoster without one"])
def test_the_reader_of_a_format_reads_it(name: str, tmp_path: Path) -> None:
    container = container_of(tmp_path, FORMATS[name][0])
    found = recognise(container, schemas={"small": small_schema()}, mappings={})

    reader = formats.reader_for(found, container, Options(today=TODAY, schema=small_schema()))

    assert reader.format == found.format


def test_a_mapped_file_is_read_by_the_mapping_of_its_shape(tmp_path: Path) -> None:
    mapping = {"kind": "attendance", "columns": {"student_id": "Nr", "held_on": "Wann", "category": "Was"}}
    container = container_of(tmp_path, {"export.csv": UNKNOWN})
    found = Recognised(format="mapped", mapping=mapping)

    rows, _faults = typed_by_kind(formats.reader_for(found, container, Options(today=TODAY)))

    assert rows["attendance"]["student_id"].to_list() == ["A1"]
