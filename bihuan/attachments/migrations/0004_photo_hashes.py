from django.db import migrations, models

from bihuan.core.migrations import AddIndexOnline, RemoveIndexOnline


class Migration(migrations.Migration):
    """The hashes of all photos are read from one index, without the rows of the files."""

    atomic = False
    dependencies = [("attachments", "0003_newest_photos")]
    operations = [
        AddIndexOnline(
            "attachment",
            models.Index(
                fields=["uploaded_at", "kind", "perceptual_hash"],
                condition=models.Q(("perceptual_hash__isnull", False)),
                name="attachments_photo_hashes",
            ),
        ),
        RemoveIndexOnline("attachment", "attachments_newest_photos"),
    ]
