"""The page docs/features.md out of the catalogue: ``python -m modeling.feature_table > docs/features.md``."""

from __future__ import annotations

from collections.abc import Sequence

from modeling.core import catalogue
from modeling.core.feature import Feature

HEADINGS = (
    ("Attendance", catalogue.ATTENDANCE),
    ("Courses and credits", catalogue.COURSEWORK + catalogue.PROGRESS),
    ("Conduct", catalogue.CONDUCT),
    ("Enrolment", catalogue.ENROLMENT),
    ("Help", catalogue.HELP),
)
DIRECTIONS = {1: "raises", -1: "lowers", 0: "either"}
INTRODUCTION = """# The features

What a dated institution's model looks at, as of a day, from facts that were known by then. Made from
`modeling/core/catalogue.py`; change it there, and then `python -m modeling.feature_table > docs/features.md`.

A value that nobody can know is missing, not zero: a new student has no history, and a school that keeps no incidents
has none to count. What a gap means is learned only from enough of them (50 rows, 10 of each outcome); else the value is
not known, like a category never seen or in fewer than 10 rows: the risk is the mean over what is likely here, and no
reason speaks of it. Sessions are the institution's school days; the day of entry and the last day at a school are on
the roll. A session missed in part counts as that part. Under "role", *changeable* is what a school can do something
about, and *context* describes the situation; what is protected is in no feature. The last column is what the model
may learn while directions are held (`trees.monotone`): that more of it only raises the risk, only lowers it, or
either.

A new enrolment after a student left before finishing starts a new history. From the day of that entry on, as far as
both were known by then, attendance, courses, conduct and `days_enrolled` are of what happened since: absences and
incidents by their day, grades by the day they were given unless their term was over before, sessions of the windows
from the entry on. Lifelong are changes of school, a late start, age, a repeated grade, the grade level, help and
attributes. A new school year and a change of school are no return.
[What a return is](way_back.md#what-it-means-for-the-model)

Attributes of a [cohort's schema](cohort_files.md) come beside these, under their own names, units and ranges.
"""


def page() -> str:
    """Return the page."""
    sections = [f"## {heading}\n\n{table(features)}" for heading, features in HEADINGS]
    return "\n".join([INTRODUCTION, *sections])


def table(features: Sequence[Feature]) -> str:
    """Return features as a table in Markdown, a line each."""
    head = "| feature | meaning | unit | range | role | more of it |\n| --- | --- | --- | --- | --- | --- |\n"
    return head + "".join(f"{_line(feature)}\n" for feature in features)


def _line(feature: Feature) -> str:
    unit = "yes or no" if feature.kind == "flag" else feature.unit or "code"
    cells = (f"`{feature.name}`", feature.meaning, unit, _range(feature), feature.role)
    return f"| {' | '.join(cells)} | {DIRECTIONS[feature.risk_direction]} |"


def _range(feature: Feature) -> str:
    if feature.low is None or feature.high is None:
        return "any"
    return f"{feature.low:g} to {feature.high:g}"


if __name__ == "__main__":
    print(page(), end="")
