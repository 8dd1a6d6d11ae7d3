from __future__ import annotations

from typing import TYPE_CHECKING

from django.apps import AppConfig

if TYPE_CHECKING:
    from bihuan.accounts.models import User


class ListingsConfig(AppConfig):
    name = "bihuan.listings"
    label = "listings"
    verbose_name = "挂牌督办"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from bihuan.accidents import origins as accident_origins
        from bihuan.attachments import access
        from bihuan.hazards import chains, origins
        from bihuan.inspections import signals
        from bihuan.jobs.exports import register_export
        from bihuan.registry import panels

        from .exporting import LISTINGS
        from .models import Listing
        from .origins import is_under_way, listing_of, listing_of_accident, listings_of
        from .remarks import CARRIERS, owner_by
        from .standing import reads_inside

        def sees(path: str) -> access.Visible:
            def visible(user: User, pk: str) -> bool:
                return Listing.objects.visible_to(user).filter(**{path: pk}).exists()

            return visible

        for label, path in {
            "listings.filedplan": "plans__pk",
            "listings.progressreport": "progress_reports__pk",
            "listings.leadervisit": "visits__pk",
            "listings.application": "applications__pk",
            "listings.effectreport": "effect_reports__pk",
            "listings.examination": "examinations__pk",
            "listings.responsibilityletter": "letters__pk",
        }.items():
            access.register(label, sees(path))

        def reads_signatures(user: User, pk: str) -> bool:
            listing = Listing.objects.visible_to(user).filter(approvals__lines__pk=pk).first()
            return listing is not None and reads_inside(user, listing)

        access.register("listings.approvalline", reads_signatures)
        for label, name in CARRIERS.items():
            signals.register_owner(label, owner_by(name))
        register_export(LISTINGS)
        origins.register(listing_of)
        accident_origins.register(listing_of_accident)
        chains.register(is_under_way)
        panels.register("listings.listings", listings_of, position=45)
