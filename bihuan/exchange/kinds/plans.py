"""A published plan on its way down: the document as it was, and what was made of it. It arrives as a draft to be confirmed."""

from __future__ import annotations

import copy
import datetime as dt
from typing import Annotated, Any

from pydantic import Field

from bihuan.attachments import storage
from bihuan.audit.actions import chain_of, record
from bihuan.campaigns.actions import checking
from bihuan.campaigns.actions.importing import earlier_draft, keep_file, lay_out, read_plan
from bihuan.campaigns.drafts import BLANK
from bihuan.campaigns.models import Campaign, PlanDocument, PlanItem
from bihuan.campaigns.units import sync_units
from bihuan.core.errors import Refused
from bihuan.plans import PlanReadError

from ..models import Instance
from ..relations import LEVELS
from ..wire.manifest import Strict
from . import Arrival, Kind, Outcome, Ready, Table
from .words import tell_officers

MOST_ITEMS = 3000


class Item(Strict):
    """One element of a plan; a task names its phase by the phase's place in the list, not by a number of the sender's."""

    kind: Annotated[str, Field(pattern=r"^[a-z]{1,10}$")]
    data: dict[str, Any]
    spans: dict[str, Any]
    rule: Annotated[str, Field(max_length=40)] = ""
    confidence: Annotated[float, Field(ge=0, le=1)] = 1.0


class PlanDown(Strict):
    """A plan: its head, its text and its elements. The original file is the one part beside."""

    title: Annotated[str, Field(min_length=1, max_length=200)]
    doc_no: Annotated[str, Field(max_length=60)] = ""
    issuer: Annotated[str, Field(max_length=120)] = ""
    issued_on: dt.date | None = None
    campaign: Annotated[str, Field(max_length=200)] = ""
    starts_on: dt.date | None = None
    ends_on: dt.date | None = None
    file: Annotated[str, Field(min_length=1, max_length=200)]
    text: Annotated[str, Field(min_length=1, max_length=2_000_000)]
    items: Annotated[list[Item], Field(max_length=MOST_ITEMS)]


def pack_plan(campaign: Campaign, own: Instance) -> Ready:
    """A published plan, as it was checked on the workbench."""
    plan = campaign.plan
    items = list(plan.items.exclude(state=PlanItem.State.REMOVED).order_by("position", "id"))
    phases = {item.pk: number for number, item in enumerate(items) if item.kind == PlanItem.Kind.PHASE}
    packed = []
    for item in items:
        data = dict(item.data)
        if item.kind == PlanItem.Kind.TASK:
            data["phase"] = phases.get(data.get("phase") or 0)
        packed.append(
            {
                "kind": item.kind,
                "data": data,
                "spans": item.spans,
                "rule": item.rule,
                "confidence": item.confidence,
            }
        )
    name, body = f"{plan.title}.txt", plan.text.encode()
    if plan.file is not None:
        name, body = plan.file.name, storage.read(plan.file.path)
    content = {
        "title": plan.title, "doc_no": plan.doc_no, "issuer": plan.issuer,
        "issued_on": plan.issued_on.isoformat() if plan.issued_on else None, "campaign": campaign.title,
        "starts_on": campaign.starts_on.isoformat() if campaign.starts_on else None,
        "ends_on": campaign.ends_on.isoformat() if campaign.ends_on else None, "file": name, "text": plan.text, "items": packed,
    }  # fmt: skip
    return Ready(plan.title, own.region_id, content, (body,), chain_of(campaign), campaign.get_absolute_url())


def _unpack(arrival: Arrival) -> Outcome:
    plan: PlanDown = arrival.content
    if len(arrival.files) != 1:
        raise Refused("方案应附一份原件")
    region, body = arrival.instance.region, arrival.files[0]
    if known := earlier_draft(body, region=region):
        return Outcome("本系统已有这份方案", chain_of(known), known.get_absolute_url())
    try:
        file = read_plan(body, plan.file)
    except PlanReadError as error:
        raise Refused(f"方案原件不能读取：{error}") from error
    document = lay_out(file.main, keep_file(body, plan.file, by=arrival.by), by=arrival.by, region=region)
    fields = {
        "title": plan.title, "doc_no": plan.doc_no or document.doc_no, "issuer": plan.issuer or document.issuer,
        "issued_on": plan.issued_on or document.issued_on,
    }  # fmt: skip
    PlanDocument.objects.filter(pk=document.pk).update(**fields)
    document.refresh_from_db()
    words = "方案稿待校核确认"
    if document.text == plan.text:
        _take_structure(document, plan)
    else:
        words += "；原件在本系统读出的文字与上级不同，要素按本系统识别的列出"
    record(
        "exchange.plan_arrived",
        document,
        by=arrival.by,
        summary=f"收到{arrival.peer}下发的方案《{plan.title}》",
    )
    checking.recheck(document)
    url = document.get_absolute_url()
    tell_officers(
        arrival, f"{arrival.peer}下发方案：{plan.title}"[:120], "已作为草稿进入方案工作台，请校核后发布", url
    )
    return Outcome(words, chain_of(document), url)


def _take_structure(document: PlanDocument, plan: PlanDown) -> None:
    """The elements as the upper level confirmed them, each to be confirmed here again."""
    if any(item.kind not in PlanItem.Kind.values for item in plan.items):
        raise Refused("方案里有本系统不认识的要素，请先升级本系统")
    document.items.all().delete()
    rows = [
        PlanItem(
            document=document, kind=item.kind, position=number, data=copy.deepcopy(BLANK[item.kind]) | item.data, spans=item.spans, rule=item.rule,
            confidence=item.confidence,
        )
        for number, item in enumerate(plan.items, start=1)
    ]  # fmt: skip
    others = [row for row in rows if row.kind != PlanItem.Kind.TASK]
    PlanItem.objects.bulk_create(others)
    for row in rows:
        if row.kind == PlanItem.Kind.TASK:
            at = row.data.get("phase")
            inside = type(at) is int and 0 <= at < len(rows) and rows[at].kind == PlanItem.Kind.PHASE
            row.data["phase"] = rows[at].pk if inside else None
    PlanItem.objects.bulk_create([row for row in rows if row.kind == PlanItem.Kind.TASK])
    sync_units(document, on=document.uploaded_at.date())


def _tell(plan: PlanDown) -> list[Table]:
    facts = [
        ("方案", plan.title), ("文号", plan.doc_no or "—"), ("发文机关", plan.issuer or "—"),
        ("发文日期", plan.issued_on.isoformat() if plan.issued_on else "—"), ("行动", plan.campaign or "—"), ("原件", plan.file),
    ]  # fmt: skip
    kinds = dict(PlanItem.Kind.choices)
    counts: dict[str, int] = {}
    for item in plan.items:
        counts[item.kind] = counts.get(item.kind, 0) + 1
    rows = [(str(kinds.get(kind, kind)), str(count)) for kind, count in counts.items()]
    return [Table("方案", facts=facts), Table("要素", headings=("类别", "个数"), rows=rows)]


PLAN = Kind("plan", "下发方案", LEVELS - {"upper"}, PlanDown, _unpack, _tell)
