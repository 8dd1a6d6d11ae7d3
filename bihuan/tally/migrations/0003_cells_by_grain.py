from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.models import Q

import bihuan.tally.models
from bihuan.core.migrations import Structure

METRICS = (
    ("found", "查出", ""), ("closed", "整改", ""), ("closed_late", "逾期后整改", ""), ("overdue", "逾期增减", ""),
    ("found_major", "查出重大", ""), ("closed_major", "整改重大", ""), ("overdue_major", "重大逾期增减", ""),
    ("inspected", "检查次数", ""), ("inspected_clean", "无隐患检查", ""), ("covered", "首次覆盖", "某任务下首次查到的对象"),
)  # fmt: skip
KEY = ["grain", "span", "region", "campaign_id", "task_id", "department_id", "kind", "source", "start"]


def ask_for_a_recount(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    """The old cells go; what they held is counted again from ledger and visits, and says so until then."""
    had_any = apps.get_model("tally", "Cell").objects.exists() or apps.get_model("tally", "Delta").objects.exists()
    apps.get_model("tally", "Mark").objects.create(pk=1, is_stale=had_any)


def tune(apps: Apps, editor: BaseDatabaseSchemaEditor) -> None:
    """PostgreSQL: room for cells to grow in place; the outbox, emptied every second, is swept often."""
    if editor.connection.vendor == "postgresql":
        editor.execute("ALTER TABLE tally_cell SET (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.05)")
        editor.execute(
            "ALTER TABLE tally_delta SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000)"
        )


class Migration(migrations.Migration):
    """Cells know their grain, kind and source; running totals reach up to a mark that moves once a day."""

    dependencies = [("tally", "0002_delta_kind_and_source")]

    operations = [
        migrations.CreateModel(
            name="Mark",
            fields=[
                (
                    "id",
                    models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                ),
                (
                    "counted_to",
                    models.DateField(
                        "累计截至",
                        default=bihuan.tally.models.EVER,
                        help_text="这一天及以前的增量已计入累计单元",
                    ),
                ),
                (
                    "is_stale",
                    models.BooleanField("待重算", default=False, help_text="升级后单元不全，须重算一次"),
                ),
            ],
            options={"verbose_name": "统计日界", "verbose_name_plural": "统计日界"},
        ),
        Structure(ask_for_a_recount, migrations.RunPython.noop),
        migrations.DeleteModel("Cell"),
        migrations.CreateModel(
            name="Cell",
            fields=[
                (
                    "id",
                    models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"),
                ),
                *[
                    (name, models.IntegerField(label, default=0, help_text=text))
                    for name, label, text in METRICS
                ],
                ("grain", models.PositiveSmallIntegerField("粒度")),
                (
                    "span",
                    models.CharField(
                        "跨度", choices=[("day", "日"), ("month", "月"), ("all", "累计")], max_length=5
                    ),
                ),
                ("start", models.DateField("起始日", help_text="累计单元为固定的一天")),
                ("campaign_id", models.BigIntegerField("行动", default=0)),
                ("task_id", models.BigIntegerField("任务", default=0)),
                ("department_id", models.BigIntegerField("主管部门", default=0)),
                ("kind", models.CharField("对象类型", default="", max_length=40)),
                ("source", models.CharField("来源", default="", max_length=12)),
                ("region", models.CharField("区划", max_length=12)),
            ],
            options={
                "verbose_name": "统计单元",
                "verbose_name_plural": "统计单元",
                "indexes": [
                    models.Index(
                        condition=~Q(task_id=0),
                        fields=["campaign_id", "grain", "span", "region"],
                        name="tally_cell_matrix",
                    ),
                    models.Index(
                        condition=Q(span="day"), fields=["start", "grain"], name="tally_cell_day"
                    ),
                ],
                "constraints": [models.UniqueConstraint(fields=KEY, name="tally_cell_unique")],
            },
        ),
        Structure(tune, migrations.RunPython.noop),
    ]
