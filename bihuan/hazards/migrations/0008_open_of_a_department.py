"""Open hazards of a department: among all of them they are few and far between."""

from django.db import migrations, models

from bihuan.core.migrations import AddIndexOnline


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("hazards", "0007_statistics_of_places")]

    operations = [
        AddIndexOnline(
            "hazard",
            models.Index(
                fields=["department", "city", "-found_on", "-id", "status", "county", "kind"],
                condition=~models.Q(status__in=["closed", "dismissed"]),
                name="hazards_department_open",
            ),
        ),
    ]
