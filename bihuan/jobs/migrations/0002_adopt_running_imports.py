"""Imports under way when this version is installed get a job; the worker's housekeeping then goes on with them."""

from django.db import migrations
from django.utils import timezone

PAGES = {"registry.enterprise": "/registry/import/{}/", "hazards.hazard": "/hazards/import/{}/"}


def adopt(apps, schema_editor):
    ImportBatch = apps.get_model("attachments", "ImportBatch")
    Job = apps.get_model("jobs", "Job")
    now = timezone.now()
    for batch in ImportBatch.objects.filter(status="running").select_related("file"):
        Job.objects.create(
            id=batch.pk, kind="import", title=f"导入“{batch.file.name}”"[:200], owner_id=batch.by_id,
            parameters={"target": batch.target}, total=batch.total, done=batch.processed, created_at=now,
            moved_at=now, url=PAGES.get(batch.target, "").format(batch.pk),
        )  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [("jobs", "0001_initial"), ("attachments", "0002_previews_and_stopped_batches")]
    operations = [migrations.RunPython(adopt, migrations.RunPython.noop)]
