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

from accounts import scope
from accounts.models import Institution
from modeling.models import ModelVersion
from modeling.training import training_config

# A probe every few seconds must stay cheap where one portal serves many institutions.
MOST_ASKED = 50


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
    champions = None
    try:
        checks["migrations"] = not _unapplied()
        if checks["migrations"]:
            champions = _champions()
        checks["database"] = True
    except DatabaseError:
        connection.close()
    is_ready = all(checks.values())
    body = {"ready": is_ready, "checks": checks, "champions": champions, "configuration": _configuration()}
    return JsonResponse(body, status=200 if is_ready else 503)


def _configuration() -> str:
    """Say whether the file of the training configuration is the one that serves; what is wrong, the model page says."""
    try:
        in_use = training_config.in_use()
    except training_config.ConfigRefused:
        return "refused: none has been good since the start"
    return "refused: the last good one serves" if in_use.faults else "good"


def _champions() -> dict[str, int]:
    """Return how many institutions there are, and how many of the first fifty have a model that decides."""
    n_with_champion = 0
    for institution in Institution.objects.order_by("pk")[:MOST_ASKED]:
        with scope.entered(scope.of_institution(institution)):
            n_with_champion += ModelVersion.objects.filter(is_champion=True).exists()
    return {"institutions": Institution.objects.count(), "with_champion": n_with_champion}


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
