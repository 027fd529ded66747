"""Snapshots: the features of every student on the roll as of a day, from facts known by then only."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date

import numpy as np
import pandas as pd

from modeling.core import catalogue
from modeling.core.attendance import attendance_features
from modeling.core.conduct import conduct_features
from modeling.core.coursework import coursework_features
from modeling.core.enrolment import enrolment_features
from modeling.core.facts_frames import FactFrames
from modeling.core.feature import Feature
from modeling.core.interventions import help_features
from modeling.core.school_calendar import Values
from modeling.core.snapshot_day import SnapshotDay

Family = Callable[[SnapshotDay], Mapping[str, Values]]

# The kind of record each family needs ("" for enrolment, which every institution has).
FAMILIES: tuple[tuple[Sequence[Feature], str, Family], ...] = (
    (catalogue.ATTENDANCE, "attendance", attendance_features),
    (catalogue.COURSEWORK + catalogue.PROGRESS, "grades", coursework_features),
    (catalogue.CONDUCT, "discipline", conduct_features),
    (catalogue.ENROLMENT, "", enrolment_features),
    (catalogue.HELP, "interventions", help_features),
)

# Sums of shares differ in the last bits with the order of the rows; rounded, the same facts give the same dataset
# hash whatever order they were read in.
DECIMALS = 9

FLAGS = {"1": 1.0, "true": 1.0, "yes": 1.0, "1.0": 1.0, "0": 0.0, "false": 0.0, "no": 0.0, "0.0": 0.0}


class NotComputed(LookupError):
    """Nothing computes a feature that is asked for: it would be missing for everybody, and nobody would know."""


def snapshot(facts: FactFrames, *, as_of: date, features: Sequence[Feature]) -> pd.DataFrame:
    """Return the features of every student on the roll as of a day.

    Parameters
    ----------
    facts : FactFrames
        What is recorded, later facts included: they are left out here. For one student's page pass
        ``facts.of_students([student_id])``; the values are the same.
    as_of : date
        Only facts with ``known_on`` on or before this day move a feature.
    features : sequence of Feature
        Dated features are known by name from the catalogue, term features from ``facts.term_features``;
        any other name is an attribute of the cohort's schema, and so is a name of the catalogue of whose kind of record
        the institution keeps none, where an attribute has that name.

    Returns
    -------
    DataFrame of shape (n_students, n_features), index ``student_id``
        Columns in the order asked. Categories hold str or NaN (object), the rest float64. Missing is not
        zero: NaN says that nothing was recorded.

    Raises
    ------
    NotComputed
        If the catalogue has a feature that no family computes, or had one that a version of a model still asks for.
    ValueError
        If an attribute's value is not of its feature's kind.
    """
    day = SnapshotDay.of(facts, as_of=as_of)
    columns = _dated(day, {feature.name for feature in features})
    others = [feature for feature in features if feature.name not in columns]
    terms = day.facts.term_features.drop_duplicates("name").set_index("name") if others else pd.DataFrame()
    for feature in others:
        if feature.name in terms.index:
            term, quantity = terms.at[feature.name, "term"], terms.at[feature.name, "quantity"]
            columns[feature.name] = _term_feature(day, term=str(term), quantity=str(quantity))
        else:
            _check_is_attribute(feature, described=facts.attributes["name"])
            columns[feature.name] = _attribute(day, feature)
    return pd.DataFrame({feature.name: columns[feature.name] for feature in features}, index=day.students)


def _dated(day: SnapshotDay, names: set[str]) -> dict[str, Values | pd.Series]:
    """Return the features asked for that stand in the catalogue; a family not asked for costs nothing."""
    columns: dict[str, Values | pd.Series] = {}
    for family, record, compute in FAMILIES:
        wanted = [feature for feature in family if feature.name in names]
        if not wanted:
            continue
        is_kept = not record or record in day.facts.kept
        if not is_kept:
            described = set(pd.unique(day.recorded.attributes["name"]))
            wanted = [feature for feature in wanted if feature.name not in described]
        values = compute(day) if is_kept else {}
        for feature in wanted:
            if is_kept and feature.name not in values:
                raise NotComputed(
                    f"The catalogue of features has {feature.name}, and nothing computes it. "
                    f"Compute it in {compute.__module__}, or take it out of the catalogue."
                )
            column = values[feature.name] if is_kept else day.missing()
            if column.dtype == object:
                # A frame made from a bare array of codes would take pandas' own string type.
                columns[feature.name] = pd.Series(column, index=day.students, dtype=object)
            else:
                columns[feature.name] = column.astype(np.float64).round(DECIMALS)
    return columns


def _check_is_attribute(feature: Feature, *, described: pd.Series) -> None:
    """Refuse what was a feature of the catalogue, or is one of no family: only those say how they come about."""
    if not feature.meaning or feature.name in set(described):
        return
    if feature.name in catalogue.BY_NAME:
        raise NotComputed(
            f"The catalogue of features has {feature.name}, and no family of features has it. Add it to one."
        )
    raise NotComputed(
        f"The model looks at {feature.name}, which this version of the portal no longer computes. "
        "Train a model anew, or score with the version of the portal that trained it."
    )


def _attribute(day: SnapshotDay, feature: Feature) -> pd.Series:
    """Return the newest known value of an attribute, typed as its feature says."""
    rows = day.facts.attributes
    rows = rows.loc[rows["name"] == feature.name].sort_values(["known_on", "value"])
    newest = rows.drop_duplicates("student_id", keep="last").set_index("student_id")["value"]
    text = newest.reindex(day.students).astype(object)
    text = text.where(text.notna() & (text != ""), np.nan)
    if feature.kind == "category":
        return text
    if feature.kind == "flag":
        typed = text.str.strip().str.lower().map(FLAGS) if text.notna().any() else text.astype("float64")
    else:
        typed = pd.to_numeric(text, errors="coerce")
    wrong = text[text.notna() & typed.isna()]
    if len(wrong):
        examples = ", ".join(repr(value) for value in sorted(set(wrong))[:3])
        raise ValueError(f"{feature.name} is a {feature.kind}, but {len(wrong)} students have {examples}.")
    return typed.astype("float64")


def _term_feature(day: SnapshotDay, *, term: str, quantity: str) -> pd.Series:
    """Return one quantity of the newest known grade record of a term, or the absences on record."""
    if quantity == "absences":
        absent = day.known_records("attendance").loc[lambda rows: rows["category"] == "absent"]
        return absent.groupby("student_id")["n_sessions"].sum().reindex(day.students).astype("float64")
    rows = day.known_records("grades")
    rows = rows.loc[rows["term"] == term].sort_values(["known_on", "awarded_on", quantity])
    newest = rows.drop_duplicates("student_id", keep="last").set_index("student_id")[quantity]
    return newest.reindex(day.students).astype("float64")
