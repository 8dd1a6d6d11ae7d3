import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

CODES = [
    ("place", "定位偏远"),
    ("clock", "时钟偏差"),
    ("photo_place", "照片拍摄地不符"),
    ("photo_time", "照片拍摄时间不符"),
    ("reused", "照片重复使用"),
    ("alike", "照片高度相似"),
    ("unchanged", "整改前后照片雷同"),
    ("copied", "文字雷同"),
    ("travel", "赶路时间不合"),
    ("short", "用时过短"),
    ("unplanned", "计划外未经批准"),
]
NOTES = [("explained", "说明"), ("upheld", "属实"), ("dismissed", "不成立")]


def key() -> models.BigAutoField:
    return models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")


def to(
    model: str, label: str, related: str, field: type = models.ForeignKey, **more: object
) -> models.ForeignKey:
    return field(
        on_delete=django.db.models.deletion.PROTECT,
        related_name=related,
        to=model,
        verbose_name=label,
        **more,
    )


class Migration(migrations.Migration):
    dependencies = [
        ("inspections", "0003_earlier_kinds"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            "inspection",
            "clock_skew",
            models.IntegerField(
                "手机时钟偏差", null=True, blank=True, help_text="秒，手机比服务器快为正；空为没有测"
            ),
        ),
        migrations.CreateModel(
            "Signal",
            [
                ("id", key()),
                ("code", models.CharField("提示", max_length=12, choices=CODES)),
                ("position", models.PositiveSmallIntegerField("次序")),
                ("words", models.CharField("理由", max_length=300)),
                ("detail", models.JSONField("依据", default=dict, help_text="照片和另一条记录的编号")),
                ("at", models.DateTimeField("提示时间")),
                ("inspection", to("inspections.inspection", "检查", "signals")),
            ],
            options={
                "verbose_name": "佐证提示",
                "verbose_name_plural": "佐证提示",
                "ordering": ["inspection_id", "position"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("inspection", "position"), name="inspections_signal_position"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            "Weighing",
            [
                (
                    "inspection",
                    to(
                        "inspections.inspection",
                        "检查",
                        "weighing",
                        models.OneToOneField,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                ("at", models.DateTimeField("时间")),
            ],
            options={"verbose_name": "佐证核对", "verbose_name_plural": "佐证核对"},
        ),
        migrations.CreateModel(
            "SignalNote",
            [
                ("id", key()),
                ("kind", models.CharField("性质", max_length=10, choices=NOTES)),
                ("text", models.CharField("内容", max_length=300)),
                ("at", models.DateTimeField("时间")),
                ("by", to(settings.AUTH_USER_MODEL, "填写人", "+")),
                ("signal", to("inspections.signal", "佐证提示", "notes")),
            ],
            options={"verbose_name": "提示说明", "verbose_name_plural": "提示说明", "ordering": ["id"]},
        ),
    ]
