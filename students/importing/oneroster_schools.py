"""The organisations of a OneRoster bundle: which of them are schools, and at which school everything else happens."""

from __future__ import annotations

import polars as pl

from students.importing.batch_ledger import BatchLedger, faults_of
from students.importing.oneroster_bundle import Bundle

_TYPES = ["department", "school", "district", "local", "state", "national"]


class Schools:
    """Every organisation with the school it is or belongs to.

    A department of a school counts as the school; a district above it is none.

    Attributes
    ----------
    rows : DataFrame
        The schools as rows of the kind "schools".
    identifiers : DataFrame
        ``identifier`` and ``school`` (String): what else a school is called.
    """

    def __init__(self, bundle: Bundle, *, ledger: BatchLedger) -> None:
        self._is_whole = bundle.is_whole("orgs")
        part = bundle.table("orgs")
        orgs = part.rows.with_columns(pl.col("type").str.to_lowercase()).unique(
            "sourcedId", keep="last", maintain_order=True
        )
        is_extension = pl.col("type").str.starts_with("ext:")
        unknown = orgs.filter(~is_extension & ~pl.col("type").is_in(_TYPES))
        allowed = ", ".join(_TYPES)
        ledger.note(
            faults=faults_of(
                unknown, file=part.file, column="type", value="type", problem="not_allowed", allowed=allowed
            )
        )
        circular = self._place(orgs)
        ledger.note(
            faults=faults_of(
                orgs.filter(pl.col("sourcedId").is_in(circular)),
                file=part.file,
                column="parentSourcedId",
                value="sourcedId",
                problem="oneroster_org_circle",
            )
        )
        schools = orgs.filter(pl.col("type") == "school").sort("line")
        self.rows = schools.select(
            pl.col("sourcedId").alias("school_id"), "name", pl.lit(part.file).alias("file"), "line"
        )
        self.identifiers = schools.select("identifier", pl.col("sourcedId").alias("school")).drop_nulls()

    def _place(self, orgs: pl.DataFrame) -> list[str]:
        """Find the school of every organisation; return those whose parents lead back to themselves."""
        type_of = dict(orgs.select("sourcedId", "type").iter_rows())
        parent_of = dict(orgs.select("sourcedId", "parentSourcedId").iter_rows())
        schools: dict[str, str | None] = {}
        circular = []
        for org in type_of:
            seen: set[str] = set()
            at: str | None = org
            while at is not None and at not in seen and type_of.get(at) != "school":
                seen.add(at)
                at = parent_of.get(at)
            if at in seen:
                circular.append(org)
            schools[org] = at if type_of.get(at or "") == "school" else None
        self._map = pl.DataFrame(
            {"org": list(schools), "school": list(schools.values())},
            schema={"org": pl.String(), "school": pl.String()},
        ).with_columns(pl.lit(value=True).alias("is_listed"))
        return circular

    def located(self, rows: pl.DataFrame, org: str) -> pl.DataFrame:
        """Return the rows with ``school`` (String, null if an organisation is none) and ``is_listed`` (Boolean).

        Where orgs.csv holds changes only, or is absent, an organisation it does not list is taken to be a school that
        was sent before.

        Parameters
        ----------
        rows : DataFrame
        org : str
            The column with the organisation.
        """
        placed = rows.join(self._map, left_on=org, right_on="org", how="left", maintain_order="left")
        is_listed = pl.col("is_listed").fill_null(value=False)
        if self._is_whole:
            return placed.with_columns(is_listed)
        sent_before = pl.when(pl.col(org) != "").then(pl.col(org))
        return placed.with_columns(
            pl.when(is_listed).then("school").otherwise(sent_before).alias("school"), is_listed.alias("is_listed")
        )

    @staticmethod
    def faults(nowhere: pl.DataFrame, *, file: str, column: str) -> pl.DataFrame:
        """Return a fault for each row whose organisation, in `column`, is no school."""
        is_given = pl.col(column).fill_null("") != ""
        missing = nowhere.filter(~is_given)
        unknown = nowhere.filter(is_given & ~pl.col("is_listed"))
        others = nowhere.filter(pl.col("is_listed"))
        return pl.concat(
            [
                faults_of(missing, file=file, column=column, value=column, problem="missing", allowed="a school"),
                faults_of(unknown, file=file, column=column, value=column, problem="oneroster_unknown_org"),
                faults_of(others, file=file, column=column, value=column, problem="oneroster_org_not_school"),
            ]
        )
