from __future__ import annotations

from typing import TYPE_CHECKING

from django.apps import AppConfig

if TYPE_CHECKING:
    from bihuan.accounts.models import User


class PledgesConfig(AppConfig):
    name = "bihuan.pledges"
    label = "pledges"
    verbose_name = "企业自查与承诺"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from bihuan.attachments import access
        from bihuan.campaigns import extras
        from bihuan.hazards import origins
        from bihuan.inspections import signals
        from bihuan.jobs.exports import register_export
        from bihuan.registry import filters, merging, panels

        from .cards import certificates_of, promises_of, self_checked
        from .exporting import PLEDGES
        from .filters import FILTERS
        from .ledger import kin_of, owner_of_line, promises_naming
        from .merging import fold_pledges
        from .models import Pledge, PledgeLine, Referral

        def sees_pledge(user: User, pk: str) -> bool:
            return Pledge.objects.visible_to(user).filter(pk=pk).exists()

        def sees_line(user: User, pk: str) -> bool:
            return PledgeLine.objects.filter(pk=pk, pledge__in=Pledge.objects.visible_to(user)).exists()

        def sees_referral(user: User, pk: str) -> bool:
            return Referral.objects.visible_to(user).filter(pk=pk).exists()

        access.register("pledges.pledge", sees_pledge)
        access.register("pledges.referral", sees_referral)
        access.register("pledges.pledgeline", sees_line)
        panels.register("pledges.promises", promises_of, position=40)
        panels.register("pledges.certificates", certificates_of, position=65)
        for extra in FILTERS:
            filters.register(extra)
        extras.register("pledges.self_checks", self_checked, position=10)
        merging.register("pledges.pledge", fold_pledges)
        origins.register(promises_naming)
        signals.register_kin(kin_of)
        signals.register_owner("pledges.pledgeline", owner_of_line)
        register_export(PLEDGES)
