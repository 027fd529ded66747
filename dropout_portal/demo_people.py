"""The people of the demo: one for each role, with a password made on this machine."""

from __future__ import annotations

import datetime as dt
import secrets
from typing import Any

from accounts import api_keys, people
from accounts.models import ApiClient, Institution, Role, School, User

WORDS = ("amber", "birch", "cedar", "delta", "ember", "fjord", "grove", "heron", "inlet", "linen", "maple", "otter")
ADDRESSES = "demo.example"
# Whoever works in the demo did so before it began to tell of them.
WORKS_FOR = dt.timedelta(days=365)
SCOPES = [
    *("predict", "read_risk", "upload"),
    *("write_outcomes", "write_interventions", "read_verdicts", "write_verdicts"),
]


def ensure_institution(*, slug: str, name: str, capacity: int) -> Institution:
    """Return an institution of the demo, founded if it is missing; its logins need no second factor."""
    found = Institution.objects.filter(slug=slug).first()
    if found:
        return found
    return people.found_institution(
        slug=slug, name=name, time_zone="America/New_York", capacity=capacity, requires_second_factor=False
    )


def ensure(*, now: dt.datetime, district: str, other: str, before: dict[str, Any]) -> dict[str, Any]:
    """Return users and API key for demo.json; those made before keep their passwords."""
    password = _password() if not before else next(iter(before["users"].values()))["password"]
    institution, elsewhere = (Institution.objects.get(slug=slug) for slug in (district, other))
    # The counsellor's school stands first; a very small district has one school for both.
    schools = list(institution.schools.order_by("name"))
    first, second = schools[0], schools[min(1, len(schools) - 1)]
    seats: dict[str, tuple[Institution, Role, list[School] | None]] = {
        "counsellor": (institution, Role.COUNSELLOR, [first]),
        "other_counsellor": (institution, Role.COUNSELLOR, [second]),
        "school_lead": (institution, Role.SCHOOL_LEAD, sorted({first, second}, key=str)),
        "outcome_staff": (institution, Role.OUTCOME_STAFF, None),
        "institution_admin": (institution, Role.INSTITUTION_ADMIN, None),
        "model_owner": (institution, Role.MODEL_OWNER, None),
        "auditor": (institution, Role.AUDITOR, None),
        "other_institution": (elsewhere, Role.INSTITUTION_ADMIN, None),
    }
    users = {name: _ensure_person(name, seat, password, now) for name, seat in seats.items()}
    return {"users": users, "api_key": _ensure_key(institution, before, now)}


def counsellors_school(institution: Institution) -> School:
    """Return the school of the demo's counsellor."""
    return institution.schools.order_by("name")[0]


def _ensure_person(
    name: str, seat: tuple[Institution, Role, list[School] | None], password: str, now: dt.datetime
) -> dict[str, str]:
    institution, role, schools = seat
    login = f"{name.replace('_', '.')}@{ADDRESSES}"
    user = User.objects.filter(email=login).first()
    if user is None:
        people.add_person(
            email=login,
            display_name=f"Demo {name.replace('_', ' ')}",
            password=password,
            institution=institution,
            role=role,
            now=now - WORKS_FOR,
            schools=schools,
        )
    elif not user.check_password(password):
        user.set_password(password)
        user.save(update_fields=["password"])
    where = ", ".join(school.name for school in schools) if schools else institution.name
    return {"login": login, "password": password, "role": f"{role.label}, {where}"}


def _ensure_key(institution: Institution, before: dict[str, Any], now: dt.datetime) -> str:
    key = before.get("api_key", "")
    known = api_keys.client_of(key, now=now) if key else None
    # A key of an earlier version was made for less.
    if known and set(SCOPES) <= set(known.scopes):
        return str(key)
    for client in ApiClient.objects.filter(institution=institution, revoked_at=None):
        api_keys.revoke(client=client, by=None, now=now)
    purpose = "Trying the API in the demo"
    _client, key = api_keys.issue(
        institution=institution, name="Demo", purpose=purpose, scopes=SCOPES, by=None, now=now
    )
    return key


def _password() -> str:
    return f"{secrets.choice(WORDS)}-{secrets.choice(WORDS)}-{secrets.randbelow(9000) + 1000}"
