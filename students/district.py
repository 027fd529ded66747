"""The synthetic district: simulate it, store it in an institution of its own, or write it as our CSV files."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from django.db import transaction

from accounts import scope
from accounts.models import Institution
from simulation.csv_files import write_csv_areas
from simulation.district import District, simulate_areas, simulate_district
from students import district_records
from students.models import Student

SOURCE = "synthetic district"


class NotEmpty(Exception):
    """The institution has students; a simulation is never mixed with real people."""


def simulate(*, n_students: int, n_years: int, seed: int, ends_on: dt.date) -> District:
    """Simulate a district; the same arguments give the same facts."""
    return simulate_district(n_students=n_students, n_years=n_years, seed=seed, ends_on=ends_on)


def write_csv(folder: Path, *, n_students: int, n_years: int, seed: int, ends_on: dt.date) -> dict[str, int]:
    """Simulate area by area and write our own CSV files, at any size; return the rows written per file."""
    counts = Counter[str]()

    def counted() -> Iterator[District]:
        for area in simulate_areas(n_students=n_students, n_years=n_years, seed=seed, ends_on=ends_on):
            counts.update({name: len(frame) for name, frame in area.frames().items()})
            yield area

    write_csv_areas(counted(), folder)
    return dict(counts)


@transaction.atomic
def store(simulated: District, *, institution: Institution, now: dt.datetime) -> dict[str, int]:
    """Store the district and mark its institution as synthetic, which every page then says.

    :raises NotEmpty: if the institution has students already
    """
    with scope.entered(scope.of_institution(institution)):
        if Student.objects.exists():
            raise NotEmpty(f"{institution.name} has students already. Generate into an institution of its own.")
        provenance = district_records.Provenance(
            institution=institution, upload=None, cohort=None, source=SOURCE, by=None, now=now
        )
        counts = district_records.store(frames=simulated.frames(), provenance=provenance)
    institution.is_synthetic = True
    institution.save(update_fields=["is_synthetic"])
    return counts
