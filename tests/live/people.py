"""Make tables, institutions and their people in a process of its own: `python -m tests.live.people` prints JSON.

Words after it name the institutions; without any, those of the stories are made.
"""

from __future__ import annotations

import json
import sys
from typing import Any

PASSWORD = "correct horse battery"
CAPACITY = 12
# One for each story: nothing crosses from one to another, so no test sees what another one did.
SLUGS = (
    *("lost", "rung", "forgotten", "killed", "twice", "onechild", "training", "scored"),
    *("hostile", "trained", "clicked", "real", "markup", "invited", "fortnight"),
)


def found(slug: str, hashed: str) -> dict[str, Any]:
    """Make an institution, a person for each role of the journeys, and an API key; return how each is reached."""
    from django.utils import timezone

    from accounts import api_keys, people
    from accounts.models import Role, User

    now = timezone.now()
    roles = {"amara": Role.COUNSELLOR, "ines": Role.INSTITUTION_ADMIN, "mika": Role.MODEL_OWNER}
    if slug == "fortnight":
        roles |= {"sam": Role.OUTCOME_STAFF, "nils": Role.COUNSELLOR}
    institution = people.found_institution(slug=slug, name=slug.capitalize(), capacity=CAPACITY)
    for name, role in roles.items():
        people.add_person(
            email=f"{name}@{slug}.example",
            display_name=name.capitalize(),
            password=None,
            institution=institution,
            role=role,
            now=now,
        )
    # The real hasher is slow on purpose: once is enough.
    User.objects.filter(memberships__institution=institution).update(password=hashed)
    _client, key = api_keys.issue(
        institution=institution,
        name="Tests",
        purpose="Tests",
        scopes=["predict", "read_risk", "upload"],
        by=None,
        now=now,
    )
    return {name: f"{name}@{slug}.example" for name in roles} | {"id": institution.pk, "api_key": key}


def main() -> None:
    """Migrate, and found every institution."""
    from django.contrib.auth.hashers import make_password
    from django.core.management import call_command
    from django.db import transaction

    call_command("migrate", verbosity=0)
    hashed = make_password(PASSWORD)
    with transaction.atomic():
        told = {slug: found(slug, hashed) for slug in sys.argv[1:] or SLUGS}
    sys.stdout.write(json.dumps(told))


if __name__ == "__main__":
    import django

    django.setup()
    main()
