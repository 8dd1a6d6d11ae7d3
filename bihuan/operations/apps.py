from django.apps import AppConfig


class OperationsConfig(AppConfig):
    name = "bihuan.operations"
    label = "operations"
    verbose_name = "运维"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from . import signals

        signals.connect()
