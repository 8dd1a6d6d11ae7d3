from django.apps import AppConfig


class DutiesConfig(AppConfig):
    name = "bihuan.duties"
    label = "duties"
    verbose_name = "待办"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from bihuan.accounts import hooks

        from .reform import follow_posts, load_of_posts

        hooks.on_reform(follow_posts)
        hooks.load_of("待办", load_of_posts)
