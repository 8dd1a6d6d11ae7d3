"""Signed returns on their way up, to the byte, and what the upper level decides about them on its way down."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, Field

from bihuan.audit import moves
from bihuan.audit.actions import chain_of
from bihuan.core.digest import hash_bytes
from bihuan.core.errors import Refused
from bihuan.returns.actions.arriving import owed_here, take_filing
from bihuan.returns.actions.receiving import reopen
from bihuan.returns.models import Filing, Return, ReturnTransition
from bihuan.returns.workflow import RULES, Move, Status

from ..actions.identity import needed_instance
from ..models import Package, Peer, ReturnReceived
from ..relations import DOWN, UP, is_within
from ..wire.manifest import Code, Strict
from . import Arrival, Kind, Outcome, Ready, Table
from .words import tell_officers

MOST = 200  # packed in one round
SHOWN = 60


class Signed(Strict):
    """One signing of a return. `body` is the text that was signed, `digest` its digest as recorded below."""

    body: Annotated[str, Field(min_length=2, max_length=4_000_000)]
    digest: Annotated[str, Field(max_length=80)]
    number: Annotated[int, Field(ge=1, le=1000)]
    region: Code
    zero: bool
    cutoff: AwareDatetime
    signed_at: AwareDatetime
    signer: Annotated[str, Field(max_length=200)]
    reason: Annotated[str, Field(max_length=500)] = ""


def pack_filing(filing: Filing) -> Ready:
    """A signing as the upper level needs it."""
    record = filing.record
    content = {
        "body": filing.body, "digest": filing.digest, "number": filing.number, "region": record.organization.region_id,
        "zero": filing.is_zero, "cutoff": filing.cutoff.isoformat(), "signed_at": filing.at.isoformat(),
        "signer": f"{filing.by.full_name} {filing.by_title}".strip()[:200], "reason": filing.reason,
    }  # fmt: skip
    zero = "（零报告）" if filing.is_zero else ""
    return Ready(
        f"{record}{zero}"[:200],
        record.organization.region_id,
        content,
        (),
        chain_of(filing),
        record.get_absolute_url(),
    )


def _due(peer: Peer) -> Iterable[Ready]:
    """The current signings of everything a body of the upper level collects from us, none of them twice."""
    own = needed_instance()
    sent = Package.objects.filter(peer=peer, direction="out", kind=RETURN.key).values_list(
        "subject", flat=True
    )
    known = {int(subject.rpartition(":")[2]) for subject in sent if subject}
    rows = Filing.objects.filter(
        current_of__collector__region=peer.region_code, current_of__organization__region__code__startswith=own.region_id,
        current_of__status__in=[Status.SIGNED, Status.ACCEPTED], received_from="",
    ).select_related("record__organization", "record__period__definition", "record__period__version", "by")  # fmt: skip
    fresh = [filing for filing in rows.order_by("id") if filing.pk not in known][:MOST]
    return [pack_filing(filing) for filing in fresh]


def _unpack(arrival: Arrival) -> Outcome:
    signed: Signed = arrival.content
    if not is_within(signed.region, arrival.peer.region_code):
        raise Refused(f"报送单位所在区划 {signed.region} 不在对方区划以内")
    algorithm = signed.digest.partition(":")[0]
    if algorithm not in {"sm3", "sha256"} or hash_bytes(signed.body.encode(), algorithm) != signed.digest:
        raise Refused("报送内容与签报时的摘要不符，可能被改动过，请对方核对原件")
    content = _read(signed.body)
    received = ReturnReceived(
        peer=arrival.peer, package=arrival.package, definition=content["definition"]["name"][:80],
        period=content["period"]["label"][:60], organization=content["organization"]["name"][:120], region_code=signed.region,
        at=arrival.package.created_at,
    )  # fmt: skip
    received.save(force_insert=True)
    filing = place(received, signed, content, arrival)
    if filing is None:
        tell_officers(
            arrival,
            f"下级报送没有对应的报送期：{received}"[:120],
            "请开报同一报表的同一期，或与对方核对报表定义",
        )
        return Outcome("已收下；本系统没有开报这一期，开报后自动对应", url="/exchange/returns/")
    return Outcome("已进入收报", chain_of(filing.record), filing.record.get_absolute_url())


def _read(body: str) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads(body)
        words = (content["definition"]["name"], content["period"]["label"], content["organization"]["name"])
    except (KeyError, TypeError, ValueError) as error:
        raise Refused("报送的内容不完整，请对方重新打包") from error
    if not all(isinstance(word, str) for word in words):
        raise Refused("报送的内容不完整，请对方重新打包")
    return content


def place(
    received: ReturnReceived, signed: Signed, content: dict[str, Any], arrival: Arrival
) -> Filing | None:
    """Enter the signing where it is owed here; None while no such period is open."""
    record = owed_here(content, signed.region)
    if record is None:
        return None
    filing = take_filing(
        record, signed.body, cutoff=signed.cutoff, zero=signed.zero, reason=signed.reason, signer=signed.signer,
        received_from=str(arrival.peer), by=arrival.by,
    )  # fmt: skip
    received.filing = filing
    received.save(update_fields=["filing"])
    return filing


def _tell(signed: Signed) -> list[Table]:
    content = _read(signed.body)
    zone = dt.timezone(dt.timedelta(hours=8))
    facts = [
        ("报表", content["definition"]["name"]), ("报送期", content["period"]["label"]), ("报送单位", content["organization"]["name"]),
        ("签报人", signed.signer), ("签报时间", f"{signed.signed_at.astimezone(zone):%Y-%m-%d %H:%M}"),
        ("第几次签报", str(signed.number)), ("零报告", "是" if signed.zero else "否"), ("更正理由", signed.reason or "—"),
        ("文字说明", str(content.get("words") or "—")),
    ]  # fmt: skip
    labels = {item["key"]: item["label"] for item in content["spec"]["items"]}
    names = {row["key"]: row["label"] for row in content["rows"]}
    rows = []
    for cell, value in list(content["cells"].items())[:SHOWN]:
        row, _, item = cell.rpartition("|")
        rows.append((names.get(row) or "合计", labels.get(item, item), "—" if value is None else str(value)))
    return [Table("报送", facts=facts), Table("数字", headings=("行", "指标", "数"), rows=rows)]


RETURN = Kind("return", "报送", UP, Signed, _unpack, _tell, due=_due)

# --- what the upper level says of it -----------------------------------------------------------

_DECIDED: dict[str, str] = {
    Status.ACCEPTED: "accept",
    Status.SENT_BACK: "send_back",
    Status.UNLOCKED: "unlock",
}


class Verdict(Strict):
    """A decision of the upper level about a signing of ours."""

    digest: Annotated[str, Field(max_length=80)]
    move: Literal["accept", "send_back", "unlock"]
    reason: Annotated[str, Field(max_length=1000)] = ""
    points: Annotated[
        list[tuple[Annotated[str, Field(max_length=160)], Annotated[str, Field(max_length=300)]]],
        Field(max_length=100),
    ] = []


def _verdicts_due(peer: Peer) -> Iterable[Ready]:
    """What has been decided about returns of this peer and it has not been told."""
    own = needed_instance()
    rows = ReturnReceived.objects.filter(
        peer=peer, filing__isnull=False, filing__current_of__status__in=list(_DECIDED)
    ).select_related("filing__record__period__definition", "filing__record__organization")
    ready = []
    for received in rows.order_by("id"):
        filing = received.filing
        if filing is None or received.answered == filing.record.status:
            continue
        move = _DECIDED[filing.record.status]
        line = filing.record.transitions.filter(move=move).order_by("-id").first()
        points = [[each.label, each.text] for each in line.points.all()] if line else []
        content = {
            "digest": filing.digest,
            "move": move,
            "reason": line.reason if line else "",
            "points": points,
        }
        title = f"{Move(move).label}：{filing.record}"[:200]
        ready.append(
            Ready(title, own.region_id, content, (), chain_of(filing), filing.record.get_absolute_url())
        )
        ReturnReceived.objects.filter(pk=received.pk).update(answered=filing.record.status)
        if len(ready) == MOST:
            break
    return ready


def _take_verdict(arrival: Arrival) -> Outcome:
    verdict: Verdict = arrival.content
    filing = (
        Filing.objects.filter(digest=verdict.digest, received_from="")
        .select_related("record__collector")
        .first()
    )
    if filing is None or filing.record.collector.region_id != arrival.peer.region_code:
        raise Refused("本系统没有这一次签报")
    record: Return = filing.record
    if record.current_id != filing.pk:
        return Outcome("本系统已有更新的签报，按新的为准", chain_of(record), record.get_absolute_url())
    move = Move(verdict.move)
    words = "；".join([verdict.reason, *[f"{label}：{text}" for label, text in verdict.points]]).strip("；")
    reason = words or f"{arrival.peer}{move.label}"
    if move == Move.ACCEPT:
        moves.step(
            record, move, RULES[move], ReturnTransition, by=arrival.by, watched=("filings_count",), act="returns.accept",
            reason=reason,
        )  # fmt: skip
    else:
        changed = {"sent_back_count": record.sent_back_count + 1} if move == Move.SEND_BACK else {}
        reopen(record, move, reason, by=arrival.by, changed=changed)
    tell_officers(
        arrival, f"{arrival.peer}{move.label}：{record}"[:120], reason[:300], record.get_absolute_url()
    )
    return Outcome(f"已{move.label}", chain_of(record), record.get_absolute_url())


def _tell_verdict(verdict: Verdict) -> list[Table]:
    facts = [
        ("决定", Move(verdict.move).label),
        ("理由", verdict.reason or "—"),
        *[(label, text) for label, text in verdict.points],
    ]
    return [Table("收报决定", facts=facts)]


VERDICT = Kind("verdict", "收报决定", DOWN, Verdict, _take_verdict, _tell_verdict, due=_verdicts_due)
