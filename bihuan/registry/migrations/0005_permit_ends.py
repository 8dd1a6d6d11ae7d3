from django.db import migrations, models

from bihuan.core.migrations import AddIndexOnline


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("registry", "0004_kinds_equipment_permits")]

    operations = [
        AddIndexOnline(
            "permit",
            models.Index(
                condition=models.Q(("replaced_by", None)), fields=["valid_to"], name="registry_permit_end"
            ),
        ),
        AddIndexOnline(
            "permit",
            models.Index(
                condition=models.Q(("replaced_by__isnull", False)),
                fields=["replaced_by"],
                name="registry_permit_new",
            ),
        ),
    ]
