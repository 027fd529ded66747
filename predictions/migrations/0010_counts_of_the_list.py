"""How many students each part of the list holds is kept beside it; indexes of the few who are filtered for."""

import django.db.models.deletion
from django.db import migrations, models

from accounts import row_security

COUNTED = """
INSERT INTO predictions_listcount (institution_id, school_id, grade_level, tier, n, risk_sum)
SELECT institution_id, school_id, grade_level, tier, count(*), sum(risk)
FROM predictions_currentrisk GROUP BY institution_id, school_id, grade_level, tier
"""


def key(to):
    return models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=to)


def few(name, condition):
    return migrations.AddIndex(
        "currentrisk", models.Index(fields=["institution", "rank", "student"], name=name, condition=condition)
    )


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_links_and_ends"),
        ("predictions", "0009_usual_values_of_runs"),
        ("students", "0011_student_merges"),
    ]

    operations = [
        migrations.CreateModel(
            name="ListCount",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("institution", key("accounts.institution")),
                ("school", key("accounts.school")),
                ("grade_level", models.CharField(blank=True, max_length=20)),
                ("tier", models.CharField(blank=True, max_length=20)),
                ("n", models.PositiveIntegerField()),
                ("risk_sum", models.FloatField(null=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=["institution", "school", "grade_level", "tier"], name="one_count_per_part_of_the_list"
                    )
                ]
            },
        ),
        migrations.RunSQL(COUNTED, migrations.RunSQL.noop),
        row_security.by_school("predictions_listcount"),
        migrations.RemoveIndex("currentrisk", "list_by_school_grade"),
        migrations.RemoveIndex("currentrisk", "list_by_tier"),
        migrations.RemoveIndex("currentrisk", "list_by_grade"),
        migrations.AddIndex(
            "currentrisk", models.Index(fields=["school", "search_name", "student"], name="list_by_school_name")
        ),
        few("list_new", models.Q(is_new=True)),
        few("list_helped", ~models.Q(help_state="none")),
        few("list_left_out", models.Q(is_left_out=True)),
    ]
