import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """A joint visit is also proposed for what is no planned visit yet."""

    dependencies = [("planning", "0001_initial")]
    operations = [
        migrations.AddField(
            "jointshare",
            "owed",
            models.JSONField(
                default=list,
                help_text="提议时到期的计划检查、待办和任务：事项、期限、页面",
                verbose_name="此行要办的事",
            ),
        ),
        migrations.AlterField(
            "jointshare",
            "visit",
            models.ForeignKey(
                help_text="原来就计划了的，或商定后新列的；征求意见时可以为空",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="shares",
                to="planning.plannedvisit",
                verbose_name="计划检查",
            ),
        ),
    ]
