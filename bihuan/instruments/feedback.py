"""A round of supervision as papers: what each body is told of it, its problems split by level (督查反馈, R065)."""

from __future__ import annotations

from dataclasses import dataclass

from django.core.exceptions import PermissionDenied
from django.db import transaction

from bihuan.accounts.models import Organization, User
from bihuan.accounts.permissions import Permission
from bihuan.audit.actions import chain_of
from bihuan.core.errors import Refused
from bihuan.oversight.models import OversightFinding, OversightRound
from bihuan.oversight.queries import findings as told
from bihuan.oversight.workflow import RoundStatus

from .actions import Draft, MatterGiven, PointGiven, draft_instrument
from .models import Instrument
from .standing import holds
from .types import kinds_of
from .workflow import Level, Status

KIND = "feedback"
_GONE = (Status.DISCARDED, Status.WITHDRAWN)
_LEVELS = {
    OversightFinding.Level.GOVERNMENT: Level.GOVERNMENT,
    OversightFinding.Level.DEPARTMENT: Level.DEPARTMENT,
    OversightFinding.Level.LOCALITY: Level.STREET,
    OversightFinding.Level.ENTERPRISE: Level.ENTERPRISE,
}


@dataclass
class Body:
    """One body to be told, and the paper it was told by, once there is one."""

    told: told.Feedback
    paper: Instrument | None = None

    @property
    def is_owed(self) -> bool:
        """Whether a paper is still to be drafted: there are problems, and nobody wrote to it yet."""
        return bool(self.told.total) and self.paper is None


def may_draft(user: User, row: OversightRound) -> bool:
    """Whether the person writes for the body that runs the round."""
    return holds(user, Permission.DRAFT_INSTRUMENT, row.organization_id)


def bodies_of(row: OversightRound, user: User) -> list[Body]:
    """Everybody the round has something to tell, with the papers there are; four queries."""
    papers: dict[int, Instrument] = {}
    about = (
        Instrument.objects.filter(kind=KIND, organization=row.organization_id, matters__subject=chain_of(row))
        .exclude(status__in=_GONE)
        .select_related("paper")
        .prefetch_related("recipients")
        .order_by("pk")
    )
    for paper in about:
        papers |= {each.organization_id: paper for each in paper.recipients.all()}
    kind = next((each for each in kinds_of(row.organization) if each.key == KIND), None)
    kinds = kind.recipients if kind else ()
    return [
        Body(each, papers.get(each.organization.pk))
        for each in told.feedback_of(row, user)
        if each.organization.kind in kinds and each.organization.pk != row.organization_id
    ]


@transaction.atomic
def draft_feedback(row: OversightRound, chosen: set[int], *, by: User) -> list[Instrument]:
    """Draft one paper for each chosen body, its problems as points by level. Returns the drafts.

    Raises PermissionDenied, Refused when nothing is chosen, nothing was found there, or a paper is there already.
    """
    if not may_draft(by, row):
        raise PermissionDenied
    # One at a time on a round: two people pressing at once must not write to a body twice.
    OversightRound.objects.select_for_update().get(pk=row.pk)
    if row.status not in {RoundStatus.RUNNING, RoundStatus.CLOSED}:
        raise Refused(f"{row}还没有下达，或者已取消，没有可以反馈的问题")
    bodies = {each.told.organization.pk: each for each in bodies_of(row, by)}
    if not chosen:
        raise Refused("请至少选择一个单位")
    if strange := chosen - bodies.keys():
        raise Refused(f"所选的 {len(strange)} 个单位没有要反馈的问题，请刷新后重选")
    picked = [bodies[pk] for pk in bodies if pk in chosen]
    if done := [each.told.organization.short_name for each in picked if each.paper]:
        raise Refused(f"{'、'.join(done)}已经起草过反馈，请打开原稿修改")
    if none := [each.told.organization.short_name for each in picked if not each.told.total]:
        raise Refused(f"{'、'.join(none)}没有问题，不用反馈")
    kind = next((each for each in kinds_of(row.organization) if each.key == KIND), None)
    if kind is None:
        raise Refused(f"{row.organization}不能制发督查反馈意见")
    return [
        draft_instrument(
            _draft(row, each.told, kind.label, kind.demand), organization=row.organization, by=by
        )
        for each in picked
    ]


def _draft(row: OversightRound, one: told.Feedback, label: str, demand: str) -> Draft:
    body = one.organization
    found = [f"本轮督导共反馈{body.short_name}问题 {one.total} 项：{one.sentence}。"]
    if one.praise:
        found.append(f"好的做法：{'；'.join(words.rstrip('。；') for words in one.praise)}。")
    return Draft(
        kind=KIND, title=f"关于{row}的{label}（{body.short_name}）"[:120], situation="\n".join(found), demand=demand,
        recipients=[body],
        matters=[MatterGiven(chain_of(row), f"{row}发现的问题 {one.total} 项", row.get_absolute_url(), body)],
        points=[_point(each, body) for level in _LEVELS for each in one.levels.get(level, [])],
    )  # fmt: skip


def _point(finding: OversightFinding, body: Organization) -> PointGiven:
    """One problem. Whoever else answers for it is named in the words: the paper is addressed to the body alone."""
    own = finding.organization_id == body.pk
    what = f"{finding.enterprise.name}：{finding.description}" if finding.enterprise else finding.description
    if finding.organization is not None and not own:
        what = f"{what}（由{finding.organization.short_name}整改）"
    due = finding.hazard.due_on if finding.hazard else finding.due_on
    demand = finding.demand or ("督促企业整改" if finding.hazard else "整改")
    return PointGiven(what[:500], _LEVELS[OversightFinding.Level(finding.level)], body, demand, due)


__all__ = ["Body", "bodies_of", "draft_feedback", "may_draft"]
