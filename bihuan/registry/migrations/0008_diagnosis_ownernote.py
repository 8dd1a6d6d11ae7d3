import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("registry", "0007_riskpolicy"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="riskprofile",
            name="dual_checked_on",
            field=models.DateField(blank=True, null=True, verbose_name="运行核查日期"),
        ),
        migrations.AddField(
            model_name="riskprofile",
            name="dual_prevention",
            field=models.CharField(
                blank=True,
                choices=[
                    ("none", "未开展"),
                    ("building", "建设中"),
                    ("built", "已建成，运行未核查"),
                    ("running", "已建成，运行正常"),
                    ("idle", "已建成，运行不正常"),
                ],
                db_default="",
                default="",
                max_length=10,
                verbose_name="双重预防机制",
            ),
        ),
        migrations.AddField(
            model_name="riskprofile",
            name="scale",
            field=models.CharField(
                blank=True,
                choices=[("above", "规模以上"), ("small", "小微")],
                db_default="",
                default="",
                max_length=8,
                verbose_name="企业规模",
            ),
        ),
        migrations.CreateModel(
            name="Diagnosis",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("on", models.DateField(verbose_name="评估日期")),
                ("score", models.DecimalField(decimal_places=1, max_digits=5, verbose_name="得分")),
                (
                    "direct",
                    models.JSONField(blank=True, default=list, verbose_name="直接判为D级的情形"),
                ),
                ("grade", models.CharField(max_length=1, verbose_name="评估分级")),
                (
                    "colour",
                    models.CharField(
                        choices=[("red", "红"), ("orange", "橙"), ("yellow", "黄"), ("blue", "蓝")],
                        max_length=8,
                        verbose_name="分级颜色",
                    ),
                ),
                ("explanation", models.JSONField(default=dict, verbose_name="计算说明")),
                ("institution", models.CharField(blank=True, max_length=120, verbose_name="评估机构")),
                ("experts", models.CharField(max_length=200, verbose_name="专家")),
                ("conclusion", models.CharField(blank=True, max_length=500, verbose_name="主要问题和建议")),
                ("next_on", models.DateField(verbose_name="下次评估期限")),
                ("is_current", models.BooleanField(default=True, verbose_name="现行")),
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
                    "enterprise",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="diagnoses",
                        to="registry.enterprise",
                        verbose_name="企业",
                    ),
                ),
            ],
            options={
                "verbose_name": "评估诊断",
                "verbose_name_plural": "评估诊断",
                "ordering": ["-on", "-id"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("is_current", True)),
                        fields=["next_on", "enterprise"],
                        name="registry_diagnosis_next",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("is_current", True)),
                        fields=("enterprise",),
                        name="registry_one_current_diagnosis",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("score__gte", 0)), name="registry_diagnosis_score"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("experts", ""), _negated=True),
                        name="registry_diagnosis_has_experts",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="OwnerNote",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[("talk", "走访沟通"), ("demand", "诉求困难"), ("unrest", "不稳定苗头")],
                        max_length=8,
                        verbose_name="动态类别",
                    ),
                ),
                ("person", models.CharField(blank=True, max_length=60, verbose_name="业主")),
                ("on", models.DateField(verbose_name="日期")),
                ("text", models.CharField(max_length=500, verbose_name="情况")),
                ("outcome", models.CharField(blank=True, max_length=300, verbose_name="处理结果")),
                ("settled_on", models.DateField(blank=True, null=True, verbose_name="办结日期")),
                ("at", models.DateTimeField(verbose_name="时间")),
                (
                    "by",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="记录人",
                    ),
                ),
                (
                    "enterprise",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="owner_notes",
                        to="registry.enterprise",
                        verbose_name="企业",
                    ),
                ),
                (
                    "settled_by",
                    models.ForeignKey(
                        blank=True,
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="办结人",
                    ),
                ),
            ],
            options={
                "verbose_name": "业主动态",
                "verbose_name_plural": "业主动态",
                "ordering": ["-on", "-id"],
                "indexes": [
                    models.Index(
                        condition=models.Q(
                            ("settled_on", None), models.Q(("kind", "talk"), _negated=True)
                        ),
                        fields=["-id"],
                        name="registry_owner_notes_open",
                    )
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("outcome", ""), ("settled_by", None), ("settled_on", None)),
                            models.Q(
                                ("settled_by__isnull", False),
                                ("settled_on__isnull", False),
                                models.Q(("outcome", ""), _negated=True),
                            ),
                            _connector="OR",
                        ),
                        name="registry_owner_note_settled",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "talk"), _negated=True), ("settled_on", None), _connector="OR"
                        ),
                        name="registry_talk_needs_no_end",
                    ),
                ],
            },
        ),
    ]
