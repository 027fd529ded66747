"""The report on the data as one file: its words, tables and figures."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from modeling.html_reports import eda_words as words
from modeling.html_reports.report_html import FIRST, SECOND, Report

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Content = dict[str, Any]


def document(content: Content) -> Report:
    """Return the report, ready to be written as HTML or Markdown."""
    about = content["about"]
    report = Report(title=_("The data of %(name)s") % {"name": about["institution"]}, subtitle=words.source(about))
    if about["is_synthetic"]:
        report.paragraph(_("These are synthetic students: invented by a simulation, no real person."))
    report.paragraph(f"{words.headline(content)} {words.balance(content)}")
    report.note(
        _("Groups count each student once, as of their newest snapshot. Fewer than %(n)s students are never told of.")
        % {"n": content["minimum"]}
    )
    report.heading(_("Bear in mind"))
    report.bullets(words.sentences(content))
    for part in (_who_left, _distributions, _trends, _columns, _missing, _correlation):
        part(report, content)
    return report


def _who_left(report: Report, content: Content) -> None:
    report.heading(_("Who left"))
    for group in reversed(content["groups"]):
        name = words.label(group["label"])
        mark = _("%(label)s (protected: for this audit only)") if group["is_protected"] else "%(label)s"
        report.table(
            caption=mark % {"label": name},
            columns=[name, _("Students"), _("Left")],
            rows=[[words.value(row), row["n"], words.percent(row["share"])] for row in group["rows"]],
        )
        if group["n_hidden"]:
            report.note(words.hidden_words(group))
    left_out = words.left_out(content)
    if left_out:
        report.table(
            caption=_("Snapshots without a known outcome, left out"), columns=[_("Why"), _("Snapshots")], rows=left_out
        )


def _distributions(report: Report, content: Content) -> None:
    report.heading(_("How those who left differ"))
    if not content["distributions"]:
        report.paragraph(_("Too few left to draw them apart."))
    for shown in content["distributions"]:
        names, title = words.bins(shown), words.distribution_title(shown)
        report.figure(_paired_bars(names, shown), title=title, alt=title)
        report.table(
            caption=words.label(shown["label"]),
            columns=[words.label(shown["label"]), _("Of those who left"), _("Of those who stayed")],
            rows=[
                [name, words.percent(left), words.percent(stayed)]
                for name, left, stayed in zip(names, shown["left"], shown["stayed"], strict=True)
            ],
        )


def _paired_bars(names: list[str], shown: Content) -> Callable[[Axes], None]:
    def draw(axes: Axes) -> None:
        from matplotlib.ticker import PercentFormatter

        places = range(len(names))
        axes.bar([x - 0.2 for x in places], shown["left"], width=0.38, color=SECOND, label=_("left"))
        axes.bar([x + 0.2 for x in places], shown["stayed"], width=0.38, color=FIRST, label=_("stayed"))
        axes.set_xticks(list(places), names, rotation=30, ha="right")
        axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
        axes.set_xlabel(words.label(shown["label"]))
        axes.set_ylabel(_("Share of those students"))
        axes.grid(visible=False, axis="x")
        axes.legend()

    return draw


def _trends(report: Report, content: Content) -> None:
    report.heading(_("Over time"))
    days, measures = content["trends"]["days"], content["trends"]["measures"]
    known = [one for one in days if one["share"] is not None]
    title = words.trend_title(content)
    if len(known) > 1:

        def draw(axes: Axes) -> None:
            from matplotlib.ticker import PercentFormatter

            axes.plot(range(len(known)), [one["share"] for one in known], color=FIRST, marker="o")
            axes.set_xticks(range(len(known)), [words.day(one["on"]) for one in known], rotation=30, ha="right")
            axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
            axes.set_ylim(0, 1.15 * max(one["share"] for one in known))
            axes.set_ylabel(_("Left"))

        report.figure(draw, title=title, alt=title)
    labels, units = words.feature_labels(content), {one["name"]: one["unit"] for one in content["columns"]}
    report.table(
        caption=title,
        columns=[
            _("Snapshot"),
            _("Students"),
            _("Left"),
            *(_("Mean: %(label)s") % {"label": labels[name]} for name in measures),
        ],
        rows=[
            [
                words.day(one["on"]),
                one["n"],
                words.percent(one["share"]),
                *(words.number(one["means"][name], units[name]) for name in measures),
            ]
            for one in days
        ],
    )


def _columns(report: Report, content: Content) -> None:
    report.heading(_("What is on record"))
    report.paragraph(words.duplicate_words(content))
    report.table(
        caption=_("Every column a model may look at"),
        columns=[
            _("What"),
            _("Kind"),
            _("Unit"),
            _("Different values"),
            _("Missing"),
            _("Low 5%"),
            _("Middle"),
            _("High 5%"),
            _("Far out"),
            _("Outside bounds"),
        ],  # fmt: skip
        rows=[
            [
                words.label(column["label"]),
                column["kind"],
                column["unit"],
                column["n_distinct"],
                words.percent(column["missing_share"]),
                *(words.number(column.get(name), column["unit"]) for name in ("low_5", "median", "high_95")),
                *(words.percent(column.get(name)) for name in ("beyond_share", "outside_share")),
            ]
            for column in content["columns"]
        ],
        n_text_columns=3,
    )
    report.note(
        _(
            "Far out: beyond one and a half times the width of the middle half (Tukey, 1977). "
            "A dash: does not apply, or fewer than %(n)s rows."
        )
        % {"n": content["minimum"]}
    )


def _missing(report: Report, content: Content) -> None:
    missing, labels = content["missing"], words.feature_labels(content)
    if missing["rows"]:
        report.table(
            caption=_("Missing, by year"),
            columns=[_("What"), *(str(year) for year in missing["years"])],
            rows=[[labels[row["name"]], *(words.percent(share) for share in row["shares"])] for row in missing["rows"]],
        )


def _correlation(report: Report, content: Content) -> None:
    found, labels = content["correlation"], words.feature_labels(content)
    report.heading(_("What goes together"))
    title = words.correlation_title(content)
    if len(found["names"]) > 1:
        report.figure(
            _heatmap(found, labels), title=title, alt=title, width=9.0, height=1.2 + 0.26 * len(found["names"])
        )
        report.note(
            _("Blue: more of one goes with more of the other. Orange: with less. The stronger the colour, the closer.")
        )
    report.table(
        caption=_("Rank correlation with leaving (Spearman), from %(n)s rows") % {"n": f"{found['n_rows']:,}"},
        columns=[_("What"), _("With leaving")],
        rows=[
            [labels[name], f"{rho:+.2f}"]
            for name, rho in sorted(
                zip(found["names"], found["with_outcome"], strict=True), key=lambda pair: (-abs(pair[1]), pair[0])
            )
        ],
    )


def _heatmap(found: Content, labels: dict[str, str]) -> Callable[[Axes], None]:
    def draw(axes: Axes) -> None:
        from matplotlib.collections import PatchCollection
        from matplotlib.colors import to_rgba
        from matplotlib.patches import Rectangle

        # Colour and strength and not a scale of colours: half see-through cells are right on white and on black paper.
        n = len(found["names"])
        # All cells as one: a thousand bars of their own take a second to draw.
        cells = [
            Rectangle((x - 0.5, y - 0.5), 1, 1, color=to_rgba(FIRST if rho > 0 else SECOND, abs(rho)), linewidth=0)
            for y, line in enumerate(found["rho"])
            for x, rho in enumerate(line)
            if rho is not None
        ]
        axes.add_collection(PatchCollection(cells, match_original=True))
        axes.set_xlim(-0.5, n - 0.5)
        axes.set_ylim(n - 0.5, -0.5)
        axes.set_xticks(range(n), [str(place + 1) for place in range(n)])
        axes.set_yticks(range(n), [f"{labels[name]}  {place + 1}" for place, name in enumerate(found["names"])])
        axes.grid(visible=False)
        axes.tick_params(axis="x", labelsize=8)
        for spine in axes.spines.values():
            spine.set_visible(False)

    return draw
