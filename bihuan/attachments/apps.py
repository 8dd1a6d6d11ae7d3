from django.apps import AppConfig


class AttachmentsConfig(AppConfig):
    name = "bihuan.attachments"
    label = "attachments"
    verbose_name = "附件"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from bihuan.audit.verification import FileCheck, register_file_check

        from .verification import check_files, count_files

        register_file_check(FileCheck(count_files, check_files))
