from django.db import migrations, models
from django.db.models import Q

from bihuan.core.migrations import AddIndexOnline, RemoveIndexOnline

NEW = (
    models.Index(fields=["department", "city", "-found_on", "-id"], name="hazards_department_city_recent"),
    models.Index(fields=["reviewing_organization", "-found_on", "-id"], name="hazards_reviewer_recent"),
    models.Index(fields=["campaign", "county", "-found_on", "-id"], name="hazards_campaign_county_recent"),
    models.Index(fields=["task", "-found_on", "-id"], name="hazards_task_recent"),
    models.Index(fields=["city", "-found_on", "-id"], condition=Q(level="major"), name="hazards_city_major"),
    models.Index(
        fields=["source", "city", "-found_on", "-id"],
        condition=~Q(source="inspection"),
        name="hazards_source_city",
    ),
    models.Index(
        fields=["city", "-found_on", "-id", "status", "due_on"],
        condition=~Q(status__in=["closed", "dismissed"]),
        name="hazards_city_open",
    ),
    models.Index(
        fields=["reviewing_organization", "submitted_on", "id", "status"],
        condition=~Q(status__in=["closed", "dismissed"]),
        name="hazards_reviewer_open",
    ),
    models.Index(fields=["premises"], condition=~Q(premises=None), name="hazards_premises"),
    models.Index(fields=["check_item"], condition=~Q(check_item=None), name="hazards_check_item"),
)
OLD = (
    "hazards_campaign_locality", "hazards_task_locality", "hazards_city_status", "hazards_locality_status",
    "hazards_department_status", "hazards_status_due", "hazards_source_recent", "hazards_major_recent",
)  # fmt: skip


class Migration(migrations.Migration):
    # The new ones first: no list is without its index in between.
    atomic = False
    dependencies = [("hazards", "0004_monthly_partitions")]
    operations = [
        *(AddIndexOnline("hazard", index) for index in NEW),
        *(RemoveIndexOnline("hazard", name) for name in OLD),
    ]
