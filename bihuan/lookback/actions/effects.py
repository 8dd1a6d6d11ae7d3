"""Evaluating the effect of putting right: arranged, filled in, signed as a report (R100)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.accounts.permissions import Permission
from bihuan.attachments.actions import sign
from bihuan.attachments.models import Signature
from bihuan.audit.moves import step, write_line
from bihuan.core.errors import IllegalMove, Refused
from bihuan.duties import clock
from bihuan.duties.actions import finish_duty, open_duty
from bihuan.duties.models import Duty
from bihuan.hazards.models import Hazard
from bihuan.hazards.workflow import Status
from bihuan.papers import documents as d
from bihuan.papers.actions import issue_paper
from bihuan.papers.models import Paper
from bihuan.rules import assessments as risk

from ..models import Evaluation, EvaluationTransition, Recurrence
from ..standing import evaluates, posts_with
from ..workflow import EVALUATION_RULES, EvaluationMove, EvaluationStatus, Verdict


@dataclass(frozen=True)
class Effect:
    """What an evaluation says: measures, both scores, money, whether workers were told, evidence, verdict."""

    measures_done: int
    measures_note: str
    method: str
    before: dict[str, Any]
    after: dict[str, Any]
    funds_spent: Decimal | None
    workers_told: bool
    evidence_complete: bool
    verdict: str
    opinion: str


@transaction.atomic
def arrange(hazard: Hazard, *, by: User) -> Evaluation:
    """Ask one's own body to evaluate a closed hazard. Raises PermissionDenied, Refused, IllegalMove if asked already."""
    bodies = [post.organization for post in posts_with(by, Permission.RUN_LOOKBACK)]
    if not bodies or not Hazard.objects.visible_to(by).filter(pk=hazard.pk).exists():
        raise PermissionDenied
    if hazard.status != Status.CLOSED:
        raise Refused("只评价已经销号的隐患的整改效果")
    due = clock.due("lookback.effect", timezone.localdate())
    evaluation = Evaluation(
        hazard=hazard, organization=bodies[0], city_id=hazard.city_id, county_id=hazard.county_id,
        locality_id=hazard.locality_id, due_on=due.due_on, clock=due.explanation, funds_planned=hazard.funds,
        arranged_by=by, arranged_at=timezone.now(),
    )  # fmt: skip
    try:
        with transaction.atomic():
            evaluation.save(force_insert=True)
    except IntegrityError as error:
        raise IllegalMove("这条隐患已经安排了评价，请从列表打开") from error
    write_line(
        evaluation, EvaluationMove.ARRANGE, EvaluationTransition, seen="", by=by, act="lookback.arrange"
    )
    open_duty(
        kind=Duty.Kind.EFFECT, subject=evaluation, title=f"整改效果评价：{hazard}"[:200],
        url=evaluation.get_absolute_url(), organization=bodies[0], place=hazard, due_on=due.due_on,
        clock=due.explanation, by=by,
    )  # fmt: skip
    return evaluation


def score(method: str, values: dict[str, Any]) -> risk.Assessment:
    """The risk by LEC or by the matrix, under the policy in force today. Raises Refused."""
    today = timezone.localdate()
    try:
        if method == "lec":
            return risk.assess_lec(
                values["likelihood"], values["exposure"], values["consequence"],
                policy=risk.lec_policy(None, today), scale=risk.lec_scale(None, today),
            )  # fmt: skip
        if method == "ls":
            return risk.assess_matrix(
                int(values["likelihood"]), int(values["severity"]), policy=risk.matrix_policy(None, today)
            )
    except (KeyError, TypeError, ValueError) as error:
        raise Refused(f"风险取值不完整或不合规：{error}") from error
    raise Refused("请选择风险评价方法：LEC 或者风险矩阵")


def repeats_of(hazard: Hazard) -> int:
    """How often it came back: later hazards that repeat it, and rounds in which it was opened again."""
    return Recurrence.objects.filter(earlier=hazard).count() + hazard.round - 1


@transaction.atomic
def sign_report(evaluation: Evaluation, effect: Effect, *, by: User) -> Paper:
    """Sign what was found and issue it as a report. Raises PermissionDenied, Refused, IllegalMove."""
    seen = Evaluation.objects.visible_to(by).filter(pk=evaluation.pk).exists()
    if not evaluates(by, evaluation) or not seen:
        raise PermissionDenied
    if effect.verdict not in Verdict.values or not effect.opinion.strip():
        raise Refused("请选择结论并写明评价意见")
    if not 0 <= effect.measures_done <= 100:
        raise Refused("措施完成应为 0 至 100 的百分数")
    if evaluation.status != EvaluationStatus.OPEN:
        raise IllegalMove(f"这次评价现为“{evaluation.get_status_display()}”，请刷新后核对")
    before, after = score(effect.method, effect.before), score(effect.method, effect.after)
    hazard = evaluation.hazard
    repeats = repeats_of(hazard)
    proven = effect.measures_done == 100 and after.value < before.value and not repeats
    if effect.verdict == Verdict.EFFECTIVE and not proven:
        raise Refused("措施没有全部完成、风险没有下降或者已经复发的，不能评为“有效”")
    changed: dict[str, Any] = {
        "measures_done": effect.measures_done, "measures_note": effect.measures_note.strip()[:500],
        "method": effect.method, "scores_before": _plain(effect.before), "scores_after": _plain(effect.after),
        "value_before": before.value, "value_after": after.value, "grade_before": before.word[:20],
        "grade_after": after.word[:20], "recurrences": repeats, "funds_spent": effect.funds_spent,
        "workers_told": effect.workers_told, "evidence_complete": effect.evidence_complete,
        "verdict": effect.verdict, "opinion": effect.opinion.strip(), "signed_by": by, "signed_at": timezone.now(),
    }  # fmt: skip
    paper = issue_paper(
        Paper.Kind.EFFECT_REPORT, subject=evaluation, organization=evaluation.organization,
        recipient_name=hazard.enterprise.name, recipient=hazard.enterprise.organization, department=hazard.department,
        place=hazard, content=_content(evaluation, Evaluation(**changed), before, after, by),
        permission=Permission.RUN_LOOKBACK, by=by,
    )  # fmt: skip
    step(
        evaluation, EvaluationMove.SIGN, EVALUATION_RULES[EvaluationMove.SIGN], EvaluationTransition, by=by,
        changed={**changed, "paper": paper}, act="lookback.sign",
    )  # fmt: skip
    sign(
        evaluation, role="reviewer", signer=by, signer_name=by.full_name, method=Signature.Method.LOGIN, by=by
    )
    finish_duty(evaluation, Duty.Kind.EFFECT, by=by)
    return paper


def _plain(values: dict[str, Any]) -> dict[str, str]:
    return {name: str(value) for name, value in values.items() if value not in (None, "")}


def _content(
    evaluation: Evaluation, filled: Evaluation, before: risk.Assessment, after: risk.Assessment, by: User
) -> dict[str, Any]:
    hazard = evaluation.hazard
    planned = f"{evaluation.funds_planned} 元" if evaluation.funds_planned is not None else "未列计划"
    spent = f"{filled.funds_spent} 元" if filled.funds_spent is not None else "未发生"
    repeats = f"复发 {filled.recurrences} 次" if filled.recurrences else "没有再次出现"
    today = timezone.localdate()
    return {
        "title": "整改效果评价报告",
        "blocks": [
            d.facts(
                ("单位名称", hazard.enterprise.name), ("隐患", hazard.description), ("部位", hazard.location),
                ("销号日期", hazard.closed_on), ("评价单位", evaluation.organization.name),
            ),
            d.heading("一、措施完成"),
            d.text(f"措施完成 {filled.measures_done}%。{filled.measures_note}"),
            d.heading("二、风险再评"),
            d.text(f"整改前：{before.sentence()}"),
            d.text(f"整改后：{after.sentence()}"),
            d.heading("三、复发、资金和告知"),
            d.facts(
                ("同位置同类复发", repeats), ("计划资金", planned), ("到位资金", spent),
                ("向从业人员通报", "已通报" if filled.workers_told else "未通报"),
                ("证据", "完整" if filled.evidence_complete else "不完整"),
            ),
            d.heading("四、结论"),
            d.text(f"整改{filled.get_verdict_display()}。{filled.opinion}"),
            d.closing(f"{evaluation.organization.name}（{by.full_name}）", f"{today.year}年{today.month}月{today.day}日"),
        ],
    }  # fmt: skip


@transaction.atomic
def cancel_evaluation(evaluation: Evaluation, *, reason: str, by: User) -> None:
    """Give an evaluation up, for a reason. Raises PermissionDenied, ReasonRequired, IllegalMove."""
    if not evaluates(by, evaluation):
        raise PermissionDenied
    step(
        evaluation, EvaluationMove.CANCEL, EVALUATION_RULES[EvaluationMove.CANCEL], EvaluationTransition, by=by,
        reason=reason, act="lookback.cancel_evaluation",
    )  # fmt: skip
    finish_duty(evaluation, Duty.Kind.EFFECT, by=by, cancelled=True)
