"""Application, effect evaluation report and the examination on the spot (16号令18、23条; R097-R100)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from bihuan.accidents.workflow import AccidentStatus
from bihuan.accounts.models import Organization, User
from bihuan.attachments.actions import attach, sign
from bihuan.attachments.models import Signature
from bihuan.audit.actions import record
from bihuan.core.errors import IllegalMove, Refused
from bihuan.duties.actions import finish_duty
from bihuan.duties.models import Duty
from bihuan.hazards import actions as hazards
from bihuan.hazards.workflow import Status

from ..models import Application, EffectReport, Examination, ExaminationMember, Listing
from ..standing import is_own
from ..workflow import ChainPurpose, ListingMove, ListingStatus, SubjectKind
from .chains import open_approval
from .extending import drop_request
from .moving import check_may, move_listing
from .owing import (
    owe_examination,
    owe_progress,
    owe_rectifying,
    settle_rectifying,
    tell,
)

LEAST_MEMBERS = 2
Files = Iterable[UUID | str]


@dataclass(frozen=True)
class Examiner:
    """One of the team; `image` is the data URL of the drawn signature, empty for the person signed in."""

    organization: Organization
    name: str
    title: str = ""
    image: str = ""


@transaction.atomic
def apply_for_examination(
    listing: Listing,
    *,
    finished_on: dt.date,
    text: str,
    funds_spent: Decimal | None = None,
    photos: Files = (),
    by: User,
) -> Application:
    """Say that the work is done and ask to be struck off; a hazard's own acceptance is asked for along with it.

    Raises PermissionDenied, Refused without a filed plan, words or photos, IllegalMove.
    """
    check_may(listing, ListingMove.APPLY, by)
    today, shown = timezone.localdate(), [str(each) for each in photos if each]
    if not text.strip():
        raise Refused("请写明完成情况")
    if listing.status == ListingStatus.LISTED and not listing.plans.exists():
        raise Refused("治理方案还没有备案，请先备案再申请验收")
    if listing.listed_on is not None and not listing.listed_on <= finished_on <= today:
        raise Refused(f"完成日期应在挂牌日 {listing.listed_on} 至今天之间，所填为 {finished_on}")
    if listing.kind == SubjectKind.HAZARD and not shown:
        raise Refused("请附整改后照片")
    _offer_hazard(listing, text=text, finished_on=finished_on, funds_spent=funds_spent, photos=shown, by=by)
    drop_request(listing, by=by)
    move_listing(listing, ListingMove.APPLY, by=by, reason=f"{text.strip()}（填报 {finished_on} 完成）")
    settle_rectifying(listing, by=by)
    application = Application.objects.create(
        listing=listing, finished_on=finished_on, text=text.strip(), funds_spent=funds_spent,
        examine_by=owe_examination(listing, today, by=by), on_behalf=not is_own(by, listing), by=by, at=timezone.now(),
    )  # fmt: skip
    attach(application, shown, "after", by=by)
    record("listings.apply", application, by=by, summary=f"{listing}申请摘牌验收")
    return application


def _offer_hazard(
    listing: Listing,
    *,
    text: str,
    finished_on: dt.date,
    funds_spent: Decimal | None,
    photos: list[str],
    by: User,
) -> None:
    hazard = listing.hazard
    if hazard is None:
        return
    hazard.refresh_from_db()
    if hazard.status in (Status.PLANNING, Status.PLAN_REVIEW):
        raise Refused(f"隐患{hazard.number}的治理方案还没有审查同意，不能申请验收")
    if hazard.status == Status.RECTIFYING:
        hazards.submit_rectification(
            hazard, text=text.strip()[:1000], finished_on=max(finished_on, hazard.found_on), funds_spent=funds_spent,
            photos=photos, by=by,
        )  # fmt: skip


@transaction.atomic
def file_effect_report(
    listing: Listing,
    *,
    evaluator_kind: str,
    evaluator: str,
    measures_done: bool,
    risk_before: str,
    risk_after: str,
    funds_in_place: bool,
    staff_informed: bool,
    no_recurrence: bool,
    conclusion: str,
    files: Files = (),
    by: User,
) -> EffectReport:
    """File the effect evaluation report of the application that waits. Raises PermissionDenied, Refused, IllegalMove."""
    check_may(listing, ListingMove.APPLY, by)
    application = listing.applications.order_by("-pk").first()
    if listing.status != ListingStatus.EXAMINING or application is None:
        raise IllegalMove("请先申请摘牌验收，再提交效果评价报告")
    if not evaluator.strip() or not conclusion.strip():
        raise Refused("请写明评价单位或专家，以及评价结论")
    report = EffectReport.objects.create(
        listing=listing, application=application, evaluator_kind=evaluator_kind, evaluator=evaluator.strip()[:120],
        measures_done=measures_done, risk_before=risk_before, risk_after=risk_after, funds_in_place=funds_in_place,
        staff_informed=staff_informed, no_recurrence=no_recurrence, conclusion=conclusion.strip(), by=by,
        at=timezone.now(),
    )  # fmt: skip
    attach(report, files, "document", by=by)
    record("listings.effect", report, by=by, summary=f"{listing}提交整改效果评价报告")
    return report


@transaction.atomic
def record_examination(
    listing: Listing,
    *,
    examined_on: dt.date,
    passed: bool,
    opinion: str,
    team: Sequence[Examiner],
    photos: Files = (),
    by: User,
) -> Examination:
    """What the team found on the spot, everybody signing; good: the end is sent up its chain, else back to work.

    After a term that ran out without an application it may be held all the same; the verdict is then that it is not done,
    or, with an application, either. Raises PermissionDenied, Refused with all that is missing, IllegalMove.
    """
    check_may(listing, ListingMove.PASS, by)
    application = listing.applications.order_by("-pk").first()
    problems = _problems(listing, application, examined_on, passed, opinion, team, by)
    if problems:
        raise Refused("；".join(problems))
    if listing.status not in (ListingStatus.EXAMINING, ListingStatus.LISTED):
        raise IllegalMove(f"{listing.number}现为“{listing.get_status_display()}”，不在现场审查环节")
    early = listing.status == ListingStatus.LISTED
    if early and (passed or listing.due_on >= timezone.localdate()):
        raise IllegalMove(f"{listing.number}还没有申请摘牌验收，不能作合格审查")
    examination = Examination.objects.create(
        listing=listing, application=None if early else application, examined_on=examined_on, passed=passed,
        opinion=opinion.strip(), by=by, at=timezone.now(),
    )  # fmt: skip
    ExaminationMember.objects.bulk_create(
        ExaminationMember(
            examination=examination, organization=each.organization, name=each.name.strip(), title=each.title.strip(),
            position=position,
        )
        for position, each in enumerate(team, start=1)
    )  # fmt: skip
    attach(examination, [str(each) for each in photos if each], "scene", by=by)
    record(
        "listings.examine",
        examination,
        by=by,
        summary=f"{listing.number}现场审查{'合格' if passed else '不合格'}",
    )
    for each in team:
        sign(
            examination, role="team", signer=None if each.image else by, signer_name=each.name,
            signer_title=f"{each.organization.short_name} {each.title}".strip(),
            method=Signature.Method.DRAWN if each.image else Signature.Method.LOGIN, image=each.image or None, by=by,
        )  # fmt: skip
    finish_duty(listing, Duty.Kind.LISTING_EXAMINE, by=by)
    if early:
        tell(listing, f"到期现场审查不合格：{listing.title[:60]}", opinion)
        return examination
    if passed:
        _close_hazard(listing, examination, team, by=by)
        move_listing(listing, ListingMove.PASS, by=by, reason=opinion)
        open_approval(listing, ChainPurpose.DELIST, by=by)
    else:
        _send_hazard_back(listing, examination, team, by=by)
        move_listing(listing, ListingMove.FAIL, by=by, reason=opinion)
        owe_rectifying(listing, by=by)
        owe_progress(listing, by=by)
        tell(listing, f"现场审查不合格：{listing.title[:60]}", opinion)
    return examination


def _problems(
    listing: Listing,
    application: Application | None,
    examined_on: dt.date,
    passed: bool,
    opinion: str,
    team: Sequence[Examiner],
    by: User,
) -> list[str]:
    found, today = [], timezone.localdate()
    if examined_on > today:
        found.append("审查日期在今天之后，请核对")
    elif application is not None and examined_on < timezone.localdate(application.at):
        found.append(f"审查日期早于申请日期 {timezone.localdate(application.at)}，请核对")
    if len(team) < LEAST_MEMBERS:
        found.append(f"审查组至少 {LEAST_MEMBERS} 人")
    for number, each in enumerate(team, start=1):
        if not each.name.strip():
            found.append(f"第 {number} 名审查组成员没有姓名")
        elif not each.image and each.name.strip() != by.full_name:
            found.append(f"审查组成员{each.name}没有签名")
    if not opinion.strip():
        found.append("请写明审查意见")
    if passed and listing.status == ListingStatus.EXAMINING:
        found += _not_done(listing, application)
    return found


def _not_done(listing: Listing, application: Application | None) -> list[str]:
    """What stands against a good verdict."""
    if listing.kind == SubjectKind.ACCIDENT:
        settled = (AccidentStatus.SETTLED, AccidentStatus.ASSESSED)
        if listing.accident is not None and listing.accident.status not in settled:
            return [f"事故现为“{listing.accident.get_status_display()}”，结案以后才能审查合格"]
        return []
    if listing.kind != SubjectKind.HAZARD:
        return []
    report = application.effect_reports.order_by("-pk").first() if application else None
    if report is None:
        return ["还没有整改效果评价报告，不能审查合格"]
    found = []
    if not report.measures_done:
        found.append("效果评价报告写明措施没有全部完成，不能审查合格")
    if not report.staff_informed:
        found.append("还没有向从业人员通报治理情况，不能审查合格（安全生产法第四十一条）")
    return found


def _close_hazard(listing: Listing, examination: Examination, team: Sequence[Examiner], *, by: User) -> None:
    """The same team's verdict closes the hazard in the ledger: acceptance, then evaluation from the report."""
    hazard = listing.hazard
    if hazard is None:
        return
    hazard.refresh_from_db()
    if hazard.status == Status.ACCEPTING:
        hazards.record_acceptance(
            hazard, team=_names(team), passed=True, opinion=examination.opinion[:500], by=by
        )
        hazard.refresh_from_db()
    if hazard.status == Status.EVALUATING:
        report = listing.effect_reports.order_by("-pk").first()
        assert report is not None  # `_not_done` refused otherwise
        hazards.record_evaluation(
            hazard, evaluator=report.evaluator, measures_done=report.measures_done, risk_before=report.risk_before,
            risk_after=report.risk_after, funds_in_place=report.funds_in_place, staff_informed=report.staff_informed,
            conclusion=report.conclusion[:500], passed=True, by=by,
        )  # fmt: skip
    elif hazard.status != Status.CLOSED:
        raise IllegalMove(f"隐患{hazard.number}现为“{hazard.get_status_display()}”，还没有提交验收")


def _send_hazard_back(
    listing: Listing, examination: Examination, team: Sequence[Examiner], *, by: User
) -> None:
    hazard = listing.hazard
    if hazard is None:
        return
    hazard.refresh_from_db()
    if hazard.status == Status.ACCEPTING:
        hazards.record_acceptance(
            hazard, team=_names(team), passed=False, opinion=examination.opinion[:500], by=by
        )
    elif hazard.status == Status.EVALUATING:
        hazards.record_evaluation(
            hazard, evaluator=_names(team)[:120], measures_done=False, risk_before="", risk_after="",
            funds_in_place=False, staff_informed=False, conclusion=examination.opinion[:500], passed=False, by=by,
        )  # fmt: skip
    elif hazard.status == Status.CLOSED:
        hazards.reopen(hazard, reason=f"挂牌现场审查不合格：{examination.opinion[:300]}", by=by)


def _names(team: Sequence[Examiner]) -> str:
    return "；".join(f"{each.organization.short_name} {each.name}" for each in team)[:300]
