"""Who carries out the ladder of an item (R054)."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("checklists", "0002_conditions")]

    operations = [
        migrations.AddField(
            "bookitem",
            "authority",
            models.CharField(
                "处置机关",
                max_length=40,
                blank=True,
                default="",
                db_default="",
                help_text="依法执行处置阶梯的机关",
            ),
        ),
    ]
