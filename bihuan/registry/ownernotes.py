"""Keeping an ear on owners: talks, demands, first signs of unrest; the office hears of the last at once (R051)."""

from __future__ import annotations

import datetime as dt
from functools import partial

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.accounts.queries import default_post, holders_of, office_of
from bihuan.audit.actions import record
from bihuan.core.errors import IllegalMove, Refused
from bihuan.notifications.actions import notify
from bihuan.notifications.models import Message

from .lifecycle import may_recheck
from .models import Enterprise, OwnerNote
from .panels import Panel, PanelRow
from .responsibilities import answering_for

Kind = OwnerNote.Kind
TONES = {Kind.TALK: "", Kind.DEMAND: "yellow", Kind.UNREST: "red"}
SHOWN = 4


@transaction.atomic
def keep_note(
    enterprise: Enterprise, *, kind: str, text: str, on: dt.date, person: str = "", by: User
) -> OwnerNote:
    """Write down what was heard; a sign of unrest is told to office, department and whoever answers by name.

    Raises PermissionDenied for who neither inspects there nor keeps the record, Refused without words or for a day
    to come.
    """
    if not may_recheck(by, enterprise):
        raise PermissionDenied
    if not text.strip():
        raise Refused("请写明情况")
    if on > timezone.localdate():
        raise Refused("日期不能晚于今天，请核对")
    made = OwnerNote.objects.create(
        enterprise=enterprise, kind=kind, person=person.strip()[:60], text=text.strip()[:500], on=on, by=by,
        at=timezone.now(),
    )  # fmt: skip
    # The words stay out of the chain: they are about a person, and may have to be corrected or removed.
    record(
        "registry.owner_note", enterprise, by=by, summary=f"记录“{enterprise}”业主动态：{made.get_kind_display()}",
        payload={"note": made.pk, "kind": kind},
    )  # fmt: skip
    if kind == Kind.UNREST:
        transaction.on_commit(partial(_tell, made.pk))
    return made


def _tell(pk: int) -> None:
    note = OwnerNote.objects.select_related("enterprise__department", "by").get(pk=pk)
    enterprise, today = note.enterprise, timezone.localdate()
    posts = {each.post for each in answering_for(enterprise, on=today)}
    bodies = (enterprise.department, office_of(enterprise.county_id, on=today))
    posts |= {post for body in bodies if body is not None and (post := default_post(body)) is not None}
    people = {user for post in posts for user in holders_of(post, today) if user.pk != note.by_id}
    notify(
        people, category=Message.Category.ESCALATION, title=f"“{enterprise}”有不稳定苗头",
        body=f"{note.by.full_name}{note.on}记录，请了解情况并写明处理结果",
        url=reverse("registry:owner_notes", args=[enterprise.pk]), key=f"unrest.{note.pk}",
    )  # fmt: skip


@transaction.atomic
def settle_note(note: OwnerNote, *, outcome: str, by: User) -> None:
    """Say what came of a demand or a sign. Raises PermissionDenied, Refused without words, IllegalMove when it is done."""
    if not may_recheck(by, note.enterprise):
        raise PermissionDenied
    if not outcome.strip():
        raise Refused("请写明处理结果")
    done = OwnerNote.objects.unsettled().filter(pk=note.pk)
    if not done.update(outcome=outcome.strip()[:300], settled_on=timezone.localdate(), settled_by=by):
        raise IllegalMove("这一条已经办结，请刷新后核对")
    record(
        "registry.owner_note_settled", note.enterprise, by=by, summary=f"办结“{note.enterprise}”的{note.get_kind_display()}",
        payload={"note": note.pk},
    )  # fmt: skip


def notes_panel(enterprise: Enterprise, user: User) -> Panel | None:
    """The latest of what was heard; nothing for the enterprise itself."""
    if user.organization is not None and user.organization == enterprise.organization:
        return None
    rows = [
        PanelRow(note.text[:40], note.get_kind_display(), tone=TONES[Kind(note.kind)] if note.is_open else "", note=f"{note.on} {note.person}")
        for note in OwnerNote.objects.visible_to(user).filter(enterprise=enterprise)[:SHOWN]
    ]  # fmt: skip
    return Panel(
        "业主动态", rows, "还没有记录。", reverse("registry:owner_notes", args=[enterprise.pk]), "记录和查看"
    )
