from django.db import migrations, models

from bihuan.core.migrations import AddIndexOnline


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("registry", "0005_permit_ends")]

    operations = [
        migrations.AddField(
            "statusperiod",
            "moved_to",
            models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="搬迁的：新址，或接收的园区",
                max_length=200,
                verbose_name="迁往何处",
            ),
        ),
        migrations.AddField(
            "sharedlist",
            "order",
            models.CharField(blank=True, db_default="", default="", max_length=20, verbose_name="排列"),
        ),
        migrations.AlterField(
            "responsibility",
            "kind",
            models.CharField(
                choices=[
                    ("leader", "包干领导"),
                    ("watcher", "专盯人员"),
                    ("special", "特殊时期责任人"),
                    ("pilot", "属地试点监管"),
                ],
                max_length=8,
                verbose_name="责任",
            ),
        ),
        AddIndexOnline(
            "enterprise",
            models.Index(
                condition=models.Q(("status", "operating"), _negated=True),
                fields=["status", "-id"],
                name="registry_not_operating",
            ),
        ),
    ]
