from django.apps import AppConfig


class ChecklistsConfig(AppConfig):
    name = "bihuan.checklists"
    label = "checklists"
    verbose_name = "检查表库"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from bihuan.accounts import hooks

        from .succession import pass_books

        hooks.on_reform(pass_books)
