from django.db import migrations, models


class Migration(migrations.Migration):
    """How far off the phone believed it might be, beside where it said it was."""

    dependencies = [("inspections", "0006_more_signals")]
    operations = [
        migrations.AddField(
            "inspection",
            "accuracy",
            models.PositiveIntegerField(
                blank=True, help_text="米，手机自己的估计；空为没有说", null=True, verbose_name="定位误差"
            ),
        )
    ]
