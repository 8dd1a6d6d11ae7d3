"""The last afternoon, through the real actions: an inspection with photographs, judgements, a report, hand-overs."""

from __future__ import annotations

import base64
import datetime as dt
import io
import random
import uuid
from decimal import Decimal

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import F
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.attachments.actions import store_upload
from bihuan.audit.actions import chain_of
from bihuan.campaigns.actions import move_assignment
from bihuan.campaigns.models import Assignment, Campaign, CheckItem
from bihuan.campaigns.workflow import AssignmentMove, AssignmentStatus
from bihuan.duties.actions import reassign_duty
from bihuan.duties.models import Duty
from bihuan.hazards.actions import merge, record_hazard, reinspect, submit_rectification
from bihuan.hazards.models import Hazard
from bihuan.hazards.workflow import ExtensionStatus, Level, Status
from bihuan.inspections.actions import submit_inspection
from bihuan.inspections.asking import asked
from bihuan.inspections.models import Inspection
from bihuan.inspections.queries import current_checklist
from bihuan.inspections.submission import (
    DRAWN,
    LOGIN,
    AnswerGiven,
    Finding,
    MemberGiven,
    Outcome,
    SignatureGiven,
    Submission,
)
from bihuan.notifications.models import Message
from bihuan.registry.models import Enterprise

from .city import City
from .evidence import signature_png
from .moments import as_of, at_hour
from .photos import photo
from .readings import reading

STEP = dt.timedelta(minutes=4)


def last_afternoon(now: dt.datetime) -> dt.datetime:
    """When the last acts begin: an hour and a half ago during office hours, else the afternoon before."""
    local = timezone.localtime(now)
    if local.hour >= 11:
        return min(local - dt.timedelta(minutes=90), at_hour(local.date(), 16))
    return at_hour(local.date() - dt.timedelta(days=1), 16)


def act(city: City, campaign: Campaign, *, rng: random.Random, now: dt.datetime) -> None:
    """Do what the cast did last."""
    at = last_afternoon(now)
    inspector, second = _fresh(city, "jiedao", "jiedao2")
    with as_of(at):
        _hand_reviews_to(city, inspector)
    enterprise = _unvisited(campaign, inspector) or city.enterprises[0]
    with as_of(at + STEP):
        _inspect(city, campaign, enterprise, inspector, second, rng, at=at - dt.timedelta(minutes=50))
    manager = _fresh(city, "qiye")[0]
    before = at + STEP
    mine = (
        Hazard.objects.visible_to(manager)
        .filter(status=Status.RECTIFYING, level=Level.GENERAL, found_on__lt=at.date())
        .exclude(extensions__status=ExtensionStatus.PENDING)
    )
    for hazard in [each for each in mine if not _touched_after(each, before)][:1]:
        with as_of(at + STEP * 2):
            kept = store_upload(
                _file(photo(hazard.pk, hazard.location, before=False), "整改后.jpg"), by=manager
            )
            submit_rectification(
                hazard,
                text="已按要求更换并检漏合格，请复查",
                by=manager,
                photos=[kept.pk],
                funds_spent=Decimal(180),
            )
    waiting = Hazard.objects.visible_to(inspector).filter(
        status=Status.REINSPECTING, reviewing_organization=inspector.organization
    )
    ready = [each for each in waiting.order_by("due_on", "pk") if not _touched_after(each, before)]
    for passed, hazard in zip((True, True, False), ready, strict=False):
        with as_of(at + STEP * (4 if passed else 5)):
            reinspect(
                hazard, passed=passed, by=inspector, reason_type="" if passed else "photo_mismatch",
                text="现场复查，已整改到位" if passed else "照片与问题点位不一致，请在原位置同角度重新拍摄",
            )  # fmt: skip
    _report(city, campaign, at + STEP * 6)
    with as_of(at + STEP * 7):
        _enter_twice(inspector, at.date())
    long_ago = Message.objects.filter(read_at=None, created_at__lt=now - dt.timedelta(days=20))
    long_ago.update(read_at=F("created_at") + dt.timedelta(hours=3))


def _enter_twice(inspector: User, day: dt.date) -> None:
    """What is being rectified already was entered once more, and is led back to the first entry."""
    first = (
        Hazard.objects.visible_to(inspector)
        .filter(status=Status.RECTIFYING, level=Level.GENERAL, found_on__lt=day)
        .order_by("pk")
        .first()
    )
    if first is None or inspector.organization is None:
        return
    again = record_hazard(
        enterprise=first.enterprise, source="inspection", description=first.description, location=first.location,
        found_on=day, by=inspector, found_organization=inspector.organization,
    )  # fmt: skip
    merge(again, into=first, reason="同一位置、同一问题，前一次检查已登记，正在整改", by=inspector)


def _fresh(city: City, *logins: str) -> list[User]:
    return [User.objects.get(pk=city.users[login].pk) for login in logins]


def _touched_after(hazard: Hazard, moment: dt.datetime) -> bool:
    """Whether the ledger already has a line later than `moment`: time must not run backwards."""
    last = hazard.transitions.order_by("-at").values_list("at", flat=True).first()
    return last is not None and last > moment


def _hand_reviews_to(city: City, inspector: User) -> None:
    """谁检查谁复查: the leader gives half of the street's open reviews to the inspector."""
    leader = _fresh(city, "jiedao_leader")[0]
    post = inspector.main_post
    reviews = Duty.objects.open().filter(kind=Duty.Kind.HAZARD_REVIEW, organization=leader.organization)
    for duty in list(reviews.order_by("due_on", "pk"))[::2]:
        if post is not None:
            reassign_duty(duty, post, by=leader, reason="谁检查谁复查")


def _unvisited(campaign: Campaign, inspector: User) -> Enterprise | None:
    """A restaurant of the street nobody has visited under the first task about restaurants."""
    return (
        Enterprise.objects.supervised()
        .filter(locality=inspector.organization.region_id, kind="restaurant")  # type: ignore[union-attr]
        .exclude(inspections__campaign=campaign)
        .order_by("pk")
        .first()
    )


def _inspect(
    city: City,
    campaign: Campaign,
    enterprise: Enterprise,
    inspector: User,
    second: User,
    rng: random.Random,
    *,
    at: dt.datetime,
) -> Inspection:
    """One visit with two findings: one put right at once, one with a deadline."""
    task = campaign.tasks.filter(kinds="restaurant", checklists__isnull=False).order_by("position").first()
    checklist = current_checklist(task) if task else None
    if task is None or checklist is None:
        raise RuntimeError("the gas campaign has no task about restaurants")

    def picture(seed: int, caption: str, *, before: bool) -> str:
        name = "整改前.jpg" if before else "整改后.jpg"
        return str(store_upload(_file(photo(seed, caption, before), name), by=inspector).pk)

    hose = Finding(
        description="炒灶连接软管实测2.3米，超过2米", outcome=Outcome.FIXED, location="后厨炒灶区",
        photos=(picture(9001, "后厨炒灶区", before=True),), after_photos=(picture(9001, "后厨炒灶区", before=False),),
        fix_text="当场换为1.5米不锈钢波纹软管，肥皂水检漏无气泡",
    )  # fmt: skip
    alarm = Finding(
        description="可燃气体探测器距灶台超过8米且已过使用期限", outcome=Outcome.DEADLINE, location="后厨顶部",
        photos=(picture(9002, "后厨顶部", before=True),), responsible_person="店长",
        measures="更换探测器并与紧急切断阀联动调试", funds=Decimal(860), contingency="发现泄漏立即关阀断电、开窗疏散并报修",
        interim_measures="营业时专人看火，打烊关闭总阀",
    )  # fmt: skip
    items = asked(list(checklist.items.order_by("position")), enterprise)
    failed = {_about(items, "软管"): hose, _about(items, "探测器", "报警"): alarm}
    answers = tuple(
        AnswerGiven(
            item.position,
            "fail" if item.position in failed else "pass",
            measured=reading(item.demand, rng, passes=item.position not in failed) if item.demand else "",
            finding=failed.get(item.position),
        )
        for item in items
    )
    return submit_inspection(
        Submission(
            client_id=uuid.UUID(int=rng.getrandbits(128), version=4),
            kind=Inspection.Kind.TOWNSHIP,
            enterprise=enterprise,
            task=task,
            checklist=checklist,
            started_at=at,
            finished_at=at + dt.timedelta(minutes=45),
            members=(
                MemberGiven(inspector.full_name, inspector, inspector.certificate_no, SignatureGiven(LOGIN)),
                MemberGiven(second.full_name, second, second.certificate_no, _drawn(second.full_name)),
            ),
            accompanying_name=city.safety[enterprise.pk],
            accompanying_title="店长",
            accompanying_signature=_drawn(city.safety[enterprise.pk]),
            answers=answers,
            longitude=enterprise.longitude,
            latitude=enterprise.latitude,
            opinion="软管已当场更换；报警装置须限期更换，期间落实专人看火。",
        ),
        by=inspector,
    )


def _about(items: list[CheckItem], *words: str) -> int:
    """The position of the first item about one of `words` that is not major by itself."""
    return next(
        item.position
        for item in items
        if not item.major_if_failed and any(word in item.text for word in words)
    )


def _drawn(name: str) -> SignatureGiven:
    data = base64.b64encode(signature_png(name)).decode()
    return SignatureGiven(DRAWN, image=f"data:image/png;base64,{data}")


def _file(data: bytes, name: str) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, io.BytesIO(data).read(), content_type="image/jpeg")


def _report(city: City, campaign: Campaign, at: dt.datetime) -> None:
    """The lead department reports a finished task; the office finds it in its messages."""
    bureau = _fresh(city, "zhujian")[0]
    share = (
        Assignment.objects.filter(
            task__campaign=campaign,
            organization=bureau.organization,
            status=AssignmentStatus.WORKING,
            updated_at__lt=at,
        )
        .order_by("task__position")
        .first()
    )
    if share is not None and Duty.objects.open().filter(subject=chain_of(share)).exists():
        with as_of(at):
            move_assignment(
                share, AssignmentMove.REPORT, by=bureau, note="本环节检查全部完成，问题已移交跟踪整改"
            )
