from __future__ import annotations

from typing import TYPE_CHECKING

from django.apps import AppConfig

if TYPE_CHECKING:
    from bihuan.accounts.models import User


class SubmissionsConfig(AppConfig):
    name = "bihuan.submissions"
    label = "submissions"
    verbose_name = "请示报告"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from bihuan.attachments import access
        from bihuan.core.beside import register_offer
        from bihuan.jobs.exports import register_export
        from bihuan.oversight.receiving import register_material

        from .exporting import SUBMISSIONS
        from .material import INSTRUMENTS, REQUESTS
        from .models import Submission
        from .offering import offer

        def sees(path: str) -> access.Visible:
            def visible(user: User, pk: str) -> bool:
                return Submission.objects.visible_to(user).filter(**{path: pk}).exists()

            return visible

        access.register("submissions.submission", sees("pk"))
        access.register("submissions.opinion", sees("opinions__pk"))
        access.register("submissions.conditiontransition", sees("conditions__transitions__pk"))
        register_offer("submissions", offer)
        register_export(SUBMISSIONS)
        register_material(INSTRUMENTS)
        register_material(REQUESTS)
