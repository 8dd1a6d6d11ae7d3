"""Who pays which share, and every line of it (合理共担更新改造资金机制, R240).

A line is never changed: a counter-line takes it back. Nothing is received that nobody committed, nothing spent that
was not received; the row of the share is held while a line is written, and the database keeps the same rule.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.audit.actions import record
from bihuan.audit.moves import write_line
from bihuan.core.errors import IllegalMove, ReasonRequired, Refused
from bihuan.rules import projects as rules

from ..models import FundCommitment, FundPurpose, Project, ProjectMoney, ProjectSource, ProjectTransition
from ..standing import approves, keeps, manages
from ..workflow import COMMITTING, RULES, SPENDING, FundTarget, MoneyKind, ProjectMove, ProjectStatus
from . import funds
from .moving import held, move_project
from .pooling import MOST, ZERO

COLUMNS = {MoneyKind.COMMIT: "committed", MoneyKind.RECEIVE: "received", MoneyKind.SPEND: "spent"}
WHEN = {
    MoneyKind.COMMIT: COMMITTING,
    MoneyKind.RECEIVE: SPENDING | {ProjectStatus.APPROVED},
    MoneyKind.SPEND: SPENDING,
}


@transaction.atomic
def set_shares(
    project: Project, estimate: Decimal, shares: Mapping[str, Decimal], *, by: User, reason: str = ""
) -> None:
    """Lay down the estimate and who pays which share of it.

    In the pool the lead department does so, and a gap is shown; afterwards only whoever approves, with a reason, and
    the shares must make up the estimate. Raises PermissionDenied, ReasonRequired, Refused, IllegalMove.
    """
    now = held(project)
    in_pool = now.status == ProjectStatus.RESERVED
    if not (manages(by, now) if in_pool else approves(by, now)):
        raise PermissionDenied
    if not in_pool and now.status not in RULES[ProjectMove.SHARE].sources:
        raise IllegalMove(f"项目现为“{now.get_status_display()}”，资金方案不再调整")
    if not 0 < estimate < MOST:
        raise Refused("估算投资应大于 0 元，且不超过千亿元，请核对")
    for kind, amount in shares.items():
        if rules.row("sources", kind) is None:
            raise Refused("请选择资金来源")
        if amount < 0 or amount >= MOST:
            raise Refused(f"{rules.label('sources', kind)}分担的金额不能为负数，也不能超过千亿元")
    gap = estimate - sum(shares.values(), ZERO)
    if not in_pool:
        if not reason.strip():
            raise ReasonRequired(ProjectMove.SHARE.label)
        if gap:
            word = "还差" if gap > 0 else "多出"
            raise Refused(f"各方分担合计与估算投资{word} {abs(gap):,.2f} 元，入库以后的资金方案必须足额")
    present = {each.kind: each for each in ProjectSource.objects.select_for_update().filter(project=project)}
    known = [each.key for each in rules.every("sources")]
    for kind in [*known, *(each for each in present if each not in known)]:
        _set_share(project, kind, shares.get(kind, ZERO), present.get(kind))
    Project.objects.filter(pk=project.pk).update(estimate=estimate)
    project.refresh_from_db()
    words = "，".join(
        f"{rules.label('sources', kind)} {amount:,.2f} 元" for kind, amount in shares.items() if amount
    )
    told = f"估算 {estimate:,.2f} 元：{words}" + (f"；{reason.strip()}" if reason.strip() else "")
    if in_pool:
        write_line(
            project, ProjectMove.SHARE, ProjectTransition, seen=project.status, by=by, reason=told,
            act="projects.share",
        )  # fmt: skip
    else:
        move_project(project, ProjectMove.SHARE, by=by, reason=told)


def _set_share(project: Project, kind: str, planned: Decimal, source: ProjectSource | None) -> None:
    if source is None:
        if planned:
            ProjectSource.objects.create(project=project, kind=kind, planned=planned)
        return
    if planned < source.committed:
        raise Refused(
            f"{source.label}已经落实 {source.committed:,.2f} 元，分担不能改为 {planned:,.2f} 元；先红冲落实记录"
        )
    if source.planned != planned:
        ProjectSource.objects.filter(pk=source.pk).update(planned=planned)


@transaction.atomic
def post_money(
    source: ProjectSource,
    kind: str,
    amount: Decimal,
    *,
    happened_on: dt.date,
    document: str,
    payee: str = "",
    note: str = "",
    fund: FundPurpose | None = None,
    commitment: FundCommitment | None = None,
    by: User,
) -> ProjectMoney:
    """Write one line: committed by a document, received, or spent.

    With `fund` a commitment takes the money out of a special fund; with `commitment` what is received is paid out of
    it. Raises PermissionDenied, Refused with how much there still is, IllegalMove for a project that has no money yet
    or no more.
    """
    project = source.project
    if not manages(by, project):
        raise PermissionDenied
    if kind not in MoneyKind.values:
        raise Refused("请选择登记什么")
    now = held(project)
    if now.status not in WHEN[MoneyKind(kind)]:
        words = (
            "确认资金落实以后才能登记支出"
            if now.status == ProjectStatus.APPROVED
            else "不能登记" + MoneyKind(kind).label
        )
        raise IllegalMove(f"项目现为“{now.get_status_display()}”，{words}")
    if not 0 < amount < MOST:
        raise Refused("金额应大于 0 元，且不超过千亿元，请核对")
    if not document.strip():
        raise Refused("请填写文号或者凭证号")
    if kind == MoneyKind.SPEND and not payee.strip():
        raise Refused("请填写支出给谁")
    if happened_on > timezone.localdate():
        raise Refused(f"日期 {happened_on} 在今天之后，请核对")
    taken = None
    if kind == MoneyKind.COMMIT and fund is not None:
        if not keeps(by, fund.account):
            raise PermissionDenied
        taken = funds.take_aside(
            fund, amount, target=FundTarget.PROJECT, what=f"{project.name}（{source.label}）", payee=project.owner_name,
            document=document, happened_on=happened_on, project=project, source=source, by=by,
        )  # fmt: skip
    elif kind == MoneyKind.RECEIVE and commitment is not None:
        if commitment.source_id != source.pk:
            raise Refused("所选的专项资金不是安排给这一项分担的，请核对")
        if not keeps(by, commitment.fund.account):
            raise PermissionDenied
        funds.pay_out(commitment, amount, happened_on=happened_on, document=document, by=by)
        taken = commitment
    _count(source, MoneyKind(kind), amount)
    return _write(
        source, kind, amount, happened_on=happened_on, document=document, payee=payee, note=note, commitment=taken, by=by
    )  # fmt: skip


@transaction.atomic
def counter_money(line: ProjectMoney, *, reason: str, by: User) -> ProjectMoney:
    """Take a line back by a counter-line (红冲), and what it took from a special fund with it.

    Raises PermissionDenied, ReasonRequired, Refused when money that depends on it has moved on, IllegalMove when it was
    taken back already.
    """
    source = line.source
    if not manages(by, source.project):
        raise PermissionDenied
    if not reason.strip():
        raise ReasonRequired("红冲")
    held(source.project)
    if line.corrects_id is not None:
        raise IllegalMove("这一条本身就是红冲，请重新登记正确的记录")
    if ProjectMoney.objects.filter(corrects=line).exists():
        raise IllegalMove("这一条已经红冲过，请刷新后核对")
    if line.commitment is not None:
        if not keeps(by, line.commitment.fund.account):
            raise PermissionDenied
        back = funds.give_back if line.kind == MoneyKind.COMMIT else funds.take_payment_back
        back(line.commitment, line.amount, document=line.document, reason=reason, by=by)
    _count(source, MoneyKind(line.kind), -line.amount)
    try:
        with transaction.atomic():
            return _write(
                source, line.kind, -line.amount, happened_on=timezone.localdate(), document=line.document,
                payee=line.payee, note=reason, commitment=line.commitment, corrects=line, by=by,
            )  # fmt: skip
    except IntegrityError as error:
        raise IllegalMove("这一条已经红冲过，请刷新后核对") from error


def _count(source: ProjectSource, kind: MoneyKind, amount: Decimal) -> None:
    """Add to the share's figure within what the step before has brought, and leave nothing behind that stands on it."""
    now = ProjectSource.objects.select_for_update().get(pk=source.pk)
    figures = [now.planned, now.committed, now.received, now.spent]
    at = 1 + list(COLUMNS).index(kind)
    new = (figures[at] + amount).quantize(Decimal("0.01"))
    if new > figures[at - 1]:
        left = figures[at - 1] - figures[at]
        raise Refused(_too_much(now.label, kind, amount, left))
    below = figures[at + 1] if at + 1 < len(figures) else ZERO
    if new < below:
        after = "到位" if kind == MoneyKind.COMMIT else "支出"
        raise Refused(f"{now.label}已经{after} {below:,.2f} 元，不能红冲；请先红冲{after}记录")
    column = COLUMNS[kind]
    if not ProjectSource.objects.filter(pk=now.pk, **{column: figures[at]}).update(**{column: new}):
        raise IllegalMove("资金刚刚有变动，请刷新后核对")
    setattr(source, column, new)


def _too_much(label: str, kind: MoneyKind, amount: Decimal, left: Decimal) -> str:
    match kind:
        case MoneyKind.COMMIT:
            return f"{label}只分担到还差 {left:,.2f} 元，落实 {amount:,.2f} 元超过分担；请先调整资金方案"
        case MoneyKind.RECEIVE:
            return (
                f"{label}已落实未到位的只有 {left:,.2f} 元，不能登记到位 {amount:,.2f} 元；请先登记落实文件"
            )
        case _:
            return f"{label}到位未支出的只有 {left:,.2f} 元，不能支出 {amount:,.2f} 元；资金到位以后再支出"


def _write(
    source: ProjectSource,
    kind: str,
    amount: Decimal,
    *,
    happened_on: dt.date,
    document: str,
    payee: str,
    note: str,
    commitment: FundCommitment | None,
    by: User,
    corrects: ProjectMoney | None = None,
) -> ProjectMoney:
    line = ProjectMoney.objects.create(
        source=source, project_id=source.project_id, kind=kind, amount=amount, happened_on=happened_on,
        document=document.strip()[:120], payee=payee.strip()[:120], note=note.strip()[:300], commitment=commitment,
        corrects=corrects, by=by, at=timezone.now(),
    )  # fmt: skip
    line.refresh_from_db()
    word = "红冲" if corrects else ""
    record(
        f"projects.money_{kind}", line, by=by,
        summary=f"“{source.project}”{source.label}{word}{MoneyKind(kind).label} {abs(amount):,.2f} 元，{line.document}",
    )  # fmt: skip
    return line
