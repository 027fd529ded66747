"""The model card says what the version's own row says, nothing else, and tells of nobody."""

import datetime as dt
import json
import re
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts import scope
from modeling.model_cards import card_measures, card_parts, card_statements, card_technical, model_card
from modeling.models import ModelVersion, Promotion
from modeling.promotion import model_switch
from modeling.promotion.decider import ListSource

HOSTILE = '<script>alert(1)</script>"| `x`'
# What stands in headings and first columns, whatever the figures are.
NUMBERS_OF_WORDS = {"95", "5", "10", "100"}


@pytest.fixture
def version(riverside, at_riverside):
    return ModelVersion.objects.select_related("dataset", "institution").get(number=1)


def card_of(version, **asked):
    decision = asked.pop("decision", ListSource(kind="model", reason="", champion=version))
    return model_card.card(version, decision=decision, **asked)


def full(version):
    """Return the card with every figure; what the public reads of them is for test_model_card_public.py."""
    return card_of(version, technical=True)


def section(card, key):
    return next(one for one in card.sections if one.key == key)


def rows(card, key):
    """Return the cells behind each label of a section's tables and facts."""
    parts = section(card, key).parts
    tabled = {row[0]: list(row[1:]) for part in parts for row in part.rows}
    return tabled | {label: [value] for part in parts for label, value in part.pairs}


def text(card):
    return card.document().markdown()


def judged(version, **measures):
    """Change figures of the model in the version's row."""
    version.metrics = version.metrics | {"model": version.metrics["model"] | measures}
    return version


def leaves(value):
    if isinstance(value, dict):
        for inner in value.values():
            yield from leaves(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from leaves(inner)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield float(value)


def written(number):
    """Return the ways in which a card may write a number."""
    times_100 = 100 * number
    forms = {f"{number:.{places}f}" for places in (0, 1, 3)} | {f"{times_100:.{places}f}" for places in (0, 1)}
    return {form.lstrip("-") for form in forms | {f"{number:,.0f}"}}


def numbers_of_the_row(version):
    dataset = version.dataset
    of_dataset = [
        dataset.n_rows,
        dataset.n_students,
        dataset.n_positive,
        dataset.horizon_days,
        len(dataset.snapshot_dates),
    ]
    days = [
        *dataset.snapshot_dates,
        version.trained_at.date(),
        dt.date.fromisoformat(version.metrics["split"]["test_from"]),
    ]
    specification = {name: value for name, value in version.specification.items() if name != "reference"}
    found = [
        *leaves([version.metrics, version.evaluation, specification, dataset.censored, of_dataset]),
        *(part for day in days for part in (day.day, day.year)),
        *(version.threshold, version.number, dataset.n_positive / dataset.n_rows, len(specification["features"])),
        *leaves(card_of(version).version.split(".") and [float(part) for part in card_of(version).version.split(".")]),
        *(1 - share for share in leaves(version.metrics["split"])),
        *counts_behind(version.metrics),
    ]
    return {form for number in found for form in written(number)}


def counts_behind(metrics):
    """Return the people behind each share of the list, and of how many they are."""
    for figures in (metrics[who] for who in ("model", "rule", "logistic")):
        for name, share in figures.items():
            if (n := card_measures.n_behind(name, figures)) is not None:
                yield from (n, float(round(share * n)))


def without_words(said, version):
    """Take away what is no figure: hashes, names, libraries and sentences that are the same on every card."""
    fixed = [*card_statements.intended(), *card_statements.refused(), *card_statements.oversight()]
    labels = sorted((fields["label"] for fields in version.specification["features"]), key=len, reverse=True)
    known = [
        version.sha256, version.sha256[:12], version.dataset.content_sha256, version.code_version, str(version.seed),
        ", ".join(f"{name} {number}" for name, number in sorted(version.library_versions.items())),
        "SHA-256", "F1", *fixed, *labels,
    ]  # fmt: skip
    for words in known:
        said = said.replace(words, " ")
    return said


def test_every_number_on_the_card_is_one_of_the_row(version):
    known = numbers_of_the_row(version) | NUMBERS_OF_WORDS | {"2"}  # two versions were trained

    sections = [one for one in full(version).as_json()["sections"] if one["key"] not in ("annex", "bounds", "settings")]
    said = without_words(json.dumps(sections, ensure_ascii=False), version)

    found = re.findall(r"\d[\d,]*(?:\.\d+)?", said)
    assert len(found) > 60
    assert sorted({number.rstrip(",") for number in found} - known) == []


def test_measures_stand_beside_those_of_the_rule_and_the_plain_formula(version):
    told = rows(full(version), "measures")

    for label, name in (("ROC-AUC", "roc_auc"), ("Average precision", "average_precision"), ("F1", "f1")):
        model, _range, rule, plain = told[label]
        figures = [version.metrics[who][name] for who in ("model", "rule", "logistic")]
        assert [model, rule, plain] == [f"{figure:.3f}" for figure in figures]


@pytest.mark.parametrize("name", ["roc_auc", "average_precision", "f1", "precision", "recall", "brier", "ece"])
def test_a_changed_figure_changes_the_card(version, name):
    before = text(full(version))

    after = text(full(judged(version, **{name: 0.4321})))

    assert after != before
    assert "0.432" in after


def test_ranges_come_from_the_resamples(version):
    low, high = version.evaluation["intervals"]["model"]["roc_auc"]

    assert rows(full(version), "measures")["ROC-AUC"][1] == f"{low:.3f}–{high:.3f}"


def test_what_looks_at_fewer_than_ten_students_is_not_told(version):
    # Other figures of the card may happen to be 56%.
    n_before = text(full(version)).count("56%")

    few = judged(version, capacity=9.0, precision_at_capacity=0.5555, n=90.0)

    said = text(full(few))
    assert "Right above the line" not in rows(full(few), "measures")
    assert said.count("56%") <= n_before
    assert "too few of those tested" in said


def test_four_fields_are_shown_only_where_none_is_small(version):
    for smallest, is_shown in ((9, False), (10, True)):
        fields = {"true_positive": 50, "false_positive": smallest, "false_negative": 40, "true_negative": 900}
        version.evaluation = version.evaluation | {"confusion": {"at_capacity": fields}}

        assert ("900" in rows(full(version), "measures").get("Below the line", [])) is is_shown


def test_bins_of_few_who_left_do_not_say_how_many(version):
    bins = [
        {"risk": 0.01, "case_share": 0.02, "n": 500.0, "low": 0.01, "high": 0.03},
        {"risk": 0.2, "case_share": 0.25, "n": 20.0, "low": 0.1, "high": 0.4},
        {"risk": 0.5, "case_share": 0.5, "n": 100.0, "low": 0.4, "high": 0.6},
    ]
    version.evaluation = version.evaluation | {"curves": {"model": {"calibration": bins}}}

    told = rows(full(version), "calibration")

    assert told["20%"][0] == "too few to show"
    assert [told[risk][0] for risk in ("1.0%", "50%")].count("too few to show") == 1


def test_single_students_who_died_are_not_counted(version):
    version.dataset.censored = {"died": 3, "transferred": 412}

    told = rows(card_of(version), "data")

    assert told["Died"] == ["fewer than 10"]
    assert told["Moved to another school elsewhere"] == ["412"]


def group(value, n, **changes):
    told = {"value": 0.25, "low": 0.2, "high": 0.3}
    measures = dict.fromkeys(("recall_at_capacity", "precision_at_capacity", "false_alarm_share"), told)
    return {"attribute": "gender", "value": value, "n": n, "verdict": "told", **measures, **changes}


def test_gaps_are_told_with_their_verdicts_and_hidden_counts_stay_hidden(version):
    gaps = [
        {"attribute": "gender", "verdict": "gap", "gap": 0.3, "low": 0.1, "high": 0.5, "between": ["f", HOSTILE]},
        {"attribute": "language", "verdict": "too_few", "gap": None, "low": None, "high": None, "between": []},
    ]
    groups = [group("f", 200), group(HOSTILE, None, verdict="too_few")]
    version.evaluation = version.evaluation | {"gaps": gaps, "groups": groups, "n_suppressed_groups": 4}

    card = full(version)

    assert rows(card, "groups")["f"] == ["200", "25% (20%–30%)", "25% (20%–30%)", "25% (20%–30%)", "yes"]
    assert rows(card, "groups")[HOSTILE][0] == "–"
    assert "30 percentage points more are found of f" in text(card)
    assert "Language: too few to tell." in text(card)
    assert "4 groups of fewer than 10 students are not shown." in text(card)
    assert "<script" not in card.document().html()


def test_protected_attributes_are_compared_with_what_it_looks_at(version):
    version.evaluation = version.evaluation | {
        "groups": [],
        "gaps": [{"attribute": "home_language", "verdict": "too_few", "gap": None}],
    }
    unused = text(card_of(version))
    version.evaluation = version.evaluation | {
        "gaps": [{"attribute": "grade_level", "verdict": "too_few", "gap": None}]
    }

    used = text(card_of(version))

    assert "none of the protected attributes compared (home language)" in unused
    assert "It uses protected attributes: grade" in used.replace("\\", "")


def test_a_version_judged_by_an_older_portal_says_what_was_not_measured(version):
    version.evaluation, version.config_yaml = {}, ""
    specification = {name: value for name, value in version.specification.items() if name not in ("reasons", "term")}
    version.specification_json = json.dumps(specification)
    del version.specification

    said = text(card_of(version, technical=True))

    assert said.count("ot measured for this version.") >= 6
    assert f"{version.metrics['model']['roc_auc']:.3f}" in said


def test_the_public_reads_that_somebody_decided_and_staff_who_and_why(version, mika):
    gate = [{"check": "lift", "value": 1.2, "limit": 1.0, "passed": False, "sentence": "It is no better."}]
    Promotion.objects.create(
        institution=version.institution, version=version, kind=Promotion.Kind.PROMOTED, gate=gate, reason="Nora's list",
        at=timezone.now(), by=mika,
    )  # fmt: skip

    public, inside = text(card_of(version)), text(card_of(version, names=True))

    assert "a named person let it decide: a check spoke against it" in public
    assert "It is no better." not in public
    assert "Right more often than the school's rule" in public
    assert "It is no better." in text(full(version))
    assert not [word for word in ("Mika", "Nora", mika.email) if word in public]
    assert "Mika let it decide" in inside
    assert "Nora's list" in inside
    assert mika.email not in inside


def test_the_switch_and_its_turns_are_told(version, mika):
    institution, now = version.institution, timezone.now()
    model_switch.turn_off(institution=institution, reason="Wrong import", by=mika, now=now)
    off = ListSource(kind="rule", reason="switched_off", champion=version)

    card = card_of(version, decision=off, signs=["Missed a tenth of the year"])

    assert "The off switch: off." in text(card)
    assert "The school's own rule makes the list now: the model is switched off." in text(card)
    assert "Missed a tenth of the year" in text(card)
    assert not [word for word in ("Mika", "Wrong import") if word in text(card)]


def test_whatever_is_decided_gives_the_card_another_version(version, mika):
    before = card_of(version).version

    model_switch.turn_off(institution=version.institution, reason="A test", by=mika, now=timezone.now())

    assert card_of(version).version != before


def test_the_change_log_has_every_version(version):
    told = rows(card_of(version), "changes")

    assert set(told) == {"Model 1", "Model 2"}
    assert told["Model 1"][1].startswith("first model, ")
    assert told["Model 2"][1] == "never"


def test_limits_follow_from_the_figures(version):
    version.metrics = version.metrics | {"split": version.metrics["split"] | {"n_positive_test": 140}}
    enough = text(card_of(version))
    version.metrics = version.metrics | {"split": version.metrics["split"] | {"n_positive_test": 40}}

    few = text(card_of(version))

    assert "of the looks it was tested on ended in leaving" not in enough
    assert "Only 40 of the looks it was tested on ended in leaving" in few


def test_the_technical_file_answers_every_heading_of_the_law(version):
    card = card_of(version, technical=True, names=True)

    answered = rows(card, "annex")
    assert {number.partition("(")[0] for number in answered} == {str(number) for number in range(1, 10)}
    assert all(cell.strip() for cells in answered.values() for cell in cells)
    assert {key for _number, _words, keys in card_technical.ANNEX_IV for key in keys} <= {
        one.key for one in card.sections
    }
    assert all(part.items or part.pairs or part.rows for one in card.sections for part in one.parts)
    assert "seed: 20260101" in text(card).replace("\\", "")


def test_the_card_says_what_the_contributions_come_from(version):
    by_tables = {"by": "tables", "why": "", "n_checked": 256, "largest_difference": 2.4e-15}
    by_lightgbm = {"by": "lightgbm", "why": "A tree has 31 leaves.", "n_checked": 0, "largest_difference": None}
    said = []
    for found in ({"contributions": by_tables}, {"contributions": by_lightgbm}, {}):
        version.evaluation = {name: value for name, value in version.evaluation.items() if name != "contributions"}
        version.evaluation |= found
        said += rows(full(version), "made_of")["Contributions"]

    assert said == [
        "By tables, within 2e-15 log-odds of LightGBM's own on 256 rows",
        "By LightGBM, not by tables. A tree has 31 leaves.",
        "–",
    ]


def test_sentences_that_nobody_computed_are_marked(version):
    fixed = [part for one in card_of(version).sections for part in one.parts if part.is_fixed]

    assert {item for part in fixed for item in part.items} >= {*card_statements.intended(), *card_statements.refused()}
    assert text(card_of(version)).count(card_parts.fixed_mark()) == len(fixed)


def test_an_institution_without_a_model_says_that_its_rule_decides(elsewhere):
    with scope.entered(scope.of_institution(elsewhere)):
        card = model_card.published(institution=elsewhere)

    assert "There is no model here." in text(card)


def test_the_command_writes_a_file_and_says_where(version, tmp_path):
    said, path = StringIO(), tmp_path / "cards" / "card.html"

    call_command("model_card", institution="riverside", number=2, technical=True, to=str(path), json=True, stdout=said)

    assert json.loads(said.getvalue().splitlines()[-1])["title"] == "Technical file of model 2"
    assert not re.search(r"https?:|<script|\bsrc=", path.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("asked", "sentence"), [({"number": 9}, "no model 9"), ({"to": "card.pdf"}, r"\.html or \.md")]
)
def test_the_command_refuses_what_is_not_there(version, asked, sentence):
    with pytest.raises(CommandError, match=sentence):
        call_command("model_card", institution="riverside", **asked)
