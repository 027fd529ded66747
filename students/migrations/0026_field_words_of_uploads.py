"""Other names in Python for two columns, which keep theirs: an older build goes on beside this one."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("students", "0025_row_security_of_exit_codes")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RenameField("upload", "merges_by_itself", "auto_confirm"),
                migrations.RenameField("upload", "leaves_out_bad_rows", "skip_invalid_rows"),
                migrations.AlterField(
                    "upload", "auto_confirm", models.BooleanField(db_column="merges_by_itself", default=False)
                ),
                migrations.AlterField(
                    "upload", "skip_invalid_rows", models.BooleanField(db_column="leaves_out_bad_rows", default=False)
                ),
            ]
        )
    ]
