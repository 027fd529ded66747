"""The figures of the card that anybody may read: coarsened or left out where they would give a few people away.

Every number of people here comes out of `modeling.core.nested_cuts`. What it does not cover is not shown: average
precision, F1, the threshold's figures, Brier score. The technical file and the version's own page show them.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from modeling.core import worse_than_chance
from modeling.model_cards import card_gaps
from modeling.model_cards import card_parts as parts
from modeling.model_cards.card_measures import CONTENDERS, GROUP_MEASURES, heads, n_behind, unranked
from modeling.model_cards.card_parts import SMALLEST, Part, Section
from modeling.model_cards.card_shares import PER_HUNDRED, of_some, of_tested
from modeling.models import ModelVersion
from modeling.training import training_config

if TYPE_CHECKING:
    from modeling.core.nested_cuts import Ranking, Told

# The most important first: what is granted to one may take from those after it.
CUTS = ("capacity", "10", "5")
ROWS = (
    ("precision", "capacity", "Right above the line"),
    ("recall", "capacity", "Found above the line"),
    ("precision", "5", "Right within the first 5%"),
    ("precision", "10", "Right within the first 10%"),
    ("recall", "10", "Found within the first 10%"),
)


def ranking(version: ModelVersion) -> Ranking:
    """Return the totals of the test, closed where they would tell of a few tested, or of a few learned from."""
    # Imported here and below: numpy is no part of a page's start.
    from modeling.core.nested_cuts import Ranking

    model, dataset = version.metrics["model"], version.dataset
    n, n_left = int(model["n"]), int(model["n_positive"])
    learned_left = dataset.n_positive - n_left
    few = [learned_left, dataset.n_rows - n - learned_left, dataset.n_positive, dataset.n_rows - dataset.n_positive]
    # What is left of the dataset without the test is a cell as well: no outcome is known of none in it.
    is_open = all(number >= SMALLEST for number in few)
    return Ranking(n=n, n_positive=n_left if is_open else 0, minimum=SMALLEST)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What may be told of a contender: the size of each cut by name, how many it found there, and what is granted."""

    sizes: dict[str, int]
    found: dict[str, float]
    told: Told

    def bounds(self, cut: str) -> tuple[int, int] | None:
        """Return between which numbers those found above a cut may be told to lie."""
        return self.told.cuts[list(self.sizes).index(cut)] if cut in self.sizes else None

    def is_to_the_number(self, cut: str) -> bool:
        """Return whether nothing is coarsened; of rows that tie at the cut a part counts, between two numbers."""
        return cut in self.sizes and self.bounds(cut) == (floor(self.found[cut]), ceil(self.found[cut]))


def of_contender(version: ModelVersion, who: str) -> Answer:
    """Return what may be told of a contender."""
    from modeling.core.nested_cuts import told

    figures = version.metrics[who]
    # All contenders were judged on the same rows: the totals are the model's.
    base = version.metrics["model"]
    names = [name for name in CUTS if f"precision_at_{name}" in figures]
    sizes = {name: int(min(n_behind(f"precision_at_{name}", base) or 0, base["n"])) for name in names}
    found = {name: round(sizes[name] * figures[f"precision_at_{name}"], 6) for name in names}
    cuts = tuple((sizes[name], found[name]) for name in names)
    edges = tuple(_edges(version)) if who == "model" else ()
    granted = told(ranking(version), cuts, edges=edges, auc=figures.get("roc_auc"))
    return Answer(sizes=sizes, found=found, told=granted)


def _bins(version: ModelVersion) -> list[dict[str, Any]]:
    """Return the bins of the calibration curve, the highest risk first."""
    bins = version.evaluation.get("curves", {}).get("model", {}).get("calibration") or []
    return sorted(bins, key=lambda one: -one["risk"])


def _n_left(one: dict[str, Any]) -> int:
    return round(one["n"] * one["case_share"])


def _edges(version: ModelVersion) -> list[tuple[int, int]]:
    """Return how many stand above each line between two bins, and how many of them left."""
    edges, n, left = [], 0, 0
    for one in _bins(version)[:-1]:
        n += round(one["n"])
        left += _n_left(one)
        edges.append((n, left))
    return edges


def measures(version: ModelVersion) -> Section:
    """Show the measures beside the rule and the plain formula, as finely as they may be told."""
    others = [who for who, _label in CONTENDERS if who in version.metrics]
    answers = {who: of_contender(version, who) for who in ("model", *others)}
    intervals = version.evaluation.get("intervals", {}).get("model", {})
    rows = []
    for kind, cut, label in ROWS:
        if any(answers[who].bounds(cut) for who in answers):
            cells = [_share(version, answers[who], kind, cut) for who in answers]
            ends = intervals.get(f"{kind}_at_{cut}") if answers["model"].is_to_the_number(cut) else None
            rows.append([_(label), cells[0], parts.span(ends, parts.whole_percent), *cells[1:]])
    if any(answers[who].told.auc for who in answers):
        cells = [_auc(answers[who].told) for who in answers]
        rows.append([_("ROC-AUC"), cells[0], "–", *cells[1:]])
    found: list[Part] = [parts.words(" ".join([_line(version, answers), *unranked(version)]))]
    if rows:
        columns = [_("Measure"), _("Model"), _("Range (95%)"), *heads(version)]
        found.append(parts.table(_("On the snapshots tested"), columns, rows))
    found.append(parts.note(_("What would tell of fewer than %(n)s people is coarser, or left out.") % {"n": SMALLEST}))
    return Section(key="measures", title=_("How good it is"), parts=found)


def _share(version: ModelVersion, answer: Answer, kind: str, cut: str) -> str:
    bounds = answer.bounds(cut)
    if bounds is None:
        return _("not told")
    n = answer.sizes[cut] if kind == "precision" else int(version.metrics["model"]["n_positive"])
    return between(bounds, n)


def between(bounds: tuple[int, int], n: int) -> str:
    """Say between which numbers a part of `n` tested lies: counts of fewer than a hundred, else per cent."""
    low, high = max(0, bounds[0]), min(n, bounds[1])
    if low == high:
        return of_tested(low / n, n)
    if n < PER_HUNDRED:
        return _("%(low)s to %(high)s of the %(n)s tested") % {"low": low, "high": high, "n": n}
    words = {"low": f"{round(100 * low / n)}%", "high": f"{round(100 * high / n)}%"}
    if low == 0:
        return _("at most %(high)s") % words
    return _("at least %(low)s") % words if high == n else _("%(low)s to %(high)s") % words


def _auc(answered: Told) -> str:
    if answered.auc is None:
        return _("not told")
    low, high = answered.auc
    if high - low < 0.02:
        return f"{(low + high) / 2:.2f}"
    return _("%(low)s to %(high)s") % {"low": f"{low:.2f}", "high": f"{high:.2f}"}


def _line(version: ModelVersion, answers: dict[str, Answer]) -> str:
    """Say what the model is worth where the list is cut, beside the rule."""
    model = version.metrics["model"]
    if "capacity" not in model:
        return _("How often it is right at the team's capacity: not measured for this version.")
    words = {"n": int(model["capacity"])}
    said = [_("The team can see as many as the first %(n)s of those tested.") % words]
    if not ranking(version).is_open or answers["model"].bounds("capacity") is None:
        return said[0] + " " + _("Too few left or stayed to tell how often it is right there.")
    said.append(_("Of these left: %(share)s.") % {"share": _share(version, answers["model"], "precision", "capacity")})
    if "rule" in worse_than_chance.of_version(version.metrics, version.evaluation):
        said.append(_("The school's own rule ranks worse than drawing lots: not a fair comparison."))
    elif "rule" in answers:
        share = _share(version, answers["rule"], "precision", "capacity")
        said.append(_("Of as many by the school's own rule left: %(share)s.") % {"share": share})
    return " ".join(said)


def calibration(version: ModelVersion) -> Section:
    """Show how far its estimates are what happened, with neighbouring bins joined until none tells of a few."""
    title = _("Whether its estimates hold")
    bins = _bins(version)
    if not bins:
        return Section(key="calibration", title=title, parts=[parts.not_measured()])
    if not ranking(version).is_open:
        said = _("Too few left or stayed to tell whether its estimates hold.")
        return Section(key="calibration", title=title, parts=[parts.words(said)])
    rows = [
        [
            parts.percent(sum(one["n"] * one["risk"] for one in joined) / n),
            of_tested(sum(_n_left(one) for one in joined) / n, n),
            parts.span([joined[0]["low"], joined[0]["high"]], parts.whole_percent) if len(joined) == 1 else "–",
            f"{n:,}",
        ]
        for joined in _joined(bins, of_contender(version, "model").told.edges)
        for n in [sum(round(one["n"]) for one in joined)]
    ]
    columns = [_("Estimate, mean"), _("Left"), _("Range (95%)"), _("Snapshots")]
    return Section(
        key="calibration",
        title=title,
        parts=[
            parts.table(_("Estimates, and what happened"), columns, rows[::-1]),
            parts.note(_("Estimates of a few people stand together with those next to them.")),
        ],
    )


def _joined(bins: list[dict[str, Any]], kept: tuple[bool, ...]) -> list[list[dict[str, Any]]]:
    """Return the bins in runs, each up to an edge that may be told."""
    runs: list[list[dict[str, Any]]] = [[]]
    for one, ends_here in zip(bins, (*kept, False), strict=True):
        runs[-1].append(one)
        if ends_here:
            runs.append([])
    return runs


def groups(version: ModelVersion) -> Section:
    """Show how the list treats groups: an attribute's figures whole, or its verdict alone."""
    from modeling.core.suppression import may_tell_groups

    evaluation, title = version.evaluation, _("Whether it treats groups alike")
    if "gaps" not in evaluation:
        return Section(key="groups", title=title, parts=[parts.not_measured()])
    if not evaluation["gaps"]:
        said = _("By no protected attribute could groups be compared.")
        return Section(key="groups", title=title, parts=[parts.words(said)])
    tolerance = training_config.serving().promotion.maximum_recall_gap
    # The groups' figures add up to those of the line: they are told only beside a line told to the number.
    may_tell = of_contender(version, "model").is_to_the_number("capacity")
    sentences, tables = [], []
    for gap in evaluation["gaps"]:
        rows = [row for row in evaluation.get("groups", []) if row["attribute"] == gap["attribute"]]
        if may_tell and may_tell_groups(rows, minimum=SMALLEST):
            sentences.append(card_gaps.in_words(gap, tolerance=tolerance))
            tables.append(_table(str(gap["attribute"]), rows))
        else:
            sentences.append(card_gaps.without_figures(gap, tolerance=tolerance))
    return Section(key="groups", title=title, parts=[parts.points(sentences), *tables])


def _table(attribute: str, rows: list[dict[str, Any]]) -> Part:
    names = [name for name, _label in GROUP_MEASURES]
    cells = [
        [str(row["value"]), parts.count(row["n"]), *(of_some(row[name]["value"]) for name in names)] for row in rows
    ]
    columns = [_("Group"), _("Students"), *(_(label) for _name, label in GROUP_MEASURES)]
    return parts.table(attribute.replace("_", " ").capitalize(), columns, cells)
