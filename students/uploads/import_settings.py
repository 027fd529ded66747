"""What an institution lets through: how strict each rule is, and how much may change without another look."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

from django.db import transaction

from accounts import audit_log
from accounts.models import Institution, User
from students.importing import plausibility
from students.importing.plausibility import Severity
from students.models import ImportSettings

_LONGEST_PURPOSE = 200


class UnknownRule(Exception):
    """No rule has this name, or none may be this strict."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What holds at an institution: shares in 0..1, and how strict every rule is."""

    most_gone_share: float
    most_bad_share: float
    severities: Mapping[str, Severity] = field(default_factory=dict)


def for_institution(institution: Institution) -> Settings:
    """Return what holds at an institution; what it never chose is as the portal proposes."""
    chosen = ImportSettings.objects.filter(institution=institution).first() or ImportSettings()
    return Settings(
        most_gone_share=chosen.most_gone_share,
        most_bad_share=chosen.most_bad_share,
        severities=plausibility.severities(chosen.rules),
    )


@transaction.atomic
def change(  # noqa: PLR0913
    *,
    institution: Institution,
    most_gone_share: float,
    most_bad_share: float,
    rules: Mapping[str, str],
    by: User | None,
    now: dt.datetime,
) -> Settings:
    """Set what holds from the next check on; only what differs from the portal's proposal is kept.

    :raises UnknownRule: if a rule does not exist, may not be changed, or may not be this strict
    """
    for name, severity in rules.items():
        rule = plausibility.RULES.get(name)
        if rule is None or severity not in plausibility.SEVERITIES or (rule.is_fixed and severity != rule.severity):
            raise UnknownRule(f"The rule “{name}” cannot be set to “{severity}”.")
    before = for_institution(institution)
    own = {name: severity for name, severity in rules.items() if severity != plausibility.RULES[name].severity}
    wanted = {"most_gone_share": most_gone_share, "most_bad_share": most_bad_share, "rules": own}
    ImportSettings.objects.update_or_create(institution=institution, defaults=wanted)
    after = for_institution(institution)
    if after != before:
        said = "; ".join(_differences(before, after))[:_LONGEST_PURPOSE]
        audit_log.record(action="change_import_settings", by=by, now=now, purpose=said)
    return after


def _differences(before: Settings, after: Settings) -> list[str]:
    """Say for the record what was changed: "birth_age warn > off"."""
    shares = [
        f"{name} {was:g} > {now:g}"
        for name in ("most_gone_share", "most_bad_share")
        if (was := getattr(before, name)) != (now := getattr(after, name))
    ]
    rules = [
        f"{name} {before.severities[name]} > {severity}"
        for name, severity in after.severities.items()
        if severity != before.severities[name]
    ]
    return shares + rules
