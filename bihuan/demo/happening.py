"""Accidents of the demo city over two years, invented throughout: reported, verified, inquired into, settled."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from django.utils import timezone

from bihuan.accidents import actions
from bihuan.accidents.models import Accident, AccidentMeasure, Inquiry
from bihuan.accounts.models import Holding, Organization, Region, User
from bihuan.accounts.permissions import Permission
from bihuan.accounts.roles import ROLES
from bihuan.campaigns.models import Campaign
from bihuan.rules.accidents import Toll

from .city import City
from .moments import as_of, at_hour


@dataclass(frozen=True)
class Told:
    """One invented accident: how many days ago, where, what it cost, how far its record has come."""

    ago: int
    region: str
    title: str
    unit: str
    place: str
    kind: str
    toll: Toll
    course: str
    stage: str
    department: str = ""
    cause: str = ""
    lesson: str = ""


STORIES = (
    Told(640, "539702001", "城东街道顺和家具厂“2·21”火灾事故", "顺和家具厂", "城东街道木工巷", "fire_unit",
         Toll(1, 1, 2, 0, Decimal("86.4")), "喷漆间静电引燃漆雾，火势蔓延到成品库。", "assessed", "xiaofang",
         "喷漆间没有静电接地，漆雾浓度超标", "喷漆间要可靠接地、强制通风，严禁混存成品"),
    Told(575, "539721100", "茶坪镇道路运输事故", "茶坪客运服务部", "县道茶坪段 12 公里处", "road",
         Toll(2, 3, 4, 0, Decimal("42")), "中巴车下坡制动失效，撞上路侧护栏。", "assessed", "jiaotong",
         "制动系统失修", "客运车辆要按期检测，山区路段限速"),
    Told(520, "539722100", "古渡镇水上事故", "古渡村自用船", "古渡镇渡口下游", "water",
         Toll(1, 0, 0, 0, Decimal("3.2")), "涨水时自用船载客侧翻，一人落水身亡。", "settled", "jiaotong",
         "自用船违规载客", "汛期渡口要有人值守，自用船不得载客"),
    Told(410, "539702003", "青石街道住宅火灾", "居民住宅", "青石街道幸福小区", "fire_home",
         Toll(1, 0, 1, 0, Decimal("12")), "电动自行车在楼道充电起火。", "verified"),
    Told(372, "539702100", "白塔镇石料加工场机械伤害事故", "白塔石料加工场", "白塔镇石料场", "trade",
         Toll(1, 0, 0, 0, Decimal("98")), "清理皮带机时未断电，工人被卷入。", "assessed", "yingji",
         "检修时没有断电挂牌", "检修必须断电、上锁、挂牌、有人监护"),
    Told(305, "539721001", "岚溪县新区“1·22”建筑施工坍塌事故", "岚溪新区安置房工地", "岚溪新区三号地块", "construction",
         Toll(3, 2, 1, 0, Decimal("1260")), "高支模浇筑时失稳坍塌，四人被埋，三人死亡。", "assessed", "zhujian",
         "高支模未按专项方案搭设，未经验收即浇筑", "危大工程专项方案要论证，验收合格才能进入下一道工序"),
    Told(251, "539702002", "城西街道餐饮店燃气闪爆事故", "城西街道小吃店", "城西街道步行街", "gas",
         Toll(0, 2, 3, 0, Decimal("28.5")), "软管被鼠咬破，早晨开灯时闪爆。", "settled", "zhujian",
         "软管没有更换成金属波纹管，报警器没有通电", "餐饮场所要装报警切断装置并保持通电"),
    Told(188, "539722001", "柏阳街道道路交通事故", "柏阳货运部", "国道柏阳路口", "road",
         Toll(1, 1, 0, 0, Decimal("15")), "货车右转时碾压骑行人。", "settled", "jiaotong",
         "车辆右转没有停让", "大型货车加装右转报警，路口划定停让区"),
    Told(120, "539702101", "银杏镇仓库火灾", "银杏日用品仓库", "银杏镇物流园", "fire_unit",
         Toll(0, 0, 0, 0, Decimal("215.8")), "照明线路短路引燃纸箱。", "approved", "xiaofang",
         "照明线路老化、没有漏电保护", "仓库照明要用防爆灯具并与货物保持距离"),
    Told(58, "539721101", "石桥镇有限空间中毒事故", "石桥镇污水处理站", "石桥镇污水站集水池", "trade",
         Toll(2, 1, 0, 0, Decimal("180")), "清淤人员未检测即下池，施救人员盲目下池。", "inquiry", "huanjing"),
    Told(21, "539702001", "城东街道装修工地高处坠落事故", "城东街道沿街商铺装修工地", "城东街道中山路", "construction",
         Toll(1, 0, 0, 0, Decimal("60")), "拆除招牌时从脚手架坠落。", "verified", "zhujian"),
    Told(3, "539702003", "青石街道餐饮店燃气泄漏爆燃事故", "青石街道面馆", "青石街道幸福路", "gas",
         Toll(0, 1, 2, 1, Decimal("8")), "更换气瓶时接口没有拧紧，泄漏气体遇明火爆燃。", "reported", "zhujian"),
    Told(33, "539722101", "桃岭镇山坡坠落", "桃岭村民", "桃岭镇采石旧址", "other",
         Toll(1, 0, 0, 0, Decimal(0)), "村民采药时坠崖。", "dismissed"),
)  # fmt: skip


def happen(city: City, campaign: Campaign) -> None:
    """Report and handle the accidents as the townships, the county offices and the city's office would."""
    office = _person(city, "office", Permission.MANAGE_ACCIDENTS)
    for story in sorted(STORIES, key=lambda each: -each.ago):
        _tell(city, campaign, story)
    year = city.today.year
    with as_of(at_hour(city.today - dt.timedelta(days=2), 10)):
        office = _fresh(office)
        top = city.regions["5397"]
        document = f"云安委〔{year}〕2号"
        actions.set_control(top, year, "deaths", value=18, document=document, by=office)
        actions.set_control(top, year, "larger", value=1, document=document, by=office)
        for code, value in (("539702", 7), ("539721", 6), ("539722", 5)):
            actions.set_control(city.regions[code], year, "deaths", value=value, document=document, by=office)
        actions.set_base(top, year, "gdp", value=Decimal("862.40"), document="统计公报（示例）", by=office)
        actions.set_escalation(campaign, is_on=True, document="方案第五条：活动期间一律提级调查", by=office)


def _fresh(user: User) -> User:
    return User.objects.get(pk=user.pk)


def _person(city: City, key: str, permission: str) -> User:
    """Whoever of a body holds a permission, by login: the same person on every load."""
    holdings = Holding.objects.filter(post__organization=city.organizations[key].pk, user__is_service=False)
    for holding in holdings.select_related("post", "user").order_by("user__username"):
        if permission in ROLES[holding.post.role].permissions and holding.user.username in city.users:
            return _fresh(holding.user)
    raise LookupError(f"nobody of {key} may {permission}")


def _moment(city: City, story: Told, days: int, hour: int, minute: int = 0) -> dt.datetime:
    return at_hour(city.today - dt.timedelta(days=max(story.ago - days, 0)), hour, minute)


def _tell(city: City, campaign: Campaign, story: Told) -> None:
    region = Region.objects.get(pk=story.region)
    county = {"539702": "county_district", "539721": "county_lanxi", "539722": "county_baichuan"}[
        story.region[:6]
    ]
    department = city.organizations[story.department] if story.department else None
    happened = _moment(city, story, 0, 8, 40)
    with as_of(_moment(city, story, 0, 9, 50)):
        accident = actions.report_accident(
            title=story.title, occurred_at=happened, known_at=happened + dt.timedelta(minutes=15), region=region,
            place=story.place, kind=story.kind, toll=story.toll,
            told=actions.Told(course=story.course, measures="已组织救治伤员，封闭现场，排查周边。"),
            unit_name=story.unit, department=department,
            campaign=campaign if story.kind == "gas" and story.ago < 60 else None,
            by=_person(city, f"locality_{story.region}", Permission.REPORT_ACCIDENT),
        )  # fmt: skip
    official = _person(city, county, Permission.MANAGE_ACCIDENTS)
    first = accident.forwards.get()
    with as_of(_moment(city, story, 0, 11, 10)):
        actions.send_upward(first, how="电话报市安委办值班室，随后系统报送", by=_fresh(official))
    if story.stage == "reported":
        return
    if story.ago > 30:
        with as_of(_moment(city, story, 3, 16)):
            actions.follow_up(
                _read(accident), known_at=timezone.now() - dt.timedelta(minutes=20), as_of=_day(city, story, 3),
                toll=story.toll, told=actions.Told(course=story.course, measures="现场处置结束，伤员救治稳定。"),
                is_final=True, by=_person(city, f"locality_{story.region}", Permission.REPORT_ACCIDENT),
            )  # fmt: skip
    with as_of(_moment(city, story, 4, 15)):
        official = _fresh(official)
        if story.stage == "dismissed":
            actions.dismiss(_read(accident), reason="经公安机关认定属意外事件，不是生产安全事故", by=official)
            return
        actions.verify(_read(accident), toll=story.toll, as_of=_day(city, story, 4), by=official)
    office = _person(city, "office", Permission.MANAGE_ACCIDENTS)
    with as_of(_moment(city, story, 5, 10)):
        actions.file_accident(_read(accident), by=_fresh(office))
    if story.stage == "verified":
        return
    _inquire(city, story, accident, office if accident.grade != "general" else official, department)


def _read(accident: Accident) -> Accident:
    return Accident.objects.select_related("enterprise", "campaign", "department").get(pk=accident.pk)


def _day(city: City, story: Told, days: int) -> dt.date:
    return city.today - dt.timedelta(days=max(story.ago - days, 0))


def _inquire(
    city: City, story: Told, accident: Accident, lead: User, department: Organization | None
) -> None:
    body = lead.organization
    with as_of(_moment(city, story, 6, 9)):
        team = [actions.TeamMember(lead.full_name, "head", body)]
        if department is not None:
            team.append(actions.TeamMember("业务科负责人", "member", department))
        team.append(actions.TeamMember("注册安全工程师（专家库）", "expert"))
        inquiry = actions.begin_inquiry(
            _read(accident), began_on=_day(city, story, 6), team=team, by=_fresh(lead)
        )
    if story.stage == "inquiry":
        return
    with as_of(_moment(city, story, 40, 16)):
        inquiry = Inquiry.objects.select_related("accident__enterprise", "organization").get(pk=inquiry.pk)
        lead = _fresh(lead)
        owner = department or body
        assert owner is not None
        place = city.organizations[f"locality_{story.region}"]
        actions.add_measure(
            inquiry,
            kind="unit",
            treatment="penalty",
            target=story.unit,
            text="依法给予行政处罚",
            organization=owner,
            by=lead,
        )
        actions.add_measure(
            inquiry, kind="person", treatment="penalty", target=f"{story.unit}主要负责人", person="（化名）", text="依法给予罚款",
            organization=owner, by=lead,
        )  # fmt: skip
        actions.add_measure(inquiry, kind="rectify", text=story.lesson, organization=place, by=lead)
        actions.submit_report(
            inquiry, direct_cause=story.cause, indirect_cause="现场管理不到位，教育培训流于形式", nature="责任事故",
            lesson=story.lesson, submitted_on=_day(city, story, 40), by=lead,
        )  # fmt: skip
    with as_of(_moment(city, story, 52, 10)):
        number = f"云政函〔{_day(city, story, 52).year}〕{40 + story.ago % 37}号"
        actions.approve_report(inquiry, approved_on=_day(city, story, 52), document=number, by=_fresh(lead))
    if story.stage == "approved":
        return
    _settle(city, story, accident, lead)


def _settle(city: City, story: Told, accident: Accident, lead: User) -> None:
    notes = {
        "cause": "直接原因、间接原因已查清，性质已认定", "persons": "处罚决定已送达并履行",
        "measures": "整改措施已逐条落实，县安委办现场核实", "lesson": "召开现场会，组织同类单位 40 余人接受警示教育",
    }  # fmt: skip
    rows = list(
        AccidentMeasure.objects.filter(accident=accident).select_related(
            "accident__enterprise", "organization"
        )
    )
    with as_of(_moment(city, story, 90, 11)):
        for measure in rows:
            key = next(
                name for name, body in city.organizations.items() if body.pk == measure.organization_id
            )
            worker = _person(city, key, Permission.VIEW_ACCIDENTS)
            document = "" if measure.kind == "rectify" else "罚字（示例）第 12 号"
            actions.report_measure(measure, result="已按要求落实", document=document, by=worker)
    with as_of(_moment(city, story, 96, 15)):
        lead = _fresh(lead)
        for measure in rows:
            actions.confirm_measure(measure, by=lead)
        for item in accident.no_pass.select_related("accident__enterprise"):
            actions.meet(item, note=notes[item.key], met_on=_day(city, story, 96), by=lead)
        actions.settle(_read(accident), by=lead)
    if story.stage == "assessed":
        with as_of(_moment(city, story, 260, 10)):
            day = _day(city, story, 260)
            actions.assess(
                _read(accident), text="处理意见和整改措施全部落实，同类问题没有再次发生。", assessed_on=day,
                published_on=day, by=_fresh(lead),
            )  # fmt: skip
