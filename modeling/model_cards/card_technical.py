"""The technical half of a model card: what it is made of, and where each heading of the law's file is answered.

The headings are those of Annex IV of Regulation (EU) 2024/1689, the AI Act, in our words.
"""

from __future__ import annotations

from django.utils.translation import gettext as _

from modeling.model_cards import card_parts as parts
from modeling.model_cards.card_parts import Section
from modeling.models import ModelVersion

# Heading of the annex, and the sections of the card that answer it.
ANNEX_IV: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("1", "General description: purpose, version, software, who deploys it", ("purpose", "standing", "made_of")),
    (
        "2(a), 2(b)",
        "How it was developed: methods, logic, choices, what it optimises",
        ("data", "features", "settings"),
    ),
    ("2(c)", "Architecture and resources", ("made_of",)),
    ("2(d)", "Data: where from, what of, how labelled, what was left out", ("data", "features")),
    ("2(e)", "Human oversight", ("oversight",)),
    ("2(f)", "Changes foreseen", ("settings", "changes")),
    ("2(g)", "Validation and testing: measures, groups, dates", ("measures", "calibration", "groups", "chance")),
    ("2(h)", "Security", ("made_of",)),
    (
        "3",
        "Capabilities, limits, accuracy by group, oversight while in use",
        ("limits", "measures", "groups", "oversight"),
    ),
    ("4", "Why these measures fit", ("measures", "calibration")),
    ("5", "Risk management", ("limits", "groups", "oversight")),
    ("6", "Changes over its life", ("changes",)),
    ("9", "Monitoring after it is put to use", ("oversight",)),
)
# What a portal cannot know: the institution, which puts the system to use, keeps these itself.
KEPT_ELSEWHERE = (
    ("7", "Standards applied"),
    ("8", "EU declaration of conformity"),
)


def made_of(version: ModelVersion) -> Section:
    """Say exactly what made the version, so that it can be made again."""
    specification = version.specification
    libraries = ", ".join(f"{name} {number}" for name, number in sorted(version.library_versions.items()))
    calibration = specification.get("calibration", {}).get("kind", "–")
    return Section(
        key="made_of",
        title=_("What it is made of"),
        parts=[
            parts.facts(
                (_("Kind"), _("Boosted decision trees (LightGBM), stored as text and numbers; nothing stored is run.")),
                (_("Trees"), str(specification.get("n_trees", "–"))),
                (_("Calibration"), calibration),
                (_("Contributions"), _contributions(version)),
                (_("Threshold"), parts.measure(version.threshold)),
                (_("Model hash (SHA-256)"), version.sha256),
                (_("Data hash (SHA-256)"), version.dataset.content_sha256),
                (_("Code"), version.code_version or "–"),
                (_("Seed"), str(version.seed)),
                (_("Libraries"), libraries or "–"),
            )
        ],
    )


def _contributions(version: ModelVersion) -> str:
    """Say what the contributions behind the reasons come from, and how that was checked."""
    found = version.evaluation.get("contributions")
    if not found:
        return "–"
    if found["by"] == "tables":
        return _("By tables, within %(most).0e log-odds of LightGBM's own on %(n)s rows") % {
            "most": found["largest_difference"],
            "n": found["n_checked"],
        }
    return _("By LightGBM, not by tables. %(why)s") % {"why": found["why"]}


def settings(version: ModelVersion) -> Section:
    """Show the configuration it was trained with, line by line."""
    if not version.config_yaml:
        return Section(key="settings", title=_("Settings of the training"), parts=[parts.not_measured()])
    lines = [line for line in version.config_yaml.splitlines() if line.strip() and not line.strip().startswith("#")]
    return Section(key="settings", title=_("Settings of the training"), parts=[parts.points(lines)])


def bounds(version: ModelVersion) -> Section:
    """Show name, kind and bounds of everything it takes."""
    rows = [
        [
            fields["name"],
            fields["kind"],
            fields.get("unit") or "–",
            "–" if fields.get("low") is None else f"{fields['low']:g}",
            "–" if fields.get("high") is None else f"{fields['high']:g}",
        ]
        for fields in version.specification["features"]
    ]
    columns = [_("Name"), _("Kind"), _("Unit"), _("Lowest"), _("Highest")]
    return Section(
        key="bounds",
        title=_("What it takes"),
        parts=[parts.table(_("Every input and what it may hold"), columns, rows, n_text_columns=3)],
    )


def annex(sections: list[Section]) -> Section:
    """Say where each heading of the annex is answered."""
    titles = {section.key: section.title for section in sections}
    rows = [[number, _(words), "; ".join(titles[key] for key in keys)] for number, words, keys in ANNEX_IV]
    elsewhere = _("Not in the portal: kept by the institution, which puts the system to use.")
    rows += [[number, _(words), elsewhere] for number, words in KEPT_ELSEWHERE]
    rows.sort(key=lambda row: row[0])
    columns = [_("Annex IV"), _("What is asked"), _("Where it stands here")]
    return Section(
        key="annex",
        title=_("Where the law's headings are answered"),
        parts=[parts.table(_("EU AI Act, Annex IV"), columns, rows, n_text_columns=3)],
    )
