"""Handing a matter to another level, and what is done with one that came: taken over, given back, answered."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.attachments import queries as files_of
from bihuan.audit.moves import step, write_line
from bihuan.core.errors import IllegalMove, Refused
from bihuan.duties.actions import finish_duty
from bihuan.duties.models import Duty
from bihuan.hazards.actions import record_hazard
from bihuan.hazards.models import Hazard
from bihuan.pledges.models import Referral
from bihuan.registry.models import Enterprise

from ..kinds.handovers import HANDOVER, REPLY, Matter, pack_case, pack_hazard, pack_reply
from ..models import Handover, HandoverTransition, Instance, Peer
from ..models.packages import Direction
from ..relations import LOWER, relation
from ..standing import manages
from ..wire.archive import read_package
from ..workflow import HANDOVER_RULES, HandoverMove
from .identity import needed_instance
from .sending import bytes_of, locked_stream, pack


@transaction.atomic
def hand_over(
    subject: Hazard | Referral, peer: Peer, *, reason: str, reply_by: dt.date | None = None, by: User
) -> Handover:
    """Give a hazard or a case to another level, with its photos.

    Raises PermissionDenied out of sight or without the permission, Refused without a reason, for a day in the past or a
    peer that is not in use, IllegalMove when it is with that peer already.
    """
    own = needed_instance()
    if not manages(by, peer, own) or not type(subject).objects.visible_to(by).filter(pk=subject.pk).exists():  # type: ignore[attr-defined]
        raise PermissionDenied
    if not reason.strip():
        raise Refused("请填写移送理由")
    if reply_by is not None and reply_by < timezone.localdate():
        raise Refused("答复期限不能早于今天")
    number = uuid.uuid4()
    told: dict[str, Any] = {
        "number": number,
        "reason": reason.strip(),
        "reply_by": reply_by,
        "author": f"{own.name} {by.full_name}",
    }
    is_hazard = isinstance(subject, Hazard)
    ready = (
        pack_hazard(subject, own, **told) if isinstance(subject, Hazard) else pack_case(subject, own, **told)
    )
    locked_stream(peer, Direction.OUT, HANDOVER.key)  # two who press at once: the second sees the first
    open_ones = Handover.objects.filter(
        peer=peer, direction=Direction.OUT, subject=ready.subject, status__in=["sent", "accepted"]
    )
    if open_ones.exists():
        raise IllegalMove(f"已经移送给“{peer}”，还在办理中")
    package = pack(peer, HANDOVER, ready, by=by)
    handover = Handover(
        peer=peer, direction=Direction.OUT, number=number, kind=Handover.Kind.HAZARD if is_hazard else Handover.Kind.CASE,
        package=package, subject=ready.subject, url=ready.url, title=ready.title, region_code=str(ready.content["region"]),
        reason=reason.strip()[:300], facts=ready.content["facts"], reply_by=reply_by, by=by, at=timezone.now(),
    )  # fmt: skip
    handover.save(force_insert=True)
    write_line(handover, HandoverMove.HAND_OVER, HandoverTransition, seen="", by=by, reason=reason)
    return handover


@transaction.atomic
def accept(handover: Handover, *, enterprise: Enterprise | None = None, by: User) -> None:
    """Take a matter over; with an enterprise of ours named, a hazard is entered in our own ledger with the photos.

    Raises PermissionDenied, IllegalMove, Refused.
    """
    own = _received(handover, by)
    changed = {}
    if enterprise is not None:
        changed["hazard"] = _enter(handover, enterprise, own, by)
    step(
        handover, HandoverMove.ACCEPT, HANDOVER_RULES[HandoverMove.ACCEPT], HandoverTransition, by=by, changed=changed,
        reason=f"登记为隐患 {changed['hazard'].number}" if changed else "",
    )  # fmt: skip
    _say(handover, HandoverMove.ACCEPT, "", own, by)


def _enter(handover: Handover, enterprise: Enterprise, own: Instance, by: User) -> Hazard:
    """What came from above was seen by an authority; what came from elsewhere waits to be confirmed."""
    if handover.kind != Handover.Kind.HAZARD or handover.package is None:
        raise Refused("移送案件不登记为隐患，请按案件办理后答复")
    if by.organization is None:
        raise PermissionDenied
    matter = Matter.model_validate(read_package(bytes_of(handover.package)).content, strict=False)
    below = relation(own.region_id, handover.peer.region_code) == LOWER
    photos = [file.pk for file in files_of.of(handover)]
    return record_hazard(
        enterprise=enterprise, source=Hazard.Source.TIP if below else Hazard.Source.OVERSIGHT,
        description=matter.description or matter.title, found_on=min(matter.found_on or timezone.localdate(), timezone.localdate()),
        by=by, found_organization=by.organization, location=matter.location, photos=photos, client_id=handover.number,
    )  # fmt: skip


@transaction.atomic
def give_back(handover: Handover, *, reason: str, by: User) -> None:
    """Return a matter with the reason."""
    own = _received(handover, by)
    step(
        handover, HandoverMove.RETURN, HANDOVER_RULES[HandoverMove.RETURN], HandoverTransition, by=by, reason=reason,
        changed={"answer": reason.strip()[:1000]},
    )  # fmt: skip
    _say(handover, HandoverMove.RETURN, reason, own, by)
    finish_duty(handover, Duty.Kind.EXCHANGE, by=by)


@transaction.atomic
def answer(handover: Handover, *, text: str, by: User) -> None:
    """Say how a matter was dealt with; the sender reads it."""
    own = _received(handover, by)
    step(
        handover, HandoverMove.ANSWER, HANDOVER_RULES[HandoverMove.ANSWER], HandoverTransition, by=by, reason=text,
        changed={"answer": text.strip()[:1000]},
    )  # fmt: skip
    _say(handover, HandoverMove.ANSWER, text, own, by)
    finish_duty(handover, Duty.Kind.EXCHANGE, by=by)


def _received(handover: Handover, by: User) -> Instance:
    own = needed_instance()
    if (
        not manages(by, handover.peer, own)
        or not Handover.objects.visible_to(by).filter(pk=handover.pk).exists()
    ):
        raise PermissionDenied
    if handover.is_out:
        raise IllegalMove("这件移送在对方手里，请等对方答复")
    return own


def _say(handover: Handover, move: HandoverMove, text: str, own: Instance, by: User) -> None:
    author = f"{own.name} {by.full_name}"
    pack(handover.peer, REPLY, pack_reply(handover, own, move, text, author), by=by)
