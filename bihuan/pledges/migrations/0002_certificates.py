import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import bihuan.core.fields


class Migration(migrations.Migration):
    """Certificates of the people an enterprise employs."""

    dependencies = [
        ("pledges", "0001_promises"),
        ("registry", "0005_permit_ends"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="StaffCertificate",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("person_name", models.CharField(max_length=60, verbose_name="持证人")),
                ("kind", models.CharField(help_text="bihuan.rules.certificates 的种类代码", max_length=40, verbose_name="证件种类")),
                ("name", models.CharField(blank=True, help_text="证上写的工种、项目，例：低压电工", max_length=80, verbose_name="作业项目")),
                ("number", bihuan.core.fields.SealedCharField(blank=True, default="", max_length=60, verbose_name="证号")),
                ("issuer", models.CharField(blank=True, max_length=120, verbose_name="发证机关")),
                ("issued_on", models.DateField(blank=True, null=True, verbose_name="发证日期")),
                ("valid_to", models.DateField(blank=True, null=True, verbose_name="有效期止")),
                ("review_by", models.DateField(blank=True, null=True, verbose_name="下次复审")),
                ("is_active", models.BooleanField(default=True, verbose_name="在用")),
                ("retired_reason", models.CharField(blank=True, max_length=200, verbose_name="注销理由")),
                ("recorded_at", models.DateTimeField(verbose_name="登记时间")),
                ("updated_at", models.DateTimeField(verbose_name="更新时间")),
                ("enterprise", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="staff_certificates", to="registry.enterprise", verbose_name="企业")),
                ("recorded_by", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL, verbose_name="登记人")),
            ],
            options={
                "verbose_name": "人员证件",
                "verbose_name_plural": "人员证件",
                "ordering": ["-is_active", "person_name", "id"],
                "indexes": [
                    models.Index(condition=models.Q(("is_active", True)), fields=["valid_to"], name="pledges_certificate_end"),
                    models.Index(condition=models.Q(("is_active", True)), fields=["review_by"], name="pledges_certificate_review"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("is_active", True), ("retired_reason", "")) | models.Q(("is_active", False), models.Q(("retired_reason", ""), _negated=True)),
                        name="pledges_certificate_retired",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("issued_on", None), ("valid_to", None), ("valid_to__gte", models.F("issued_on")), _connector="OR"),
                        name="pledges_certificate_dates",
                    ),
                ],
            },
        ),
    ]
