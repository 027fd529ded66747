"""A request that is sent again, because its answer was lost, acts once."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from accounts.models import ApiClient
from predictions.models import IdempotentAnswer

KEPT_FOR = dt.timedelta(hours=48)
FORGOTTEN_AT_ONCE = 100


class AnotherRequest(Exception):
    """The key stands for a request that said something else."""


@dataclass(frozen=True, kw_only=True)
class Answered:
    """What a request is answered: status and body, and whether it was so answered before."""

    status: int
    answer: dict[str, Any]
    is_replay: bool = False


@transaction.atomic
def once(
    *, client: ApiClient, key: str, request_sha256: str, now: dt.datetime, act: Callable[[], Answered]
) -> Answered:
    """Act, and keep the answer in the same transaction; where that was done before under this key, answer alike.

    Of two at once the second waits for the first. What is refused keeps nothing, and may come again under its key.

    :raises AnotherRequest: if the key came with another request before
    """
    _forget_old(client, now)
    fresh = IdempotentAnswer(
        institution_id=client.institution_id, api_client=client, key=key, request_sha256=request_sha256, at=now
    )
    # The unique key lets the second wait here until the first has committed or failed.
    IdempotentAnswer.objects.bulk_create([fresh], ignore_conflicts=True)
    kept = IdempotentAnswer.objects.select_for_update(of=("self",)).get(api_client=client, key=key)
    if kept.request_sha256 != request_sha256:
        raise AnotherRequest
    if kept.status is not None:
        return Answered(status=kept.status, answer=json.loads(kept.answer), is_replay=True)
    answered = act()
    kept.status, kept.answer = answered.status, json.dumps(answered.answer)
    kept.save(update_fields=["status", "answer"])
    return answered


def _forget_old(client: ApiClient, now: dt.datetime) -> None:
    """Remove some of what was kept long enough, without waiting for whoever removes the same."""
    old = IdempotentAnswer.objects.filter(api_client=client, at__lt=now - KEPT_FOR)
    some = old.select_for_update(of=("self",), skip_locked=True).values_list("pk", flat=True)[:FORGOTTEN_AT_ONCE]
    IdempotentAnswer.objects.filter(pk__in=list(some)).delete()
