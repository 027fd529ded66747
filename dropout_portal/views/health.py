"""Whether the process lives, and whether it can serve."""

from __future__ import annotations

from typing import Any

from celery import current_app
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET
from kombu.exceptions import OperationalError

from accounts.models import Institution


@require_GET
@never_cache
@login_not_required
def live(request: HttpRequest) -> JsonResponse:
    """Say that the process answers."""
    return JsonResponse({"live": True})


@require_GET
@never_cache
@login_not_required
def ready(request: HttpRequest) -> JsonResponse:
    """Say whether database, migrations and broker are there; a missing champion is told and fails nothing."""
    checks: dict[str, Any] = {"database": False, "migrations": False, "broker": _broker()}
    n_institutions = None
    try:
        checks["migrations"] = not _unapplied()
        n_institutions = Institution.objects.count()
        checks["database"] = True
    except DatabaseError:
        connection.close()
    is_ready = all(checks.values())
    body = {"ready": is_ready, "checks": checks, "institutions": n_institutions}
    return JsonResponse(body, status=200 if is_ready else 503)


def _unapplied() -> bool:
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def _broker() -> bool:
    try:
        with current_app.connection_for_write() as broker:
            broker.ensure_connection(max_retries=1, timeout=2)
    except OperationalError:
        return False
    return True
