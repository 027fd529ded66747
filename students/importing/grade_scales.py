"""On which scale the grades of a file are, where it does not say: asked where what stands there would mislead.

Four points look like four of a hundred. A file may also hold both: the courses of one school of four, of another of a
hundred.
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from students.importing.questions import MIXED, OF_100, ONE_SCALE, SCALE, SECOND_BEST, Answers, Question
from students.importing.record_kinds import kinds

# A grade of 30 in 100 is the best of its file nowhere; a grade of 4 in 4 is.
MOST_OF_ANOTHER_SCALE = 0.4
FEWEST_GRADES = 5
ABOVE_SCALE_SHARE = 0.05
COMMON_BEST = (4, 5, 6, 10, 12, 15, 20, 30, 40)
# Of a second scale among the grades are at least so many, and hardly any between its best and those of the other.
SECOND_SCALE_SHARE, BETWEEN_SHARE = 0.1, 0.1


class Grades:
    """The grades of one file: put on the scale that was answered, else looked at for what must be asked."""

    def __init__(self) -> None:
        self._n = self._n_above = self._n_of_100 = 0
        self._highest = 0.0
        self._scale = 0.0
        # Grades above nothing and up to each best, and those between it and 40 of 100; of those without a scale.
        self._up_to = dict.fromkeys(SECOND_BEST, 0)
        self._between = dict.fromkeys(SECOND_BEST, 0)

    def applied(self, rows: pl.DataFrame, answers: Answers) -> pl.DataFrame:
        """Return the rows with numeric grades on the scale that was answered; letters and marks without a grade stay.

        Parameters
        ----------
        rows : DataFrame
            Of grades, as they were read.
        answers : mapping
        """
        if "value" not in rows.columns or rows["value"].dtype != pl.String:
            return rows
        scale, mixed = answers.get(SCALE), answers.get(MIXED)
        if scale is not None:
            return _on_scale(rows, best=float(scale["best"]), worst=float(scale.get("worst", 0)))
        self._see(rows)
        if mixed is not None and mixed["up_to"] != ONE_SCALE:
            return _up_to(rows, best=float(mixed["up_to"]))
        return rows

    def _see(self, rows: pl.DataFrame) -> None:
        default = pl.lit(float(kinds()["grades"].field("scale_max").default))
        told = _scale(rows).cast(pl.Float64, strict=False)
        seen = rows.select(_numbers().alias("value"), pl.coalesce(told, default).alias("scale"), told.alias("told"))
        seen = seen.drop_nulls("value")
        if seen.is_empty():
            return
        self._n += seen.height
        self._n_above += int((seen["value"] > seen["scale"]).sum())
        self._highest = max(self._highest, float(seen["value"].max()))  # type: ignore[arg-type]
        self._scale = max(self._scale, float(seen["scale"].max()))  # type: ignore[arg-type]
        untold = seen.filter(pl.col("told").is_null())["value"]
        self._n_of_100 += len(untold)
        for best in SECOND_BEST:
            self._up_to[best] += int(((untold > 0) & (untold <= best)).sum())
            self._between[best] += int(((untold > best) & (untold <= MOST_OF_ANOTHER_SCALE * OF_100)).sum())

    def questions(self, answers: Answers) -> Iterator[Question]:
        """Yield what must be said of the scale."""
        if SCALE in answers or self._n < FEWEST_GRADES:
            return
        is_low = self._highest <= MOST_OF_ANOTHER_SCALE * self._scale
        is_high = self._n_above > ABOVE_SCALE_SHARE * self._n
        if is_low or is_high:
            best = next((best for best in COMMON_BEST if best >= self._highest), None)
            yield Question(
                name=SCALE,
                arguments={"n": self._n, "highest": f"{self._highest:g}", "of": f"{self._scale:g}"},
                proposal={"best": best, "worst": 0} if best and is_low else {},
            )
        elif MIXED not in answers and (best := self._second_best()) is not None:
            yield Question(
                name=MIXED,
                arguments={"n": self._up_to[best], "of": self._n_of_100, "best": best},
                proposal={"up_to": best},
            )

    def _second_best(self) -> int | None:
        """Return the best grade of a second scale among those of a hundred, the lowest that fits."""
        for best in SECOND_BEST:
            n = self._up_to[best]
            is_some = n >= max(FEWEST_GRADES, SECOND_SCALE_SHARE * self._n_of_100)
            if is_some and self._between[best] <= BETWEEN_SHARE * n:
                return best
        return None


def _numbers() -> pl.Expr:
    return pl.col("value").str.strip_chars().str.replace(",", ".", literal=True).cast(pl.Float64, strict=False)


def _scale(rows: pl.DataFrame) -> pl.Expr:
    if "scale_max" not in rows.columns:
        return pl.lit(None, dtype=pl.String)
    return pl.col("scale_max").cast(pl.String).str.strip_chars().replace("", None)


def _on_scale(rows: pl.DataFrame, *, best: float, worst: float) -> pl.DataFrame:
    """Return the rows with numeric grades from 0 on their scale."""
    plain = _numbers()
    is_number = plain.is_not_null()
    away = (plain - worst) if best > worst else (worst - plain)
    is_from_zero = worst == 0 and best > 0
    value = pl.col("value") if is_from_zero else pl.when(is_number).then(away.cast(pl.String)).otherwise("value")
    return rows.with_columns(
        value.alias("value"),
        pl.when(is_number).then(pl.lit(str(abs(best - worst)))).otherwise(_scale(rows)).alias("scale_max"),
    )


def _up_to(rows: pl.DataFrame, *, best: float) -> pl.DataFrame:
    """Return the rows with the scale of those without one that are no higher than its best."""
    is_low = (_numbers() <= best) & _scale(rows).is_null()
    scale = pl.when(is_low.fill_null(value=False)).then(pl.lit(str(best))).otherwise(_scale(rows))
    return rows.with_columns(scale.alias("scale_max"))
