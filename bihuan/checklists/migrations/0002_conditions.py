from django.db import migrations, models


class Migration(migrations.Migration):
    """Items narrowed by attributes of the object."""

    dependencies = [("checklists", "0001_library")]
    operations = [
        migrations.AddField(
            "bookitem",
            "when",
            models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="如 cylinder_stock > 100",
                max_length=200,
                verbose_name="适用条件",
            ),
        ),
    ]
