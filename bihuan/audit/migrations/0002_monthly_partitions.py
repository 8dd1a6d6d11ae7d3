from django.db import migrations

from bihuan.core.conversion import PartitionByMonth


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("audit", "0001_initial")]
    operations = [PartitionByMonth("event", by="at")]
