from __future__ import annotations

from django.apps import AppConfig


class ProjectsConfig(AppConfig):
    name = "bihuan.projects"
    label = "projects"
    verbose_name = "工程项目"
    default_auto_field = "django.db.models.BigAutoField"
