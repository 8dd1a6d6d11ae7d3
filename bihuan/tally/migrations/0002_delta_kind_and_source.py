from django.db import migrations, models


class Migration(migrations.Migration):
    """Deltas say what sort of object and which source they come from."""

    dependencies = [("tally", "0001_initial")]

    operations = [
        migrations.AddField("delta", "kind", models.CharField("对象类型", max_length=40, default="")),
        migrations.AddField("delta", "source", models.CharField("来源", max_length=12, default="")),
    ]
