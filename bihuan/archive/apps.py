from django.apps import AppConfig


class ArchiveConfig(AppConfig):
    name = "bihuan.archive"
    verbose_name = "历史归档"
