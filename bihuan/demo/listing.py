"""Listings of the demo city in every stage, from a report that came back to one struck off, through the real actions."""

from __future__ import annotations

import base64
import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from bihuan.accidents.models import Accident
from bihuan.accounts.models import Organization, Post, Region, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.queries import default_post, holders_of, leaders_of
from bihuan.attachments.actions import store_upload
from bihuan.batches.standing import holds
from bihuan.hazards import actions as hazards
from bihuan.hazards.models import Hazard
from bihuan.listings import actions
from bihuan.listings.models import Approval, Listing
from bihuan.listings.workflow import ApprovalStatus, LetterMove
from bihuan.registry.models import Enterprise

from .city import City
from .evidence import signature_png
from .moments import as_of, at_hour
from .photos import photo

PLAN = {
    "goals": "彻底消除隐患，恢复安全条件", "methods": "停用、拆除、更换、检测四步实施，分段验收", "funding": "企业自筹，专款专用，已到账",
    "staffing": "主要负责人牵头，安全管理人和施工单位组成专班", "schedule": "按周排出进度，节点由专班签认",
    "safety": "作业区隔离、专人监护、备足消防器材，应急预案已演练", "measures_secured": "施工方案经专家看过",
    "funds_secured": "资金证明已附", "deadline_secured": "进度计划已上墙", "person_secured": "主要负责人签了责任书",
    "contingency_secured": "预案已演练一次",
}  # fmt: skip
# What was found, the words for the sign, days ago it was reported, days it was given, how far it has come.
CASES: list[tuple[str, str, int, int, str]] = [
    ("气瓶间设在地下室且没有泄漏报警", "地下室气瓶间没有泄漏报警装置", 118, 150, "struck_off"),
    ("燃气管道被违章建筑占压", "燃气管道被违章建筑占压", 100, 160, "delisting"),
    ("储罐区防火堤开裂且消防水源不足", "储罐区防火堤开裂", 96, 170, "examining"),
    ("疏散楼梯被封堵、消防设施瘫痪", "疏散楼梯被封堵", 92, 180, "failed"),
    ("充装区与明火距离不足", "充装区与明火距离不足", 108, 95, "overdue"),
    ("气瓶超量储存且与厨房连通", "气瓶超量储存", 60, 120, "extension"),
    ("用气场所没有紧急切断装置", "用气场所没有紧急切断装置", 12, 90, "listed"),
    ("液化气储存间与宿舍相通", "液化气储存间与宿舍相通", 5, 80, "approving"),
    ("燃气调压设施被圈占", "燃气调压设施被圈占", 7, 60, "returned"),
]
# At the shop of the demo's enterprise login, in the street of the demo's street leader: one well under way, one just
# listed whose letter of responsibility lies before the street leader.
OWN: list[tuple[str, str, int, int, str]] = [
    ("瓶装气储存间与厨房连通且没有泄漏报警", "瓶装气储存间与厨房连通", 66, 130, "under_way"),
    ("二层用餐区只有一个安全出口，疏散楼梯堆放杂物", "二层用餐区只有一个安全出口", 12, 100, "fresh"),
]
PROGRESS = {
    "": ("旧设施已拆除，新设备到货一半", "管件缺货，正在催货"),
    "under_way": ("储存间与厨房之间已砌实墙，通往室外的门已改好，报警器已订货", "报警器安装队排期在下周"),
}


At = Callable[..., dt.datetime]


@dataclass
class Bureau:
    """Who acts: the line department's officer and head, the city office's officer and head."""

    officer: User
    leader: User
    office: User
    office_leader: User


def _body(user: User) -> Organization:
    """The body a person of the story works for."""
    assert user.organization is not None
    return user.organization


def supervise(city: City) -> None:
    """Fill the register of listings."""
    bureau = _bureau(city)
    department = bureau.officer.organization
    pool = Enterprise.objects.filter(department=department, status="operating", organization__isnull=False)
    enterprises = list(pool.select_related("organization", "locality").order_by("pk")[: len(CASES)])
    for number, (enterprise, case) in enumerate(zip(enterprises, CASES, strict=False)):
        _case(city, bureau, enterprise, number, *case)
    own = Enterprise.objects.select_related("organization", "locality", "department").get(
        organization=_body(_fresh(city.users["qiye"]))
    )
    if own.department is not None:
        theirs = _bureau_of(own.department, bureau)
        for number, case in enumerate(OWN, start=len(CASES)):
            _case(city, theirs, own, number, *case)
    _locality(city, bureau)


def list_accident(city: City) -> None:
    """List the investigation of an accident too, once there are accidents."""
    _accident(city, _bureau(city))


def _bureau(city: City) -> Bureau:
    keys = ("zhujian", "zhujian_leader", "office", "office_leader")
    return Bureau(*(_fresh(city.users[key]) for key in keys))


def _bureau_of(department: Organization, bureau: Bureau) -> Bureau:
    """The same two of the office, with the people of another department."""
    posts = Post.objects.filter(organization=department, role="department_officer").order_by("pk")
    (officer, *_), (leader, *_) = holders_of(posts[0]), leaders_of(department)
    return replace(bureau, officer=_fresh(officer), leader=_fresh(leader))


def _fresh(user: User) -> User:
    return User.objects.get(pk=user.pk)


def _picture(seed: int, caption: str, by: User, *, before: bool) -> str:
    file = SimpleUploadedFile(
        f"{caption}.jpg", photo(seed, caption, before=before), content_type="image/jpeg"
    )
    return str(store_upload(file, by=by).pk)


def _ink(name: str) -> str:
    return "data:image/png;base64," + base64.b64encode(signature_png(name)).decode()


def _again(listing: Listing) -> Listing:
    return Listing.objects.select_related(
        "hazard__enterprise__organization", "organization__region", "owner", "order", "reporter", "department"
    ).get(pk=listing.pk)


def _running(listing: Listing) -> Approval:
    rows = Approval.objects.select_related("listing__organization__region", "listing__hazard")
    return rows.get(listing=listing, status=ApprovalStatus.RUNNING)


def _person(city: City, enterprise: Enterprise) -> str:
    return city.safety.get(enterprise.pk, "罗主管")


def _case(
    city: City,
    bureau: Bureau,
    enterprise: Enterprise,
    number: int,
    found: str,
    sign: str,
    ago: int,
    term: int,
    end: str,
) -> None:
    seed = 9600 + 20 * number
    start = city.today - dt.timedelta(days=ago)

    def at(days: int, hour: int = 10) -> dt.datetime:
        return at_hour(min(start + dt.timedelta(days=days), city.today - dt.timedelta(days=1)), hour)

    with as_of(at(0, 9)):
        hazard = hazards.record_hazard(
            enterprise=enterprise, source=Hazard.Source.INSPECTION, level="major", description=found,
            found_on=timezone.localdate(), by=bureau.officer, found_organization=_body(bureau.officer),
        )  # fmt: skip
        subject = actions.subject_of_hazard(hazard)
        told = {
            "title": f"{enterprise.name}{found}"[:160], "reason": f"{found}，一旦发生泄漏或者火灾后果严重，企业短期内难以自行整改到位。",
            "demand": "立即落实临时管控措施，制定治理方案，按期完成整改，整改期间停用相关设施。", "basis": "重大事故隐患判定标准",
            "public_text": f"{enterprise.name}{sign}"[:300], "place": enterprise.address or enterprise.name,
            "person_name": _person(city, enterprise), "person_title": "主要负责人", "leader_name": "聂分管",
            "leader_title": "副市长",
        }  # fmt: skip
        listing = actions.begin_listing(
            subject, level="city", due_on=start + dt.timedelta(days=term), told=told, by=bureau.officer
        )
        actions.submit_listing(listing, opinion="符合挂牌条件，呈请审核", by=bureau.officer)
    with as_of(at(1)):
        if end == "returned":
            actions.sign_step(
                _running(listing),
                agreed=False,
                opinion="请补充临时管控措施的落实情况，期限再压缩十天",
                by=bureau.leader,
            )
            return
        actions.sign_step(
            _running(listing),
            agreed=True,
            opinion="同意呈报",
            image=_ink(bureau.leader.full_name),
            by=bureau.leader,
        )
    if end == "approving":
        return
    _list(city, bureau, listing, seed, at, waits_for=city.users["jiedao_leader"] if end == "fresh" else None)
    if end not in {"listed", "fresh"}:
        _put_right(city, bureau, enterprise, _again(listing), seed, at, end)


def _list(
    city: City, bureau: Bureau, listing: Listing, seed: int, at: At, *, waits_for: User | None = None
) -> None:
    with as_of(at(3)):
        actions.sign_step(_running(listing), agreed=True, opinion="同意挂牌", by=bureau.office_leader)
    with as_of(at(4, 15)):
        scan = _picture(seed, "签批页", bureau.office, before=False)
        paper = actions.OnPaper("聂分管", "副市长", timezone.localdate(), (scan,))
        actions.sign_step(_running(listing), agreed=True, opinion="同意", paper=paper, by=bureau.office)
    listing = _again(listing)
    with as_of(at(6)):
        notice = listing.notices.get(purpose="listing")
        notice.listing = listing
        actions.publish(
            notice, medium="市政府网站公示公告栏", published_on=timezone.localdate(), by=bureau.office
        )
    _letters(listing, at, waits_for)


def _letters(listing: Listing, at: At, waits_for: User | None = None) -> None:
    """Signed from above; where a chair is empty the chain stops, and at the one who is to sign before the eyes of
    whoever looks at the demo."""
    for step, letter in enumerate(listing.letters.select_related("giver", "receiver").order_by("position")):
        letter.listing = listing
        giver = next(iter(leaders_of(letter.giver)), None)
        receiver = _signer(letter.receiver)
        if giver is None or receiver is None:
            return
        with as_of(at(7 + step)):
            actions.sign_letter(letter, LetterMove.SIGN_GIVER, image=_ink(giver.full_name), by=_fresh(giver))
        if receiver == waits_for:
            return
        with as_of(at(7 + step, 16)):
            actions.sign_letter(
                letter, LetterMove.SIGN_RECEIVER, image=_ink(receiver.full_name), by=_fresh(receiver)
            )


def _signer(body: Organization | None) -> User | None:
    if body is None:
        return None
    leaders = leaders_of(body)
    if leaders:
        return leaders[0]
    post = default_post(body)
    people = holders_of(post) if post else []
    return people[0] if people else None


def _put_right(
    city: City, bureau: Bureau, enterprise: Enterprise, listing: Listing, seed: int, at: At, end: str
) -> None:
    manager = _signer(listing.owner)
    if manager is None:
        return
    manager = _fresh(manager)
    with as_of(at(5, 9)):
        actions.acknowledge_order(listing, by=manager)
    with as_of(at(12)):
        actions.file_plan(
            _again(listing),
            words=PLAN,
            causes="设施老旧，改造长期没有列支",
            danger="泄漏、火灾风险大，须停用整改",
            by=manager,
        )
    with as_of(at(14)):
        hazard = Hazard.objects.get(listings=listing)
        hazards.review_major_plan(
            hazard.major_plans.get(approved=None), approved=True, opinion="同意", by=bureau.leader
        )
    with as_of(at(20)):
        actions.record_visit(
            _again(listing), kind="leader", visited_on=timezone.localdate(), leader_name="聂分管", leader_title="副市长",
            organization=bureau.office.organization, found="现场查看停用和隔离情况，施工队已进场",
            demands="压实责任，倒排工期，整改期间不得恢复使用", photos=[_picture(seed + 1, "现场督办", bureau.office, before=True)],
            by=bureau.office,
        )  # fmt: skip
    if end == "overdue":
        late = listing.due_on + dt.timedelta(days=3)
        if late < city.today:
            with as_of(at_hour(late, 10)):
                notice = actions.expose(
                    _again(listing), reason="期限已过，两次现场督办仍没有动工", by=bureau.office
                )
            with as_of(at_hour(late + dt.timedelta(days=1), 16)):
                notice.listing = _again(listing)
                actions.publish(
                    notice, medium="云溪日报、市政府网站", published_on=timezone.localdate(), by=bureau.office
                )
        return
    with as_of(at(40)):
        actions.report_progress(
            _again(listing), percent=45, text=PROGRESS.get(end, PROGRESS[""])[0], problems=PROGRESS.get(end, PROGRESS[""])[1],
            funds_spent=Decimal(60000), photos=[_picture(seed + 2, "拆除现场", manager, before=True)], by=manager,
        )  # fmt: skip
    if end == "under_way":
        street = _fresh(city.users["jiedao_leader"])
        with as_of(at(47, 15)):
            actions.record_visit(
                _again(listing), kind="leader", visited_on=timezone.localdate(), leader_name=street.full_name,
                leader_title="分管副主任", organization=_body(street), found="隔墙已砌好，报警器到货待装，停用措施落实",
                demands="本月内装好报警器并试压，装好前不得恢复用气", photos=[_picture(seed + 6, "街道现场督办", street, before=True)],
                by=street,
            )  # fmt: skip
        return
    if end == "extension":
        with as_of(at_hour(city.today - dt.timedelta(days=2), 11)):
            actions.request_extension(
                _again(listing), to=listing.due_on + dt.timedelta(days=30), reason="定制设备交货推迟，企业已签补充合同",
                interim_measures="继续停用，夜间专人值守，每日巡查两次", by=manager,
            )  # fmt: skip
        return
    _finish(city, bureau, _again(listing), manager, seed, at, end)


def _finish(city: City, bureau: Bureau, listing: Listing, manager: User, seed: int, at: At, end: str) -> None:
    asked = 80 if end != "examining" else 400  # the latest possible day: yesterday
    with as_of(at(asked, 9)):
        actions.apply_for_examination(
            listing, finished_on=timezone.localdate(), text="按方案全部完成，检测合格，人员已培训", funds_spent=Decimal(128000),
            photos=[_picture(seed + 3, "整改后", manager, before=False)], by=manager,
        )  # fmt: skip
        actions.file_effect_report(
            _again(listing), evaluator_kind="agency", evaluator="云溪安评技术服务公司", measures_done=True, risk_before="红",
            risk_after="蓝", funds_in_place=True, staff_informed=True, no_recurrence=True,
            conclusion="治理措施完成，经检测符合要求，风险由红色降为蓝色。", by=manager,
        )  # fmt: skip
    if end == "examining":
        return
    team = [
        actions.Examiner(listing.organization, bureau.office.full_name, "经办人"),
        actions.Examiner(listing.reporter, bureau.officer.full_name, "科员", _ink(bureau.officer.full_name)),
    ]
    with as_of(at(84, 15)):
        passed = end != "failed"
        actions.record_examination(
            _again(listing), examined_on=timezone.localdate(), passed=passed,
            opinion="现场逐项核对，已按方案整改到位" if passed else "疏散指示没有恢复，消防水压不足，退回继续整改", team=team,
            photos=[_picture(seed + 4, "现场审查", bureau.office, before=not passed)], by=bureau.office,
        )  # fmt: skip
    if end != "struck_off":
        return
    with as_of(at(86)):
        actions.sign_step(_running(listing), agreed=True, opinion="同意摘牌", by=bureau.office_leader)
    with as_of(at(87)):
        scan = _picture(seed + 5, "摘牌签批页", bureau.office, before=False)
        paper = actions.OnPaper("聂分管", "副市长", timezone.localdate(), (scan,))
        actions.sign_step(_running(listing), agreed=True, opinion="同意", paper=paper, by=bureau.office)
    with as_of(at(89)):
        listing = _again(listing)
        notice = listing.notices.get(purpose="delisting")
        notice.listing = listing
        actions.publish(
            notice, medium="市政府网站公示公告栏", published_on=timezone.localdate(), by=bureau.office
        )


def _locality(city: City, bureau: Bureau) -> None:
    """A township whose hazards stay open is listed by the city (R096)."""
    body = (
        Organization.objects.filter(kind=Organization.Kind.LOCALITY, valid_to=None)
        .order_by("-region_id")
        .first()
    )
    if body is None:
        return
    region = Region.objects.get(pk=body.region_id)
    ago = city.today - dt.timedelta(days=16)
    with as_of(at_hour(ago, 10)):
        told = {
            "title": f"{region.name}隐患整改进展缓慢", "reason": "连续两次通报排名末位，逾期隐患占比高，多次提醒没有明显改进。",
            "demand": "逐项查清逾期原因，集中力量整改，按旬报告进度。", "public_text": f"{region.name}安全隐患整改进展缓慢",
            "place": region.name, "person_name": "计望川", "person_title": "主要负责人", "leader_name": "聂分管",
            "leader_title": "副市长",
        }  # fmt: skip
        listing = actions.begin_listing(
            actions.subject_of_locality(region, body), level="city", due_on=city.today + dt.timedelta(days=60),
            told=told, by=bureau.office,
        )  # fmt: skip
        actions.submit_listing(listing, by=bureau.office)
    _list(city, bureau, listing, 9580, lambda days, hour=10: at_hour(ago + dt.timedelta(days=days), hour))


def _accident(city: City, bureau: Bureau) -> None:
    """The investigation of the latest accident that is not closed (R095)."""
    officer, body = bureau.officer, bureau.officer.organization
    accident = Accident.objects.filter(
        status__in=["verified", "inquiry"], city=_body(bureau.office).region_id
    )
    latest = accident.select_related("enterprise", "department").order_by("-occurred_at", "-pk").first()
    if latest is None or body is None or not holds(officer, Permission.MANAGE_LISTINGS, body.pk):
        return
    with as_of(at_hour(city.today - dt.timedelta(days=1), 15)):
        told = {
            "title": f"{latest.title}查处"[:160], "reason": f"{latest.get_grade_display()}，社会关注，需要督促按期结案。",
            "demand": "依法组织调查，六十日内提交调查报告，落实处理和整改措施，结案后公告。",
            "public_text": f"{latest.title}查处挂牌督办"[:300], "place": latest.place[:160], "person_name": officer.full_name,
            "person_title": "调查组联络员", "leader_name": "聂分管", "leader_title": "副市长",
        }  # fmt: skip
        listing = actions.begin_listing(
            actions.subject_of_accident(latest, body), level="city", due_on=city.today + dt.timedelta(days=59),
            told=told, by=bureau.office,
        )  # fmt: skip
        actions.submit_listing(listing, by=bureau.office)
