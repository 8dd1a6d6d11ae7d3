from django.db import migrations, models
from django.db.models import Q

from bihuan.core.migrations import AddIndexOnline


class Migration(migrations.Migration):
    """Who has checked itself under a campaign (R074), read without the visits of authorities."""

    atomic = False
    dependencies = [("inspections", "0004_signals")]
    operations = [
        AddIndexOnline(
            "inspection",
            models.Index(
                fields=["campaign", "enterprise"],
                condition=Q(kind="self_check"),
                name="inspections_self_checks",
            ),
        ),
    ]
