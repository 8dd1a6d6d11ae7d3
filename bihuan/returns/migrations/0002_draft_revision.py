import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("returns", "0001_initial"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="return",
            name="draft_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="最近填报时间"),
        ),
        migrations.AddField(
            model_name="return",
            name="draft_by",
            field=models.ForeignKey(
                blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+",
                to=settings.AUTH_USER_MODEL, verbose_name="最近填报人",
            ),
        ),
        migrations.AddField(
            model_name="return",
            name="draft_revision",
            field=models.PositiveIntegerField(
                default=0, help_text="每保存一次加一；两人同时填，后存的人据此知道", verbose_name="填报修订号"
            ),
        ),
    ]
