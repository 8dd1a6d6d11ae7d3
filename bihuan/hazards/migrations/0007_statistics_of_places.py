from django.db import migrations

from bihuan.core.migrations import Structure

# A county names its city and a task its campaign. Without being told, PostgreSQL multiplies the odds, expects next to
# nothing, and collects and sorts what it should walk through in order.
NAMES = {"hazards_places": "city_id, county_id, locality_id", "hazards_tasks": "campaign_id, task_id"}


def tell(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for name, columns in NAMES.items():
            schema_editor.execute(
                f"CREATE STATISTICS IF NOT EXISTS {name} (dependencies) ON {columns} FROM hazards_hazard"
            )


def forget(apps, schema_editor):
    if schema_editor.connection.vendor == "postgresql":
        for name in NAMES:
            schema_editor.execute(f"DROP STATISTICS IF EXISTS {name}")


class Migration(migrations.Migration):
    dependencies = [("hazards", "0006_ledger_indexes_of_keys")]
    operations = [Structure(tell, forget)]
