from django.apps import AppConfig


class ArchiveConfig(AppConfig):
    name = "bihuan.archive"
    verbose_name = "历史归档"

    def ready(self) -> None:
        from bihuan.jobs.running import register

        from .working import KIND

        register(KIND)
