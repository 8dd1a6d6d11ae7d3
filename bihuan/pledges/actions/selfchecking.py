"""The enterprise walks the same checklist (R067): through the same door as every inspection."""

from __future__ import annotations

from dataclasses import replace

from django.core.exceptions import PermissionDenied

from bihuan.accounts.models import User
from bihuan.inspections.actions import submit_inspection
from bihuan.inspections.models import Inspection
from bihuan.inspections.submission import DRAWN, LOGIN, MemberGiven, SignatureGiven, Submission

from ..standing import own_enterprise


def submit_self_check(given: Submission, *, image: str = "", by: User) -> Inspection:
    """Record a self-check of one's own enterprise; what is found enters the ledger as 自查自报.

    `image` is the drawn signature; without one the login stands for it. Raises PermissionDenied, InspectionRefused.
    """
    own = own_enterprise(by)
    if own is None or own.pk != given.enterprise.pk:
        raise PermissionDenied
    signature = SignatureGiven(DRAWN, image=image) if image else SignatureGiven(LOGIN)
    return submit_inspection(
        replace(
            given,
            kind=Inspection.Kind.SELF_CHECK,
            members=(MemberGiven(by.full_name, by, "", signature),),
            accompanying_name="",
            accompanying_title="",
            accompanying_signature=None,
            is_joint=False,
        ),
        by=by,
    )
