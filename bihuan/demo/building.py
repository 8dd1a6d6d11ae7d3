"""Projects of the demo city at every stage, the special fund of the year, support, households to look after, services."""

from __future__ import annotations

import base64
import datetime as dt
from decimal import Decimal
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from bihuan.accounts.models import Organization, User
from bihuan.attachments.actions import store_upload
from bihuan.batches.actions import TeamMember
from bihuan.campaigns.models import Campaign
from bihuan.hazards.models import Hazard
from bihuan.pledges.standing import own_enterprise
from bihuan.projects import actions
from bihuan.projects.actions.building import month_before
from bihuan.projects.models import (
    FundPurpose,
    Project,
    ProjectReport,
    ProjectSource,
    ServiceRequest,
    SupportRequest,
)
from bihuan.registry.models import Enterprise

from .city import City
from .evidence import signature_png
from .moments import as_of, at_hour
from .photos import photo

YUAN = Decimal
FUND = 180  # days ago the fund of the year was set up
WAN = 10_000

# name, kind, region, kilometres, households, quantity, estimate in 万元, days to the planned finish, how far it gets
PLANS: tuple[tuple[str, str, str, str | None, int | None, str | None, int, int, str], ...] = (
    ("青石老街中压灰口铸铁管更新", "pipeline", "539702003", "3.2", 2150, None, 486, -8, "in_use"),
    ("城东片区庭院管和立管改造", "riser", "539702001", "5.6", 3860, "3860", 712, 34, "handed"),
    ("南桥滨河路次高压管道更新", "pipeline", "539702004", "4.1", 1720, None, 935, 12, "completed"),
    ("城西文昌街中压管道更新", "pipeline", "539702002", "6.8", 4200, None, 1260, 96, "started"),
    ("望湖片区调压箱和阀门更换", "valve", "539702005", None, 2600, "46", 168, -15, "started_late"),
    ("白塔镇老旧小区立管改造", "riser", "539702100", "2.4", 1480, "1480", 305, 150, "funded"),
    ("全区餐饮后厨报警联动改造", "monitoring", "539702", None, None, "820", 246, 200, "approved"),
    ("岚城街道解放路管道更新", "pipeline", "539721001", "3.9", 1960, None, 540, 260, "reserved"),
    ("北岭镇中压管道占压段改线", "hazard", "539702102", "0.8", 360, "1", 92, 120, "suspended"),
    ("银杏镇门站设施更新", "station", "539702101", None, 5200, "1", 388, 300, "gap"),
)  # fmt: skip


def set_up_fund(city: City, campaign: Campaign) -> None:
    """The fund of the year, by purpose, before anything is paid out of it."""
    with as_of(at_hour(city.today - dt.timedelta(days=FUND), 10)):
        office = _fresh(city.users["office"])
        account = actions.open_account(
            name="城镇燃气安全专项整治资金", year=city.today.year, organization=city.organizations["office"],
            region=city.regions["5397"], document="云财〔2026〕12号（演示）", campaign=campaign, by=office,
        )  # fmt: skip
        for purpose, wan in (("renovation", 860), ("treatment", 240), ("assessment", 60), ("training", 48)):
            actions.grant(
                account, purpose, YUAN(wan * WAN), happened_on=timezone.localdate(), document="云财〔2026〕13号（演示）",
                note="年初下达", by=office,
            )  # fmt: skip
    with as_of(at_hour(city.today - dt.timedelta(days=60), 10)):
        office = _fresh(city.users["office"])
        actions.grant(
            account, "treatment", YUAN(80 * WAN), happened_on=timezone.localdate(), document="云财〔2026〕35号（演示）",
            note="年中追加", by=office,
        )  # fmt: skip
        training = _purpose(account.pk, "training")
        held = actions.set_aside(
            training, "training", YUAN(186_000), what="餐饮经营者燃气安全培训 24 期", payee="云溪职业技术学校（虚构）",
            happened_on=timezone.localdate(), document="云安办〔2026〕26号（演示）", by=office,
        )  # fmt: skip
        actions.pay(
            held,
            YUAN(93_000),
            happened_on=timezone.localdate(),
            document="拨付凭证 2026-061（演示）",
            by=office,
        )
        actions.set_aside(
            _purpose(account.pk, "assessment"), "purchase", YUAN(320_000), what="老旧管网安全评估服务采购",
            payee="云溪安评咨询有限公司（虚构）", happened_on=timezone.localdate(), document="云安办〔2026〕27号（演示）", by=office,
        )  # fmt: skip


def _purpose(account: int, key: str) -> FundPurpose:
    return FundPurpose.objects.select_related("account").get(account=account, purpose=key)


def build_works(city: City, campaign: Campaign) -> None:
    """The pool and what has come of it, a request for support, households, services."""
    operators = list(Enterprise.objects.filter(kind="gas_pipeline").order_by("name", "pk"))
    fund = (
        FundPurpose.objects.select_related("account")
        .filter(account__campaign=campaign, purpose="treatment")
        .first()
    )
    made: list[Project] = []
    for number, plan in enumerate(PLANS):
        near = [each for each in operators if each.county_id == plan[2][:6]] or operators
        operator = near[number % len(near)] if near else None
        made.append(_project(city, campaign, number, plan, operator, fund))
    _care(city, made)
    _support(city, campaign)
    _services(city, made)


def _fresh(user: User) -> User:
    """The person without what was remembered about posts."""
    return User.objects.get(pk=user.pk)


def _ink(name: str) -> str:
    return "data:image/png;base64," + base64.b64encode(signature_png(name)).decode()


def _picture(seed: int, caption: str, by: User) -> str:
    file = SimpleUploadedFile(f"{caption}.jpg", photo(seed, caption, before=False), content_type="image/jpeg")
    return str(store_upload(file, by=by).pk)


def _at(city: City, days_ago: int, hour: int = 10) -> Any:
    return as_of(at_hour(city.today - dt.timedelta(days=days_ago), hour))


def _project(
    city: City,
    campaign: Campaign,
    number: int,
    plan: Any,
    operator: Enterprise | None,
    fund: FundPurpose | None,
) -> Project:
    name, kind, code, km, homes, quantity, wan, left, goal = plan
    bureau, estimate = city.organizations["zhujian"], YUAN(wan * WAN)
    finish = city.today + dt.timedelta(days=left)
    with _at(city, 150 - number):
        by = _fresh(city.users["zhujian"])
        project = actions.register_project(
            region=city.regions[code], department=bureau, name=name, kind=kind, campaign=campaign, owner=operator,
            owner_name=operator.name if operator else "云溪市燃气工程建设中心（虚构）", taker=operator,
            need="运行二十年以上，材质落后、接口渗漏，列入更新改造计划；消除占压、泄漏隐患。", basis="燃气专项整治方案更新改造任务",
            kilometres=YUAN(km) if km else None, households=homes, quantity=YUAN(quantity) if quantity else None,
            estimate=estimate, start_on=finish - dt.timedelta(days=120), finish_on=finish,
            gas_stop_on=city.today + dt.timedelta(days=9) if goal == "funded" else None, place=f"{city.regions[code].name}辖区",
            by=by,
        )  # fmt: skip
        parts = {"central": 20, "province": 10, "local": 25, "bond": 15, "enterprise": 25, "residents": 5}
        if kind in {"monitoring", "hazard", "valve"}:
            parts = {"local": 40, "enterprise": 60}
        if goal == "gap":
            parts = {"province": 30, "enterprise": 45}
        actions.set_shares(
            project, estimate, {key: estimate * share / 100 for key, share in parts.items()}, by=by
        )
        hazards = (
            Hazard.objects.visible_to(by)
            .filter(locality=code)
            .exclude(status="closed")
            .order_by("found_on", "pk")[:2]
        )
        if hazards:
            actions.link_hazards(project, list(hazards), by=by)
    if goal in {"reserved", "gap"}:
        return project
    with _at(city, 132 - number):
        actions.approve_project(
            project, approval=f"云安办〔2026〕{31 + number}号（演示）", by=_fresh(city.users["office_leader"])
        )
    if goal == "approved":
        return project
    _finance(city, project, number, fund, whole=goal != "suspended")
    if goal == "suspended":
        with _at(city, 40):
            actions.suspend_project(
                project, reason="占压建筑征收协议没有签完，待签订后恢复", by=_fresh(city.users["zhujian"])
            )
        return project
    with _at(city, 108):
        actions.confirm_funding(project, by=_fresh(city.users["zhujian"]))
    if goal == "in_use":
        _care_before(city, project)
    if goal != "funded":
        _build(city, project, number, goal)
    return project


def _finance(city: City, project: Project, number: int, fund: FundPurpose | None, *, whole: bool) -> None:
    """Committed share by share; the local share of small projects out of the special fund; some of it received."""
    with _at(city, 115):
        by, office = _fresh(city.users["zhujian"]), _fresh(city.users["office"])
        for source in _sources(project):
            small = source.kind == "local" and source.planned < 700_000 and fund is not None
            amount = source.planned if whole else (source.planned / 2).quantize(YUAN("0.01"))
            actions.post_money(
                source, "commit", amount, happened_on=timezone.localdate(),
                document=f"{source.label}落实文件 {number + 1}（演示）", fund=fund if small else None,
                by=office if small else by,
            )  # fmt: skip
    if not whole:
        return
    with _at(city, 90):
        by, office = _fresh(city.users["zhujian"]), _fresh(city.users["office"])
        for source in _sources(project):
            taken = source.commitments.select_related("fund__account").first()
            amount = (source.planned * (60 if source.kind != "residents" else 40) / 100).quantize(
                YUAN("0.01")
            )
            actions.post_money(
                source, "receive", amount, happened_on=timezone.localdate(),
                document=f"{source.label}到账凭证 {number + 1}（演示）", commitment=taken, by=office if taken else by,
            )  # fmt: skip


def _sources(project: Project) -> list[ProjectSource]:
    rows = ProjectSource.objects.filter(project=project, planned__gt=0)
    return list(rows.select_related("project__department", "project__owner").order_by("pk"))


def _build(city: City, project: Project, number: int, goal: str) -> None:
    with _at(city, 100):
        by = _fresh(city.users["zhujian"])
        actions.start_works(project, started_on=timezone.localdate(), by=by)
        first = actions.set_milestone(
            project, name="管沟开挖、基础完成", due_on=city.today - dt.timedelta(days=60), by=by
        )
        second = actions.set_milestone(
            project,
            name="主体安装完成",
            due_on=city.today + dt.timedelta(days=18 if goal == "started" else -3),
            by=by,
        )
    with _at(city, 62):
        by = _fresh(city.users["zhujian"])
        actions.finish_milestone(first, done_on=timezone.localdate(), note="按图完成，经监理确认", by=by)
        for source in _sources(project)[:2]:
            actions.post_money(
                source, "spend", (source.received / 2).quantize(YUAN("0.01")), happened_on=timezone.localdate(),
                document=f"{source.label}支付凭证 {number + 1}（演示）", payee="云溪管网工程有限公司（虚构）", by=by,
            )  # fmt: skip
    _report(city, project, goal)
    if goal in {"completed", "handed", "in_use"}:
        with _at(city, 24):
            by = _fresh(city.users["zhujian"])
            actions.finish_milestone(
                second, done_on=timezone.localdate(), note="主体安装完成，分段试压合格", by=by
            )
            km = project.kilometres and (project.kilometres * YUAN("0.98")).quantize(YUAN("0.001"))
            actions.complete_works(project, completed_on=timezone.localdate(), kilometres=km or None, by=by)
    if goal in {"handed", "in_use"}:
        _hand_over(city, project, goal)


def _report(city: City, project: Project, goal: str) -> None:
    """Two months reported, the last one late or still owed where the works are late."""
    last = month_before(city.today)
    before = month_before(last)
    for month, percent in ((before, 35), (last, 68)):
        with as_of(at_hour((month + dt.timedelta(days=32)).replace(day=1), 8)):
            if timezone.localdate() > city.today:
                continue
            report = actions.ask_report(project, month, by=_fresh(city.users["zhujian"]))
        late = goal == "started_late"
        if late and month == last:
            continue
        day = min(report.due_on + dt.timedelta(days=2 if late else -1), city.today)
        with as_of(at_hour(day, 16)):
            by = _fresh(city.users["zhujian"])
            km = project.kilometres and (project.kilometres * percent / 100).quantize(YUAN("0.001"))
            actions.file_report(
                ProjectReport.objects.select_related("project__department", "organization").get(pk=report.pk),
                percent=percent, kilometres=km or None, text=f"完成总量的{percent}%，分段开挖、安装、试压同步推进。",
                problems="道路开挖审批占用时间较长，请交警部门协调夜间施工。" if late else "",
                photos=[_picture(9400 + percent, "管沟施工", by)] if month == last else (), by=by,
            )  # fmt: skip


def _hand_over(city: City, project: Project, goal: str) -> None:
    with _at(city, 18, 15):
        by = _fresh(city.users["zhujian"])
        other = city.users["shijian.2"].full_name
        team = [
            TeamMember(city.organizations["zhujian"], by.full_name, "燃气科"),
            TeamMember(city.organizations["shijian"], other, "特设科", _ink(other)),
        ]
        actions.accept_works(
            project, accepted_on=timezone.localdate(), verdict="passed", opinion="工程按设计完成，资料齐全，试压、检测结果符合要求。",
            team=team, photos=[_picture(9480, "联合验收", by)], by=by,
        )  # fmt: skip
    if project.taker is None:
        return
    with _at(city, 14, 10):
        by = _fresh(city.users["zhujian"])
        handover = actions.prepare_handover(
            project, taker=project.taker, facilities=f"{project.name}全部管道、阀门、调压设施，详见竣工图。",
            documents="竣工图 2 套，隐蔽工程记录、试压记录、材料质量证明各 1 套。", residual="保修期二年，路面恢复由建设单位负责。", by=by,
        )  # fmt: skip
        taken_by = city.safety.get(project.taker.pk, "接收代表")
        if project.taker.organization_id is None:
            actions.sign_handover(handover, name=taken_by, signature=_ink(taken_by), by=by)
    project.refresh_from_db()
    if project.status != "handed":
        return
    checks = list(project.gas_checks.select_related("project").order_by("pk"))
    for number, check in enumerate(checks if goal == "in_use" else checks[:6]):
        with as_of(at_hour(city.today - dt.timedelta(days=10), 9, number * 5)):
            by = _fresh(city.users["zhujian"])
            actions.meet_check(
                check,
                checked_on=timezone.localdate(),
                found=f"现场核对，记录编号 {number + 1:02d}，双方确认。",
                by=by,
            )
    if goal == "in_use":
        with _at(city, 9, 14):
            actions.put_in_use(project, used_on=timezone.localdate(), by=_fresh(city.users["zhujian"]))


PEOPLE = (
    ("潘某某", "elderly", "cooking", "独居老人，停气期间由社区每日送两餐"),
    ("姚某某", "disabled", "free_parts", "肢体残疾，上门更换软管并教会使用"),
    ("某小吃店", "livelihood", "instalment", "夫妻店，停业三天有困难，错峰施工"),
)


def _care_before(city: City, project: Project) -> None:
    """Households of Qingshi street, marked and visited before the works of the old street begin."""
    qingshi = city.regions["539702003"]
    with _at(city, 104):
        by = _fresh(city.users["jiedao_officer"])
        first = [
            actions.mark_household(
                project, locality=qingshi, name=name, address=f"青石老街 {number + 3} 号", kinds=[kind], benefits=[benefit],
                help=help, visitor=by.full_name, by=by,
            )
            for number, (name, kind, benefit, help) in enumerate(PEOPLE)
        ]  # fmt: skip
    with _at(city, 102):
        by = _fresh(city.users["jiedao"])
        for household in first:
            actions.visit_household(
                household,
                visited_on=timezone.localdate(),
                found="已上门说明工期和停气时间，帮助已经安排到人",
                by=by,
            )


def _care(city: City, made: list[Project]) -> None:
    """Households of Baita town and Qingshi street whom works to come touch: nobody has been there yet."""
    qingshi, baita = city.regions["539702003"], city.regions["539702100"]
    funded = next((each for each in made if each.status == "funded"), None)
    if funded is None:
        return
    with _at(city, 5):
        by = _fresh(city.users["zhujian"])
        for number, (name, kind, benefit, help) in enumerate(PEOPLE):
            actions.mark_household(
                funded, locality=baita, name=name, address=f"白塔镇老旧小区 {number + 1} 幢", kinds=[kind], benefits=[benefit],
                help=help if number else "", visitor="镇网格员", by=by,
            )  # fmt: skip
    coming = next((each for each in made if each.status == "approved"), None)
    if coming is None:
        return
    with _at(city, 3):
        by = _fresh(city.users["jiedao_officer"])
        actions.mark_household(
            coming, locality=qingshi, name="钟某某", address="青石老街 21 号", kinds=["sick"],
            visitor=by.full_name, by=by,
        )  # fmt: skip


def _support(city: City, campaign: Campaign) -> None:
    """One request decided, one waiting for its first look."""
    with _at(city, 21):
        manager = _fresh(city.users["qiye"])
        own = own_enterprise(manager)
        if own is None:
            return
        request = actions.apply_for_support(
            own, campaign, title="后厨加装报警联动切断阀", kind="hazard", content="灶台加装熄火保护和联动切断阀，更换金属波纹管。",
            quantity=YUAN(1), investment=YUAN(5200), start_on=city.today, finish_on=city.today + dt.timedelta(days=45),
            by=manager,
        )  # fmt: skip
    reviewer = _officer_of(city, request.department)
    if reviewer is not None:
        with _at(city, 15):
            actions.review_support(request, reason="现场看过，改造必要", by=_fresh(reviewer))
        with _at(city, 11):
            row = SupportRequest.objects.select_related(
                "enterprise__organization", "department", "campaign__region", "locality", "reviewed_by"
            ).get(pk=request.pk)
            actions.approve_support(
                row, approval="云安办〔2026〕47号（演示）", by=_fresh(city.users["office_leader"])
            )
    with _at(city, 2):
        manager = _fresh(city.users["qiye"])
        actions.apply_for_support(
            own, campaign, title="瓶装气改电灶", kind="hazard", content="拆除瓶组，改用电磁灶，同步增容。", quantity=YUAN(1),
            investment=YUAN(18600), start_on=city.today + dt.timedelta(days=5),
            finish_on=city.today + dt.timedelta(days=60), by=manager,
        )  # fmt: skip


def _officer_of(city: City, body: Organization) -> User | None:
    """Somebody who manages projects for a body."""
    for login in sorted(city.users):
        user = _fresh(city.users[login])
        if user.has_perm("projects.manage") and any(post.organization_id == body.pk for post in user.posts):
            return user
    return None


def _services(city: City, made: list[Project]) -> None:
    """One confirmed, one done and waiting to be confirmed, one waiting to be taken on."""
    bureau = city.organizations["zhujian"]
    for days, content, goal in (
        (26, "后厨改造后请检查管路、报警联动", "confirmed"),
        (9, "改电灶需要核算用电负荷，请上门指导", "done"),
        (1, "燃气立管移位，请现场确定走向", "requested"),
    ):
        with _at(city, days):
            manager = _fresh(city.users["qiye"])
            own = own_enterprise(manager)
            if own is None:
                return
            service = actions.open_service(
                own, bureau, kind="power" if goal == "done" else "gas", content=content, by=manager
            )
        if goal == "requested":
            continue
        with _at(city, days - 2):
            actions.accept_service(service, by=_fresh(city.users["zhujian"]))
        with _at(city, days - 4):
            service = ServiceRequest.objects.select_related(
                "enterprise__organization", "supplier", "department"
            ).get(pk=service.pk)
            actions.finish_service(
                service, result="已上门查看，出具意见并当场讲解", by=_fresh(city.users["zhujian"])
            )
        if goal == "confirmed":
            with _at(city, days - 5):
                actions.confirm_service(service, by=_fresh(city.users["qiye"]))
