-- Sixteen features of the catalogue in one statement: what benchmarks/feature_rates.py measures the portal's own way
-- against. The definitions are those of modeling/core; values are compared, so whoever changes one changes both.
-- Simpler than those in two things that the rows of the benchmark do not hold: stays of one student never overlap, and
-- there are no outcomes. Parameters: institution, as_of.

WITH
calendar AS (
    SELECT held_on, row_number() OVER (ORDER BY held_on) - 1 AS position
    FROM students_schoolday
    WHERE institution_id = %(institution)s AND held_on <= %(as_of)s
),
begun AS (
    SELECT term, starts_on, lead(starts_on) OVER (PARTITION BY term ORDER BY starts_on) AS next_starts_on,
        min(starts_on) OVER (PARTITION BY school_year) AS year_starts_on,
        dense_rank() OVER (ORDER BY school_year DESC) AS years_ago
    FROM students_term
    WHERE institution_id = %(institution)s AND starts_on <= %(as_of)s
),
-- How many sessions were held before each day on which somebody entered or left.
positions AS (
    SELECT day, (SELECT count(*) FROM calendar WHERE held_on < day) AS position
    FROM (
        SELECT entered_on AS day FROM students_enrolment WHERE institution_id = %(institution)s
        UNION
        SELECT exited_on FROM students_enrolment WHERE institution_id = %(institution)s AND exited_on IS NOT NULL
    ) AS days
),
years AS (
    SELECT min(year_starts_on) FILTER (WHERE years_ago = 1) AS this_year,
        min(year_starts_on) FILTER (WHERE years_ago = 2) AS last_year
    FROM begun
),
sizes AS (
    SELECT this_year, last_year, (SELECT count(*) FROM calendar) AS n,
        (SELECT count(*) FROM calendar WHERE held_on < this_year) AS first_this_year,
        (SELECT count(*) FROM calendar WHERE held_on < last_year) AS first_last_year
    FROM years
),
windows AS (
    SELECT *,
        (SELECT held_on FROM calendar WHERE position = greatest(n - 10, 0)) AS from_10,
        (SELECT held_on FROM calendar WHERE position = greatest(n - 30, 0)) AS from_30,
        (SELECT held_on FROM calendar WHERE position = greatest(n - 90, 0)) AS from_90
    FROM sizes
),
stays AS (
    SELECT student_id, entered.position AS first, exited_on IS NULL AS is_open,
        coalesce(exited.position, windows.n) AS stop
    FROM windows CROSS JOIN (
        SELECT student_id, entered_on,
            CASE WHEN coalesce(exit_known_on, exited_on) <= %(as_of)s AND exited_on <= %(as_of)s
                THEN exited_on END AS exited_on
        FROM students_enrolment
        WHERE institution_id = %(institution)s AND known_on <= %(as_of)s AND entered_on <= %(as_of)s
            AND (replaced_on IS NULL OR replaced_on > %(as_of)s)
    ) AS known
    JOIN positions AS entered ON entered.day = known.entered_on
    LEFT JOIN positions AS exited ON exited.day = known.exited_on
),
roll AS (
    SELECT student_id,
        sum(greatest(least(stop, n) - greatest(first, n - 10, 0), 0)) AS held_10,
        sum(greatest(least(stop, n) - greatest(first, n - 30, 0), 0)) AS held_30,
        sum(greatest(least(stop, n) - greatest(first, n - 90, 0), 0)) AS held_90,
        sum(greatest(least(stop, n) - greatest(first, first_this_year), 0)) AS held_year,
        sum(greatest(least(stop, first_this_year) - greatest(first, first_last_year), 0)) AS held_last_year,
        sum(greatest(least(stop, n) - first, 0)) AS held_ever
    FROM stays CROSS JOIN windows
    GROUP BY student_id
    HAVING bool_or(is_open)
),
missed AS (
    SELECT student_id,
        sum(n_sessions) FILTER (WHERE category = 'absent' AND held_on >= from_10) AS missed_10,
        sum(n_sessions) FILTER (WHERE category = 'absent' AND held_on >= from_30) AS missed_30,
        sum(n_sessions) FILTER (WHERE category = 'absent' AND held_on >= from_90) AS missed_90,
        sum(n_sessions) FILTER (WHERE category = 'absent' AND held_on >= this_year) AS missed_year,
        sum(n_sessions) FILTER (
            WHERE category = 'absent' AND held_on >= last_year AND held_on < this_year
        ) AS missed_last_year,
        sum(n_sessions - coalesce(n_excused, 0)) FILTER (
            WHERE category = 'absent' AND NOT excused AND held_on >= from_90
        ) AS unexcused_90,
        count(*) FILTER (WHERE category = 'tardy' AND held_on >= from_30) AS tardies_30
    FROM students_attendancerecord CROSS JOIN windows
    WHERE institution_id = %(institution)s AND known_on <= %(as_of)s AND held_on <= %(as_of)s
        AND (replaced_on IS NULL OR replaced_on > %(as_of)s)
    GROUP BY student_id
),
-- By student and term first: a window over every grade would sort them all.
by_term AS (
    SELECT student_id, begun.starts_on,
        avg(value / scale_max) AS average,
        count(*) FILTER (WHERE core) AS n_core,
        count(*) FILTER (
            WHERE core
                AND CASE WHEN credits_attempted > 0 AND credits_earned IS NOT NULL
                    THEN credits_earned <= 0 ELSE value / scale_max < 0.6 END
        ) AS n_failed,
        sum(credits_attempted) FILTER (WHERE credits_earned IS NOT NULL) AS attempted,
        sum(credits_earned) FILTER (WHERE credits_attempted IS NOT NULL) AS earned
    FROM students_graderecord
    JOIN begun ON begun.term = students_graderecord.term AND awarded_on >= begun.starts_on
        AND (awarded_on < next_starts_on OR next_starts_on IS NULL)
    WHERE institution_id = %(institution)s AND known_on <= %(as_of)s AND awarded_on <= %(as_of)s
        AND (replaced_on IS NULL OR replaced_on > %(as_of)s)
    GROUP BY student_id, begun.starts_on
),
graded AS (
    SELECT student_id,
        (array_agg(average ORDER BY starts_on DESC))[1] AS average,
        (array_agg(average ORDER BY starts_on DESC))[2] AS average_before,
        (array_agg(n_core ORDER BY starts_on DESC))[1] AS n_core,
        (array_agg(n_failed ORDER BY starts_on DESC))[1] AS n_failed,
        sum(attempted) AS attempted,
        sum(earned) AS earned
    FROM by_term
    GROUP BY student_id
),
conduct AS (
    SELECT student_id,
        count(*) FILTER (WHERE happened_on > %(as_of)s::date - 30) AS incidents_30,
        count(*) FILTER (WHERE happened_on > %(as_of)s::date - 90) AS incidents_90,
        count(*) AS incidents_365,
        sum(days_removed) AS removed_365
    FROM students_disciplineincident
    WHERE institution_id = %(institution)s AND known_on <= %(as_of)s AND happened_on <= %(as_of)s
        AND happened_on > %(as_of)s::date - 365 AND (replaced_on IS NULL OR replaced_on > %(as_of)s)
    GROUP BY student_id
),
shares AS (
    SELECT student_id, held_ever, held_30,
        least(coalesce(missed_10, 0), held_10) / nullif(held_10, 0) AS absence_rate_10d,
        least(coalesce(missed_30, 0), held_30) / nullif(held_30, 0) AS absence_rate_30d,
        least(coalesce(missed_90, 0), held_90) / nullif(held_90, 0) AS absence_rate_90d,
        least(coalesce(missed_year, 0), held_year) / nullif(held_year, 0) AS absence_rate_year,
        least(coalesce(missed_last_year, 0), held_last_year) / nullif(held_last_year, 0) AS absence_rate_last_year,
        least(coalesce(unexcused_90, 0), held_90) / nullif(held_90, 0) AS unexcused_share_90d,
        coalesce(tardies_30, 0) AS tardies_30
    FROM roll LEFT JOIN missed USING (student_id)
)
SELECT student_id,
    absence_rate_10d,
    absence_rate_30d,
    absence_rate_90d,
    absence_rate_year,
    absence_rate_last_year,
    absence_rate_30d - absence_rate_90d AS absence_trend,
    unexcused_share_90d,
    CASE WHEN held_30 > 0 THEN tardies_30 END::float8 AS tardies_30d,
    average AS course_average,
    average - average_before AS course_average_change,
    CASE WHEN n_core > 0 THEN n_failed END::float8 AS core_failures_term,
    CASE WHEN attempted > 0 THEN greatest(attempted - earned, 0) END AS credits_behind,
    CASE WHEN held_ever > 0 THEN coalesce(incidents_30, 0) END::float8 AS incidents_30d,
    CASE WHEN held_ever > 0 THEN coalesce(incidents_90, 0) END::float8 AS incidents_90d,
    CASE WHEN held_ever > 0 THEN coalesce(incidents_365, 0) END::float8 AS incidents_365d,
    CASE WHEN held_ever > 0 THEN coalesce(removed_365, 0) END AS days_removed_365d
FROM shares
LEFT JOIN graded USING (student_id)
LEFT JOIN conduct USING (student_id)
