"""Found an institution with its people in a process of its own: `python -m tests.live.people SLUG` prints JSON."""

from __future__ import annotations

import json
import sys

PASSWORD = "correct horse battery"
CAPACITY = 12


def found(slug: str) -> dict[str, str]:
    """Make an institution, a person for each role the journeys need, and an API key; return how each is reached."""
    from django.db import transaction
    from django.utils import timezone

    from accounts import api_keys, people
    from accounts.models import Role

    now = timezone.now()
    roles = {
        "amara": Role.COUNSELLOR,
        "ines": Role.INSTITUTION_ADMIN,
        "mika": Role.MODEL_OWNER,
    }
    with transaction.atomic():
        institution = people.found_institution(slug=slug, name=slug.capitalize(), capacity=CAPACITY)
        for name, role in roles.items():
            people.add_person(
                email=f"{name}@{slug}.example",
                display_name=name.capitalize(),
                password=PASSWORD,
                institution=institution,
                role=role,
                now=now,
            )
        _client, key = api_keys.issue(
            institution=institution, name="Tests", purpose="Tests", scopes=["predict", "read_risk"], by=None, now=now
        )
    return {name: f"{name}@{slug}.example" for name in roles} | {"id": institution.pk, "slug": slug, "api_key": key}


if __name__ == "__main__":
    import django

    django.setup()
    print(json.dumps(found(sys.argv[1])))
