import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
        ("registry", "0006_lives"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="RiskPolicy",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "method",
                    models.CharField(
                        choices=[("LEC", "LEC法"), ("LS", "风险矩阵法"), ("ABCD", "企业分级")],
                        max_length=4,
                        verbose_name="评价方法",
                    ),
                ),
                ("label", models.CharField(max_length=40, verbose_name="口径名称")),
                ("content", models.JSONField(default=dict, verbose_name="分档内容")),
                ("source", models.CharField(max_length=120, verbose_name="依据文件")),
                ("doc_no", models.CharField(max_length=60, verbose_name="文号")),
                ("from_on", models.DateField(verbose_name="起用日期")),
                ("to_on", models.DateField(blank=True, null=True, verbose_name="停用日期")),
                ("at", models.DateTimeField(verbose_name="时间")),
                (
                    "by",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="经办人",
                    ),
                ),
                (
                    "region",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="accounts.region",
                        verbose_name="适用地区",
                    ),
                ),
            ],
            options={
                "verbose_name": "评价口径",
                "verbose_name_plural": "评价口径",
                "ordering": ["method", "-from_on", "-id"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("to_on", None)),
                        fields=("region", "method"),
                        name="registry_one_open_policy",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("to_on", None), ("to_on__gte", models.F("from_on")), _connector="OR"
                        ),
                        name="registry_policy_dates",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("source", ""), _negated=True), models.Q(("doc_no", ""), _negated=True)
                        ),
                        name="registry_policy_has_source",
                    ),
                ],
            },
        ),
    ]
