"""Bringing in a revised plan: import, pair by hand, decide, apply in one transaction; nothing is applied halfway."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from bihuan.accounts.models import Organization, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.queries import default_post, holders_of
from bihuan.audit.actions import record
from bihuan.core.errors import IllegalMove, ReasonRequired, Refused
from bihuan.notifications.actions import notify
from bihuan.notifications.models import Message

from ..amending import Sides, carry_over, compare
from ..models import Amendment, AmendmentChange, Campaign, PlanDocument, PlanItem, PlanUnit, seats
from ..workflow import AMENDMENT_RULES, AmendmentMove, AmendmentStatus
from .importing import PlanFile, import_plan
from .revising import Revision

Decision, Kind = AmendmentChange.Decision, AmendmentChange.Kind


def may_amend(user: User, campaign: Campaign) -> bool:
    """The office of the campaign alone."""
    return campaign.region_id in seats(user, Permission.MANAGE_PLANS)


def _require_office(campaign: Campaign, by: User) -> None:
    if not may_amend(by, campaign):
        raise PermissionDenied


def require_amendable(campaign: Campaign, *, by: User) -> None:
    """Raises PermissionDenied for anyone but the office, Refused when the campaign is over or another revision is open."""
    _require_office(campaign, by)
    if campaign.status != Campaign.Status.RUNNING:
        raise Refused(f"“{campaign}”已经结束，不能再修订方案")
    if open_one := campaign.amendments.filter(status=AmendmentStatus.REVIEWING).first():
        raise Refused(f"已有一份修订稿《{open_one.document}》正在比对，请先应用或撤回")


def import_amendment(campaign: Campaign, file: PlanFile, *, by: User) -> Amendment:
    """Lay a revised plan of a running campaign beside what runs. The file is kept; nothing changes yet.

    Unit names decided for the present plan are decided for the revised one too. Raises what `import_plan` and
    `require_amendable` raise.
    """
    require_amendable(campaign, by=by)
    with transaction.atomic():
        document = import_plan(file, by=by, region=campaign.region)
        _take_over_units(campaign, document)
        carry_over(Sides(campaign, document, timezone.localdate()))
        amendment = Amendment.objects.create(
            campaign=campaign, document=document, created_by=by, created_at=timezone.now()
        )
        _lay_out(amendment)
        counts = count_kinds(amendment)
        record(
            "campaigns.import_amendment",
            amendment,
            by=by,
            summary=f"导入“{campaign}”的修订稿《{document.title}》：{words_of(counts)}",
            payload=counts,
        )
    return amendment


def _take_over_units(campaign: Campaign, document: PlanDocument) -> None:
    known = {unit.key: unit for unit in campaign.plan.units.all() if unit.is_matched}
    rows = []
    for unit in document.units.all():
        if not unit.is_matched and (before := known.get(unit.key)):
            unit.organization_id, unit.group = before.organization_id, before.group
            unit.matched_by_id = before.matched_by_id
            rows.append(unit)
    PlanUnit.objects.bulk_update(rows, ["organization", "group", "matched_by"])


def _lay_out(amendment: Amendment) -> None:
    """Compare anew. A decision about a line that still says the same stays."""
    before = {change.key: change for change in amendment.changes.all()}
    amendment.document.refresh_from_db(fields=["revision"])
    fresh = compare(amendment, on=timezone.localdate())
    for change in fresh:
        old = before.get(change.key)
        if old and (old.kind, old.fields, old.task_id, old.phase_id, old.row) == (
            change.kind,
            change.fields,
            change.task.pk if change.task else None,
            change.phase.pk if change.phase else None,
            change.row,
        ):
            change.decision, change.decided_by_id, change.decided_at = (
                old.decision,
                old.decided_by_id,
                old.decided_at,
            )
    amendment.changes.all().delete()
    AmendmentChange.objects.bulk_create(fresh)
    amendment.compared = amendment.document.revision
    amendment.save(update_fields=["compared", "hand"])


def _locked(amendment: Amendment, by: User) -> Amendment:
    """The open amendment, with nobody else at it until the transaction ends."""
    _require_office(amendment.campaign, by)
    held = Amendment.objects.filter(pk=amendment.pk, status=AmendmentStatus.REVIEWING)
    if not held.update(compared=F("compared")):
        raise IllegalMove(f"“{amendment.campaign}”的这份修订稿已应用或撤回，请刷新页面")
    return Amendment.objects.select_related(
        "campaign__region", "campaign__office", "campaign__plan", "document"
    ).get(pk=amendment.pk)


@transaction.atomic
def recompare(amendment: Amendment, *, by: User) -> Amendment:
    """Compare again, after the revised plan was put right on the workbench or the campaign went on."""
    amendment = _locked(amendment, by)
    _lay_out(amendment)
    return amendment


@transaction.atomic
def pair_by_hand(amendment: Amendment, task_id: int, item_id: int, *, by: User) -> None:
    """Say that this line of the revised plan is that running task, and no other."""
    amendment = _locked(amendment, by)
    sides = Sides(amendment.campaign, amendment.document, timezone.localdate())
    if task_id not in {task.pk for task in sides.tasks} or item_id not in {
        item.pk for item in sides.of("task")
    }:
        raise Refused("请各选一项现有任务和一项修订稿里的任务")
    together = [
        pair for pair in amendment.hand.get("together", []) if task_id != pair[0] and item_id != pair[1]
    ]
    apart = [pair for pair in amendment.hand.get("apart", []) if pair != [task_id, item_id]]
    amendment.hand = {"together": [*together, [task_id, item_id]], "apart": apart}
    _lay_out(amendment)
    record(
        "campaigns.pair_tasks",
        amendment,
        by=by,
        summary="人工对应一项任务",
        payload={"task": task_id, "item": item_id},
    )


@transaction.atomic
def take_apart(change: AmendmentChange, *, by: User) -> None:
    """Say that a paired line is not that task: one is gone, the other is new."""
    amendment = _locked(change.amendment, by)
    if change.subject != AmendmentChange.Subject.TASK or not change.task_id or not change.item_id:
        raise Refused("只有对应起来的两项任务可以拆开")
    pair = [change.task_id, change.item_id]
    amendment.hand = {
        "together": [each for each in amendment.hand.get("together", []) if each != pair],
        "apart": [*(each for each in amendment.hand.get("apart", []) if each != pair), pair],
    }
    _lay_out(amendment)
    record(
        "campaigns.unpair_tasks", amendment, by=by, summary=f"拆开对应：{change.title}",
        payload={"task": pair[0], "item": pair[1]},
    )  # fmt: skip


@transaction.atomic
def decide(change: AmendmentChange, decision: str, *, by: User) -> AmendmentChange:
    """Accept one change, decline it, or leave it open again."""
    amendment = _locked(change.amendment, by)
    if decision not in Decision.values or change.kind == Kind.UNCHANGED:
        raise Refused("这一处没有变化，不需要决定")
    decided = decision != Decision.PENDING
    rows = amendment.changes.filter(pk=change.pk)
    if not rows.update(
        decision=decision, decided_by=by if decided else None, decided_at=timezone.now() if decided else None
    ):
        raise IllegalMove("比对已经更新，请刷新页面后再定")
    change.refresh_from_db()
    return change


@transaction.atomic
def decide_rest(amendment: Amendment, *, by: User) -> int:
    """Accept every change nobody has decided about; returns how many."""
    amendment = _locked(amendment, by)
    rows = amendment.changes.filter(decision=Decision.PENDING).exclude(kind=Kind.UNCHANGED)
    return rows.update(decision=Decision.ACCEPTED, decided_by=by, decided_at=timezone.now())


def count_kinds(amendment: Amendment) -> dict[str, int]:
    """How many tasks are unchanged, changed, added, removed; `others` are changes of phases and lists."""
    counts = {kind.value: 0 for kind in Kind} | {"others": 0}
    for subject, kind in amendment.changes.values_list("subject", "kind"):
        if subject == AmendmentChange.Subject.TASK:
            counts[kind] += 1
        elif kind != Kind.UNCHANGED:
            counts["others"] += 1
    return counts


def words_of(counts: dict[str, int]) -> str:
    """改动 2 项，新增 1 项，取消 1 项任务，其他变化 3 处."""
    words = "，".join(
        f"{label} {counts[key]} 项"
        for key, label in (("changed", "改动"), ("added", "新增"), ("removed", "取消"))
    )
    return f"{words}任务，其他变化 {counts['others']} 处"


@transaction.atomic
def apply_amendment(amendment: Amendment, *, by: User, reason: str) -> Amendment:
    """Put the accepted changes in force, all or none. Progress stays: shares keep their state, duties move with the
    reason 修订方案 and its number, removed tasks end and keep their records, new ones get owners and duties.

    Raises PermissionDenied, ReasonRequired, IllegalMove when somebody else has applied or withdrawn it, Refused while
    anything is undecided, unidentified or out of date.
    """
    rule = AMENDMENT_RULES[AmendmentMove.APPLY]
    amendment = _locked(amendment, by)
    if rule.needs_note and not reason.strip():
        raise ReasonRequired(AmendmentMove.APPLY.label)
    campaign, document = amendment.campaign, amendment.document
    if campaign.status != Campaign.Status.RUNNING:
        raise Refused(f"“{campaign}”已经结束，不能再修订方案")
    # Taken as it was compared: a draft somebody changed since, or published elsewhere, is not this one.
    taken = PlanDocument.objects.filter(
        pk=document.pk, status=PlanDocument.Status.DRAFT, revision=amendment.compared
    ).update(status=PlanDocument.Status.PUBLISHED)
    if not taken:
        raise Refused("修订稿在比对之后又改动过，请先“重新比对”")
    changes = list(amendment.changes.select_related("task__campaign", "phase", "item"))
    if open_ones := [change for change in changes if change.asks]:
        raise Refused(f"还有 {len(open_ones)} 处变化没有决定，如“{open_ones[0].title}”")
    now = timezone.now()
    sides = Sides(campaign, document, timezone.localdate(now))
    _refuse_open_units(sides, changes)
    words = f"方案修订（{document.doc_no or document.title}）：{reason.strip()}"[:300]
    revision = Revision(sides, by=by, at=now, words=words)
    revision.apply(changes)
    _settle_items(document, changes)
    previous = campaign.plan
    campaign.plan = document
    campaign.save(update_fields=["plan", "starts_on", "ends_on"])
    amendment.status, amendment.previous = rule.target, previous
    amendment.number = 2 + campaign.amendments.filter(status=AmendmentStatus.APPLIED).count()
    amendment.reason, amendment.summary = reason.strip()[:300], revision.counts
    amendment.decided_by, amendment.decided_at = by, now
    amendment.save()
    record("campaigns.apply_amendment", amendment, by=by, summary=f"应用{words}", payload=revision.counts)
    record(
        "campaigns.amend",
        campaign,
        by=by,
        summary=f"方案修订为第 {amendment.number} 版：{words_of(count_kinds(amendment))}",
    )
    transaction.on_commit(partial(_tell, amendment.pk, revision.told, by.pk))
    return amendment


def _settle_items(document: PlanDocument, changes: Iterable[AmendmentChange]) -> None:
    """What the revised plan says now stands, except what was not taken from it."""
    document.items.filter(state=PlanItem.State.PROPOSED).update(state=PlanItem.State.CONFIRMED)
    declined = [
        change.item_id for change in changes if change.decision == Decision.DECLINED and change.item_id
    ]
    document.items.filter(pk__in=declined).update(state=PlanItem.State.REMOVED)


def _refuse_open_units(sides: Sides, changes: Iterable[AmendmentChange]) -> None:
    from_tasks = {
        name
        for change in changes
        if change.subject == AmendmentChange.Subject.TASK
        and change.item
        and change.decision == Decision.ACCEPTED
        for role in ("lead", "responsible", "support", "territorial")
        for name in change.item.data[role]
    }
    if names := [unit.name for unit in sides.open_units() if unit.name in from_tasks]:
        raise Refused(f"还有 {len(names)} 个单位没有认定：{'、'.join(names)}。请到工作台认定后“重新比对”")


def _tell(amendment_id: int, told: dict[int, list[str]], actor_id: int) -> None:
    """One message an organization: what the revision changed for it."""
    amendment = Amendment.objects.select_related("campaign").get(pk=amendment_id)
    for organization in Organization.objects.filter(pk__in=told):
        post = default_post(organization)
        people = [user for user in holders_of(post) if user.pk != actor_id] if post else []
        lines = told[organization.pk]
        if people:
            notify(
                people,
                category=Message.Category.DUTY,
                title=f"{amendment.campaign.short_title}方案修订，本单位 {len(lines)} 处有变化",
                body="；".join(lines)[:480],
                url=amendment.get_absolute_url(),
                key=f"amendment:{amendment.pk}:{organization.pk}",
            )


@transaction.atomic
def withdraw_amendment(amendment: Amendment, *, by: User, reason: str) -> Amendment:
    """Give up a revision that is being compared; its document is discarded with it, the campaign stays as it is."""
    rule = AMENDMENT_RULES[AmendmentMove.WITHDRAW]
    amendment = _locked(amendment, by)
    if rule.needs_note and not reason.strip():
        raise ReasonRequired(AmendmentMove.WITHDRAW.label)
    amendment.status, amendment.reason = rule.target, reason.strip()[:300]
    amendment.decided_by, amendment.decided_at = by, timezone.now()
    amendment.save(update_fields=["status", "reason", "decided_by", "decided_at"])
    PlanDocument.objects.filter(pk=amendment.document_id, status=PlanDocument.Status.DRAFT).update(
        status=PlanDocument.Status.DISCARDED
    )
    record("campaigns.withdraw_amendment", amendment, by=by, summary=f"撤回修订稿：{amendment.reason}")
    return amendment
