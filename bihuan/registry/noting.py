"""The line every change of a record leaves: in the record's own history and in the audit chain."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.audit.actions import record

from .changes import Change
from .models import Enterprise, EnterpriseChange


def note(
    enterprise: Enterprise,
    what: str,
    *,
    by: User,
    summary: str,
    changes: list[Change],
    reason: str = "",
) -> None:
    """Write both lines inside the transaction of the act; `what` is EnterpriseChange.What, `summary` one sentence."""
    EnterpriseChange.objects.create(
        enterprise=enterprise, what=what, changes=changes, reason=reason[:300], by=by, at=timezone.now()
    )
    payload: dict[str, Any] = {"changes": changes}
    if reason:
        payload["reason"] = reason
    record(f"registry.{what}", enterprise, by=by, summary=summary, payload=payload)
