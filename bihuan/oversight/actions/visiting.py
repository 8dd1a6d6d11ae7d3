"""On the spot: the locality's own duties, the sites, what is found; signed and handed in as one (R065, R108)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from functools import partial
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.utils import timezone

from bihuan.accounts.models import Organization, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.queries import default_post, holders_of
from bihuan.accounts.roles import ROLES
from bihuan.attachments.actions import attach, sign
from bihuan.attachments.models import Signature
from bihuan.audit.actions import record
from bihuan.audit.moves import step, write_line
from bihuan.core.errors import Refused
from bihuan.duties.actions import finish_duty
from bihuan.duties.models import Duty
from bihuan.hazards.actions import record_hazard
from bihuan.hazards.models import Hazard
from bihuan.hazards.workflow import Level
from bihuan.notifications.actions import notify
from bihuan.notifications.models import Message
from bihuan.registry.models import Enterprise

from ..models import (
    DistrictVisit,
    DutyAnswer,
    FindingTransition,
    OversightFinding,
    OversightVisit,
    Reception,
    SitePick,
    VisitTransition,
)
from ..shipped import category_of, points
from ..standing import is_in_team
from ..workflow import VISIT_RULES, FindingMove, FindingStatus, VisitMove
from .findings import hand_over
from .sampling import seen_by_team

_Level = OversightFinding.Level


def ensure_points(visit: OversightVisit) -> list[DutyAnswer]:
    """The points of the locality's duties, put on the visit as they stand when the team first opens it."""
    rows = list(visit.answers.order_by("position"))
    if rows or visit.submitted_at is not None:
        return rows
    DutyAnswer.objects.bulk_create(
        (
            DutyAnswer(
                visit=visit, position=place, code=each.code, section=each.section, question=each.question,
                basis=each.basis,
            )
            for place, each in enumerate(points(timezone.localdate()))
        ),
        ignore_conflicts=True,
    )  # fmt: skip
    return list(visit.answers.order_by("position"))


@transaction.atomic
def answer_points(visit: OversightVisit, given: Mapping[str, tuple[str, str]], *, by: User) -> int:
    """Write what the team found of the locality's duties; `given` is {code: (answer, note)}. Returns how many.

    What is not fulfilled must say what was seen. Raises PermissionDenied, Refused, IllegalMove.
    """
    seen_by_team(visit, by)
    rows = {each.code: each for each in ensure_points(visit)}
    changed = []
    for code, (answer, note) in given.items():
        row = rows.get(code)
        if row is None:
            continue
        if answer and answer not in DutyAnswer.Answer.values:
            raise Refused(f"“{row.question}”的结论请从列表中选择")
        if answer in {DutyAnswer.Answer.NO, DutyAnswer.Answer.PARTLY} and not note.strip():
            raise Refused(f"“{row.question}”没有完全落实，请写明看到的情况")
        row.answer, row.note = answer, note.strip()[:300]
        changed.append(row)
    DutyAnswer.objects.bulk_update(changed, ["answer", "note"])
    record("oversight.answer", visit, by=by, summary=f"{visit}职责检查 {len(changed)} 项")
    return len(changed)


@transaction.atomic
def see_site(
    pick: SitePick, *, result: str, note: str = "", photos: Iterable[UUID | str] = (), by: User
) -> None:
    """Write what became of one site. Raises PermissionDenied, Refused, IllegalMove."""
    seen_by_team(pick.visit, by)
    if result not in SitePick.Result.values:
        raise Refused("请选择点位的结果")
    if result == SitePick.Result.SHUT and not note.strip():
        raise Refused("停业未查的，请写明到场看到的情况")
    found = pick.visit.findings.live().filter(enterprise=pick.enterprise_id).exists()
    if result == SitePick.Result.FOUND and not found:
        raise Refused("发现问题的，请先在这个点位登记问题")
    if result == SitePick.Result.CLEAN and found:
        raise Refused("这个点位已登记问题，结果应为“发现问题”")
    pick.result, pick.note, pick.seen_by, pick.seen_at = result, note.strip()[:300], by, timezone.now()
    pick.save(update_fields=["result", "note", "seen_by", "seen_at"])
    attach(pick, photos, "site", by=by)
    record("oversight.site", pick.visit, by=by, summary=f"{pick.enterprise}：{pick.get_result_display()}")


@transaction.atomic
def record_finding(
    visit: OversightVisit,
    *,
    level: str,
    code: str,
    description: str,
    by: User,
    demand: str = "",
    organization: Organization | None = None,
    enterprise: Enterprise | None = None,
    is_major: bool = False,
    location: str = "",
    photos: Iterable[UUID | str] = (),
) -> OversightFinding:
    """Write one finding of a visit: a problem of a body, or a danger at a site.

    A danger at a site goes into the one ledger of hazards, in the name of whoever may enter it there; what an expert or
    somebody of another line finds waits for the office to enter it. Raises PermissionDenied, Refused, IllegalMove.
    """
    seen_by_team(visit, by)
    return _record(
        visit=visit, level=level, code=code, description=description, demand=demand, organization=organization,
        enterprise=enterprise, is_major=is_major, location=location, photos=photos, by=by,
        found_organization=visit.round.organization, found_on=timezone.localdate(),
    )  # fmt: skip


def _record(
    *,
    level: str,
    code: str,
    description: str,
    demand: str,
    organization: Organization | None,
    enterprise: Enterprise | None,
    is_major: bool,
    location: str,
    photos: Iterable[UUID | str],
    by: User,
    found_organization: Organization,
    found_on: dt.date,
    visit: OversightVisit | None = None,
    district_visit: DistrictVisit | None = None,
    reception: Reception | None = None,
) -> OversightFinding:
    if level not in _Level.values:
        raise Refused("请选择问题属于哪个层面")
    if not description.strip():
        raise Refused("请写明发现的问题")
    place = visit or reception or (district_visit.district if district_visit else None)
    assert place is not None
    if level == _Level.ENTERPRISE:
        if enterprise is None:
            raise Refused("企业层面的问题，请选择是哪一家企业")
        if visit is not None and not visit.picks.filter(enterprise=enterprise).exists():
            raise Refused(f"{enterprise}不在这次督导的点位里，请先指定为点位")
        organization = None
    elif organization is None:
        raise Refused("请选择由哪个单位整改")
    else:
        enterprise = None
    today = timezone.localdate()
    finding = OversightFinding(
        visit=visit,
        district_visit=district_visit,
        reception=reception,
        level=level,
        code=code,
        category=category_of(code, today),
        description=description.strip()[:500],
        demand=demand.strip()[:300],
        organization=organization,
        enterprise=enterprise,
        city_id=enterprise.city_id if enterprise else place.city_id,
        county_id=enterprise.county_id if enterprise else place.county_id,
        locality_id=enterprise.locality_id if enterprise else place.locality_id,
        found_on=found_on,
        found_by=by,
        found_organization=found_organization,
    )
    wanted = list(photos)
    if enterprise is not None:
        hazard = _enter(finding, enterprise, by=by, is_major=is_major, location=location, photos=wanted)
        if hazard is not None:
            finding.hazard, finding.status = hazard, FindingStatus.IN_LEDGER
    finding.save(force_insert=True)
    write_line(
        finding, FindingMove.RECORD, FindingTransition, seen="", by=by, reason=finding.description,
        act="oversight.record_finding",
    )  # fmt: skip
    attach(finding, wanted, "found", by=by)
    if visit is not None and enterprise is not None:
        visit.picks.filter(enterprise=enterprise).update(
            result=SitePick.Result.FOUND, seen_by=by, seen_at=timezone.now()
        )
    return finding


def recorder(user: User, enterprise: Enterprise) -> Organization | None:
    """The body in whose name the person may enter a danger at that site into the ledger; None for those who may not."""
    if not user.is_active or not Enterprise.objects.visible_to(user).filter(pk=enterprise.pk).exists():
        return None
    return next(
        (
            post.organization
            for post in user.posts
            if Permission.CONDUCT_INSPECTION in ROLES[post.role].permissions
            and post.organization.kind != Organization.Kind.ENTERPRISE
        ),
        None,
    )


def _enter(
    finding: OversightFinding,
    enterprise: Enterprise,
    *,
    by: User,
    is_major: bool,
    location: str,
    photos: Iterable[UUID | str],
) -> Hazard | None:
    body = recorder(by, enterprise)
    if body is None:
        return None
    return record_hazard(
        enterprise=enterprise,
        source=Hazard.Source.OVERSIGHT,
        description=finding.description,
        found_on=finding.found_on,
        by=by,
        found_organization=body,
        location=location,
        level=Level.MAJOR if is_major else Level.GENERAL,
        campaign=finding.visit.round.campaign if finding.visit else None,
        measures=finding.demand,
        photos=photos,
    )


@transaction.atomic
def submit_visit(
    visit: OversightVisit,
    *,
    visited_on: dt.date,
    overall: str,
    met: str = "",
    praise: str = "",
    image: str = "",
    by: User,
) -> None:
    """Sign a visit and hand in everything it found, whole or not at all.

    Every point is answered and every site has a result. A point not fulfilled for which nothing was written becomes a
    finding of the locality by itself. Raises PermissionDenied, Refused naming what is missing, IllegalMove.
    """
    seen_by_team(visit, by)
    if not is_in_team(by, visit):
        raise PermissionDenied
    today = timezone.localdate()
    if not visit.round.starts_on <= visited_on <= today:
        raise Refused(f"督导日期应在 {visit.round.starts_on} 到今天之间，请核对")
    answers = ensure_points(visit)
    bare = [each for each in answers if not each.answer]
    if bare:
        raise Refused(f"还有 {len(bare)} 项职责检查没有结论：{bare[0].question}")
    waiting = list(visit.picks.filter(result="").select_related("enterprise"))
    if waiting:
        raise Refused(f"还有 {len(waiting)} 个点位没有结果：{waiting[0].enterprise}")
    if not visit.picks.exists():
        raise Refused("还没有抽取点位，请先抽取")
    if not overall.strip():
        raise Refused("请写总体评价")
    _from_answers(visit, answers, by=by)
    step(
        visit, VisitMove.SUBMIT, VISIT_RULES[VisitMove.SUBMIT], VisitTransition, by=by,
        changed={
            "visited_on": visited_on, "met": met.strip()[:200], "overall": overall.strip(),
            "praise": praise.strip(), "submitted_by_id": by.pk, "submitted_at": timezone.now(),
        },
        act="oversight.submit_visit",
    )  # fmt: skip
    visit.submitted_by = by
    method = Signature.Method.DRAWN if image else Signature.Method.LOGIN
    sign(
        visit, role="team", signer=by, signer_name=by.full_name,
        signer_title=by.main_post.title if by.main_post else "", method=method, image=image or None, by=by,
    )  # fmt: skip
    finish_duty(visit, Duty.Kind.OVERSIGHT_ROUND, by=by)
    for finding in visit.findings.filter(status=FindingStatus.RECORDED, enterprise=None).select_related(
        "organization", "found_organization", "visit__round"
    ):
        hand_over(finding, by=by)
    post = default_post(visit.organization)
    people = holders_of(post) if post else []
    transaction.on_commit(
        partial(
            notify, people, category=Message.Category.RESULT, title=f"督导组已提交{visit.organization.short_name}的督导情况"[:120],
            url=visit.get_absolute_url(), key=f"oversight:{visit.pk}:submitted",
        )
    )  # fmt: skip


def _from_answers(visit: OversightVisit, answers: Iterable[DutyAnswer], *, by: User) -> None:
    """Points not fulfilled for which the team wrote no finding of its own."""
    have = set(visit.findings.live().values_list("code", flat=True))
    for each in answers:
        if each.answer not in {DutyAnswer.Answer.NO, DutyAnswer.Answer.PARTLY} or each.code in have:
            continue
        _record(
            visit=visit, level=_Level.LOCALITY, code=each.code,
            description=f"{each.question}：{each.get_answer_display()}。{each.note}", demand="",
            organization=visit.organization, enterprise=None, is_major=False, location="", photos=(), by=by,
            found_organization=visit.round.organization, found_on=timezone.localdate(),
        )  # fmt: skip


def record_on_district(
    district_visit: DistrictVisit,
    *,
    level: str,
    code: str,
    description: str,
    by: User,
    demand: str = "",
    organization: Organization | None = None,
    enterprise: Enterprise | None = None,
    due_on: dt.date | None = None,
    photos: Iterable[UUID | str] = (),
) -> OversightFinding:
    """Write one thing a leader found on the spot; a problem of a body is handed over at once. Runs in the transaction of
    the visit that calls it."""
    body = district_visit.lead.post.organization
    finding = _record(
        district_visit=district_visit, level=level, code=code, description=description, demand=demand,
        organization=organization, enterprise=enterprise, is_major=False, location=district_visit.place, photos=photos,
        by=by, found_organization=body, found_on=district_visit.visited_on,
    )  # fmt: skip
    if finding.enterprise_id is None:
        hand_over(finding, by=by, due_on=due_on)
    return finding
