"""The joint team on the spot: everybody signs on this phone, every object gets its verdict (R098)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from bihuan.accounts.guards import require
from bihuan.accounts.models import Organization, User
from bihuan.accounts.permissions import Permission
from bihuan.attachments import actions as attachments
from bihuan.core.errors import Refused
from bihuan.core.http import Request
from bihuan.rules.calendar import check_range

from .. import actions
from ..forms import TEAM_ROWS, AcceptanceForm, bodies_of
from ..models import Batch, BatchObject
from ..remarks import remarks_on_work
from ..workflow import ObjectStatus, Verdict
from . import user_of
from .batches import run_by

AT_ONCE = 30


@require_http_methods(["GET", "HEAD", "POST"])
@require(Permission.MANAGE_BATCHES)
def acceptance(request: Request, pk: int) -> HttpResponse:
    """One round: the objects that asked for it, up to thirty at a time."""
    batch, user = run_by(request, pk), user_of(request)
    asking = batch.members.filter(status=ObjectStatus.APPLIED)
    members = list(
        asking.select_related(
            "batch__campaign__region", "batch__organization", "enterprise__organization", "notice"
        ).order_by("pk")[:AT_ONCE]
    )
    bodies = list(bodies_of(batch.campaign.region_id))
    sent = request.POST if request.method == "POST" else None
    form = AcceptanceForm(sent, batch=batch)
    errors: list[str] = []
    if sent is not None and form.is_valid():
        try:
            verdicts = _verdicts(request, members)
            actions.record_acceptance(
                batch, team=_team(sent, bodies), verdicts=verdicts, by=user, **form.cleaned_data
            )
        except Refused as error:
            errors = str(error).split("；")
        else:
            messages.success(request, f"已记录联合验收，{len(verdicts)} 家，意见书已制发")
            return redirect(batch)
    elif sent is not None:
        errors = ["请填写验收日期"]
    return render(
        request,
        "batches/acceptance.html",
        _context(batch, members, bodies, form, errors, sent or {}, user)
        | {"waiting": asking.count(), "at_once": AT_ONCE},
        status=422 if errors else 200,
    )


def _team(sent: Mapping[str, str], bodies: list[Organization]) -> list[actions.TeamMember]:
    by_pk = {str(each.pk): each for each in bodies}
    return [
        actions.TeamMember(
            by_pk[sent.get(f"team{no}-organization", "")],
            sent.get(f"team{no}-name", "")[:60],
            sent.get(f"team{no}-title", "")[:60],
            sent.get(f"team{no}-signature", ""),
        )
        for no in range(1, TEAM_ROWS + 1)
        if sent.get(f"team{no}-organization", "") in by_pk
    ]


def _verdicts(request: Request, members: list[BatchObject]) -> list[actions.VerdictGiven]:
    """What was said of each object that was judged, with its photos. Raises Refused for an unreadable photo."""
    sent, found = request.POST, []
    for member in members:
        name = f"v{member.pk}"
        if not sent.get(f"{name}-verdict"):
            continue
        photos = attachments.received(
            sent.getlist(f"{name}-photos"), request.FILES.getlist(f"{name}-photos_files"), by=user_of(request)
        )
        found.append(
            actions.VerdictGiven(
                member,
                sent.get(f"{name}-verdict", ""),
                sent.get(f"{name}-conditions", ""),
                _day(sent.get(f"{name}-due", "")),
                sent.get(f"{name}-note", ""),
                _day(sent.get(f"{name}-finished", "")),
                tuple(str(each) for each in photos),
            )
        )
    return found


def _context(
    batch: Batch,
    members: list[BatchObject],
    bodies: list[Organization],
    form: AcceptanceForm,
    errors: list[str],
    given: Mapping[str, str],
    user: User,
) -> dict[str, Any]:
    return {
        "batch": batch,
        "form": form,
        "errors": errors,
        "verdicts": Verdict.choices,
        "members": [
            {
                "row": member,
                "remarks": remarks_on_work(member, user),
                "verdict": given.get(f"v{member.pk}-verdict", ""),
                "conditions": given.get(f"v{member.pk}-conditions", ""),
                "due": given.get(f"v{member.pk}-due", ""),
                "note": given.get(f"v{member.pk}-note", ""),
                "finished": given.get(f"v{member.pk}-finished", "")
                or (member.finished_on.isoformat() if member.finished_on else ""),
                "is_late": bool(
                    member.finished_on and member.work_due_on and member.finished_on > member.work_due_on
                ),
            }
            for member in members
        ],
        "team": [
            {
                "no": no,
                "organization": given.get(f"team{no}-organization", "")
                or (str(batch.organization_id) if no == 1 else ""),
                "name": given.get(f"team{no}-name", "") or (user.full_name if no == 1 else ""),
                "title": given.get(f"team{no}-title", ""),
            }
            for no in range(1, TEAM_ROWS + 1)
        ],
        "bodies": [(str(each.pk), each.short_name) for each in bodies],
        "upload_url": reverse("attachments:upload"),
    }


def _day(text: str) -> dt.date | None:
    try:
        return check_range(dt.date.fromisoformat(text))
    except ValueError:  # DateOutOfRange is one
        return None
