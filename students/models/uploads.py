"""Where the facts came from: uploads, the sources that send them, and the cohorts they brought."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Institution, User
from accounts.public_ids import new_public_id
from accounts.scope import ScopedManager
from jobs.models import Job


class Cohort(models.Model):
    """The students one flat file brings, with the schema that says what each column is."""

    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="cohorts")
    name = models.CharField(max_length=200)
    schema = models.JSONField()
    snapshot_on = models.DateField()
    horizon_days = models.PositiveIntegerField()
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ScopedManager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["institution", "name"], name="one_cohort_per_name")]

    def __str__(self) -> str:
        return self.name


class Format(models.TextChoices):
    """The formats that are read."""

    PORTAL = "portal", _("The portal's own CSV files")
    ONEROSTER = "oneroster", _("OneRoster")
    EDFI = "edfi", _("Ed-Fi")
    COHORT = "cohort", _("One row per student, with a schema")
    MAPPED = "mapped", _("Columns mapped by hand")


class Source(models.Model):
    """A system that sends files of one shape: how its columns are read, and how often it is expected."""

    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="sources")
    public_id = models.UUIDField(default=new_public_id, unique=True, editable=False)
    name = models.CharField(max_length=150)
    format = models.CharField(max_length=10, choices=Format)
    # What the file looks like, so that the next one is known again: the hash of its member names or of its headers.
    shape_sha256 = models.CharField(max_length=64)
    # For mapped files: {"kind": …, "columns": {field: header}, "date_format": …}.
    mapping = models.JSONField(default=dict)
    # What was answered of its codes and units, by the name of the question: see students.importing.questions.
    answers = models.JSONField(default=dict)
    is_complete = models.BooleanField(default=False)
    expected_every_days = models.PositiveSmallIntegerField(null=True)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT)

    objects = ScopedManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["institution", "name"], name="one_source_per_name"),
            models.UniqueConstraint(fields=["institution", "shape_sha256"], name="one_source_per_shape"),
        ]

    def __str__(self) -> str:
        return self.name


class ImportSettings(models.Model):
    """What an institution lets through: thresholds for merging without a look, and how strict each rule is."""

    institution = models.OneToOneField(
        Institution, on_delete=models.PROTECT, primary_key=True, related_name="import_settings"
    )
    most_gone_share = models.FloatField(default=0.02)
    most_bad_share = models.FloatField(default=0.01)
    # {name of a plausibility rule: "refuse" | "warn" | "off"}; a rule that is not here keeps its default.
    rules = models.JSONField(default=dict)

    objects = ScopedManager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(most_gone_share__range=(0, 1), most_bad_share__range=(0, 1)),
                name="import_thresholds_are_shares",
            )
        ]

    def __str__(self) -> str:
        return f"{self.institution_id}"


class Upload(models.Model):
    """One file that somebody sent: its content hash, where it is on its way, and what came of it."""

    class Stage(models.TextChoices):
        CHECKING = "checking", _("Being checked")
        MAPPING = "mapping", _("Waiting for its columns to be named")
        ASKING = "asking", _("Waiting for an answer")
        REVIEW = "review", _("Waiting for your word")
        MERGING = "merging", _("Being brought in")
        DONE = "done", _("Brought in")
        REFUSED = "refused", _("Not brought in")
        DISCARDED = "discarded", _("Put aside")
        UNDOING = "undoing", _("Being taken back")
        UNDONE = "undone", _("Taken back")

    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="uploads")
    public_id = models.UUIDField(default=new_public_id, unique=True, editable=False)
    # The check, the merge and the taking back are a job each.
    job = models.OneToOneField(Job, on_delete=models.PROTECT, related_name="upload")
    merge_job = models.OneToOneField(Job, null=True, on_delete=models.PROTECT, related_name="merged_upload")
    undo_job = models.OneToOneField(Job, null=True, on_delete=models.PROTECT, related_name="undone_upload")
    stage = models.CharField(max_length=10, choices=Stage, default=Stage.CHECKING)
    # The same bytes brought in once more, after they were taken back or put aside, count as a new upload.
    generation = models.PositiveSmallIntegerField(default=1)
    cohort = models.ForeignKey(Cohort, null=True, on_delete=models.SET_NULL, related_name="uploads")
    source = models.ForeignKey(Source, null=True, on_delete=models.SET_NULL, related_name="uploads")
    filename = models.CharField(max_length=255)
    content_sha256 = models.CharField(max_length=64)
    size_bytes = models.PositiveBigIntegerField(default=0)
    # "" until it was found out, or the format that the sender named.
    format = models.CharField(max_length=10, blank=True, choices=Format)
    schema_yaml = models.TextField(blank=True)
    is_complete = models.BooleanField(null=True)
    auto_confirm = models.BooleanField(default=False, db_column="merges_by_itself")
    skip_invalid_rows = models.BooleanField(default=False, db_column="leaves_out_bad_rows")
    stored_as = models.CharField(max_length=255)
    quarantine_as = models.CharField(max_length=255, blank=True)
    n_rows = models.PositiveBigIntegerField(default=0)
    n_bad_rows = models.PositiveBigIntegerField(default=0)
    n_errors = models.PositiveBigIntegerField(default=0)
    errors = models.JSONField(default=list)
    warnings = models.JSONField(default=list)
    # {kind: {"new", "changed", "gone", "unchanged"}}, {"moved_school": …}, examples: see students.changes.difference.
    difference = models.JSONField(default=dict)
    # What must be answered before the file counts, and what was answered for it.
    questions = models.JSONField(default=list)
    answers = models.JSONField(default=dict)
    summary = models.JSONField(default=dict)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT)
    confirmed_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    merged_at = models.DateTimeField(null=True)
    undone_at = models.DateTimeField(null=True)
    undone_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    objects = ScopedManager()

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    stage__in=[
                        *("checking", "mapping", "asking", "review", "merging", "done"),
                        *("refused", "discarded", "undoing", "undone"),
                    ]
                ),
                name="upload_stage_known",
            ),
            models.CheckConstraint(
                condition=Q(stage__in=["done", "undoing", "undone"], merged_at__isnull=False)
                | Q(
                    stage__in=["checking", "mapping", "asking", "review", "merging", "refused", "discarded"],
                    merged_at=None,
                ),
                name="upload_merged_at_when_merged",
            ),
            models.CheckConstraint(
                condition=Q(stage="undone", undone_at__isnull=False) | (~Q(stage="undone") & Q(undone_at=None)),
                name="upload_undone_at_when_undone",
            ),
        ]

    def __str__(self) -> str:
        return self.filename

    @property
    def current_job(self) -> Job:
        """Return the newest piece of work on this file."""
        return self.undo_job or self.merge_job or self.job


class ColumnarPartition(models.Model):
    """One month of one kind of record as a Parquet file, from which features are built; rewritten where stale."""

    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=20)
    month = models.DateField()
    n_rows = models.PositiveBigIntegerField(default=0)
    content_sha256 = models.CharField(max_length=64, blank=True)
    stored_as = models.CharField(max_length=255, blank=True)
    is_stale = models.BooleanField(default=True)
    written_at = models.DateTimeField(null=True)

    objects = ScopedManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["institution", "kind", "month"], name="one_partition_per_month"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.month}"
