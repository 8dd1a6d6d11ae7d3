from django.db import migrations, models
from django.db.models import Q

from bihuan.core.migrations import AddIndexOnline


class Migration(migrations.Migration):
    """Lists of a version of the library, and the items that come from it."""

    atomic = False
    dependencies = [("campaigns", "0004_library_items")]
    operations = [
        AddIndexOnline("checklist", models.Index(fields=["book_version"], name="campaigns_checklist_book")),
        AddIndexOnline(
            "checkitem",
            models.Index(
                fields=["library_item"], condition=~Q(library_item=None), name="campaigns_item_library"
            ),
        ),
    ]
