"""The way back of students who left, step by step."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import accounts.public_ids


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0005_mornings"),
        ("students", "0017_cases_told_by_systems"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="CaseStep",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("opened", "Opened"),
                            ("found_out", "Found out"),
                            ("planned", "Planned"),
                            ("returned", "On the way"),
                            ("checked", "Looked at"),
                            ("noted", "Noted"),
                            ("given", "Given to somebody"),
                            ("ended", "Ended"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "talked_to",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("student", "The student"),
                            ("family", "The family"),
                            ("somebody_else", "Somebody who knows them"),
                        ],
                        max_length=20,
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=40)),
                (
                    "path",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("school", "Back at school here"),
                            ("elsewhere", "At another school"),
                            ("training", "In training"),
                            ("work", "At work"),
                        ],
                        max_length=20,
                    ),
                ),
                ("is_there", models.BooleanField(null=True)),
                (
                    "ending",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("back_and_stayed", "Back at school, and stayed"),
                            ("another_path", "On another path"),
                            ("not_found", "Not found"),
                            ("moved", "Moved away"),
                            ("refused", "Does not want to come back"),
                            ("died", "Died"),
                            ("left_again", "Left again: another case goes on"),
                            ("record_corrected", "The record says otherwise"),
                        ],
                        max_length=20,
                    ),
                ),
                ("words", models.CharField(blank=True, max_length=1000)),
                ("done_on", models.DateField()),
                ("at", models.DateTimeField()),
            ],
            options={
                "ordering": ["-at", "-pk"],
            },
        ),
        migrations.CreateModel(
            name="ReengagementCase",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=accounts.public_ids.new_public_id, editable=False, unique=True)),
                ("opened_at", models.DateTimeField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("finding_out", "Find out why"),
                            ("planning", "Make a plan"),
                            ("returning", "The way back"),
                            ("following", "Stay in touch"),
                            ("ended", "Ended"),
                        ],
                        default="finding_out",
                        max_length=20,
                    ),
                ),
                ("due_on", models.DateField(null=True)),
                (
                    "path",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("school", "Back at school here"),
                            ("elsewhere", "At another school"),
                            ("training", "In training"),
                            ("work", "At work"),
                        ],
                        max_length=20,
                    ),
                ),
                ("returned_on", models.DateField(null=True)),
                ("n_checks", models.PositiveSmallIntegerField(default=0)),
                (
                    "ending",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("back_and_stayed", "Back at school, and stayed"),
                            ("another_path", "On another path"),
                            ("not_found", "Not found"),
                            ("moved", "Moved away"),
                            ("refused", "Does not want to come back"),
                            ("died", "Died"),
                            ("left_again", "Left again: another case goes on"),
                            ("record_corrected", "The record says otherwise"),
                        ],
                        max_length=20,
                    ),
                ),
                ("ended_on", models.DateField(null=True)),
                ("version", models.PositiveIntegerField(default=1)),
            ],
        ),
        migrations.CreateModel(
            name="WayBackDeadlines",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("find_out_days", models.PositiveSmallIntegerField(default=14)),
                ("plan_days", models.PositiveSmallIntegerField(default=30)),
                ("return_days", models.PositiveSmallIntegerField(default=60)),
                ("first_check_days", models.PositiveSmallIntegerField(default=30)),
                ("second_check_days", models.PositiveSmallIntegerField(default=90)),
                ("third_check_days", models.PositiveSmallIntegerField(default=180)),
                ("fourth_check_days", models.PositiveSmallIntegerField(default=365)),
                ("version", models.PositiveIntegerField(default=1)),
            ],
        ),
        migrations.AddIndex(
            model_name="outcome",
            index=models.Index(
                condition=models.Q(("kind", "dropped_out")),
                fields=["institution", "happened_on"],
                name="outcome_left_by_day",
            ),
        ),
        migrations.AddField(
            model_name="casestep",
            name="by",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="casestep",
            name="given_to",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddField(
            model_name="casestep",
            name="institution",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.institution"
            ),
        ),
        migrations.AddField(
            model_name="casestep",
            name="student",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to="students.student"
            ),
        ),
        migrations.AddField(
            model_name="reengagementcase",
            name="institution",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.institution"
            ),
        ),
        migrations.AddField(
            model_name="reengagementcase",
            name="outcome",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="+", to="students.outcome"
            ),
        ),
        migrations.AddField(
            model_name="reengagementcase",
            name="owner",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="ways_back",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="reengagementcase",
            name="student",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="ways_back", to="students.student"
            ),
        ),
        migrations.AddField(
            model_name="casestep",
            name="case",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="steps", to="students.reengagementcase"
            ),
        ),
        migrations.AddField(
            model_name="waybackdeadlines",
            name="institution",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.institution"
            ),
        ),
        migrations.AddIndex(
            model_name="reengagementcase",
            index=models.Index(
                condition=models.Q(("due_on__isnull", False)),
                fields=["institution", "due_on"],
                name="way_back_by_due_day",
            ),
        ),
        migrations.AddIndex(
            model_name="reengagementcase",
            index=models.Index(
                condition=models.Q(("ended_on__isnull", False)),
                fields=["institution", "ended_on"],
                name="way_back_by_last_day",
            ),
        ),
        migrations.AddConstraint(
            model_name="reengagementcase",
            constraint=models.UniqueConstraint(
                condition=models.Q(("state", "ended"), _negated=True),
                fields=("student",),
                name="one_way_back_at_a_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="reengagementcase",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["finding_out", "planning", "returning", "following", "ended"])),
                name="way_back_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="reengagementcase",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "ending__in",
                        [
                            "",
                            "back_and_stayed",
                            "another_path",
                            "not_found",
                            "moved",
                            "refused",
                            "died",
                            "left_again",
                            "record_corrected",
                        ],
                    )
                ),
                name="way_back_ending_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="reengagementcase",
            constraint=models.CheckConstraint(
                condition=models.Q(("path__in", ["", "school", "elsewhere", "training", "work"])),
                name="way_back_path_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="reengagementcase",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("due_on", None),
                        ("ended_on__isnull", False),
                        ("state", "ended"),
                        models.Q(("ending", ""), _negated=True),
                    ),
                    models.Q(
                        models.Q(("state", "ended"), _negated=True),
                        ("due_on__isnull", False),
                        ("ended_on", None),
                        ("ending", ""),
                    ),
                    _connector="OR",
                ),
                name="way_back_due_until_it_ends",
            ),
        ),
        migrations.AddConstraint(
            model_name="reengagementcase",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("path", ""), ("returned_on", None)),
                    models.Q(models.Q(("path", ""), _negated=True), ("returned_on__isnull", False)),
                    _connector="OR",
                ),
                name="way_back_path_since_a_day",
            ),
        ),
        migrations.AddConstraint(
            model_name="reengagementcase",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "following"), _negated=True), ("returned_on__isnull", False), _connector="OR"
                ),
                name="way_back_followed_since_a_day",
            ),
        ),
        migrations.AddConstraint(
            model_name="casestep",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("kind__in", ["opened", "found_out", "planned", "returned", "checked", "noted", "given", "ended"])
                ),
                name="case_step_kind_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="waybackdeadlines",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("find_out_days__gte", 1),
                    ("first_check_days__gte", 1),
                    ("plan_days__gte", 1),
                    ("return_days__gte", 1),
                ),
                name="way_back_takes_days",
            ),
        ),
        migrations.AddConstraint(
            model_name="waybackdeadlines",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("fourth_check_days__gt", models.F("third_check_days")),
                    ("second_check_days__gt", models.F("first_check_days")),
                    ("third_check_days__gt", models.F("second_check_days")),
                ),
                name="way_back_checks_in_turn",
            ),
        ),
    ]
