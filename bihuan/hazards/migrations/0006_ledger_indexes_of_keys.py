import django.db.models.deletion
from django.db import migrations, models


def key(to, label, **options):
    return models.ForeignKey(
        db_index=False, on_delete=django.db.models.deletion.PROTECT, to=to, verbose_name=label, **options
    )


class Migration(migrations.Migration):
    """Keys whose own index 0005 replaced."""

    dependencies = [("hazards", "0005_ledger_indexes")]
    operations = [
        migrations.AlterField(
            "hazard",
            "check_item",
            key("campaigns.checkitem", "检查项", blank=True, null=True, related_name="hazards"),
        ),
        migrations.AlterField(
            "hazard",
            "premises",
            key("registry.premises", "场所", blank=True, null=True, related_name="hazards"),
        ),
        migrations.AlterField(
            "hazard",
            "reviewing_organization",
            key("accounts.organization", "复查单位", related_name="+", help_text="谁检查谁复查；改派后为新单位"),
        ),
    ]
