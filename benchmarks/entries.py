"""The benchmarks that `make bench` runs: with which sizes, which of their figures count, and what these keep to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

SMALL, FULL = "small", "full"
SIZES = (SMALL, FULL)
# Far more than either takes on two busy cores: what is slower than this hangs.
MOST_SECONDS = {SMALL: 180.0, FULL: 3600.0}
# All blocks of the database that one request may touch, whoever asks and however many students there are.
MOST_BUFFERS = 1500
# What a page of work may cost beside the list: CPU of the server, of Python and the database together.
MOST_OF_LIST = 1.2
UCI_697, UCI_320 = "uci697/data.csv", "uci320/student-por.csv"


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A number in what a benchmark prints; `path` leads to it, names and places joined by dots.

    The limit is the most it may be, or the least where higher is better; some hold for the full size only. A miss fails
    the run unless the figure `varies` with the machine and what else it does, as seconds do and ratios, bytes and
    measures of a model do not.
    """

    path: str
    says: str
    higher_is_better: bool = False
    limit: float | None = None
    limit_for: tuple[str, ...] = SIZES
    varies: bool = False

    def keeps(self, value: float, size: str) -> bool | None:
        """Tell whether a value keeps to the limit; None where there is none for this size."""
        if self.limit is None or size not in self.limit_for:
            return None
        # Not a number keeps to nothing.
        return value >= self.limit if self.higher_is_better else value <= self.limit


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A module of this package that prints one JSON line, with its arguments for each size that it is run in."""

    name: str
    module: str
    arguments: Mapping[str, str]
    figures: tuple[Figure, ...]
    data: tuple[str, ...] = ()
    program: str = ""
    seconds: Mapping[str, float] = field(default_factory=lambda: MOST_SECONDS)


def _imports(n_students: int, *sizes: str) -> Entry:
    arguments = f"--students {n_students} --absences {n_students}0"
    return Entry(
        name=f"import_rates {n_students:,}",
        module="import_rates",
        arguments=dict.fromkeys(sizes, arguments),
        figures=(
            Figure(path="new.of_raw_copy", says="new, share of raw COPY's rate", higher_is_better=True, limit=0.25),
            Figure(path="unchanged.of_raw_copy", says="unchanged, the same", higher_is_better=True, limit=0.6),
            Figure(path="new_over_django", says="new, times bulk_create", higher_is_better=True),
            Figure(path="peak_megabytes", says="peak memory, MB"),
        ),
    )


def _trees(name: str, arguments: str, figures: tuple[Figure, ...], *, data: tuple[str, ...] = ()) -> Entry:
    sizes = {SMALL: f"{arguments} --rows 4000", FULL: arguments}
    return Entry(name=name, module="tree_tables_rates", arguments=sizes, figures=figures, data=data)


def _times(path: str, says: str, limit: float | None = None) -> Figure:
    return Figure(path=path, says=says, higher_is_better=True, limit=limit)


def _scores(path: str, says: str, limit: float | None = None) -> Figure:
    """Return a measure of a model, the same on every machine; its limit lies a hundredth below what is quoted."""
    return Figure(path=path, says=says, higher_is_better=True, limit=limit)


_PAGES = ("today", "help", "concerns", "ways back")
WORK_PAGES = {
    "administrator": (*_PAGES, "outcomes", "caseloads"),
    "counsellor": _PAGES,
    "administrator, year over": ("outcomes",),
}

ENTRIES = (
    _imports(10_000, SMALL, FULL),
    _imports(100_000, FULL),
    _imports(1_000_000, FULL),
    Entry(
        name="feature_rates",
        module="feature_rates",
        arguments={SMALL: "--students 30000", FULL: "--students 1000000"},
        figures=(
            Figure(path="ratio", says="share of one SQL statement's time", limit=1 / 3, limit_for=(FULL,)),
            Figure(path="portal_median.cpu", says="everybody's features, s of CPU"),
            Figure(path="peak_gibibytes", says="peak memory, GiB", limit=2),
            Figure(path="largest_difference", says="largest difference from the statement", limit=1e-8),
        ),
    ),
    Entry(
        name="one_student",
        module="one_student",
        arguments={SMALL: "--students 1000 --years 2", FULL: "--students 3000"},
        figures=(
            Figure(path="median_ms.all", says="one student's features, ms", limit=20, varies=True),
            Figure(path="median_ms.own_cpu", says="of it the portal's CPU, ms"),
            Figure(path="queries", says="queries for them"),
        ),
    ),
    *(
        Entry(
            name=f"scoring_rates {n_students:,}",
            module="scoring_rates",
            arguments={size: f"--students {n_students}"},
            figures=(
                Figure(path="now.microseconds.worker", says="a list, worker, us of CPU per student"),
                Figure(path="now.microseconds.database", says="a list, database, us of CPU per student"),
                Figure(path="now.bytes.together", says="contributions and reasons, bytes", limit=250),
                Figure(path="now.bytes.row", says="a whole row of scores, bytes"),
                Figure(path="now.peak_megabytes", says="peak memory, MB"),
            ),
        )
        for n_students, size in ((3_000, SMALL), (30_000, FULL), (300_000, FULL))
    ),
    Entry(
        name="page_costs",
        module="page_costs",
        arguments={SMALL: "--students 3000", FULL: "--students 30000"},
        figures=tuple(
            Figure(
                path=f"now.buffers.{statistics}.{role}.{page}",
                says=f"buffers of the {page} page, {role}, {statistics}",
                limit=MOST_BUFFERS,
            )
            for statistics in ("never analysed", "analysed")
            for role in ("every school", "three schools")
            for page in ("first", "far down", "student")
        ),
    ),
    Entry(
        name="work_pages",
        module="work_pages",
        arguments={SMALL: "--students 3000 --turns 3", FULL: "--students 30000"},
        figures=tuple(
            # Both are measured in one run, but twenty requests of each meet other neighbours.
            Figure(
                path=f"pages.{person}.{page}.of_list",
                says=f"CPU of {page}, {person}: times the list's",
                limit=MOST_OF_LIST,
                varies=True,
            )
            for person, pages in WORK_PAGES.items()
            for page in pages
        ),
    ),
    _trees(
        "tree_tables_rates",
        "",
        (
            # Thirty microseconds beside a hundred: a neighbour who empties the caches brings 3.5 down to 3.
            Figure(
                path="one_row.0.times_pred_contrib",
                says="one row, 120 trees: times pred_contrib",
                higher_is_better=True,
                limit=3,
                varies=True,
            ),
            _times("batch.2.times_pred_contrib", "rows, 16 leaves: times pred_contrib", 5),
            _times("batch.3.times_pred_contrib", "rows, 24 leaves: times pred_contrib", 5),
            Figure(path="batch.0.error", says="largest difference, log-odds", limit=1e-9),
        ),
    ),
    _trees(
        "tree_tables_rates --portal",
        "--portal",
        (
            _times("UCI 697.batch.times_pred_contrib", "UCI 697, rows: times pred_contrib", 20),
            _times("UCI 697.batch.times_raw", "the same, times raw prediction", 1),
            _times("UCI 320.batch.times_pred_contrib", "UCI 320, rows: times pred_contrib", 20),
            _times("UCI 320.batch.times_raw", "the same, times raw prediction", 1),
            Figure(path="UCI 697.batch.error", says="largest difference, log-odds", limit=1e-9),
        ),
        data=(UCI_697, UCI_320),
    ),
    Entry(
        name="tree_tables_peers",
        module="tree_tables_peers",
        arguments={FULL: "--python python3.12"},
        figures=tuple(
            _times(f"{place}.times_peer", f"24 leaves, numbers: times {peer}")
            for place, peer in ((2, "shap"), (6, "woodelf"), (10, "shapiq"))
        ),
        program="python3.12",
    ),
    Entry(
        name="tuning_rates",
        module="tuning_rates",
        arguments={SMALL: "--rows 5000 --trials 6", FULL: "--rows 200000 --trials 50"},
        figures=(
            Figure(path="cpu_share", says="a trial, share of a grid point's CPU", limit=1 / 3, limit_for=(FULL,)),
            _scores("ours.roc_auc", "AUC of a fit with the best settings"),
        ),
    ),
    Entry(
        name="handover",
        module="handover",
        arguments={SMALL: "", FULL: ""},
        figures=(
            _scores("400.listed_roc_auc", "AUC of the list, 400 known outcomes"),
            _scores("1600.listed_roc_auc", "AUC of the list, 1,600 known outcomes", 0.885),
        ),
        data=(UCI_697,),
    ),
    Entry(
        name="reproduce_uci",
        module="reproduce_uci",
        arguments={FULL: ""},
        figures=(
            _scores("uci697_all.roc_auc", "UCI 697, all columns, AUC", 0.917),
            _scores("uci697_first_semester_unprotected.roc_auc", "UCI 697, first semester, AUC", 0.891),
            _scores("uci320_por_g1_g2.roc_auc", "UCI 320, G1 and G2, AUC", 0.956),
        ),
        data=(UCI_697, UCI_320),
    ),
)
