"""Rows of the list point at a score by one key; whoever points at one score may do so only where they see it."""

import django.db.models.deletion
from django.db import migrations, models

from accounts import row_security


def unchecked(to, **settings):
    settings = {"on_delete": django.db.models.deletion.PROTECT, "related_name": "+", "db_index": False} | settings
    return models.ForeignKey(to=to, db_constraint=False, **settings)


class Migration(migrations.Migration):
    dependencies = [("predictions", "0011_packed_scores"), ("students", "0011_student_merges")]

    operations = [
        migrations.RemoveConstraint("riskscore", "one_score_per_run"),
        migrations.AddConstraint(
            "riskscore",
            models.UniqueConstraint(fields=["run", "student", "institution"], name="one_score_per_run"),
        ),
        migrations.AlterField("currentrisk", "run", unchecked("predictions.scoringrun")),
        migrations.AlterField(
            "currentrisk",
            "score",
            unchecked("predictions.riskscore", on_delete=django.db.models.deletion.CASCADE),
        ),
        migrations.AlterField(
            "currentrisk",
            "student",
            models.OneToOneField(
                db_constraint=False,
                on_delete=django.db.models.deletion.CASCADE,
                primary_key=True,
                related_name="current_risk",
                serialize=False,
                to="students.student",
            ),
        ),
        row_security.key_of_the_list(),
        row_security.by_student_and_score("predictions_verdict"),
    ]
