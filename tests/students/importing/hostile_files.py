"""Files as they should not be: each is made when asked for, and says how far reading it gets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

STUDENTS = "student_id,given_name,family_name,birth_on,school_id,grade_level"
ATTENDANCE = "student_id,held_on,category"
GRADES = "student_id,awarded_on,course,value"
ANA = "s1,Ana,Silva,2010-03-01,north,9"
BEN = "s2,Ben,Okafor,2009-11-30,north,10"
CHLOE = "s3,Chloë,Müller,2010-07-15,south,9"


@dataclass(frozen=True)
class Hostile:
    """One file that no export should be.

    `refused` is the key of the sentence it is refused with ("" if it can be read); otherwise `n_rows` rows are read and
    `faults` are told. What the cells hold is looked at later: a file that can be read may still be full of bad rows.
    """

    filename: str
    content: bytes | Callable[[Path], None]
    refused: str = ""
    faults: tuple[str, ...] = ()
    n_rows: int = 0

    def written(self, folder: Path) -> Path:
        """Make the file in a folder, whatever its own name is, and return where."""
        path = folder / "uploaded"
        if isinstance(self.content, bytes):
            path.write_bytes(self.content)
        else:
            self.content(path)
        return path


def text(*lines: str, encoding: str = "utf-8", end: str = "\n") -> bytes:
    """Return lines as the bytes of a file."""
    return "".join(line + end for line in lines).encode(encoding)


def students(*lines: str, header: str = STUDENTS, encoding: str = "utf-8", end: str = "\n") -> bytes:
    """Return a students.csv of these lines."""
    return text(header, *lines, encoding=encoding, end=end)


def attendance(*lines: str) -> bytes:
    """Return an attendance.csv of these lines."""
    return text(ATTENDANCE, *lines)


def read(content: bytes, n_rows: int, *faults: str, filename: str = "students.csv") -> Hostile:
    """Return a file that can be read."""
    return Hostile(filename, content, n_rows=n_rows, faults=faults)


def refused(content: bytes | Callable[[Path], None], problem: str, *, filename: str = "students.csv") -> Hostile:
    """Return a file that is refused as a whole."""
    return Hostile(filename, content, refused=problem)


def _endless_line(path: Path) -> None:
    """Write 500 MB without a line break; all but the first megabytes are a hole in the file."""
    with path.open("wb") as file:
        file.write(students(ANA) + b"s2,Ben" + b"x" * 12_000_000)
        file.truncate(500_000_000)


def _endless_quote(path: Path) -> None:
    """Write a quotation mark that is never closed above 12 MB of good lines."""
    path.write_bytes(students(ANA, 's2,"Ben,Okafor,2009-11-30,north,10') + text(*[ANA] * 360_000))


WHOLE_FILE = {
    "empty": refused(b"", "empty"),
    "only blanks": refused(b" \r\n\t\r\n  ", "empty"),
    "only a byte order mark": refused(b"\xef\xbb\xbf", "empty"),
    "web page": refused(b"\r\n<!DOCTYPE html><html><body>Log in</body></html>", "web_page"),
    "old workbook renamed": refused(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 2000, "excel"),
    "gzip": refused(b"\x1f\x8b\x08\x00rest", "other_archive"),
    "7z": refused(b"7z\xbc\xaf\x27\x1c\x00\x04", "other_archive"),
    "rar": refused(b"Rar!\x1a\x07\x01\x00", "other_archive"),
    "pdf": refused(b"%PDF-1.7\n%\xe2\xe3", "pdf"),
    "picture": refused(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(range(32)) * 40, "binary"),
    "control characters": refused(bytes(range(1, 32)) * 50, "binary"),
    "line of 500 MB": refused(_endless_line, "long_line"),
    "UTF-16 that is cut": refused(students(ANA, BEN, encoding="utf-16")[:-1], "broken_utf16"),
    "JSON renamed": Hostile("students.csv", b'[{"studentUniqueId": "s1"}]'),
    "JSON that is cut": Hostile("students.json", b'[{"studentUniqueId": "s1"}, {"studentUni'),
    "JSON nested without end": Hostile("students.json", b"[" * 200_000),
    "path as a name": read(students(ANA), 1, filename="../../etc/students.csv"),
    "Windows path as a name": read(students(ANA), 1, filename="C:\\exports\\students.csv"),
    "wrong extension": read(students(ANA), 1, filename="students.xlsx"),
    "markup as a name": read(students(ANA), 1, filename="<script>alert(1)</script>.csv"),
}

HEADER = {
    "only a header": read(students(), 0),
    "header without a line break": read(STUDENTS.encode(), 0),
    "no header": refused(text("1001,Ana,Silva,2010-03-01", "1002,Ben,Okafor,2009-11-30"), "no_header"),
    "title above the header": refused(text("Students of North High", STUDENTS, ANA, BEN), "title_above_header"),
    "header twice": read(students(ANA, STUDENTS, BEN), 2, "header_again"),
    "header again in capitals": read(students(ANA, STUDENTS.upper(), BEN), 2, "header_again"),
    "column twice": refused(students(ANA + ",x", header=STUDENTS + ",given_name"), "column_twice"),
    "header with a separator at its end": refused(students(ANA + ",", header=STUDENTS + ","), "column_without_name"),
    "header of separators": refused(b",,,,\n1,2,3,4,5\n", "column_without_name"),
    "2,000 columns": refused(text(",".join(f"c{n}" for n in range(2000)), "x" + "," * 1999), "too_many_columns"),
    "very long column name": refused(students(ANA + ",1", header=STUDENTS + "," + "x" * 5000), "long_column_name"),
    "tabs in the header": read(students(ANA, header=STUDENTS.replace(",", "\t,")), 1),
    "tab inside a name": read(students(ANA, header=STUDENTS.replace("_", "\t")), 1),
    "hard spaces in the header": read(students(ANA, header=STUDENTS.replace(",", "\u00a0,\u00a0")), 1),
    "blank lines above the header": read(b"\n\r\n  \n" + students(ANA), 1),
    "Excel's line for the separator": read(b"sep=;\n" + students(ANA).replace(b",", b";"), 1),
    "Excel's line for a comma": read(b"sep=,\n" + students(ANA), 1),
    "open quotation mark in the header": refused(students(ANA, header='"' + STUDENTS), "open_quote"),
    "column called line": read(students(ANA + ",7", header=STUDENTS + ",line"), 1),
    "markup in the header": read(students(ANA + ",7", header=STUDENTS + ",<b onload=alert(1)>"), 1),
}

LINES = {
    "value too many": read(students(ANA, BEN + ",x"), 1, "ragged"),
    "value too few": read(students(ANA, "s2,Ben", BEN), 2, "ragged"),
    "cut off in the last line": read(students(ANA, BEN)[:-20], 1, "cut_line"),
    "cut off within a letter": read(students(CHLOE) + "s4,Zoë".encode()[:-1], 1, "cut_line"),
    "zero byte": read(students(ANA, BEN.replace("Ben", "B\0n")), 1, "zero_byte"),
    "zero bytes at the end": read(students(*[ANA] * 100) + b"\0" * 30, 100, "zero_byte"),
    "block of zero bytes at the end": refused(students(ANA, BEN) + b"\0" * 4096, "binary"),
    "lone quotation mark": read(students(ANA, BEN.replace("Ben", '"Ben'), CHLOE), 2, "open_quote"),
    "lone quotation mark in the last line": read(students(ANA, BEN.replace("Ben", '"Ben')), 1, "open_quote"),
    "two lone quotation marks": read(
        students(ANA.replace("Ana", '"Ana'), BEN, CHLOE.replace("Chloë", 'Chloë"'), BEN), 2, "open_quote"
    ),
    "lone quotation mark above 12 MB": Hostile("students.csv", _endless_quote, n_rows=360_001, faults=("open_quote",)),
    "nothing but quotation marks": read(students(ANA, *['"'] * 2000), 1, "ragged"),
    "quotation marks without end": refused(students(*['x"y'] * 60_000), "broken_quotes"),
    "quotation marks in a value": read(students(ANA, BEN.replace("Ben", 'Be"n"')), 1, "open_quote"),
    "quotation marks behind spaces": read(students(ANA, BEN.replace("Ben", ' "Ben"')), 1, "open_quote"),
    "quotation marks escaped by a backslash": read(
        students(ANA, BEN.replace("Ben", r'"B \"Big\" n"')), 1, "open_quote"
    ),
    "value of two lines": read(students(ANA.replace("Ana", '"Ana\nMaria"'), BEN), 2),
    "line above the limit": refused(students(ANA, BEN.replace("Ben", "B" * 1_100_000)), "long_line"),
    "value above the limit": refused(students(ANA, BEN.replace("Ben", '"' + "B\n" * 600_000 + '"')), "long_line"),
    "very many empty lines": read(students(ANA) + b"\n" * 300_000 + text(BEN), 2),
    "rows of separators": read(students(ANA, *[",,,,,"] * 500, *[",,"] * 500), 1),
    "carriage returns only": read(students(ANA, BEN, end="\r"), 2),
    "three kinds of line ends": read(STUDENTS.encode() + b"\r\n" + ANA.encode() + b"\r" + text(BEN), 2),
    "Ctrl-Z at the end": read(students(ANA) + b"\x1a", 1),
}

ENCODINGS = {
    "UTF-8 with a mark": read(students(CHLOE, encoding="utf-8-sig"), 1),
    "UTF-16 with a mark": read(students(CHLOE, encoding="utf-16"), 1),
    "UTF-16 without a mark": read(students(CHLOE, encoding="utf-16-le"), 1),
    "UTF-16 without a mark, big end first": read(students(CHLOE, encoding="utf-16-be"), 1),
    "UTF-32": read(students(CHLOE, encoding="utf-32"), 1),
    "Windows-1252": read(students(CHLOE, encoding="cp1252"), 1),
    "byte that Windows-1252 has not": read(students(ANA.replace("Ana", "An\x81"), encoding="latin-1"), 1),
    "two encodings": read(students(*[CHLOE] * 3000) + text(*[CHLOE] * 3000, encoding="cp1252"), 6000),
    "overlong UTF-8": read(students(ANA).replace(b"Ana", b"A\xc0\xafa"), 1),
    "mark in the middle": read(students(ANA) + b"\xef\xbb\xbf" + text(BEN), 2),
    "mark and header in the middle": read(students(ANA) + students(BEN, encoding="utf-8-sig"), 2, "header_again"),
    "emoji as ids": read(students(ANA.replace("s1", "😀"), BEN.replace("s2", "👩‍👧")), 2),
    "right-to-left marks": read(students(ANA.replace("Ana", "\u202eanA\u202c"), BEN.replace("Ben", "بن")), 2),
    "letters and accents apart": read(students(CHLOE.replace("ë", "e\u0308")), 1),
    "no-width spaces": read(students(ANA.replace("s1", "s1\u200b")), 1),
}

# Sundays and Saturdays by turns, and one day of another century.
WEEKENDS = [f"s1,2025-{month:02}-{day:02},absent" for month, day in ((3, 1), (3, 2), (3, 8), (3, 9), (3, 15)) * 4]
ROSTER = STUDENTS + ",entered_on,exited_on"
NO_END = ("9999-12-31", "12/31/9999", "31.12.2099", "31/12/99", "00/00/0000", "9999-12-31T23:59:59Z")

DAYS = {
    "no end in many spellings": read(students(*(f"{ANA},2024-09-02,{day}" for day in NO_END), header=ROSTER), 6),
    "placeholders among days": read(
        attendance(*(f"s1,{day},absent" for day in ("2025-03-03", *NO_END))), 7, filename="attendance.csv"
    ),
    "years of two digits": read(students(ANA.replace("2010-03-01", "31/12/99"), BEN.replace("2009", "2099")), 2),
    "day of another century": read(attendance(*WEEKENDS, "s1,1999-03-01,absent"), 21, filename="attendance.csv"),
    "born after the first day": read(students(f"{ANA},2009-09-01,", f"{BEN},2024-09-02,", header=ROSTER), 2),
    "nothing but weekends": read(attendance(*WEEKENDS), 20, filename="attendance.csv"),
    "years and terms by many names": read(
        text("school_year,term,starts_on,ends_on", *(f"{y},HS1,2025-09-01,2099-12-31" for y in ("25/26", "25-27"))),
        2,
        filename="terms.csv",
    ),
}

CELLS = {
    "formulas": read(students(ANA.replace("Ana", "=cmd|'/c calc'!A1"), BEN.replace("Ben", "@SUM(1)"), "+x" + CHLOE), 3),
    "markup in a name": read(students(ANA.replace("Ana", "<img src=x onerror=alert(1)>")), 1),
    "SQL in a name": read(students(ANA.replace("Ana", "Robert'); DROP TABLE students;--")), 1),
    "days that are not": read(
        attendance(*(f"s1,{day},absent" for day in ("2024-02-30", "30/12/99", "6209-01-01"))),
        3,
        filename="attendance.csv",
    ),
    "year 3": read(attendance("s1,0003-09-01,absent"), 1, filename="attendance.csv"),
    "serial numbers of a spreadsheet": read(
        attendance("s1,45170,absent", "s1,45171.5,tardy"), 2, filename="attendance.csv"
    ),
    "decimal commas": read(text(GRADES.replace(",", ";"), "s1;2024-01-31;Math;87,5", "s2;2024-01-31;Art;1.000,5"), 2),
    "numbers that are none": read(text(GRADES, *(f"s1,2024-01-31,Art,{v}" for v in ("-5", "inf", "nan", "1e999"))), 4),
    "cell of 10,000 characters": read(students(ANA.replace("Ana", "A" * 10_000)), 1),
    "cell of 200,000 characters": read(students(ANA.replace("Ana", "A" * 200_000)), 1),
    "student twice": read(students(ANA, ANA, ANA.replace("Ana", "Anna")), 3),
    "vertical tab": read(students(ANA.replace("Ana", "A\x0bna")), 1),
    "line separator of Unicode": read(students(ANA.replace("Ana", "A\u2028na\x85")), 1),
    "ids that lose their zeros": read(students(ANA.replace("s1", "00123"), BEN.replace("s2", "1E+05")), 2),
    "password column": read(students(ANA + ",hunter2", header=STUDENTS + ",password"), 1),
    "national id column": read(students(ANA + ",123-45-6789", header=STUDENTS + ",SSN"), 1),
    "medical column": read(students(ANA + ",asthma since birth", header=STUDENTS + ",Medical notes"), 1),
    "national ids under an innocent name": read(
        students(*(f"{line},219-0{n}-9999" for n, line in enumerate((ANA, BEN, CHLOE), 1)), header=STUDENTS + ",code"),
        3,
    ),
}
