import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """A task may be limited to a zone (R008)."""

    dependencies = [("campaigns", "0006_conditions"), ("zones", "0001_initial")]
    operations = [
        migrations.AddField(
            "task",
            "zone",
            models.ForeignKey(
                blank=True, db_index=False, help_text="只查区域内的对象（R008）；空为整个辖区", null=True,
                on_delete=django.db.models.deletion.PROTECT, related_name="tasks", to="zones.zone", verbose_name="限定区域",
            ),
        )
    ]
