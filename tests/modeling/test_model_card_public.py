"""From the figures of the public card, as they stand on it, a solver cannot work a small group of people out."""

import re
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from modeling.model_cards import card_public
from tests.modeling.core.test_nested_cuts import check_every_small_cell

BINS = 6


def version_of(labels, *, capacity, rest=(500, 5000), groups=(), gaps=None):
    """Return what the card reads of a version whose ranking has these labels, without ties."""
    n, n_left = len(labels), int(labels.sum())
    model = {"n": float(n), "n_positive": float(n_left), "capacity": float(capacity), "roc_auc": auc_of(labels)}
    for name, size in sizes_of(n, capacity).items():
        found = int(labels[:size].sum())
        model |= {f"precision_at_{name}": found / size, f"recall_at_{name}": found / n_left}
    bins = [
        {"n": float(len(part)), "case_share": float(part.mean()), "risk": 0.9 - place / 10, "low": 0.0, "high": 1.0}
        for place, part in enumerate(np.array_split(labels, BINS))
    ]
    evaluation = {"curves": {"model": {"calibration": bins}}, "groups": list(groups), "gaps": gaps or []}
    dataset = SimpleNamespace(n_rows=n + rest[1], n_positive=n_left + rest[0])
    return SimpleNamespace(metrics={"model": model}, evaluation=evaluation, dataset=dataset)


def auc_of(labels):
    stayed_below = np.cumsum((1 - labels)[::-1])[::-1]
    return float((labels * stayed_below).sum() / (labels.sum() * (1 - labels).sum()))


def sizes_of(n, capacity):
    return {"capacity": capacity, "10": max(1, round(0.1 * n)), "5": max(1, round(0.05 * n))}


def bounds_of(said, n):
    """Read a share off the card as a reader would: between which numbers of people does it lie?"""
    if said == "not told":
        return 0, n
    if counts := re.fullmatch(r"(?:about )?([\d,]+)(?: to ([\d,]+))? of the [\d,]+ tested", said):
        low, high = (int((part or counts[1]).replace(",", "")) for part in counts.groups())
        return low, high
    first, *more = (int(part) / 100 for part in re.findall(r"(\d+)%", said))
    low, high = first, (more or [first])[-1]
    if said in ("under 1%", "over 99%"):
        return (0, n // 100) if said == "under 1%" else (n - n // 100, n)
    low, high = (0.0 if said.startswith("at most") else low), (1.0 if said.startswith("at least") else high)
    return max(0, int(np.ceil((low - 0.005) * n))), min(n, int(np.floor((high + 0.005) * n)))


def read(version):
    """Return every cut that the rendered card tells of, with its bounds."""
    n, n_left = (int(version.metrics["model"][name]) for name in ("n", "n_positive"))
    sizes = sizes_of(n, int(version.metrics["model"]["capacity"]))
    found = {size: (0, min(size, n_left)) for size in sizes.values()}
    table = [part for part in card_public.measures(version).parts if part.rows]
    told = {row[0]: row[1] for part in table for row in part.rows}
    for kind, cut, label in card_public.ROWS:
        if label in told:
            size = sizes[cut]
            low, high = bounds_of(told[label], size if kind == "precision" else n_left)
            found[size] = max(found[size][0], low), min(found[size][1], high)
    above = left = 0
    rows = [row for part in card_public.calibration(version).parts for row in part.rows]
    for row in list(reversed(rows))[:-1]:
        size = int(row[3].replace(",", ""))
        low, high = bounds_of(row[1], size)
        above, left = above + size, left + round((low + high) / 2)
        width = high - low
        found[above] = max(found.get(above, (0, n))[0], left - width), min(found.get(above, (0, n))[1], left + width)
    return found


@st.composite
def versions(draw):
    n = draw(st.integers(80, 600))
    generator = np.random.default_rng(draw(st.integers(0, 10**6)))
    odds = draw(st.floats(0.03, 0.9)) * np.exp(-draw(st.floats(0, 9)) * np.arange(n) / n)
    labels = (generator.random(n) < odds).astype(int)
    assume(1 <= labels.sum() < n)
    return labels, version_of(labels, capacity=draw(st.integers(5, n // 2)))


@settings(max_examples=60, deadline=None)
@given(drawn=versions())
def test_no_small_cell_is_worked_out_from_the_rendered_card(drawn):
    labels, version = drawn

    if card_public.ranking(version).is_open:
        found = read(version)
        check_every_small_cell(labels, sorted(size for size in found if size < len(labels)), found)
    else:
        assert not [part for part in card_public.measures(version).parts if part.rows]


def labelled(n, n_left, *cuts):
    """Return labels in the order of risk, of which so many left above each cut and `n_left` in all."""
    labels, before, found = np.zeros(n, dtype=int), 0, 0
    for size, above in (*cuts, (n, n_left)):
        labels[before : before + above - found] = 1
        before, found = size, above
    return labels


def test_nineteen_of_twenty_four_and_the_five_who_stayed_are_not_on_the_card():
    version = version_of(labelled(400, 60, (24, 19)), capacity=24)

    said = card_public.measures(version).parts[0].items[0]

    assert "12 to 24 of the 24 tested" in said
    assert "19" not in said


def test_a_range_stands_only_beside_a_number_that_is_told():
    lines = (24, 19), (50, 30)
    coarse, exact = (version_of(labelled(400, 60, line), capacity=line[0]) for line in lines)
    for version in (coarse, exact):
        version.evaluation["intervals"] = {"model": {"precision_at_capacity": [0.5, 0.7]}}

    ranges = [card_public.measures(version).parts[1].rows[0][2] for version in (coarse, exact)]

    assert ranges == ["–", "50%–70%"]


def test_a_cut_through_people_of_one_risk_is_told_to_the_number_all_the_same():
    version = version_of(labelled(400, 60, (50, 30)), capacity=50)
    version.metrics["model"] |= {"precision_at_capacity": 30.5 / 50, "recall_at_capacity": 30.5 / 60}
    version.evaluation["intervals"] = {"model": {"precision_at_capacity": [0.5, 0.7]}}

    row = card_public.measures(version).parts[1].rows[0]

    assert row[1:3] == ["30 to 31 of the 50 tested", "50%–70%"]


def test_nobody_and_everybody_are_told_as_bounds():
    everybody = version_of(labelled(4000, 900, (300, 300)), capacity=300)
    nobody = version_of(labelled(4000, 900, (300, 0)), capacity=300)

    assert "at least 95%" in card_public.measures(everybody).parts[0].items[0]
    assert "at most 5%" in card_public.measures(nobody).parts[0].items[0]


@pytest.mark.parametrize("rest", [(9, 5000), (500, 509)])
def test_a_test_that_leaves_a_few_of_the_dataset_closes_the_figures(rest):
    version = version_of(labelled(400, 60, (50, 30)), capacity=50, rest=rest)

    assert not card_public.ranking(version).is_open
    assert not [part for part in card_public.calibration(version).parts if part.rows]


def group(value, n, n_left, n_listed, found):
    told = {"value": round(found / n_left, 2), "low": None, "high": None}
    measures = {"recall_at_capacity": told, "precision_at_capacity": told, "false_alarm_share": told}
    return {"attribute": "gender", "value": value, "n": n, "n_positive": n_left, "n_listed": n_listed, **measures}


def test_a_group_is_never_said_to_be_found_whole_or_not_at_all():
    rows = [group("f", 5000, 3000, 3500, 2990), group("m", 9000, 4000, 4000, 15)]

    said = [row[2] for row in card_public._table("gender", rows).rows]

    assert said == ["over 99%", "under 1%"]


@pytest.mark.parametrize(("found", "is_told"), [(30, True), (11, True), (9, False), (49, False)])
def test_an_attribute_is_told_whole_or_not_at_all(monkeypatch, found, is_told):
    settings_in_force = SimpleNamespace(promotion=SimpleNamespace(maximum_recall_gap=0.2))
    monkeypatch.setattr(card_public.training_config, "serving", lambda: settings_in_force)
    gap = {"attribute": "gender", "gap": 0.29, "low": -0.05, "high": 0.63, "between": ["f", "m"], "verdict": "no_gap"}
    groups = [group("f", 500, 60, 100, 40), group("m", 500, 50, 100, found)]
    version = version_of(labelled(1000, 110, (200, 70)), capacity=200, groups=groups, gaps=[gap])

    section = card_public.groups(version)

    assert bool([part for part in section.parts if part.rows]) is is_told
    assert ("29 of 100" in section.parts[0].items[0]) is is_told
    assert "cannot tell" in section.parts[0].items[0]
