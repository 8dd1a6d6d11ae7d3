import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [migrations.swappable_dependency(settings.AUTH_USER_MODEL)]

    operations = [
        migrations.CreateModel(
            name="Device",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, help_text="由手机生成", primary_key=True, serialize=False, verbose_name="编号")),
                ("name", models.CharField(max_length=60, verbose_name="设备名称")),
                ("app", models.CharField(blank=True, max_length=40, verbose_name="程序版本")),
                ("registered_at", models.DateTimeField(verbose_name="登记时间")),
                ("seen_at", models.DateTimeField(verbose_name="最近使用")),
                ("signed_until", models.DateTimeField(verbose_name="须重新登录的时间")),
                ("refresh_digest", models.CharField(max_length=80, verbose_name="密钥摘要")),
                ("session_auth", models.CharField(help_text="登记时的口令摘要；修改口令后须重新登录", max_length=128, verbose_name="口令状态")),
                ("last_seq", models.PositiveIntegerField(default=0, verbose_name="已收到的最大序号")),
                ("revoked_at", models.DateTimeField(blank=True, null=True, verbose_name="停用时间")),
                ("revoked_by", models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL, verbose_name="停用人")),
                ("user", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="devices", to=settings.AUTH_USER_MODEL, verbose_name="使用人")),
            ],
            options={
                "verbose_name": "现场设备",
                "verbose_name_plural": "现场设备",
                "ordering": ["-seen_at"],
                "indexes": [models.Index(fields=["user", "-seen_at"], name="field_device_user")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("revoked_at", None), ("revoked_by", None))
                        | models.Q(("revoked_at__isnull", False), ("revoked_by__isnull", False)),
                        name="field_device_revoked_by_somebody",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Copy",
            fields=[
                ("cursor", models.UUIDField(default=uuid.uuid4, primary_key=True, serialize=False, verbose_name="游标")),
                ("region", models.CharField(blank=True, max_length=12, verbose_name="区划")),
                ("digests", models.BinaryField(verbose_name="各行摘要")),
                ("at", models.DateTimeField(verbose_name="下发时间")),
                ("device", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="copies", to="field.device", verbose_name="现场设备")),
            ],
            options={"verbose_name": "离线副本", "verbose_name_plural": "离线副本", "ordering": ["-at"]},
        ),
    ]
