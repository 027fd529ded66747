"""Lines of a person's own CSV: read as the file arrives, looked up by number, and held to what was shown."""

from __future__ import annotations

import datetime as dt
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, Literal, TypeVar

from django.core.files.storage import default_storage
from django.utils.translation import gettext as _

from accounts import private_files
from accounts.models import Institution, User
from students.importing.line_layouts import Layout, LineT
from students.models import Student, StudentMerge

Status = Literal["new", "moves", "stands", "refused"]


class Changed(Exception):
    """A line would do something else by now than it was shown to do, so nothing was recorded."""


@dataclass(frozen=True, kw_only=True)
class CheckedLine(Generic[LineT]):
    """A line, and what it would do: `why` says what keeps it from being recorded where it is refused."""

    said: LineT
    status: Status
    why: str = ""
    student: Student | None = None

    @property
    def does_something(self) -> bool:
        """Return whether something would be recorded."""
        return self.status in ("new", "moves")

    @property
    def promise(self) -> str:
        """Return what the person is told will happen; what would happen otherwise by then is not recorded."""
        return self.status


CheckedT = TypeVar("CheckedT", bound=CheckedLine)


@dataclass(frozen=True, kw_only=True)
class FoundLine(Generic[LineT]):
    """A line with its student and the lines on which that student stands; `why` where it cannot be read or found."""

    said: LineT
    student: Student | None = None
    lines: tuple[int, ...] = ()
    why: str = ""

    @property
    def twice(self) -> str:
        """Return the sentence for a student of several lines; "" for one who stands once."""
        return standing_in(self.lines, _("This student stands in lines %(lines)s. Keep one of them."))


def standing_in(lines: Sequence[int], sentence: str) -> str:
    """Return a sentence filled with the numbers of several lines; "" for a single one."""
    return sentence % {"lines": ", ".join(str(line) for line in lines)} if len(lines) > 1 else ""


def read(
    chunks: Iterable[bytes], filename: str, *, layout: Layout[LineT], institution: Institution, now: dt.datetime
) -> list[LineT]:
    """Return the lines of a file as it arrives; nothing of it is kept.

    :raises FileRefused: if it is no CSV with these columns
    """
    # Polars loads with the first file, not at the start of the process.
    from students.importing import line_files  # noqa: PLC0415

    folder = private_files.make_folder(Path(default_storage.path(f"uploads/{institution.slug}")))
    with tempfile.NamedTemporaryFile(dir=folder, prefix=".lines-") as arriving:
        for chunk in chunks:
            arriving.write(chunk)
        arriving.flush()
        return line_files.read(Path(arriving.name), filename, layout=layout, latest=institution.day_of(now))


def found(lines: Sequence[LineT], *, by: User) -> list[FoundLine[LineT]]:
    """Return each line with its student. Whom the person does not see is as unknown as one who is not there."""
    students = _students(lines, by=by)
    places: dict[int, list[int]] = defaultdict(list)
    for one in lines:
        if one.number in students:
            places[students[one.number].pk].append(one.line)
    unknown = _("You see no student with this number. Correct the number.")
    looked_up = []
    for one in lines:
        student = students.get(one.number)
        if one.problem or student is None:
            looked_up.append(FoundLine(said=one, why=one.problem or unknown))
        else:
            looked_up.append(FoundLine(said=one, student=student, lines=tuple(places[student.pk])))
    return looked_up


def hold(lines: Sequence[LineT], *, by: User) -> None:
    """Keep everybody else from the students of these lines until the transaction ends."""
    keys = {student.pk for student in _students(lines, by=by).values()}
    # In the order in which everybody else takes them.
    list(Student.objects.select_for_update(no_key=True, of=("self",)).filter(pk__in=keys).order_by("pk"))


def to_record(checked: Sequence[CheckedT], *, offered: Mapping[int, str]) -> list[CheckedT]:
    """Return the offered lines that are still to be recorded; what stands by now, sent twice, is not.

    :raises Changed: if one of them would do something else than was promised
    """
    asked = [one for one in checked if one.said.line in offered and one.status != "stands"]
    if any(not one.does_something or one.promise != offered[one.said.line] for one in asked):
        raise Changed
    return asked


def _students(lines: Sequence[LineT], *, by: User) -> dict[str, Student]:
    """Return the students whom the person sees, by the numbers of the lines; a merged number is the kept student's."""
    numbers = {one.number for one in lines if one.number}
    seen = Student.objects.visible_to(by).select_related("school", "institution")
    students = {student.external_id: student for student in seen.filter(external_id__in=numbers)}
    merges = StudentMerge.objects.filter(other__in=list(students.values()), taken_back_at=None)
    kept = dict(merges.values_list("other__external_id", "kept_id"))
    kept_students = seen.in_bulk(list(kept.values()))
    for number, kept_id in kept.items():
        if kept_id in kept_students:
            students[number] = kept_students[kept_id]
        else:
            del students[number]
    return students
