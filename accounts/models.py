"""Institutions, the people who work there, and what each may do."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from accounts.public_ids import new_public_id


class Institution(models.Model):
    """The tenant: a district or a university. Nothing crosses it."""

    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=200)
    time_zone = models.CharField(max_length=64, default="UTC")
    capacity = models.PositiveIntegerField(default=40, help_text=_("Students the teams can see in a fortnight."))
    is_synthetic = models.BooleanField(default=False)
    requires_second_factor = models.BooleanField(default=True)
    # Whether the daily e-mail may name students: it leaves the portal, and lies in mailboxes.
    names_in_digest = models.BooleanField(default=False, db_default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(capacity__gte=1), name="institution_capacity_positive")]

    def __str__(self) -> str:
        return self.name

    def start_of(self, day: dt.date) -> dt.datetime:
        """Return the moment at which a day begins here."""
        return dt.datetime.combine(day, dt.time(), tzinfo=zoneinfo.ZoneInfo(self.time_zone))

    def day_of(self, moment: dt.datetime) -> dt.date:
        """Return which day it is here at a moment."""
        return moment.astimezone(zoneinfo.ZoneInfo(self.time_zone)).date()


class School(models.Model):
    """A school, campus or faculty of one institution."""

    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="schools")
    external_id = models.CharField(max_length=100)
    name = models.CharField(max_length=200)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["institution", "external_id"], name="one_school_per_external_id")
        ]

    def __str__(self) -> str:
        return self.name


class UserManager(BaseUserManager["User"]):
    """Make people by their e-mail address."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Create a person who signs in with an e-mail address."""
        if not email:
            raise ValueError("A person needs an e-mail address to sign in.")
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> User:
        """Find a person whatever the case of the address typed."""
        return self.get(email__iexact=username)


class User(AbstractBaseUser):
    """A person who works with the portal."""

    public_id = models.UUIDField(default=new_public_id, unique=True, editable=False)
    email = models.EmailField(unique=True)
    display_name = models.CharField(max_length=150)
    is_active = models.BooleanField(default=True)
    wants_digest = models.BooleanField(default=True, db_default=True)
    # Of the daily e-mail; empty: the portal's own.
    language = models.CharField(max_length=12, blank=True, default="", db_default="")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = UserManager()

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = ["display_name"]

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="one_user_per_email")]

    def __str__(self) -> str:
        return self.display_name

    def memberships_at(self, moment: dt.datetime) -> list[Membership]:
        """Return the memberships that hold at a moment, by the institution's calendar, the newest first.

        One works under one of them at a time.
        """
        memberships = self.memberships.select_related("institution").order_by("-starts_on", "-pk")
        return [membership for membership in memberships if membership.holds_at(moment)]


class Role(models.TextChoices):
    """What a person is here for; configs/roles.yaml says what each may do."""

    COUNSELLOR = "counsellor", _("Counsellor")
    SCHOOL_LEAD = "school_lead", _("School lead")
    OUTCOME_STAFF = "outcome_staff", _("Staff who record outcomes")
    INSTITUTION_ADMIN = "institution_admin", _("Administrator")
    MODEL_OWNER = "model_owner", _("Model owner")
    AUDITOR = "auditor", _("Auditor")


class Membership(models.Model):
    """A person's role at an institution, at some of its schools or all, for a time.

    Whoever is invited has it only once they have opened their link: nobody is moved to an institution unasked.
    """

    public_id = models.UUIDField(default=new_public_id, unique=True, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=30, choices=Role)
    every_school = models.BooleanField(default=False)
    schools = models.ManyToManyField(School, blank=True)
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    invited_as = models.CharField(max_length=150, blank=True, default="")
    awaits_link = models.BooleanField(default=False)
    link_made_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(role__in=Role.values), name="membership_role_known"),
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gte=models.F("starts_on")), name="membership_ends_after_start"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.get_role_display()}"

    def holds_at(self, moment: dt.datetime) -> bool:
        """Tell whether it has begun and not ended, by the day it is at the institution, and waits for no link."""
        has_begun = self.starts_on <= self.institution.day_of(moment)
        return has_begun and not self.awaits_link and not self.is_over_at(moment)

    def is_over_at(self, moment: dt.datetime) -> bool:
        """Tell whether its last day has passed or somebody ended it."""
        day = self.institution.day_of(moment)
        return (self.ends_on is not None and self.ends_on < day) or (
            self.ended_at is not None and self.ended_at <= moment
        )


class ApiClient(models.Model):
    """Another system that asks on the institution's behalf, for a declared purpose."""

    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="api_clients")
    public_id = models.UUIDField(default=new_public_id, unique=True, editable=False)
    name = models.CharField(max_length=150)
    purpose = models.CharField(max_length=200)
    prefix = models.CharField(max_length=12, unique=True)
    key_sha256 = models.CharField(max_length=64, unique=True)
    scopes = ArrayField(models.CharField(max_length=40), default=list)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT)

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"


class AuditEntry(models.Model):
    """One look at, search for, or change of student data: who, when, what, from where, what for. Added only."""

    institution = models.ForeignKey(Institution, on_delete=models.PROTECT)
    at = models.DateTimeField()
    user = models.ForeignKey(User, null=True, on_delete=models.PROTECT)
    api_client = models.ForeignKey(ApiClient, null=True, on_delete=models.PROTECT)
    action = models.CharField(max_length=60)
    purpose = models.CharField(max_length=200, blank=True)
    subject_ids = ArrayField(models.UUIDField(), default=list)
    # Whom alone it is about, if one: PostgreSQL finds nothing in an array by an index below a row-security policy.
    subject_id = models.UUIDField(null=True)
    remote_address = models.GenericIPAddressField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["institution", "-at"], name="audit_by_institution"),
            models.Index(
                fields=["institution", "subject_id", "-at"],
                condition=Q(subject_id__isnull=False),
                name="audit_of_one_subject",
            ),
            # The page of a morning tells what changed since somebody's last one.
            models.Index(fields=["user", "-at"], condition=Q(action="today"), name="audit_of_mornings"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~Q(user__isnull=False, api_client__isnull=False), name="audit_one_actor_at_most"
            )
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.action}"
