import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

OUTCOMES = [("penalty", "立案处罚"), ("coercive", "采取强制措施"), ("order", "责令改正，不予处罚"), ("none", "没有违法行为")]
STATUSES = [("sent", "待受理"), ("accepted", "查处中"), ("returned", "已退回"), ("closed", "已反馈")]


class Migration(migrations.Migration):
    """Cases handed over to enforcement come back with a result."""

    dependencies = [
        ("accounts", "0001_initial"),
        ("papers", "0002_new_kinds"),
        ("pledges", "0002_certificates"),
        ("registry", "0005_permit_ends"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Referral",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("subject", models.CharField(db_index=True, help_text="模型标签:主键", max_length=80, verbose_name="所属记录")),
                ("url", models.CharField(max_length=200, verbose_name="来源页面")),
                ("reason", models.CharField(max_length=200, verbose_name="移送理由")),
                ("facts", models.JSONField(default=list, help_text="名称、内容", verbose_name="移送的情况")),
                ("status", models.CharField(choices=STATUSES, default="sent", max_length=10, verbose_name="状态")),
                ("sent_at", models.DateTimeField(verbose_name="移送时间")),
                ("accepted_at", models.DateTimeField(null=True, verbose_name="受理时间")),
                ("outcome", models.CharField(blank=True, choices=OUTCOMES, max_length=10, verbose_name="处理结果")),
                ("result", models.CharField(blank=True, max_length=500, verbose_name="处理情况")),
                ("document", models.CharField(blank=True, max_length=80, verbose_name="决定文书")),
                ("fine", models.DecimalField(blank=True, decimal_places=2, max_digits=14, null=True, verbose_name="罚款（元）")),
                ("decided_on", models.DateField(blank=True, null=True, verbose_name="决定日期")),
                ("closed_at", models.DateTimeField(null=True, verbose_name="反馈时间")),
                ("city", models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.region", verbose_name="市")),
                ("county", models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.region", verbose_name="县区")),
                ("enterprise", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="referrals", to="registry.enterprise", verbose_name="企业")),
                ("locality", models.ForeignKey(db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.region", verbose_name="乡镇街道")),
                ("paper", models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="papers.paper", verbose_name="移送查处函")),
                ("recipient", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="referrals_received", to="accounts.organization", verbose_name="承办单位")),
                ("sender", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="referrals_sent", to="accounts.organization", verbose_name="移送单位")),
                ("sent_by", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL, verbose_name="移送人")),
            ],
            options={
                "verbose_name": "移送案件",
                "verbose_name_plural": "移送案件",
                "ordering": ["-id"],
                "indexes": [
                    models.Index(fields=["recipient", "status", "-id"], name="pledges_referral_recipient"),
                    models.Index(fields=["sender", "-id"], name="pledges_referral_sender"),
                    models.Index(fields=["city", "-id"], name="pledges_referral_city"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(
                                ("closed_at__isnull", False), ("decided_on__isnull", False), ("status", "closed"),
                                models.Q(("outcome", ""), _negated=True), models.Q(("result", ""), _negated=True),
                            ),
                            models.Q(models.Q(("status", "closed"), _negated=True), ("closed_at", None), ("outcome", "")),
                            _connector="OR",
                        ),
                        name="pledges_referral_closed_iff_told",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ReferralTransition",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("move", models.CharField(max_length=20, verbose_name="动作")),
                ("from_status", models.CharField(blank=True, max_length=20, verbose_name="原状态")),
                ("to_status", models.CharField(max_length=20, verbose_name="新状态")),
                ("reason", models.CharField(blank=True, max_length=1000, verbose_name="说明")),
                ("at", models.DateTimeField(verbose_name="时间")),
                ("by", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL, verbose_name="办理人")),
                ("referral", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="transitions", to="pledges.referral", verbose_name="移送案件")),
            ],
            options={"verbose_name": "移送流转", "verbose_name_plural": "移送流转", "ordering": ["id"]},
        ),
    ]
