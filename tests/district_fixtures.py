"""A small district and a college, trained and scored once a run, in a database that modules are pointed at.

Facts, models and lists are committed there; what a test writes is rolled back as ever. Riverside is dated, was trained
twice on the same records and has three lists, which its model made; Lakeside is one flat cohort with one model and one
list, which its rule made: it has fewer known outcomes than a model needs.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
import yaml
from django.conf import settings

from accounts.models import Institution, School
from tests import databases


@pytest.fixture(scope="session")
def handed_over(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The configuration with which Riverside's model decides, whatever the handful of names in its test part say."""
    from modeling.training import training_config

    path = tmp_path_factory.mktemp("configuration") / "training_config.yaml"
    written = yaml.safe_load(training_config.PATH.read_text(encoding="utf-8"))
    path.write_text(yaml.safe_dump(written | {"handover": written["handover"] | {"minimum_gain": -1.0}}))
    return path


@pytest.fixture(scope="session")
def district_database(
    migrated_database: str,
    django_db_setup: None,
    django_db_blocker: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    handed_over: Path,
) -> Iterator[str]:
    """A database of this process's own with the district in it, and its files; made once a run, and copied."""
    files = databases.run_folder() / "district_files"

    def make(name: str) -> None:
        # Whatever trains and scores is imported here: every run of the tests reads this file, and few need a district.
        from modeling.training import training_config
        from tests import district_in_database

        with (
            databases.pointed_at(name),
            django_db_blocker.unblock(),  # type: ignore[attr-defined]
            pytest.MonkeyPatch.context() as patched,
        ):
            patched.setattr(training_config, "PATH", handed_over)
            before = set(settings.FILES_DIR.rglob("*"))
            district_in_database.fill(patched, tmp_path_factory.mktemp("district"))
            _copy_files(set(settings.FILES_DIR.rglob("*")) - before, source=settings.FILES_DIR, target=files)

    made = databases.made_once("test_district_made", make, template=migrated_database)
    _copy_files(files.rglob("*"), source=files, target=settings.FILES_DIR)
    with databases.fresh("test_district", template=made) as name:
        yield name


def _copy_files(paths: Iterable[Path], *, source: Path, target: Path) -> None:
    for path in paths:
        if path.is_file():
            copy = target / path.relative_to(source)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, copy)


@pytest.fixture(scope="module")
def district(district_database: str, handed_over: Path) -> Iterator[None]:
    """Work in the district's database for the length of a module."""
    from modeling.training import training_config

    with databases.pointed_at(district_database), pytest.MonkeyPatch.context() as patched:
        patched.setattr(training_config, "PATH", handed_over)
        yield


@pytest.fixture
def riverside(district: None, db: None) -> Institution:
    """The district, in place of the empty institution of other tests."""
    return Institution.objects.get(slug="riverside")


@pytest.fixture
def lakeside(district: None, db: None) -> Institution:
    """The college: a flat cohort without a calendar, whose schema has protected columns."""
    return Institution.objects.get(slug="lakeside")


@pytest.fixture
def northside(riverside: Institution) -> School:
    return School.objects.get(institution=riverside, external_id="N")


@pytest.fixture
def harbor(riverside: Institution) -> School:
    return School.objects.get(institution=riverside, external_id="H")
