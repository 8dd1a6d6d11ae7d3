"""A unit looks at its own quarter: causes that come back, whether last time's measures held, what now (R251, PDCA)."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from bihuan.accounts.models import Organization, User
from bihuan.accounts.queries import default_post, holders_of
from bihuan.accounts.scope import place_of
from bihuan.attachments.actions import sign
from bihuan.attachments.models import Signature
from bihuan.audit.actions import record
from bihuan.audit.moves import step, write_line
from bihuan.core.errors import IllegalMove, Refused
from bihuan.duties.actions import finish_duty
from bihuan.duties.models import Duty

from .. import owing
from ..calendar import analysis_due, last_day, month_of, next_quarter, quarter_of
from ..models import SelfAnalysis, SelfAnalysisTransition, WorkItem, WorkMeasure
from ..shipped import causes
from ..standing import analyses, own_unit, signs_analysis
from ..workflow import ANALYSIS_RULES, COUNTED, AnalysisMove, AnalysisStatus, Holding, ItemStatus, PlanStatus
from .planning import coming_plan, new_item

REPEATED = 2


def counted(organization: Organization, quarter: dt.date) -> dict[str, Any]:
    """What the unit's plans of a quarter came to: how many items, done, left, and the items by cause."""
    rows = WorkItem.objects.filter(
        plan__organization=organization, plan__month__gte=quarter, plan__month__lt=next_quarter(quarter),
        status__in=COUNTED,
    )  # fmt: skip
    by_cause: dict[str, list[int]] = {}
    total = done = 0
    for pk, status, cause in rows.order_by("pk").values_list("pk", "status", "cause"):
        total += 1
        done += status == ItemStatus.FINISHED
        if cause:
            by_cause.setdefault(cause, []).append(pk)
    ranked = sorted(by_cause.items(), key=lambda pair: (-len(pair[1]), pair[0]))
    return {"all": total, "finished": done, "causes": [[key, pks] for key, pks in ranked]}


def earlier_measures(analysis: SelfAnalysis) -> Any:
    """The measures decided before and not judged yet, or judged in this analysis."""
    rows = WorkMeasure.objects.filter(
        analysis__organization=analysis.organization_id, analysis__quarter__lt=analysis.quarter,
        analysis__status=AnalysisStatus.SIGNED,
    )  # fmt: skip
    return rows.filter(Q(judged_in=analysis.pk) | Q(judged=Holding.WAITING)).order_by("id")


@transaction.atomic
def begin_analysis(organization: Organization, quarter: dt.date, *, by: User) -> SelfAnalysis:
    """Begin the analysis of a quarter that is over or running out. Raises PermissionDenied, Refused, IllegalMove."""
    quarter = quarter_of(quarter)
    unit = own_unit(by)
    if not by.is_service and (unit is None or unit.pk != organization.pk):
        raise PermissionDenied
    if quarter > timezone.localdate():
        raise Refused("这个季度还没有开始")
    due = analysis_due(quarter)
    row = SelfAnalysis(
        organization=organization, quarter=quarter, figures=counted(organization, quarter), due_on=due.due_on,
        clock=due.explanation, begun_by=by, begun_at=timezone.now(), **vars(place_of(organization.region)),
    )  # fmt: skip
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        raise IllegalMove("这个季度的自我分析已经开始，请从列表打开") from error
    write_line(row, AnalysisMove.BEGIN, SelfAnalysisTransition, seen="", by=by, act="office.begin_analysis")
    owing.owe_analysis(row, by=by)
    return row


def _hold(analysis: SelfAnalysis) -> None:
    """Holds a draft still while something is written to it. Raises IllegalMove once it is signed."""
    if not SelfAnalysis.objects.filter(pk=analysis.pk, status=AnalysisStatus.DRAFT).update(
        status=AnalysisStatus.DRAFT
    ):
        raise IllegalMove("分析已经签字，不再改动")


@transaction.atomic
def recount_analysis(analysis: SelfAnalysis, *, by: User) -> None:
    """Count the quarter again as of now. Raises PermissionDenied, IllegalMove."""
    if not analyses(by, analysis):
        raise PermissionDenied
    step(
        analysis, AnalysisMove.RECOUNT, ANALYSIS_RULES[AnalysisMove.RECOUNT], SelfAnalysisTransition, by=by,
        changed={"figures": counted(analysis.organization, analysis.quarter)}, act="office.recount_analysis",
    )  # fmt: skip


@transaction.atomic
def write_analysis(analysis: SelfAnalysis, *, words: str, by: User) -> None:
    """Save the words of an analysis. Raises PermissionDenied, Refused, IllegalMove once signed."""
    if not analyses(by, analysis):
        raise PermissionDenied
    if not words.strip():
        raise Refused("请写分析：哪些原因反复出现，根子在哪里")
    _hold(analysis)
    SelfAnalysis.objects.filter(pk=analysis.pk).update(words=words.strip()[:2000])
    analysis.words = words.strip()[:2000]
    record("office.write_analysis", analysis, by=by, summary=f"修改{analysis}")


@transaction.atomic
def judge_measure(analysis: SelfAnalysis, measure: WorkMeasure, *, judged: str, words: str, by: User) -> None:
    """Say whether a measure decided before held, and by what one sees it. Raises PermissionDenied, Refused, IllegalMove."""
    if not analyses(by, analysis):
        raise PermissionDenied
    if (
        measure.analysis.organization_id != analysis.organization_id
        or measure.analysis.quarter >= analysis.quarter
    ):
        raise Refused("只评价本单位以前定的措施")
    if judged not in (Holding.HELD, Holding.PARTLY, Holding.FAILED) or not words.strip():
        raise Refused("请选择措施的效果，并写明从什么看出来")
    _hold(analysis)
    open_rows = WorkMeasure.objects.filter(pk=measure.pk)
    moved = open_rows.filter(judged_in=None).update(
        judged=judged, judged_words=words.strip()[:300], judged_in=analysis
    ) or open_rows.filter(judged_in=analysis).update(judged=judged, judged_words=words.strip()[:300])
    if not moved:
        raise IllegalMove("这项措施已经在另一次分析里评价过")
    measure.refresh_from_db()
    record("office.judge_measure", measure, by=by, summary=f"{measure}：{measure.get_judged_display()}")


@transaction.atomic
def add_measure(
    analysis: SelfAnalysis, *, cause: str, text: str, target: str, due_on: dt.date, by: User
) -> WorkMeasure:
    """Decide something against a cause; once signed it stands in the plan of its month. Raises PermissionDenied,
    Refused, IllegalMove once signed."""
    if not analyses(by, analysis):
        raise PermissionDenied
    today = timezone.localdate()
    if cause not in {each.key for each in causes(today)}:
        raise Refused("请选择针对的原因")
    if not text.strip() or not target.strip():
        raise Refused("请写明措施和完成标志")
    if not month_of(today) <= due_on <= today + dt.timedelta(days=370):
        raise Refused("完成日期应在本月以后、一年之内")
    _hold(analysis)
    row = WorkMeasure.objects.create(
        analysis=analysis, cause=cause, text=text.strip()[:300], target=target.strip()[:300], due_on=due_on, by=by,
        at=timezone.now(),
    )  # fmt: skip
    record("office.add_measure", row, by=by, summary=f"{analysis}增加措施：{row}")
    return row


@transaction.atomic
def remove_measure(analysis: SelfAnalysis, measure: WorkMeasure, *, by: User) -> None:
    """Take a measure back before the analysis is signed. Raises PermissionDenied, IllegalMove."""
    if not analyses(by, analysis):
        raise PermissionDenied
    _hold(analysis)
    if measure.analysis_id != analysis.pk:
        raise Refused("这不是这次分析定的措施")
    record("office.remove_measure", analysis, by=by, summary=f"{analysis}删去措施：{measure}")
    measure.delete()


@transaction.atomic
def sign_analysis(analysis: SelfAnalysis, *, by: User) -> list[WorkItem]:
    """The leader signs: last time's measures judged, something decided against every cause that came back; what was
    decided becomes items of coming plans. Raises PermissionDenied, Refused, IllegalMove."""
    if not signs_analysis(by, analysis):
        raise PermissionDenied
    if analysis.status == AnalysisStatus.DRAFT:
        _hold(analysis)
        if not analysis.words.strip():
            raise Refused("请先写分析")
        waiting = [each for each in earlier_measures(analysis) if each.judged == Holding.WAITING]
        if waiting:
            raise Refused(f"上次定的措施还有 {len(waiting)} 项没有评价效果")
        labels = {each.key: each.label for each in causes(timezone.localdate())}
        against = set(analysis.measures.values_list("cause", flat=True))
        bare = [key for key, pks in analysis.figures["causes"] if len(pks) >= REPEATED and key not in against]
        if bare:
            named = "、".join(labels.get(key, "其他") for key in bare)
            raise Refused(f"反复出现的原因还没有对应的措施：{named}")
    step(
        analysis, AnalysisMove.SIGN, ANALYSIS_RULES[AnalysisMove.SIGN], SelfAnalysisTransition, by=by,
        changed={"signed_by": by, "signed_on": timezone.localdate()}, act="office.sign_analysis",
    )  # fmt: skip
    sign(analysis, role="leader", signer=by, signer_name=by.full_name, method=Signature.Method.LOGIN, by=by)
    finish_duty(analysis, Duty.Kind.WORK_CHECK, by=by)
    return [item for each in analysis.measures.all() if (item := _into_plan(each, analysis, by))]


def _into_plan(measure: WorkMeasure, analysis: SelfAnalysis, by: User) -> WorkItem | None:
    """A measure becomes an item of the first coming plan that is still written or running."""
    post = default_post(analysis.organization)
    holders = holders_of(post) if post else []
    if post is None or not holders:
        post, holders = (
            next(each for each in by.posts if each.organization_id == analysis.organization_id),
            [by],
        )
    month = max(month_of(measure.due_on), month_of(timezone.localdate()))
    plan = coming_plan(analysis.organization, month, by=by)
    running = plan.status == PlanStatus.CONFIRMED
    due = min(max(measure.due_on, plan.month), last_day(plan.month))
    item = new_item(
        plan, text=measure.text, target=measure.target, post=post, owner=holders[0], due_on=due, measure=measure,
        status=ItemStatus.OPEN if running else ItemStatus.DRAFT, added_later=running, by=by,
    )  # fmt: skip
    if running:
        owing.owe_item(item, by=by)
    return item
