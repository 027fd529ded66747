"""Import a file of records without a browser; the same path as an upload."""

from __future__ import annotations

import contextlib
import functools
import shutil
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import yaml
from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from accounts import scope
from accounts.command_output import InstitutionCommand
from accounts.models import Institution
from jobs import claims
from students.importing.cohort_schema import SchemaRefused
from students.models import Upload
from students.uploads import import_run, question_words, taken_for, upload_findings, uploads

FORMATS = ("portal", "oneroster", "edfi", "cohort")
FAULTS_SHOWN = 50
CHUNK_BYTES = 1 << 20
# A folder packed twice shall be the same bytes, so that it is the same upload.
ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)
Stage = Upload.Stage


class _Answers(yaml.SafeLoader):
    """YAML whose names stay as they are written: a code is a text, also where it reads like a number or a no."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:  # noqa: FBT001, FBT002
        """Return a table with texts for its names."""
        return {str(name.value): self.construct_object(value, deep=True) for name, value in node.value}


class Command(InstitutionCommand):
    """Import a file of records, or a folder of them. Nothing is saved if anything is wrong."""

    help = __doc__ or ""

    def add_arguments(self, parser: CommandParser) -> None:
        """Read what is brought in, what it is, and how far to go."""
        super().add_arguments(parser)
        parser.add_argument("path", type=Path, help="a file, or a folder of files")
        parser.add_argument("--format", choices=FORMATS, default="", help="found out where it is left out")
        parser.add_argument("--schema", type=Path, metavar="FILE", help="the YAML schema of a flat cohort")
        parser.add_argument("--complete", action="store_true", help="what the file lacks is no longer true")
        parser.add_argument("--dry-run", action="store_true", help="say what would change, and change nothing")
        parser.add_argument("--confirm", action="store_true", help="bring the file in though rows are bad")
        parser.add_argument("--leave-out-bad-rows", action="store_true", help="with --confirm: the good rows alone")
        parser.add_argument("--answers", type=Path, metavar="FILE", help="YAML: what codes and units of the file mean")
        parser.add_argument("--again", action="store_true", help="look once more at a file brought in before")

    def handle(self, *args: object, **options: Any) -> None:
        """Receive the file, check and merge it here and now, and tell every fault."""
        institution = self.institution(options)
        upload, is_new = _received(institution, options)
        if upload.stage == Stage.DONE:
            words = f"{upload.filename} was brought in before. Nothing changed. --again looks at it once more."
            self._answer(upload, options, words)
        else:
            upload = _worked_on(upload, options)
            if options["dry_run"] and is_new and upload.stage == Stage.REVIEW:
                _in_scope(upload, functools.partial(uploads.discard, upload=upload, by=None, now=timezone.now()))
            self._tell(upload, options)

    def _tell(self, upload: Upload, options: dict[str, Any]) -> None:
        for error in upload.errors[:FAULTS_SHOWN]:
            self.stderr.write(": ".join(filter(None, (error["file"], error["sentence"]))))
        if upload.n_errors > FAULTS_SHOWN:
            self.stderr.write(f"… and {upload.n_errors - FAULTS_SHOWN:,} more.")
        if not options["json"]:
            for line in (*_taken_for_lines(upload), *_difference_lines(upload), *_findings_lines(upload)):
                self.stdout.write(line)
        refusal = _refusal(upload, options)
        if not refusal or options["json"]:
            self._answer(upload, options, _in_short(upload))
        if refusal:
            raise CommandError(refusal)

    def _answer(self, upload: Upload, options: dict[str, Any], words: str) -> None:
        self.answer(
            options,
            words,
            upload=upload.public_id,
            stage=upload.stage,
            n_rows=upload.n_rows,
            n_bad_rows=upload.n_bad_rows,
            counts=upload.summary.get("counts", {}),
            difference=upload.difference,
            taken_for=upload.summary.get("taken_for", []),
            questions=upload.questions,
            notes=upload.summary.get("notes", []),
            warnings=upload.warnings,
            unused=upload.summary.get("unused", {}),
            withheld=upload.summary.get("withheld", {}),
        )


def _received(institution: Institution, options: dict[str, Any]) -> tuple[Upload, bool]:
    wanted = _upload_options(options)
    with _opened(options["path"]) as (name, file), scope.entered(scope.of_institution(institution)):
        try:
            return uploads.receive(
                institution=institution,
                filename=name,
                chunks=iter(lambda: file.read(CHUNK_BYTES), b""),
                options=wanted,
                by=None,
                now=timezone.now(),
                wakes=False,
            )
        except (SchemaRefused, uploads.TooLarge, uploads.AnswersRefused) as refusal:
            raise CommandError(str(refusal)) from None


def _upload_options(options: dict[str, Any]) -> uploads.UploadOptions:
    schema_yaml = _schema_yaml(options["schema"])
    merges = not options["dry_run"]
    return uploads.UploadOptions(
        format=options["format"] or ("cohort" if schema_yaml else ""),
        schema_yaml=schema_yaml,
        is_complete=options["complete"] or None,
        auto_confirm=merges,
        skip_invalid_rows=merges and _leaves_out(options),
        again=options["again"],
        answers=_answers(options["answers"]),
    )


def _answers(path: Path | None) -> dict[str, Any]:
    """Return what a file of answers says; a code like NO or 1 is a text, whatever YAML would make of it."""
    if path is None:
        return {}
    if not path.is_file():
        raise CommandError(f"There is no file {path}.")
    try:
        found = yaml.load(path.read_text(encoding="utf-8"), Loader=_Answers)  # noqa: S506  # a SafeLoader
    except (yaml.YAMLError, UnicodeDecodeError) as fault:
        raise CommandError(f"{path} is not YAML: {fault}") from None
    if found is not None and not isinstance(found, dict):
        raise CommandError(f"{path} must be a table of questions and what is answered.")
    return found or {}


def _schema_yaml(path: Path | None) -> str:
    if path is None:
        return ""
    if not path.is_file():
        raise CommandError(f"There is no file {path}.")
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise CommandError(f"{path} is not a text in UTF-8. Save it as UTF-8.") from None


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[tuple[str, IO[bytes]]]:
    """Open a file, or a folder as one zip."""
    if path.is_dir():
        with tempfile.TemporaryFile() as packed:
            _pack(path, packed)
            packed.seek(0)
            yield f"{path.resolve().name}.zip", packed
    elif path.is_file():
        with path.open("rb") as file:
            yield path.name, file
    else:
        raise CommandError(f"There is no file {path}.")


def _pack(folder: Path, into: IO[bytes]) -> None:
    """Put a folder's files into a zip as they are, one after the other, none of them held in memory."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and not _is_hidden(path.relative_to(folder)))
    if not paths:
        raise CommandError(f"There is no file in {folder}.")
    with zipfile.ZipFile(into, "w", zipfile.ZIP_STORED) as archive:
        for path in paths:
            member = zipfile.ZipInfo(path.relative_to(folder).as_posix(), date_time=ZIP_EPOCH)
            with path.open("rb") as file, archive.open(member, "w", force_zip64=True) as packed:
                shutil.copyfileobj(file, packed, CHUNK_BYTES)


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)


def _worked_on(upload: Upload, options: dict[str, Any]) -> Upload:
    """Carry a file as far as it may go, and return it as it then stands."""
    now = timezone.now()
    # A person typed the command, so the institution's thresholds do not bind it.
    thresholds = import_run.ANY if _leaves_out(options) else import_run.NO_BAD_ROWS
    check = functools.partial(import_run.check_upload, thresholds=thresholds)
    claims.run_job(job_id=upload.job_id, work=check)
    upload = _reloaded(upload)
    if upload.stage == Stage.ASKING and (answers := _answers(options["answers"])) != upload.answers:
        upload = _in_scope(
            upload,
            functools.partial(uploads.answer, upload=upload, answers=answers, by=None, now=now, wakes=False),
        )
        claims.run_job(job_id=upload.job_id, work=check)
        upload = _reloaded(upload)
    if upload.stage == Stage.REVIEW and not options["dry_run"] and _may_merge(upload, options):
        leaves_out = _leaves_out(options)
        confirm = functools.partial(
            uploads.confirm, upload=upload, skip_invalid_rows=leaves_out, by=None, now=now, wakes=False
        )
        upload = _in_scope(upload, confirm)
    if upload.merge_job_id:
        claims.run_job(job_id=upload.merge_job_id, work=import_run.merge_upload)
    return _reloaded(upload)


def _leaves_out(options: dict[str, Any]) -> bool:
    return bool(options["confirm"] and options["leave_out_bad_rows"])


def _may_merge(upload: Upload, options: dict[str, Any]) -> bool:
    return not upload.n_bad_rows or _leaves_out(options)


def _in_scope(upload: Upload, deed: Any) -> Upload:
    with scope.entered(scope.of_institution(upload.institution)):
        changed: Upload = deed()
    return changed


def _reloaded(upload: Upload) -> Upload:
    with scope.entered(scope.of_institution(upload.institution)):
        return Upload.objects.select_related("institution", "job", "merge_job", "undo_job").get(pk=upload.pk)


def _in_short(upload: Upload) -> str:
    if upload.stage != Stage.DONE:
        return f"Checked {upload.filename}. Nothing was saved."
    kinds = upload.difference.get("kinds", {}).values()
    sums = [f"{sum(counts[name] for counts in kinds):,} {name}" for name in ("new", "changed", "gone")]
    return f"Imported {upload.filename}: {', '.join(sums)}."


def _taken_for_lines(upload: Upload) -> Iterator[str]:
    """Say what the file is taken for, with rows as they will read."""
    if said := taken_for.sentence(upload):
        yield said
    yield from (f"  {row}" for row in taken_for.rows(upload))


def _difference_lines(upload: Upload) -> Iterator[str]:
    """Say what would change or was changed, kind by kind."""
    for kind, counts in upload.difference.get("kinds", {}).items():
        parts = [f"{counts[name]:,} {name}" for name in ("new", "changed", "gone", "unchanged", "bad")]
        yield f"{kind}: {', '.join(parts)}"
    if moved := upload.difference.get("moved_school"):
        yield f"{moved:,} students move to another school."


def _findings_lines(upload: Upload) -> Iterator[str]:
    """Say how the file was read, as its page does: what is odd, what was assumed, which columns stayed out."""
    for warning in upload_findings.warnings(upload):
        seen = "; ".join(": ".join(filter(None, example.values())) for example in warning["examples"])
        yield f"Worth a look: {warning['words']}" + (f" ({seen})" if seen else "")
    for note in upload_findings.notes(upload):
        yield f"Read so: {note}"
    for which, words in (("unused", "Not needed"), ("withheld", "Never read")):
        for group in upload_findings.columns(upload, which):
            yield f"{words}, {group['file']}: {', '.join(group['columns'])}"


def _refusal(upload: Upload, options: dict[str, Any]) -> str:
    """Return why the command did not do what was asked; "" where it did."""
    if upload.stage == Stage.DONE or (options["dry_run"] and upload.stage in (Stage.REVIEW, Stage.DISCARDED)):
        return ""
    if upload.stage == Stage.REVIEW and not upload.n_bad_rows:
        return "Nothing was saved: the records changed while the file was checked. Run the command again."
    if upload.stage == Stage.REVIEW:
        return (
            f"Nothing was saved: {upload.n_bad_rows:,} rows are wrong. Mend the file, "
            "or bring in the good rows with --confirm --leave-out-bad-rows."
        )
    if upload.stage == Stage.REFUSED and upload.errors:
        return "Nothing was saved. Mend the file and import it again."
    if upload.stage == Stage.ASKING:
        return (
            "Nothing was saved: the file leaves something open. "
            + " ".join(question_words.titles(upload))
            + " Write the answers into a file and run the command again with --answers FILE:\n"
            + question_words.how_to_answer(upload.questions)
        )
    if upload.stage == Stage.MAPPING:
        return "The portal does not know these columns. Open the upload on the records page and name them."
    return upload.current_job.error or "The file is being worked on elsewhere. Ask again later."
