"""The school's own rule: read it, change it, return to the default."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.permissions import needs
from monitoring.forms.rule import RuleForms

if TYPE_CHECKING:
    from modeling.facts import Terms


@require_http_methods(["GET", "POST"])
@needs("edit_rules")
def rule(request: HttpRequest) -> HttpResponse:
    """Show the rule as sentences and as a form, and take another."""
    # Imported here: it brings pandas, which a web process does without until somebody opens this page.
    from modeling import rule_sets

    terms = rule_sets.offered()
    if request.method == "GET":
        return _page(request, terms, RuleForms.showing(terms))
    written = RuleForms.sent(terms, request.POST)
    if "another" in request.POST:
        return _page(request, terms, RuleForms.showing_rows(terms, written.rows(), n_empty=1))
    try:
        rule_sets.change(
            institution=request.membership.institution,  # type: ignore[attr-defined]
            rules=written.rows(),
            by=request.user,  # type: ignore[arg-type]
            now=timezone.now(),
        )
    except rule_sets.RuleRefused as refusal:
        written.tell(refusal)
        return _page(request, terms, written, status=422)
    messages.success(request, _("Saved. The next list uses it."))
    return redirect("rule")


@require_POST
@needs("edit_rules")
def reset_rule(request: HttpRequest) -> HttpResponse:
    """Return to the default."""
    from modeling import rule_sets

    rule_sets.reset(
        institution=request.membership.institution,  # type: ignore[attr-defined]
        by=request.user,  # type: ignore[arg-type]
        now=timezone.now(),
    )
    messages.success(request, _("The default holds again. The next list uses it."))
    return redirect("rule")


def _page(request: HttpRequest, terms: Terms, forms: RuleForms, status: int = 200) -> HttpResponse:
    from modeling import rule_sets
    from monitoring import flag_verdicts
    from predictions import rule_wording

    changes = rule_sets.history()
    context = {
        "sentences": [rule_wording.condition(step, _labels(terms)) for step in terms.kept_rules()],
        "forms": forms,
        "history": [{"at": change.at, "by": change.by, "n": len(change.rules)} for change in changes],
        "flag_verdicts": flag_verdicts.flag_verdicts_context(version=None, today=timezone.localdate()),
        "is_default": not changes or not changes[0].rules,
    }
    return render(request, "rule.html", context, status=status)


def _labels(terms: Terms) -> dict[str, Any]:
    return {feature.name: feature for feature in terms.features}
