"""Telling of an accident: the first report, follow-ups, passing it on upward (Order 493, articles 9-13)."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import timezone

from bihuan.accounts.models import Organization, Region, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.queries import default_post, holders_of, office_of
from bihuan.accounts.scope import place_of
from bihuan.attachments.actions import attach
from bihuan.audit.actions import record
from bihuan.audit.moves import write_line as write_move
from bihuan.campaigns.models import Campaign
from bihuan.core.errors import IllegalMove, Refused
from bihuan.duties.actions import finish_duty, open_duty
from bihuan.duties.models import Duty
from bihuan.notifications.actions import notify
from bihuan.notifications.models import Message
from bihuan.registry.models import Enterprise
from bihuan.rules import accidents as rules

from ..models import Accident, AccidentFigure, AccidentForward, AccidentReport, AccidentTransition, NoPassItem
from ..standing import LEVEL_OF, acting, level_of, reporting_body
from ..workflow import FOLLOWED, AccidentMove, Grade, Level
from .counting import set_window, write_line
from .moving import hold_still


@dataclass(frozen=True)
class Told:
    """The six things a report says (article 12)."""

    unit_overview: str = ""
    scene: str = ""
    course: str = ""
    casualties: str = ""
    measures: str = ""
    other: str = ""


def check_toll(toll: rules.Toll) -> None:
    """Refuse what cannot be."""
    people = [toll.deaths, toll.serious, toll.minor, toll.missing]
    if min(people) < 0 or toll.loss < 0:
        raise Refused("伤亡人数和直接经济损失不能是负数，请核对")
    if max(people) > 100_000 or toll.loss > 10**8:
        raise Refused("伤亡人数或直接经济损失（单位为万元）过大，请核对单位")


@transaction.atomic
def report_accident(
    *,
    title: str,
    occurred_at: dt.datetime,
    known_at: dt.datetime,
    region: Region,
    place: str,
    kind: str,
    toll: rules.Toll,
    told: Told,
    by: User,
    enterprise: Enterprise | None = None,
    unit_name: str = "",
    department: Organization | None = None,
    campaign: Campaign | None = None,
    explosion: bool = False,
    moved: int = 0,
    photos: Iterable[str | uuid.UUID] = (),
) -> Accident:
    """Report an accident (快报) and begin its record.

    An enterprise reports its own; a township what lies in it; offices and departments what lies in their area. Owes
    the next level within two hours and the follow-up until the window ends. Raises PermissionDenied, Refused.
    """
    now = timezone.now()
    if enterprise is not None:
        region = enterprise.locality
    body = reporting_body(by, region)
    if body is None:
        raise PermissionDenied
    own = body.kind == Organization.Kind.ENTERPRISE
    if own and (enterprise is None or enterprise.organization_id != body.pk):
        raise PermissionDenied
    if enterprise and not own and not Enterprise.objects.visible_to(by).filter(pk=enterprise.pk).exists():
        raise PermissionDenied
    if len(region.code) < 6:
        raise Refused("请选择事故发生的县区或者乡镇（街道）")
    if not (enterprise or unit_name.strip()):
        raise Refused("请选择事发企业，或者写明事发单位、场所")
    if not (title.strip() and place.strip()):
        raise Refused("请填写事故名称和发生地点")
    if occurred_at > now or known_at > now:
        raise Refused("发生时间、得知时间不能晚于现在，请核对")
    if known_at < occurred_at:
        raise Refused("得知时间早于发生时间，请核对")
    if campaign is not None and not Campaign.objects.filter(pk=campaign.pk).exists():
        raise Refused("所选专项整治不存在，请重新选择")
    check_toll(toll)
    rule = rules.kinds()[kind]
    where = place_of(region)
    accident = Accident(
        title=title.strip()[:120], occurred_at=occurred_at, occurred_on=timezone.localdate(occurred_at),
        city_id=where.city_id, county_id=where.county_id, locality_id=where.locality_id, place=place.strip()[:200],
        enterprise=enterprise, unit_name=unit_name.strip()[:120],
        department=department or (enterprise.department if enterprise else None), kind=kind,
        is_production=rule.production, explosion=explosion, moved=moved, campaign=campaign, reporter=body,
        reported_by=by, reported_at=now,
    )  # fmt: skip
    set_window(accident)
    graded = rules.grade_of(toll, accident.occurred_on, explosion=explosion, moved=moved)
    accident.grade = accident.first_grade = Grade(graded.key)
    accident.save(force_insert=True)
    NoPassItem.objects.bulk_create(NoPassItem(accident=accident, key=each["key"]) for each in rules.no_pass())
    line = write_line(accident, AccidentFigure.Source.FIRST, toll, as_of=timezone.localdate(known_at), by=by)
    write_move(accident, AccidentMove.REPORT, AccidentTransition, seen="", by=by, at=line.at)
    report = _report(accident, AccidentReport.Kind.FIRST, 1, body, known_at, told, toll, now=now, by=by)
    attach(report, [str(each) for each in photos if each], "scene", by=by)
    open_duty(
        kind=Duty.Kind.ACCIDENT_REPORT, subject=accident, title=f"续报伤亡变化：{accident}",
        url=accident.get_absolute_url(), organization=body, place=accident, due_on=accident.window_ends_on,
        clock=accident.window_clock, by=by,
    )  # fmt: skip
    # Whoever reports as an office has known it since then; an office that is told knows it from now on.
    pass_on(accident, by=by, since=known_at if level_of(body) else now)
    transaction.on_commit(partial(_tell, accident.pk, by.pk))
    return accident


def _report(
    accident: Accident,
    kind: str,
    sequence: int,
    body: Organization,
    known_at: dt.datetime,
    told: Told,
    toll: rules.Toll,
    *,
    now: dt.datetime,
    by: User,
    as_of: dt.date | None = None,
    counted: bool = True,
    why: str = "",
) -> AccidentReport:
    own = body.kind == Organization.Kind.ENTERPRISE
    due_at, told_clock = rules.hours_due(
        "report.unit" if own else "report.level", timezone.localtime(known_at), on=accident.occurred_on
    )
    report = AccidentReport(
        accident=accident, kind=kind, sequence=sequence, organization=body, known_at=known_at, due_at=due_at,
        clock=told_clock, as_of=as_of or timezone.localdate(known_at), deaths=toll.deaths, serious=toll.serious,
        minor=toll.minor, missing=toll.missing, loss=toll.loss, counted=counted, why_counted=why[:300], by=by, at=now,
        unit_overview=told.unit_overview.strip(), scene=told.scene.strip(), course=told.course.strip(),
        casualties=told.casualties.strip(), measures=told.measures.strip(), other=told.other.strip(),
    )  # fmt: skip
    try:
        with transaction.atomic():
            report.save(force_insert=True)
    except IntegrityError as error:
        raise IllegalMove(f"“{accident}”刚刚有人续报，请刷新后核对") from error
    late = "，迟报" if report.is_late else ""
    record("accidents.report", report, by=by, summary=f"{accident}{report}{late}")
    return report


@transaction.atomic
def follow_up(
    accident: Accident,
    *,
    known_at: dt.datetime,
    as_of: dt.date,
    toll: rules.Toll,
    told: Told,
    by: User,
    is_final: bool = False,
    photos: Iterable[str | uuid.UUID] = (),
) -> AccidentReport:
    """Report how things have changed (续报). What changed within the window counts towards figures and grade; what
    changed after it is kept and does not. `is_final`: the reporter says that nothing more is to be expected.

    Raises PermissionDenied, Refused, IllegalMove when the record is closed or somebody was quicker.
    """
    body = acting(by, Permission.REPORT_ACCIDENT, accident)
    if body is None or not Accident.objects.visible_to(by).filter(pk=accident.pk).exists():
        raise PermissionDenied
    if accident.status not in FOLLOWED:
        raise IllegalMove(f"“{accident}”现为“{accident.get_status_display()}”，不再续报")
    hold_still(accident, FOLLOWED)
    now = timezone.now()
    last = accident.reports.order_by("-sequence").first()
    if as_of < accident.occurred_on or as_of > timezone.localdate(now):
        raise Refused(f"数据截至日期应在 {accident.occurred_on} 至今天之间，请核对")
    if last and as_of < last.as_of:
        raise Refused(f"数据截至日期早于上次报告的 {last.as_of}，请核对")
    if known_at > now or known_at < accident.occurred_at:
        raise Refused("得知时间应在事故发生之后、现在之前，请核对")
    check_toll(toll)
    counted = as_of <= accident.window_ends_on
    why = (
        f"截至 {as_of}，在补报窗口（至 {accident.window_ends_on}）内，计入统计和定级"
        if counted
        else f"截至 {as_of}，已过补报窗口（至 {accident.window_ends_on}），留存不计入"
    )
    report = _report(
        accident, AccidentReport.Kind.FOLLOW_UP, (last.sequence if last else 0) + 1, body, known_at, told, toll,
        now=now, by=by, as_of=as_of, counted=counted, why=why,
    )  # fmt: skip
    attach(report, [str(each) for each in photos if each], "scene", by=by)
    if counted and toll != accident.toll:
        write_line(accident, AccidentFigure.Source.FOLLOW_UP, toll, as_of=as_of, by=by, note=why)
        pass_on(accident, by=by, since=now)
    if is_final:
        finish_duty(accident, Duty.Kind.ACCIDENT_REPORT, by=by)
    transaction.on_commit(partial(_tell, accident.pk, by.pk, report.sequence))
    return report


def pass_on(accident: Accident, *, by: User, since: dt.datetime) -> None:
    """Open the next step upward that the grade asks for and that nobody has been asked for yet (article 11).

    Whoever sends upward while somebody else reports more deaths must neither open a step twice nor leave one out: the
    accident is held until the transaction ends, and read as it stands then. Raises IllegalMove when somebody was quicker.
    """
    accident.grade = Accident.objects.select_for_update().values_list("grade", flat=True).get(pk=accident.pk)
    wanted = rules.grade_rule(accident.grade, accident.occurred_on).report_to
    done = {each.to_level: each for each in accident.forwards.all()}
    for level, above in (
        (Level.COUNTY, Level.CITY),
        (Level.CITY, Level.PROVINCE),
        (Level.PROVINCE, Level.STATE),
    ):
        if rules.LEVELS.index(above) > rules.LEVELS.index(wanted):
            return
        if above in done:
            if done[above].sent_at is None:
                return
            continue
        office = _office(accident, level)
        if office is None:
            continue
        due_at, told = rules.hours_due("report.level", timezone.localtime(since), on=accident.occurred_on)
        try:
            with transaction.atomic():
                step = AccidentForward.objects.create(
                    accident=accident, organization=office, to_level=above, to=_office(accident, above),
                    received_at=since, due_at=due_at, clock=told,
                )  # fmt: skip
        except IntegrityError as error:
            raise IllegalMove(f"“{accident}”刚刚已由他人转报，请刷新后核对") from error
        open_duty(
            kind=Duty.Kind.ACCIDENT_REPORT, subject=step,
            title=f"上报{rules.level_name(above)}：{accident}", url=accident.get_absolute_url(), organization=office,
            place=accident, due_on=timezone.localdate(due_at), clock=told, by=by,
        )  # fmt: skip
        return


def _office(accident: Accident, level: str) -> Organization | None:
    """The committee office of exactly that level over the place."""
    code = {
        Level.COUNTY: accident.county_id, Level.CITY: accident.city_id, Level.PROVINCE: accident.city_id[:2],
    }.get(Level(level))  # fmt: skip
    office = office_of(code) if code else None
    return office if office and LEVEL_OF.get(len(office.region_id)) == level else None


@transaction.atomic
def send_upward(step: AccidentForward, *, how: str, by: User, sent_at: dt.datetime | None = None) -> None:
    """Note that the accident was passed on to the next level, how and when. Raises PermissionDenied, Refused."""
    accident = step.accident
    body = acting(by, Permission.REPORT_ACCIDENT, accident)
    if body is None or not any(post.organization_id == step.organization_id for post in by.posts):
        raise PermissionDenied
    now = timezone.now()
    sent = sent_at or now
    if not how.strip():
        raise Refused("请写明上报方式：系统、电话、传真，报给谁")
    if sent > now or sent < step.received_at:
        raise Refused("上报时间应在接报之后、现在之前，请核对")
    moved = AccidentForward.objects.filter(pk=step.pk, sent_at=None).update(
        sent_at=sent, how=how.strip()[:60], by=by
    )
    if not moved:
        raise IllegalMove(f"“{accident}”已经上报过，请刷新后核对")
    step.refresh_from_db()
    late = "，超过时限" if step.is_late else ""
    record("accidents.send_upward", step, by=by, summary=f"{accident}上报{step.get_to_level_display()}{late}")
    finish_duty(step, Duty.Kind.ACCIDENT_REPORT, by=by)
    pass_on(accident, by=by, since=sent)


def _tell(pk: int, actor: int, sequence: int = 1) -> None:
    """Tell the offices over the place, and the department of the line."""
    accident = Accident.objects.select_related("department").get(pk=pk)
    bodies = [_office(accident, level) for level in (Level.COUNTY, Level.CITY, Level.PROVINCE)]
    people = [
        user
        for body in [*bodies, accident.department]
        if body is not None and (post := default_post(body)) is not None
        for user in holders_of(post)
        if user.pk != actor
    ]
    word = "事故快报" if sequence == 1 else f"事故续报（第{sequence}次）"
    notify(
        people, category=Message.Category.REMINDER, title=f"{word}：{accident}"[:120],
        body=f"{accident.get_grade_display()}，死亡{accident.deaths}人，重伤{accident.serious}人",
        url=accident.get_absolute_url(), key=f"accident:{accident.pk}:{sequence}",
    )  # fmt: skip
