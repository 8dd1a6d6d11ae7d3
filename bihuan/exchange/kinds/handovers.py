"""A hazard or a case given to another level with its photos, and what that level answers."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Annotated, Literal

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from pydantic import Field

from bihuan.accounts.queries import office_of
from bihuan.accounts.scope import place_of
from bihuan.attachments import queries as files_of
from bihuan.attachments import storage
from bihuan.attachments.actions import attach, store_upload
from bihuan.attachments.models import Attachment
from bihuan.audit.actions import chain_of
from bihuan.audit.moves import step, write_line
from bihuan.core.errors import Refused
from bihuan.duties.actions import open_duty
from bihuan.duties.models import Duty
from bihuan.hazards.models import Hazard
from bihuan.pledges.models import Referral

from ..models import Handover, HandoverTransition, Instance
from ..models.packages import Direction
from ..relations import ANYWHERE
from ..wire.manifest import Code, Strict
from ..workflow import HANDOVER_RULES, HandoverMove
from . import Arrival, Kind, Outcome, Ready, Table
from .words import FileName, tell_officers

MOST_PHOTOS = 9
Line = Annotated[str, Field(max_length=200)]
ROLE = "handover"


class Matter(Strict):
    """What is handed over, complete in itself: the receiver has no access to the sender's records."""

    number: uuid.UUID
    what: Literal["hazard", "case"]
    title: Annotated[str, Field(min_length=1, max_length=200)]
    reason: Annotated[str, Field(min_length=1, max_length=300)]
    region: Code
    enterprise: Line = ""
    credit_code: Annotated[str, Field(max_length=18)] = ""
    description: Annotated[str, Field(max_length=500)] = ""
    location: Annotated[str, Field(max_length=120)] = ""
    level: Literal["general", "major"] = "general"
    found_on: dt.date | None = None
    reply_by: dt.date | None = None
    facts: Annotated[
        list[tuple[Annotated[str, Field(max_length=60)], Annotated[str, Field(max_length=1000)]]],
        Field(max_length=40),
    ] = []
    author: Annotated[str, Field(max_length=200)]
    photos: Annotated[list[FileName], Field(max_length=MOST_PHOTOS)] = []


def pack_hazard(
    hazard: Hazard, own: Instance, *, number: uuid.UUID, reason: str, reply_by: dt.date | None, author: str
) -> Ready:
    """A hazard as another level needs it."""
    photos = [file for file in files_of.of(hazard) if file.kind == Attachment.Kind.IMAGE][:MOST_PHOTOS]
    facts = [
        ("隐患编号", hazard.number), ("隐患描述", hazard.description), ("部位", hazard.location), ("依据条款", hazard.basis),
        ("等级", hazard.get_level_display()), ("状态", hazard.get_status_display()), ("发现日期", hazard.found_on.isoformat()),
        ("整改期限", hazard.due_on.isoformat() if hazard.due_on else ""), ("临时管控措施", hazard.interim_measures),
        ("企业地址", hazard.enterprise.address),
    ]  # fmt: skip
    content = {
        "number": str(number), "what": "hazard", "title": f"{hazard.enterprise.name}：{hazard.description}"[:200], "reason": reason,
        "region": hazard.locality_id, "enterprise": hazard.enterprise.name, "credit_code": hazard.enterprise.credit_code,
        "description": hazard.description, "location": hazard.location, "level": hazard.level,
        "found_on": hazard.found_on.isoformat(), "reply_by": reply_by.isoformat() if reply_by else None,
        "facts": [[name, value] for name, value in facts if value], "author": author,
        "photos": [{"name": file.name} for file in photos],
    }  # fmt: skip
    data = tuple(storage.read(file.path) for file in photos)
    return Ready(
        str(content["title"]), own.region_id, content, data, chain_of(hazard), hazard.get_absolute_url()
    )


def pack_case(
    referral: Referral,
    own: Instance,
    *,
    number: uuid.UUID,
    reason: str,
    reply_by: dt.date | None,
    author: str,
) -> Ready:
    """A case for whoever may punish it."""
    photos = [file for file in files_of.of(referral) if file.kind == Attachment.Kind.IMAGE][:MOST_PHOTOS]
    facts = [[str(each[0])[:60], str(each[1])[:1000]] for each in referral.facts if len(each) == 2]
    content = {
        "number": str(number), "what": "case", "title": f"{referral.enterprise.name}：{referral.reason}"[:200], "reason": reason,
        "region": referral.enterprise.locality_id, "enterprise": referral.enterprise.name,
        "credit_code": referral.enterprise.credit_code, "description": referral.reason,
        "found_on": timezone.localdate(referral.sent_at).isoformat(), "reply_by": reply_by.isoformat() if reply_by else None,
        "facts": [["移送理由", referral.reason], ["移送单位", referral.sender.name], *facts][:40], "author": author,
        "photos": [{"name": file.name} for file in photos],
    }  # fmt: skip
    data = tuple(storage.read(file.path) for file in photos)
    return Ready(
        str(content["title"]), own.region_id, content, data, chain_of(referral), referral.get_absolute_url()
    )


def _unpack(arrival: Arrival) -> Outcome:
    matter: Matter = arrival.content
    if len(matter.photos) != len(arrival.files):
        raise Refused("照片数与清单不符")
    if Handover.objects.filter(peer=arrival.peer, direction=Direction.IN, number=matter.number).exists():
        raise Refused("这件移送已经收过")
    handover = Handover(
        peer=arrival.peer, direction=Direction.IN, number=matter.number, kind=matter.what, package=arrival.package,
        title=matter.title, region_code=matter.region, reason=matter.reason, facts=[list(each) for each in matter.facts],
        reply_by=matter.reply_by, by=arrival.by, at=timezone.now(),
    )  # fmt: skip
    handover.save(force_insert=True)
    write_line(
        handover, HandoverMove.HAND_OVER, HandoverTransition, seen="", by=arrival.by, reason=matter.reason
    )
    photos = [
        store_upload(SimpleUploadedFile(named.name, data), by=arrival.by, kind=Attachment.Kind.IMAGE)
        for named, data in zip(matter.photos, arrival.files, strict=True)
    ]
    attach(handover, [photo.pk for photo in photos], ROLE, by=arrival.by)
    office, region = office_of(arrival.instance.region_id), arrival.instance.region
    url = handover.get_absolute_url()
    if office is not None and len(region.pk) >= 4:
        clock = (
            {"summary": f"请于 {matter.reply_by.isoformat()} 前答复", "source": f"{arrival.peer}的移送"}
            if matter.reply_by
            else {}
        )
        open_duty(
            kind=Duty.Kind.EXCHANGE, subject=handover, title=f"接收移送：{matter.title}"[:200], url=url, organization=office,
            place=place_of(region), by=arrival.by, due_on=matter.reply_by, clock=clock,
        )  # fmt: skip
    tell_officers(arrival, f"{arrival.peer}移送：{matter.title}"[:120], matter.reason, url)
    return Outcome("待接收", chain_of(handover), url)


def _tell(matter: Matter) -> list[Table]:
    facts = [
        ("事项", matter.title), ("移送理由", matter.reason), ("企业", matter.enterprise or "—"),
        ("请于何日前答复", matter.reply_by.isoformat() if matter.reply_by else "未要求"), ("移送人", matter.author),
        ("照片", f"{len(matter.photos)} 张"),
    ]  # fmt: skip
    return [
        Table("移送事项", facts=facts),
        Table("移送的情况", facts=[(name, value) for name, value in matter.facts]),
    ]


HANDOVER = Kind("handover", "层级移送", ANYWHERE, Matter, _unpack, _tell)


class Reply(Strict):
    """What the receiver of a matter says: taken over, given back with a reason, or done and how."""

    number: uuid.UUID
    move: Literal["accept", "return", "answer"]
    text: Annotated[str, Field(max_length=1000)] = ""
    author: Annotated[str, Field(max_length=200)]


def pack_reply(handover: Handover, own: Instance, move: HandoverMove, text: str, author: str) -> Ready:
    content = {
        "number": str(handover.number),
        "move": str(move.value),
        "text": text.strip()[:1000],
        "author": author,
    }
    title = f"{move.label}：{handover.title}"[:200]
    return Ready(title, own.region_id, content, (), chain_of(handover), handover.get_absolute_url())


def _unpack_reply(arrival: Arrival) -> Outcome:
    reply: Reply = arrival.content
    handover = Handover.objects.filter(
        peer=arrival.peer, direction=Direction.OUT, number=reply.number
    ).first()
    if handover is None:
        raise Refused("本系统没有这件移送的记录")
    move = HandoverMove(reply.move)
    changed = {"answer": reply.text} if reply.text else {}
    reason = reply.text or f"{arrival.peer}{move.label}"
    step(
        handover,
        move,
        HANDOVER_RULES[move],
        HandoverTransition,
        by=arrival.by,
        reason=reason,
        changed=changed,
    )
    tell_officers(
        arrival,
        f"{arrival.peer}{move.label}：{handover.title}"[:120],
        reply.text[:200],
        handover.get_absolute_url(),
    )
    return Outcome(f"移送{handover.get_status_display()}", chain_of(handover), handover.get_absolute_url())


def _tell_reply(reply: Reply) -> list[Table]:
    facts = [("结果", HandoverMove(reply.move).label), ("说明", reply.text or "—"), ("办理人", reply.author)]
    return [Table("移送答复", facts=facts)]


REPLY = Kind("reply", "移送答复", ANYWHERE, Reply, _unpack_reply, _tell_reply)
