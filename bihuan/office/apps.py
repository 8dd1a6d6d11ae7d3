from __future__ import annotations

from django.apps import AppConfig


class OfficeConfig(AppConfig):
    name = "bihuan.office"
    label = "office"
    verbose_name = "机关内部管理"
    default_auto_field = "django.db.models.BigAutoField"
