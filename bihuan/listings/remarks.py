"""What is odd about the photos of a listing, for whoever has to judge them (U11): shown before, or for something else."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.db.models import Model
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.attachments import queries as files
from bihuan.audit.actions import chain_of
from bihuan.hazards.remarks import Remark
from bihuan.inspections.signals import Owner, as_remarks
from bihuan.inspections.weighing import twins

from .models import Application, Listing

# Records of a listing that carry photos: subject label, related name on the listing.
CARRIERS = {
    "listings.progressreport": "progress_reports",
    "listings.leadervisit": "visits",
    "listings.application": "applications",
    "listings.examination": "examinations",
}


def _own(listing: Listing) -> set[str]:
    """Everything of the listing that may show one and the same photo by right: its hazard's rectification, too."""
    rows: Iterable[Model] = (row for name in CARRIERS.values() for row in getattr(listing, name).all())
    chains = {chain_of(row) for row in rows}
    if listing.hazard is not None:
        chains |= {chain_of(row) for row in listing.hazard.rectifications.all()}
    return chains


def remarks_on(application: Application, user: User) -> list[Remark]:
    """What is odd about the photos with which the examination was asked for."""
    photos = list(files.of(application, "after"))
    day = timezone.localdate(application.at)
    return list(as_remarks(twins(photos, _own(application.listing), day, until=application.at), user))


def owner_by(name: str) -> Callable[[str], Owner | None]:
    """Whose a photo of such a record is, in words."""

    def find(pk: str) -> Owner | None:
        wanted: dict[str, Any] = {f"{name}__pk": pk}
        listing = Listing.objects.filter(**wanted).first()
        return Owner(str(listing), listing.get_absolute_url()) if listing is not None else None

    return find
