from django.db import migrations, models

from bihuan.core.migrations import AddIndexOnline


class Migration(migrations.Migration):
    """What came in since the last look is found without reading every file's row."""

    atomic = False
    dependencies = [("attachments", "0002_previews_and_stopped_batches")]
    operations = [
        AddIndexOnline(
            "attachment",
            models.Index(
                fields=["uploaded_at"],
                condition=models.Q(("perceptual_hash__isnull", False)),
                name="attachments_newest_photos",
            ),
        )
    ]
