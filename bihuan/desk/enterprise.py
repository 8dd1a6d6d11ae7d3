"""The one page of an enterprise: what to do first, what is wrong, by when, how to prove it, who will check (issue: U20).

Everything here is read through `visible_to`, as on every page; an enterprise sees itself and nothing else.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from bihuan.accounts.models import User
from bihuan.batches.models import BatchObject, Subsidy
from bihuan.batches.workflow import RUNNING as BATCH_RUNNING
from bihuan.batches.workflow import ObjectStatus
from bihuan.core.markup import due_words
from bihuan.hazards.models import Hazard
from bihuan.hazards.workflow import TURN, Level, Status
from bihuan.inspections.models import Inspection
from bihuan.papers.models import Paper
from bihuan.planning.joint import agreed_at
from bihuan.pledges.models import Pledge, PledgeForm, PledgeLine
from bihuan.pledges.queries import Walkable, campaigns_covering, walkable
from bihuan.pledges.workflow import LineVerdict, PledgeStatus
from bihuan.registry.models import Enterprise

from .expiries import expiries

FIRST = 8
SHOWN = 50
SOON = 3  # days
WAITING = (Status.REINSPECTING, Status.PLAN_REVIEW, Status.ACCEPTING, Status.EVALUATING, Status.REPORTED)


@dataclass(frozen=True)
class FirstThing:
    """One thing to do today: what, why now, where. `rank` orders them: what is late before what is near."""

    rank: tuple[int, int]
    text: str
    why: str
    url: str
    tone: str
    action: str


@dataclass(frozen=True)
class ToRectify:
    """A hazard in the enterprise's hands with how to put it right and prove it."""

    hazard: Hazard
    guidance: str
    proof: str
    self_found: bool


def enterprise_page(enterprise: Enterprise, user: User, *, on: dt.date) -> dict[str, Any]:
    """Everything an enterprise must know, on one page."""
    hazards = Hazard.objects.visible_to(user).filter(enterprise=enterprise)
    own_turn = hazards.filter(status__in=TURN)
    turn = list(
        own_turn.select_related("reviewing_organization", "check_item").order_by("due_on", "id")[:SHOWN]
    )
    lied = PledgeLine.objects.filter(hazard__in=turn, verdict=LineVerdict.FALSE)
    false_of = set(lied.values_list("hazard", flat=True))
    running = [_to_rectify(hazard, is_false=hazard.pk in false_of) for hazard in turn]
    unread = Paper.objects.visible_to(user).filter(receipt=None, recipient=enterprise.organization)
    papers = list(unread.select_related("organization").order_by("-issued_at")[:10])
    theirs = hazards.filter(status__in=WAITING)
    running_out = expiries(enterprise, on=on)
    batches = list(
        BatchObject.objects.visible_to(user)
        .filter(enterprise=enterprise)
        .exclude(status__in=[ObjectStatus.LISTED, ObjectStatus.REMOVED])
        .select_related("batch__campaign", "batch__organization")
    )
    # The newest of an object counts: one that was refused may have been asked for again.
    paid = {each.member_id: each for each in Subsidy.objects.filter(member__in=batches).order_by("pk")}
    pledges = list(
        Pledge.objects.visible_to(user).filter(enterprise=enterprise).select_related("form", "receiver")[:5]
    )
    lists = walkable(enterprise)
    facts: dict[str, Any] = {
        "enterprise": enterprise,
        "to_rectify": running,
        "to_rectify_count": own_turn.count(),
        "waiting": list(
            theirs.select_related("reviewing_organization").order_by("submitted_on", "id")[:SHOWN]
        ),
        "waiting_count": theirs.count(),
        "recently_closed": list(hazards.filter(status=Status.CLOSED).order_by("-closed_on", "-id")[:5]),
        "running_out": running_out,
        "running_out_count": sum(each.tone in {"red", "orange"} for each in running_out),
        "papers": papers,
        "papers_count": unread.count(),
        "batches": batches,
        "with_subsidies": [(each, paid.get(each.pk)) for each in batches],
        "pledges": pledges,
        "unchecked": [each for each in lists if each.last_on is None],
        "asked_to_promise": _asked_to_promise(enterprise, on=on),
        # Every other planned visit comes without notice, and stays untold.
        "planned": agreed_at(enterprise, on),
        "visits": list(
            Inspection.objects.visible_to(user)
            .filter(enterprise=enterprise)
            .select_related("organization")
            .order_by("-inspected_on", "-id")[:5]
        ),
    }
    first = _first(facts, on=on)
    return facts | {"first": first[:FIRST], "first_left": max(0, len(first) - FIRST)}


def _asked_to_promise(enterprise: Enterprise, *, on: dt.date) -> bool:
    """Whether a running campaign covers it and it has neither a standing promise nor one being written."""
    pledges = Pledge.objects.filter(enterprise=enterprise)
    has_one = (
        pledges.standing().filter(valid_to__gte=on).exists()
        or pledges.filter(status=PledgeStatus.DRAFT).exists()
    )
    return not has_one and PledgeForm.objects.usable().exists() and bool(campaigns_covering(enterprise))


def _to_rectify(hazard: Hazard, *, is_false: bool) -> ToRectify:
    """How to put it right and prove it: the item's own words, else what the next step of the loop asks.

    What was falsely said to be put right is no longer 自查自报.
    """
    item = hazard.check_item
    if hazard.status == Status.PLANNING:
        proof = "先报重大隐患报告，再报六项治理方案"
    elif hazard.level == Level.MAJOR:
        proof = "按治理方案做完，申请验收，附整改后照片"
    else:
        proof = "写明整改情况，附整改后照片"
    return ToRectify(
        hazard,
        guidance=(item.guidance if item else "") or hazard.measures,
        proof=(item.proof if item else "") or proof,
        self_found=hazard.source == Hazard.Source.SELF_CHECK and not is_false,
    )


def _first(facts: dict[str, Any], *, on: dt.date) -> list[FirstThing]:
    """What must be done today first: late things, then what is due, then what has to be answered."""
    found: list[FirstThing] = []
    for row in facts["to_rectify"]:
        hazard = row.hazard
        left = (hazard.due_on - on).days if hazard.due_on else SOON + 1
        if left <= SOON:
            words = "重大隐患" if hazard.level == Level.MAJOR else "隐患"
            found.append(
                FirstThing(
                    (0 if left < 0 else 1, left),
                    hazard.description,
                    f"{words}，{due_words(hazard.due_on, on)}",
                    hazard.get_absolute_url(),
                    "red" if left < 0 else "orange",
                    "去整改",
                )
            )
    for member in facts["batches"]:
        left = (member.due_on - on).days
        if member.status in BATCH_RUNNING and left <= 7:
            found.append(
                FirstThing(
                    (0 if left < 0 else 1, left),
                    f"{member.batch.campaign.short_title}{member.batch}：{member.content or '按通知书整改'}",
                    f"限期整改，{due_words(member.due_on, on)}，逾期移送查处",
                    member.get_absolute_url(),
                    "red" if left < 0 else "orange",
                    "填进展或申请验收",
                )
            )
    for each in facts["running_out"]:
        if each.urgent and each.day is not None:
            left = (each.day - on).days
            why = (
                f"{each.day} 到期，{each.warning}"
                if each.warning
                else f"{each.state}，{due_words(each.day, on)}"
            )
            found.append(
                FirstThing((0 if left < 0 else 1, left), each.what, why, each.url, each.tone, each.action)
            )
    for paper in facts["papers"]:
        found.append(
            FirstThing(
                (2, 0), f"签收{paper.get_kind_display()}", f"{paper.organization.short_name}制发，{paper.number}",
                paper.get_absolute_url(), "blue", "去签收",
            )
        )  # fmt: skip
    found += _about_promises(facts["pledges"], on=on)
    found += _about_self_checks(facts["unchecked"], on=on)
    if facts["asked_to_promise"]:
        found.append(
            FirstThing(
                (4, 1), "签承诺书", "行动要求自查以后签，主管部门逐项核查", reverse("pledges:list"), "blue", "去填写"
            )
        )  # fmt: skip
    return sorted(found, key=lambda each: each.rank)


def _about_self_checks(unchecked: list[Walkable], *, on: dt.date) -> list[FirstThing]:
    """The list to walk next; one whose phase of self-checks ends soon or is over goes up with what is due."""
    if not unchecked:
        return []
    first = min(unchecked, key=lambda each: each.due_on or dt.date.max)
    rank, why, tone = (4, 0), "检查人员会用同一张表；自己先查出、按期改好的不处罚", "blue"
    if first.due_on is not None:
        left = (first.due_on - on).days
        why = f"自查阶段{due_words(first.due_on, on)}；自己先查出、按期改好的不处罚"
        if left <= SOON:
            rank, tone = (0 if left < 0 else 1, left), "red" if left < 0 else "orange"
    return [
        FirstThing(
            rank, f"自查：{first.task.heading}", why, f"{reverse('pledges:walk')}?task={first.task.pk}", tone, "开始自查"
        )
    ]  # fmt: skip


def _about_promises(pledges: list[Pledge], *, on: dt.date) -> list[FirstThing]:
    found = []
    for pledge in pledges:
        if pledge.status == PledgeStatus.DRAFT:
            found.append(
                FirstThing((3, 0), f"填完{pledge.form.title}", "还没有签署", reverse("pledges:edit", args=[pledge.pk]), "blue", "接着填")
            )  # fmt: skip
        elif pledge.status == PledgeStatus.OBJECTED and not hasattr(pledge, "renewed_by"):
            found.append(
                FirstThing(
                    (1, 0), f"{pledge.form.title}核查有异议", f"{pledge.receiver.short_name}核查，看哪几项没有改到位",
                    pledge.get_absolute_url(), "orange", "看结论",
                )
            )  # fmt: skip
        elif pledge.valid_to and (pledge.valid_to - on).days <= 30 and not hasattr(pledge, "renewed_by"):
            found.append(
                FirstThing(
                    (3, 0), f"续签{pledge.form.title}", f"有效期至 {pledge.valid_to}",
                    pledge.get_absolute_url(), "orange", "去续签",
                )
            )  # fmt: skip
    return found
