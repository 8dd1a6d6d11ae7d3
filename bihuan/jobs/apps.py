from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "bihuan.jobs"
    label = "jobs"
    verbose_name = "后台任务"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from . import imports, verifications

        imports.register()
        verifications.register()
