"""Special funds by purpose (R238): money granted by a document, set aside for something, paid; never one over the other."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from bihuan.accounts.models import Organization, Region, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.scope import place_of
from bihuan.audit.actions import record
from bihuan.batches.models import Subsidy
from bihuan.batches.workflow import GRANTED
from bihuan.campaigns.models import Campaign
from bihuan.core.errors import IllegalMove, ReasonRequired, Refused
from bihuan.rules import projects as rules

from ..models import FundAccount, FundCommitment, FundLine, FundPurpose, Project, ProjectSource
from ..standing import holds, keeps
from ..workflow import FundLineKind, FundTarget

CENT = Decimal("0.01")
MOST = Decimal(10) ** 11
# What a person sets aside directly; a project's share and a subsidy come through their own door.
BY_HAND = (FundTarget.TRAINING, FundTarget.PURCHASE, FundTarget.OTHER)


@transaction.atomic
def open_account(
    *,
    name: str,
    year: int,
    organization: Organization,
    region: Region,
    document: str,
    campaign: Campaign | None = None,
    by: User,
) -> FundAccount:
    """Open the special fund of a year. Raises PermissionDenied, Refused for one there is already."""
    if not holds(by, Permission.MANAGE_PROJECTS, organization.pk):
        raise PermissionDenied
    if not name.strip() or not document.strip():
        raise Refused("请填写名称和设立文件")
    if campaign is not None and not Campaign.objects.visible_to(by).filter(pk=campaign.pk).exists():
        raise Refused("所选的专项整治不在您的范围内")
    where = place_of(region)
    account = FundAccount(
        name=name.strip()[:80], year=year, organization=organization, campaign=campaign,
        document=document.strip()[:120], region=region, city_id=where.city_id, county_id=where.county_id,
        locality_id=where.locality_id, made_by=by, made_at=timezone.now(),
    )  # fmt: skip
    try:
        with transaction.atomic():
            account.save(force_insert=True)
    except IntegrityError as error:
        raise Refused(f"{organization.short_name} {year} 年已有同名的专项资金，请核对年度和名称") from error
    record("projects.open_fund", account, by=by, summary=f"设立专项资金：{account}（{account.document}）")
    return account


@transaction.atomic
def grant(
    account: FundAccount,
    purpose: str,
    amount: Decimal,
    *,
    happened_on: dt.date,
    document: str,
    note: str = "",
    by: User,
) -> FundLine:
    """Money comes in for one purpose, by a document; further money is a further line. Raises PermissionDenied, Refused."""
    if not keeps(by, account):
        raise PermissionDenied
    if rules.row("purposes", purpose) is None:
        raise Refused("请选择用途")
    _check(amount, happened_on, document)
    fund, _ = FundPurpose.objects.get_or_create(account=account, purpose=purpose)
    _count(fund, FundLineKind.GRANT, amount)
    return _write(
        fund, FundLineKind.GRANT, amount, happened_on=happened_on, document=document, note=note, by=by
    )


@transaction.atomic
def set_aside(
    fund: FundPurpose,
    target: str,
    amount: Decimal,
    *,
    what: str,
    payee: str,
    happened_on: dt.date,
    document: str,
    by: User,
) -> FundCommitment:
    """Set money aside for a training, a purchase or something else. Raises PermissionDenied, Refused when the purpose
    does not reach."""
    if not keeps(by, fund.account):
        raise PermissionDenied
    if target not in BY_HAND:
        raise Refused("工程项目在项目页登记落实，补贴在审定时自动安排；这里只登记培训、采购和其他支出")
    if not what.strip():
        raise Refused("请写明用在什么事上")
    return take_aside(
        fund, amount, target=target, what=what, payee=payee, document=document, happened_on=happened_on, by=by
    )


def take_aside(
    fund: FundPurpose,
    amount: Decimal,
    *,
    target: str,
    what: str,
    payee: str,
    document: str,
    happened_on: dt.date,
    by: User,
    project: Project | None = None,
    source: ProjectSource | None = None,
    subsidy: Subsidy | None = None,
) -> FundCommitment:
    """Set money aside, without asking who may: the verb that calls has. Raises Refused with what is left."""
    _check(amount, happened_on, document)
    _count(fund, FundLineKind.COMMIT, amount)
    made = FundCommitment.objects.create(
        fund=fund, target=target, what=what.strip()[:160], payee=payee.strip()[:120], document=document.strip()[:120],
        amount=amount, project=project, source=source, subsidy=subsidy, by=by, at=timezone.now(),
    )  # fmt: skip
    record("projects.set_aside", made, by=by, summary=f"{fund}安排 {amount:,.2f} 元：{made}")
    _write(
        fund, FundLineKind.COMMIT, amount, happened_on=happened_on, document=document, commitment=made, by=by
    )
    return made


@transaction.atomic
def pay(
    commitment: FundCommitment, amount: Decimal, *, happened_on: dt.date, document: str, by: User
) -> FundLine:
    """Pay out of what was set aside by hand. Raises PermissionDenied, Refused with what is left of it."""
    if not keeps(by, commitment.fund.account):
        raise PermissionDenied
    if commitment.target == FundTarget.PROJECT:
        raise Refused("安排给工程项目的，在项目页登记到位，拨付同时入账")
    if commitment.target == FundTarget.SUBSIDY:
        raise Refused("补贴在补贴页登记拨付，这里同时入账")
    return pay_out(commitment, amount, happened_on=happened_on, document=document, by=by)


def pay_out(
    commitment: FundCommitment, amount: Decimal, *, happened_on: dt.date, document: str, by: User
) -> FundLine:
    """Pay, without asking who may: the verb that calls has. Raises Refused with what is left."""
    _check(amount, happened_on, document)
    fund = commitment.fund
    _count(fund, FundLineKind.PAY, amount, commitment)
    return _write(
        fund, FundLineKind.PAY, amount, happened_on=happened_on, document=document, commitment=commitment, by=by
    )  # fmt: skip


@transaction.atomic
def counter_line(line: FundLine, *, reason: str, by: User) -> FundLine:
    """Take back a line that was written by hand (红冲). Raises PermissionDenied, ReasonRequired, Refused, IllegalMove."""
    fund = line.fund
    if not keeps(by, fund.account):
        raise PermissionDenied
    if not reason.strip():
        raise ReasonRequired("红冲")
    if line.corrects_id is not None:
        raise IllegalMove("这一条本身就是红冲，请重新登记正确的记录")
    FundPurpose.objects.select_for_update().get(pk=fund.pk)  # two who take one line back wait for each other
    if FundLine.objects.filter(corrects=line).exists():
        raise IllegalMove("这一条已经红冲过，请刷新后核对")
    if line.commitment is not None and line.commitment.target not in BY_HAND:
        raise Refused("工程项目和补贴的记录，请在项目页或者补贴页更正，这里随之更正")
    _count(fund, FundLineKind(line.kind), -line.amount, line.commitment)
    return _counter(line, reason, by)


def give_back(commitment: FundCommitment, amount: Decimal, *, document: str, reason: str, by: User) -> None:
    """What was set aside for a project's share goes back. Raises Refused when it was paid."""
    _count(commitment.fund, FundLineKind.COMMIT, -amount, commitment)
    _counter(_line_of(commitment, FundLineKind.COMMIT, amount, document), reason, by)


def take_payment_back(
    commitment: FundCommitment, amount: Decimal, *, document: str, reason: str, by: User
) -> None:
    """What a project had received out of a fund goes back."""
    _count(commitment.fund, FundLineKind.PAY, -amount, commitment)
    _counter(_line_of(commitment, FundLineKind.PAY, amount, document), reason, by)


def _line_of(commitment: FundCommitment, kind: str, amount: Decimal, document: str) -> FundLine:
    """The line that a project's line had written here."""
    found = (
        FundLine.objects.filter(
            commitment=commitment,
            kind=kind,
            amount=amount,
            document=document,
            corrects=None,
            corrected_by=None,
        )
        .order_by("id")
        .first()
    )
    if found is None:
        raise IllegalMove("专项资金的这一条已经红冲过，请刷新后核对")
    return found


def charge_subsidy(subsidy: Subsidy, by: User) -> None:
    """A subsidy that is approved takes its money out of the fund of its campaign, where there is one (R236, R238).

    Called by bihuan.batches inside its approval. Raises Refused when the purpose does not reach.
    """
    fund = fund_for(subsidy.standard.campaign_id, subsidy.standard.purpose)
    if fund is not None:
        _charge(subsidy, fund, by)


def _charge(subsidy: Subsidy, fund: FundPurpose, by: User) -> FundCommitment:
    return take_aside(
        fund, subsidy.amount, target=FundTarget.SUBSIDY, what=f"{subsidy.member.enterprise.name}：{subsidy.standard.name}",
        payee=subsidy.member.enterprise.name, document=subsidy.standard.document, happened_on=timezone.localdate(),
        subsidy=subsidy, by=by,
    )  # fmt: skip


def pay_subsidy(subsidy: Subsidy, by: User) -> None:
    """A subsidy that is paid is paid out of the fund it was set aside in; one approved before there was a fund is set
    aside now. Called by bihuan.batches. Raises Refused when the purpose does not reach."""
    held = FundCommitment.objects.select_related("fund__account").filter(subsidy=subsidy)
    commitment = held.first()
    if commitment is None:
        charge_subsidy(subsidy, by)
        commitment = held.first()
    if commitment is not None and subsidy.paid_on is not None:
        pay_out(
            commitment,
            subsidy.amount,
            happened_on=subsidy.paid_on,
            document=subsidy.voucher or "补贴拨付",
            by=by,
        )


def uncharged(account: FundAccount) -> QuerySet[Subsidy]:
    """Subsidies of the fund's campaign that were granted before the fund had money for their purpose, oldest first:
    no fund carries them yet. Those of later years belong to a later fund."""
    return (
        Subsidy.objects.filter(
            standard__campaign=account.campaign_id,
            standard__purpose__in=account.purposes.values("purpose"),
            status__in=GRANTED,
            fund_commitment=None,
            amount__gt=0,
            approved_at__year__lte=account.year,
        )
        .select_related("standard", "member__enterprise", "member__batch")
        .order_by("approved_at", "pk")
    )


@transaction.atomic
def charge_earlier(account: FundAccount, *, by: User, most: int = 200) -> tuple[int, Decimal]:
    """Charge what was granted before the fund existed, oldest first, what is paid already as paid; at most `most` at once.

    Returns how many and how much. All or nothing: raises Refused naming what a purpose lacks; PermissionDenied.
    """
    if not keeps(by, account):
        raise PermissionDenied
    purposes = {each.purpose: each for each in account.purposes.select_related("account").select_for_update()}
    rows = list(uncharged(account)[:most])
    asked: dict[str, Decimal] = {}
    for row in rows:
        asked[row.standard.purpose] = asked.get(row.standard.purpose, Decimal(0)) + row.amount
    short = [
        f"{purposes[key].label}只余 {purposes[key].left:,.2f} 元，补记要 {sum_:,.2f} 元"
        for key, sum_ in asked.items()
        if sum_ > purposes[key].left
    ]
    if short:
        raise Refused(f"{'；'.join(short)}。先登记追加下达的文件，再补记")
    for row in rows:
        held = _charge(row, purposes[row.standard.purpose], by)
        if row.paid_on is not None:
            pay_out(held, row.amount, happened_on=row.paid_on, document=row.voucher or "补贴拨付", by=by)
    return len(rows), sum(asked.values(), Decimal("0.00"))


def fund_for(campaign_id: int, purpose: str) -> FundPurpose | None:
    """Out of which fund a campaign pays for a purpose: the newest of the campaign that has money for it."""
    return (
        FundPurpose.objects.select_related("account")
        .filter(account__campaign=campaign_id, purpose=purpose)
        .order_by("-account__year", "-account_id")
        .first()
    )


def _check(amount: Decimal, happened_on: dt.date, document: str) -> None:
    if not 0 < amount < MOST:
        raise Refused("金额应大于 0 元，且不超过千亿元，请核对")
    if happened_on > timezone.localdate():
        raise Refused(f"日期 {happened_on} 在今天之后，请核对")
    if not document.strip():
        raise Refused("请填写文号或者凭证号")


def _count(
    fund: FundPurpose, kind: FundLineKind, amount: Decimal, commitment: FundCommitment | None = None
) -> None:
    """Add to the figure of a purpose, and of what was set aside, within what the step before has brought."""
    now = FundPurpose.objects.select_for_update().get(pk=fund.pk)
    granted, committed, paid = now.granted, now.committed, now.paid
    match kind:
        case FundLineKind.GRANT:
            granted += amount
        case FundLineKind.COMMIT:
            committed += amount
        case FundLineKind.PAY:
            paid += amount
    if committed > granted:
        if kind == FundLineKind.GRANT:
            raise Refused(f"{now.label}已经安排 {committed:,.2f} 元，不能再减少下达；请先退回安排")
        raise Refused(
            f"{fund.account}的{now.label}资金只余 {granted - now.committed:,.2f} 元，不足 {amount:,.2f} 元；"
            "追加资金后先登记文件，再安排"
        )
    if commitment is not None:
        _count_commitment(commitment, kind, amount)
    if min(granted, committed, paid) < 0 or paid > committed:
        raise IllegalMove("这笔资金已经变动，请刷新后核对")
    new = {
        "granted": granted.quantize(CENT),
        "committed": committed.quantize(CENT),
        "paid": paid.quantize(CENT),
    }
    seen = {"granted": now.granted, "committed": now.committed, "paid": now.paid}
    if not FundPurpose.objects.filter(pk=now.pk, **seen).update(**new):
        raise IllegalMove("资金刚刚有变动，请刷新后核对")
    for name, value in new.items():
        setattr(fund, name, value)


def _count_commitment(commitment: FundCommitment, kind: FundLineKind, amount: Decimal) -> None:
    now = FundCommitment.objects.select_for_update().get(pk=commitment.pk)
    whole, paid = now.amount, now.paid
    if kind == FundLineKind.PAY:
        paid += amount
        if paid > whole:
            raise Refused(f"“{now.what}”安排未拨付的只有 {now.left:,.2f} 元，不能拨付 {amount:,.2f} 元")
    else:
        whole += amount
        if whole < paid:
            raise Refused(f"“{now.what}”已经拨付 {paid:,.2f} 元，不能红冲安排；请先红冲拨付记录")
    new = {"amount": whole.quantize(CENT), "paid": paid.quantize(CENT)}
    FundCommitment.objects.filter(pk=now.pk, amount=now.amount, paid=now.paid).update(**new)
    for name, value in new.items():
        setattr(commitment, name, value)


def _counter(line: FundLine, reason: str, by: User) -> FundLine:
    try:
        with transaction.atomic():
            return _write(
                line.fund, line.kind, -line.amount, happened_on=timezone.localdate(), document=line.document,
                note=reason, commitment=line.commitment, corrects=line, by=by,
            )  # fmt: skip
    except IntegrityError as error:
        raise IllegalMove("这一条已经红冲过，请刷新后核对") from error


def _write(
    fund: FundPurpose,
    kind: str,
    amount: Decimal,
    *,
    happened_on: dt.date,
    document: str,
    by: User,
    commitment: FundCommitment | None = None,
    note: str = "",
    corrects: FundLine | None = None,
) -> FundLine:
    line = FundLine.objects.create(
        fund=fund, kind=kind, amount=amount, happened_on=happened_on, document=document.strip()[:120],
        commitment=commitment, note=note.strip()[:300], corrects=corrects, by=by, at=timezone.now(),
    )  # fmt: skip
    line.refresh_from_db()
    word = "红冲" if corrects else ""
    record(
        f"projects.fund_{kind}", line, by=by,
        summary=f"{fund}{word}{FundLineKind(kind).label} {abs(amount):,.2f} 元，{line.document}",
    )  # fmt: skip
    return line
