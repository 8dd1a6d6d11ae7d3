from django.apps import AppConfig


class CoreConfig(AppConfig):
    name = "bihuan.core"
    label = "core"
    verbose_name = "公共"

    def ready(self) -> None:
        from . import lookups  # noqa: F401  # registers itself
