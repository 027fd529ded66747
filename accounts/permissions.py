"""What a role allows, from configs/roles.yaml; which students, is scope's business."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import yaml
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

from accounts.models import Membership, Role

# Who gives roles could give themselves more, and the catalogue of help, exit codes, the deadlines of cases and what
# e-mails may say are every school's: all are for those alone who work for every school already.
FOR_EVERY_SCHOOL = frozenset(
    {"manage_people", "edit_help_kinds", "edit_exit_codes", "set_case_deadlines", "allow_names_in_mail"}
)


@functools.cache
def _allowed() -> dict[str, frozenset[str]]:
    listed = yaml.safe_load((settings.BASE_DIR / "configs" / "roles.yaml").read_text(encoding="utf-8"))
    unknown = set(listed) ^ set(Role.values)
    if unknown:
        raise ValueError(
            f"configs/roles.yaml and the roles in accounts/models.py differ in: {', '.join(sorted(unknown))}."
        )
    return {role: frozenset(permissions) for role, permissions in listed.items()}


def can(membership: Membership | None, permission: str) -> bool:
    """Tell whether a membership allows something."""
    if membership is None or (permission in FOR_EVERY_SCHOOL and not membership.every_school):
        return False
    return permission in _allowed()[membership.role]


def needs(permission: str) -> Callable[[Callable[..., HttpResponse]], Callable[..., HttpResponse]]:
    """Refuse the view (403) to everybody whose role does not allow it."""

    def decorate(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @functools.wraps(view)
        def allowed_only(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if not can(request.membership, permission):  # type: ignore[attr-defined]
                raise PermissionDenied
            return view(request, *args, **kwargs)

        allowed_only.needs_permission = permission  # type: ignore[attr-defined]
        return allowed_only

    return decorate
