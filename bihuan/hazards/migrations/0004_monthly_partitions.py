from django.db import migrations

from bihuan.core.conversion import PartitionByMonth


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("hazards", "0003_state_of_lines_required")]
    operations = [PartitionByMonth("hazardtransition", by="at")]
