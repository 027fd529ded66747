"""One pass over an uploaded file: read it, check it, say what would change, and, once confirmed, change it.

The check and the merge do the same, but for the last step, so what is merged is what was checked. Everything happens
in one transaction and in temporary tables: a pass that dies has changed nothing, and the next attempt begins anew.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import polars as pl
from django.conf import settings
from django.utils import timezone

from accounts import audit_log, scope
from jobs.claims import Claim
from students.changes import database_checks, difference, merging, records_lock
from students.changes.difference import Difference
from students.changes.staging import Context, Staging
from students.import_sql import first_rows, open_questions
from students.importing import formats, mapping, questions, typed_records
from students.importing.batches import Options, Reader
from students.importing.cohort_schema import CohortSchema
from students.importing.containers import Container
from students.importing.dates import AmbiguousDates
from students.importing.file_errors import CellError, FileRefused
from students.importing.formats import NeedsMapping, Recognised
from students.importing.meaning import Meaning
from students.importing.student_numbers import Numbers
from students.models import Cohort, Format, Upload
from students.outcomes import exit_code_map
from students.records import cohorts, columnar
from students.uploads import import_settings, sources, upload_files
from students.uploads.lines_read import LinesRead

Stage = Upload.Stage
FAULTS_SHOWN_EARLY = 20


@dataclass(frozen=True, kw_only=True)
class Thresholds:
    """What may be merged without another look: shares of the students gone and of the rows wrong, each in 0..1."""

    most_gone_share: float
    most_bad_share: float


NO_BAD_ROWS = Thresholds(most_gone_share=1.0, most_bad_share=0.0)
ANY = Thresholds(most_gone_share=1.0, most_bad_share=1.0)


def check_upload(claim: Claim, *, thresholds: Thresholds | None = None) -> None:
    """Check a file; merge it in the same pass if it shall merge by itself and lies within the thresholds.

    Without thresholds given, the institution's own hold.
    """
    with scope.entered(scope.of_institution(claim.job.institution)):
        upload = Upload.objects.select_related("institution", "created_by", "source").get(job=claim.job)
        with claim.commit_result():
            if upload.stage == Stage.CHECKING:
                ImportRun(claim, upload).execute(merges=upload.auto_confirm, thresholds=thresholds)
    _copy_to_columns(upload)


def merge_upload(claim: Claim) -> None:
    """Merge a file that somebody confirmed, if the records are still those they looked at."""
    with scope.entered(scope.of_institution(claim.job.institution)):
        upload = Upload.objects.select_related("institution", "created_by", "source").get(merge_job=claim.job)
        with claim.commit_result():
            if upload.stage == Stage.MERGING:
                ImportRun(claim, upload).execute(merges=True, thresholds=ANY)
    _copy_to_columns(upload)


def _copy_to_columns(upload: Upload) -> None:
    """Bring the columnar copy up to date once the merge is committed; whoever reads it would do so otherwise."""
    if upload.stage == Stage.DONE:
        with scope.entered(scope.of_institution(upload.institution)):
            columnar.refresh(upload.institution)


class ImportRun:
    """One attempt at one file, within the transaction and the scope of its caller."""

    def __init__(self, claim: Claim, upload: Upload) -> None:
        self.claim = claim
        self.upload = upload
        self.institution = upload.institution
        self.settings = import_settings.for_institution(self.institution)
        self.schemas = _configured_schemas()
        self.made_cohort = False
        self.withheld: dict[str, list[str]] = {}
        self.now = timezone.now()
        self.today = self.institution.day_of(self.now)

    def execute(self, *, merges: bool, thresholds: Thresholds | None) -> None:
        """Check, and merge where that is wanted and allowed; write on the upload's row what came of it."""
        upload = self.upload
        try:
            container = upload_files.opened(upload)
        except FileRefused as refusal:
            self._refuse(refusal, None)
            upload.save()
            return
        try:
            recognised = self._recognised(container)
            with Staging() as staging:
                reader = self._read(container, recognised, staging)
                if self._asks(container, reader, staging):
                    upload.save()
                    return
                context = self._context(recognised, reader, merges=merges)
                if merges:
                    records_lock.hold(self.institution)
                self.claim.progress(upload.n_rows, upload.n_rows, "comparing with the records")
                database_checks.check(staging, context)
                found = difference.compare(staging, context)
                self._keep_findings(container, reader, staging, found)
                self._decide(staging, found, context, merges=merges, thresholds=thresholds)
        except NeedsMapping as needs:
            self._ask_or_refuse(container, partial(self._ask_for_columns, container, needs))
        except AmbiguousDates as doubt:
            self._ask_or_refuse(container, partial(self._ask_for_order, container, doubt))
        except FileRefused as refusal:
            self._refuse(refusal, container)
        except cohorts.OtherSchema as refusal:
            self._refuse_with(str(refusal))
            upload_files.strip_refused(upload, container)
        upload.save()

    # Reading.

    def _recognised(self, container: Container) -> Recognised:
        upload = self.upload
        if upload.schema_yaml:
            own = CohortSchema.from_yaml(upload.schema_yaml)
            self.schemas = {own.name: own}
            return formats.named(container, format=Format.COHORT, schema_name=own.name)
        if upload.format == Format.MAPPED and upload.source:
            # Not by its shape: a column that is never kept may be gone from the file by now.
            return Recognised(format=Format.MAPPED, mapping=upload.source.mapping, shape=upload.source.shape_sha256)
        if upload.format in (Format.PORTAL, Format.ONEROSTER, Format.EDFI):
            return formats.named(container, format=upload.format)
        mappings = sources.mappings_of(self.institution)
        return formats.recognise(container, schemas=self.schemas, mappings=mappings)

    def _read(self, container: Container, recognised: Recognised, staging: Staging) -> Reader:
        upload = self.upload
        upload.format = recognised.format
        # Of the file as it came: what was withheld from an earlier pass is no longer in it.
        self.withheld = upload.summary.get("withheld", {})
        upload.summary = {"shape": upload.summary.get("shape") or recognised.shape}
        options = Options(
            today=self.today,
            is_complete=upload.is_complete,
            schema=self.schemas.get(recognised.schema_name or ""),
            mapping=recognised.mapping,
        )
        reader = formats.reader_for(recognised, container, options)
        known = sources.answers_of(self.institution, shape=upload.summary["shape"])
        answers = questions.merged(known, upload.answers)
        numbers = Numbers(answers, known=sources.student_numbers, merged=sources.merged_numbers())
        self.meaning = Meaning(answers, numbers=numbers, codes=exit_code_map.in_scope())
        typing = typed_records.RowParser(
            today=self.today,
            time_zone=self.institution.time_zone,
            rules=self.settings.severities,
            report=reader.report,
        )
        size = sum(member.size for member in container.members) or 1
        n_bytes, lines = 0, LinesRead()
        tell = self._show_faults_early()
        for read in reader.batches():
            batch = self.meaning.applied(read)
            typed = typing.typed(batch)
            staging.add(typed, batch)
            tell(typed.faults)
            n_bytes += batch.n_bytes
            n_rows = lines.counted(batch)
            expected = max(n_rows, round(n_rows * size / max(n_bytes, 1)))
            self.claim.progress(n_rows, expected, f"{n_rows:,} rows read")
        upload.n_rows = lines.n
        return reader

    def _asks(self, container: Container, reader: Reader, staging: Staging) -> bool:
        """Stop the file where something about it must be said first; nothing of it was compared by then."""
        upload = self.upload
        context = Context(institution=self.institution, upload=upload, by=None, now=self.now)
        found = open_questions.settled(staging, context, self.meaning)
        upload.questions = [question.as_json(file=upload.filename) for question in found]
        if not found:
            return False
        self.claim.on_heartbeat = lambda: None
        upload.stage = Stage.ASKING
        upload.errors, upload.n_errors, upload.n_bad_rows, upload.difference = [], 0, 0, {}
        # It may wait for long: what is never kept goes at once.
        upload_files.strip(upload, container, reader.report.withheld)
        # The rows read otherwise once it is answered.
        taken_for = [one | {"rows": []} for one in first_rows.of(staging)]
        upload.summary |= {"withheld": self.withheld | reader.report.withheld, "taken_for": taken_for}
        return True

    def _show_faults_early(self) -> Callable[[pl.DataFrame], None]:
        """Let the heartbeat write the first faults on the row, long before the pass is over; returns who to tell."""
        upload, stage, count, told = self.upload, self.upload.stage, [0], [0]
        first: list[dict[str, Any]] = []

        def found(faults: pl.DataFrame) -> None:
            count[0] += len(faults)
            first.extend(CellError(**row).as_dict() for row in faults.head(FAULTS_SHOWN_EARLY - len(first)).to_dicts())

        def show() -> None:
            if count[0] > told[0]:
                told[0] = count[0]
                with scope.entered(scope.of_institution(upload.institution)):
                    # The stage is in the condition: once the pass is over, what it found in the end stands there.
                    now = Upload.objects.filter(pk=upload.pk, stage=stage)
                    now.update(errors=list(first), n_errors=count[0])

        self.claim.on_heartbeat = show
        return found

    def _context(self, recognised: Recognised, reader: Reader, *, merges: bool) -> Context:
        upload = self.upload
        return Context(
            institution=self.institution,
            upload=upload,
            by=upload.confirmed_by or upload.created_by,
            now=self.now,
            source=upload.filename[:100],
            cohort=self._cohort(self.schemas.get(recognised.schema_name or ""), merges=merges),
            complete=reader.complete,
            rules=self.settings.severities,
            removed=reader.report.removed,
            at_both=self.meaning.answers.get(questions.TWO_SCHOOLS, {}).get("is") == questions.BOTH,
        )

    def _cohort(self, schema: CohortSchema | None, *, merges: bool) -> Cohort | None:
        if schema is None:
            return None
        cohorts.check_schema(self.institution, schema)
        if not merges:
            return None
        self.upload.cohort, self.made_cohort = cohorts.cohort_of(self.institution, schema)
        return self.upload.cohort

    # What was found.

    def _keep_findings(self, container: Container, reader: Reader, staging: Staging, found: Difference) -> None:
        upload, report = self.upload, reader.report
        # From here on the row is ours alone.
        self.claim.on_heartbeat = lambda: None
        upload.n_bad_rows, upload.n_errors = staging.n_bad_rows(), staging.n_faults()
        upload.errors, upload.warnings = staging.faults(), staging.warnings()
        upload.quarantine_as = ""
        if upload.n_bad_rows:
            upload.quarantine_as = upload_files.keep_left_out(upload, container, staging.each_fault(), report.withheld)
        upload_files.strip(upload, container, report.withheld)
        upload.summary = {
            "taken_for": first_rows.of(staging),
            "shape": upload.summary.get("shape", ""),
            "encodings": report.encodings,
            "unused": report.unused,
            "withheld": self.withheld | report.withheld,
            "notes": [*container.notes, *report.notes, *self.meaning.notes(), *found.notes],
        }

    def _decide(
        self, staging: Staging, found: Difference, context: Context, *, merges: bool, thresholds: Thresholds | None
    ) -> None:
        upload = self.upload
        seen_digest = upload.difference.get("digest")
        upload.difference = found.as_json()
        # Somebody who confirmed another difference than this one has to look again.
        changed_since = upload.stage == Stage.MERGING and seen_digest != upload.difference["digest"]
        waits_because = self._why_wait(found, thresholds) if merges else []
        if not merges or changed_since or waits_because:
            upload.stage = Stage.REVIEW
            upload.summary |= {"changed_since": changed_since, "waits_because": waits_because}
            self._forget_cohort()
            return
        merged = merging.merge(staging, found, context, on_progress=self.claim.progress)
        upload.source = upload.source or sources.known_or_new(
            institution=self.institution,
            shape=upload.summary["shape"],
            format=upload.format,
            kinds=[kind for kind, n in merged.counts.items() if n],
            by=upload.created_by,
            now=self.now,
        )
        sources.keep_answers(upload.source, upload.answers)
        upload.summary |= {"counts": merged.counts, "made_schools": merged.made_schools}
        upload.stage, upload.merged_at = Stage.DONE, self.now
        audit_log.record(action="merge_upload", by=context.by, now=self.now)

    def _forget_cohort(self) -> None:
        cohort, self.upload.cohort = self.upload.cohort, None
        if cohort is not None and self.made_cohort:
            cohort.delete()

    def _why_wait(self, found: Difference, thresholds: Thresholds | None) -> list[str]:
        """Return whole sentences that say why the file is not merged without another look."""
        most = thresholds or self.settings
        reasons = []
        if self.upload.n_bad_rows and not self.upload.skip_invalid_rows:
            reasons.append("Rows are wrong, and nobody said that they may be left out.")
        elif found.bad_share > most.most_bad_share:
            reasons.append(f"{found.bad_share:.1%} of the rows are wrong; {most.most_bad_share:.1%} may be.")
        if found.gone_share > most.most_gone_share:
            reasons.append(f"{found.gone_share:.1%} of the students are gone; {most.most_gone_share:.1%} may be.")
        return reasons

    # Ends without a difference.

    def _ask_or_refuse(self, container: Container, ask: Callable[[], None]) -> None:
        try:
            ask()
        except FileRefused as refusal:
            # Nothing would be left of it but columns that are never kept.
            self._refuse(refusal, container)

    def _ask_for_columns(self, container: Container, needs: NeedsMapping) -> None:
        upload = self.upload
        upload_files.strip(upload, container, {container.members[0].name: needs.withheld})
        upload.stage = Stage.MAPPING
        upload.summary = {
            "shape": needs.shape,
            "header": needs.header,
            "sample": needs.sample,
            "proposal": needs.proposal.as_json(),
            "withheld": {container.members[0].name: needs.withheld} if needs.withheld else {},
        }
        upload.errors, upload.n_errors = [], 0

    def _ask_for_order(self, container: Container, doubt: AmbiguousDates) -> None:
        if container.kind != "csv":
            self._refuse(doubt, container)
            return
        read = formats.named(container, format=Format.MAPPED)
        (csv,) = read.csvs.values()
        self._ask_for_columns(container, mapping.needs_mapping(csv, shape=read.shape))
        self.upload.summary["notes"] = [error.sentence() for error in doubt.errors]

    def _refuse(self, refusal: FileRefused, container: Container | None) -> None:
        upload = self.upload
        upload_files.strip_refused(upload, container)
        upload.stage, upload.n_errors = Stage.REFUSED, refusal.n_errors
        upload.errors = [error.as_dict() for error in refusal.errors]

    def _refuse_with(self, sentence: str) -> None:
        upload = self.upload
        upload.stage, upload.n_errors = Stage.REFUSED, 1
        nothing = {"file": "", "line": None, "column": "", "value": "", "problem": "", "allowed": ""}
        upload.errors = [nothing | {"sentence": sentence}]


def _configured_schemas() -> dict[str, CohortSchema]:
    """Return the schemas that come with the portal, by name."""
    found = [CohortSchema.from_yaml(path) for path in sorted(settings.COHORT_SCHEMAS_DIR.glob("*.yaml"))]
    return {schema.name: schema for schema in found}
