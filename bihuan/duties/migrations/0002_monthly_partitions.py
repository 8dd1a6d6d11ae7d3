from django.db import migrations

from bihuan.core.conversion import PartitionByMonth


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("duties", "0001_initial")]
    operations = [PartitionByMonth("dutystep", by="on")]
