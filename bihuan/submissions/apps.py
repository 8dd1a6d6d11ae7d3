from __future__ import annotations

from django.apps import AppConfig


class SubmissionsConfig(AppConfig):
    name = "bihuan.submissions"
    label = "submissions"
    verbose_name = "请示报告"
    default_auto_field = "django.db.models.BigAutoField"
