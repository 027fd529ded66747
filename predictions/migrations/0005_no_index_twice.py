import django.db.models.deletion
from django.db import migrations, models


def key(to: str, *, related_name: str = "+", on_delete=django.db.models.deletion.PROTECT) -> models.ForeignKey:
    return models.ForeignKey(db_index=False, on_delete=on_delete, related_name=related_name, to=to)


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_row_security"),
        ("predictions", "0004_answers_by_the_rule"),
        ("students", "0004_stages_and_security"),
    ]

    operations = [
        migrations.AlterField("currentrisk", "institution", key("accounts.institution")),
        migrations.AlterField("currentrisk", "run", key("predictions.scoringrun")),
        migrations.AlterField("currentrisk", "school", key("accounts.school")),
        migrations.AlterField("riskscore", "institution", key("accounts.institution")),
        migrations.AlterField("riskscore", "run", key("predictions.scoringrun", related_name="scores")),
        migrations.AlterField(
            "riskscore",
            "student",
            key("students.student", related_name="risk_scores", on_delete=django.db.models.deletion.CASCADE),
        ),
    ]
