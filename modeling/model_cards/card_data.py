"""The sections of a model card on what it predicts, what it learned from, and what it looks at."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from modeling.html_reports.eda_words import CENSORED
from modeling.model_cards import card_parts as parts
from modeling.model_cards import card_statements as statements
from modeling.model_cards.card_parts import Part, Section
from modeling.models import ModelVersion

DIRECTIONS = {1: "more can only raise", -1: "more can only lower", 0: "either way"}


def purpose(version: ModelVersion) -> Section:
    """Say what is predicted, what for, and what not for."""
    horizon = version.specification["horizon_days"]
    return Section(
        key="purpose",
        title=_("What it predicts"),
        parts=[
            parts.words(
                _(
                    "The chance that a student leaves without finishing within %(days)s days, from records known on "
                    "the day of the estimate."
                )
                % {"days": horizon},
                _term(version),
            ),
            parts.words(_("Meant for:")),
            parts.points(statements.intended(), is_fixed=True),
            parts.words(_("Refused:")),
            parts.points(statements.refused(), is_fixed=True),
        ],
    )


def _term(version: ModelVersion) -> str:
    if "term" not in version.specification:
        return _("Leaving before the term ends: not measured for this version.")
    absent = version.specification["term"].get("absent")
    if absent:
        return _("It gives no estimate for the end of the term: %(why)s") % {"why": absent}
    return _("A second estimate tells who may leave before the term ends.")


def data(version: ModelVersion, *, is_open: bool) -> Section:
    """Say which data it learned from, and what was left out; without who left where that tells of a few."""
    dataset, split = version.dataset, version.metrics.get("split", {})
    dates = dataset.snapshot_dates
    # Single students who died or moved away are not counted in public.
    censored = [
        (_(CENSORED.get(why, why.replace("_", " "))).capitalize(), parts.count(n))
        for why, n in sorted(dataset.censored.items())
        if n
    ]
    period = parts.day(min(dates))
    if len(dates) > 1:
        period = _("%(first)s to %(last)s, %(n)s days looked at") % {
            "first": parts.day(min(dates)),
            "last": parts.day(max(dates)),
            "n": len(dates),
        }
    found = [
        parts.facts(
            (_("Period"), period),
            (_("Students"), f"{dataset.n_students:,}"),
            (_("Snapshots"), f"{dataset.n_rows:,}"),
            (_("Left within %(days)s days") % {"days": dataset.horizon_days}, _left(version, is_open=is_open)),
            (_("Data hash"), dataset.content_sha256),
        ),
        parts.words(judged_on(split, is_open=is_open)),
    ]
    if censored:
        found.append(parts.table(_("Left out: no known outcome"), [_("Why"), _("Snapshots")], censored))
    return Section(key="data", title=_("What it learned from"), parts=[*found, *_balance(version)])


def _left(version: ModelVersion, *, is_open: bool) -> str:
    dataset = version.dataset
    if not is_open:
        return _("not told: few left or stayed")
    return f"{dataset.n_positive:,} ({parts.percent(dataset.n_positive / dataset.n_rows)})"


def judged_on(split: dict[str, Any], *, is_open: bool = True) -> str:
    """Say on whom a version was judged; how many of them left is told where `is_open`."""
    if not split:
        return _("Whom it was tested on: not measured for this version.")
    left = parts.count(split.get("n_positive_test")) if is_open else _("a number not told")
    n = {"n": f"{split['n_test']:,}", "left": left}
    if split["kind"] == "temporal":
        said = _(
            "Tested on %(n)s snapshots from %(day)s on, of students it had not seen; %(left)s were followed by leaving."
        )
        return said % (n | {"day": parts.day(split["test_from"])})
    said = _(
        "Tested on %(n)s snapshots set aside (%(share)s); %(left)s were followed by leaving. No later year was kept."
    )
    return said % (n | {"share": parts.percent(split["test_share"])})


def _balance(version: ModelVersion) -> list[Part]:
    balance = version.evaluation.get("class_balance")
    if not balance or balance.get("method", "none") == "none":
        return []
    said = _("For learning, those who left were given more weight (%(method)s): %(left)s who left beside %(stayed)s.")
    after = balance["after"]
    numbers = {"left": f"{after['left']:,.0f}", "stayed": f"{after['stayed']:,.0f}"}
    return [parts.words(said % ({"method": balance["method"].replace("_", " ")} | numbers))]


def features(version: ModelVersion) -> Section:
    """Say what it looks at, and that it looks at nothing protected."""
    listed = version.specification["features"]
    shares = {row["feature"]: row["share"] for row in version.evaluation.get("importance", [])}
    tables = []
    for is_changeable, caption in ((True, _("What a school can change")), (False, _("Context"))):
        chosen = [fields for fields in listed if bool(fields.get("changeable")) is is_changeable]
        if chosen:
            rows = [
                _feature(fields, shares) for fields in sorted(chosen, key=lambda one: -shares.get(one["name"], 0.0))
            ]
            heads = [_("What"), _("Unit"), _("On the estimate"), _("Weight")]
            tables.append(parts.table(caption, heads, rows, n_text_columns=3))
    count = ngettext("It looks at %(n)s thing.", "It looks at %(n)s things.", len(listed)) % {"n": len(listed)}
    weight = _("Weight: how much of all it says rests on this, over the students tested.") if shares else ""
    return Section(
        key="features",
        title=_("What it looks at"),
        parts=[parts.words(f"{count} {protected(version)}"), *tables, *([parts.note(weight)] if weight else [])],
    )


def _feature(fields: dict[str, Any], shares: dict[str, float]) -> list[str]:
    label = _(fields["label"]) if fields["label"] else fields["name"]
    direction = "" if fields["kind"] == "category" else _(DIRECTIONS[fields.get("risk_direction", 0)])
    return [label, fields.get("unit") or "–", direction or "–", parts.percent(shares.get(fields["name"]))]


def protected(version: ModelVersion) -> str:
    """Say which protected attributes are on record, and that none of them is among what it looks at."""
    if "gaps" not in version.evaluation:
        return _("By which protected attributes groups were compared is not measured for this version.")
    names = protected_names(version)
    if not names:
        return _("By no protected attribute could groups be compared.")
    used = sorted(names & {fields["name"] for fields in version.specification["features"]})
    listed = ", ".join(name.replace("_", " ") for name in sorted(names))
    if used:
        return _("It uses protected attributes: %(used)s.") % {"used": ", ".join(used)}
    return _("It uses none of the protected attributes compared (%(names)s); they served the audit alone.") % {
        "names": listed
    }


def protected_names(version: ModelVersion) -> set[str]:
    """Return the protected attributes that the version's audit was given."""
    found = [row["attribute"] for name in ("gaps", "groups") for row in version.evaluation.get(name, [])]
    return {name for attribute in found for name in str(attribute).split(" & ")}
