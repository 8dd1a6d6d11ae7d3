from django.apps import AppConfig


class PapersConfig(AppConfig):
    name = "bihuan.papers"
    label = "papers"
    verbose_name = "文书"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from bihuan.attachments import access
        from bihuan.search import sources

        from . import printing
        from .models import Paper
        from .searching import SOURCE

        sources.register(SOURCE)
        printing.register()

        access.register(
            "papers.paper", lambda user, pk: Paper.objects.visible_to(user).filter(pk=pk).exists()
        )
