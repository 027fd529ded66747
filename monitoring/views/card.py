"""The model card, which anybody may read: what the model is worth, where it ends, and who answers for it."""

from __future__ import annotations

import hashlib
import json

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_safe

from accounts import scope
from accounts.models import Institution
from modeling.model_cards import model_card as cards
from modeling.model_cards.card_parts import Card, fixed_mark

# How long a reader's browser, or a cache between, keeps a card before it asks again.
KEPT_SECONDS = 300


@login_not_required
@require_safe
def model_card(request: HttpRequest, institution: str) -> HttpResponse:
    """Show the card of the version that makes the list, or say plainly that the rule does."""
    return _answer(request, institution, None)


@login_not_required
@require_safe
def model_card_version(request: HttpRequest, institution: str, number: int) -> HttpResponse:
    """Show the card of one version."""
    return _answer(request, institution, number)


def _answer(request: HttpRequest, slug: str, number: int | None) -> HttpResponse:
    institution = get_object_or_404(Institution, slug=slug)
    membership = request.membership  # type: ignore[attr-defined]
    works_here = membership is not None and membership.institution_id == institution.pk
    with timezone.override(institution.time_zone), scope.entered(scope.of_institution(institution)):
        try:
            card = cards.published(institution=institution, number=number, names=works_here)
        except cards.NoSuchVersion:
            raise Http404 from None
    tag = f'"{hashlib.sha256(json.dumps(card.as_json()).encode()).hexdigest()[:32]}"'
    if request.GET.get("download"):
        response = _file(card, institution)
    else:
        response = _page(request, card, institution=institution, works_here=works_here)
    if not request.user.is_authenticated:
        response["Cache-Control"] = f"public, max-age={KEPT_SECONDS}"
        # Only of what everybody gets alike: a member's page holds a token of their own.
        response["ETag"] = tag
        return get_conditional_response(request, etag=tag, response=response) or response
    return response


def _page(request: HttpRequest, card: Card, *, institution: Institution, works_here: bool) -> HttpResponse:
    context = {"card": card, "card_institution": institution, "works_here": works_here, "fixed_mark": fixed_mark()}
    if not request.user.is_authenticated:
        # A stranger's page has no form. Without a token it sets no cookie, so that caches may keep it for everybody.
        context["csrf_token"] = ""
    return render(request, "model_card.html", context)


def _file(card: Card, institution: Institution) -> HttpResponse:
    """Return the card as one file to keep. It has a style of its own, so it is never shown as a page of ours."""
    name = f"model-card-{institution.slug}-{card.version}.html"
    return HttpResponse(card.document().html(), headers={"Content-Disposition": f'attachment; filename="{name}"'})
