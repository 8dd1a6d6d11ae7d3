"""Appraisals of the fictional city: heads of small restaurants judged by their street, with a result to be signed for; a
round over gas and chemicals that is under way; inspectors assessed, their case files drawn and half of them looked
through. All through the real actions."""

from __future__ import annotations

import datetime as dt
import random
from decimal import Decimal

from bihuan.accounts.models import Holding, Organization, User
from bihuan.accounts.roles import Role
from bihuan.assessment import actions
from bihuan.assessment.models import Assessment, Assessor, CaseFile, SelfReport, Sheet
from bihuan.assessment.workflow import ItemKind
from bihuan.rules.filereviews import lines_of

from .city import City
from .moments import as_of, at_hour

BEGUN, JUDGED, FROZEN, OUT = 34, 10, 5, 3  # days ago
RUNNING, OFFICERS, REVIEWED = 9, 20, 6
MOST_HEADS = 6
GRADES = [["优秀", "90"], ["良好", "75"], ["达标", "60"], ["不达标", "0"]]
SAID = {
    "system": "责任制覆盖到每个岗位，年初人人签字，每月在例会上考核一次。",
    "rules": "操作规程上墙，换了新灶具以后重新修订过一次。",
    "training": "新员工上岗前培训并考试，全年组织了四次，有签到和试卷。",
    "input": "更换了全部灶具软管，加装报警器和切断阀，发票和清单都留着。",
    "leading": "本人每月带队检查一次，发现的问题当场定人定时间。",
    "rescue": "预案在街道备案，上半年演练一次，下半年的已排好日期。",
    "reporting": "没有发生事故；报告程序和电话贴在收银台和后厨。",
}
SEEN = {
    "system": ("签字齐全，抽问两名员工能说清职责", "责任制只到领班，洗碗间没有落实"),
    "rules": ("规程与现场设备一致", "规程还是旧灶具的，没有修订完"),
    "training": ("四次培训都有签到和试卷", "下半年两次只有签到，没有试卷"),
    "input": ("发票、清单与现场一致", "报警器有发票，现场有一只没有通电"),
    "leading": ("带队检查记录每月一份", "记录只有上半年的，下半年没有"),
    "rescue": ("预案有备案，演练有照片和评估", "演练只做过一次，没有评估"),
    "reporting": ("程序上墙，员工说得清", "电话号码已经换了，没有更新"),
}


def appraise(city: City) -> None:
    """Do it all: two sheets adopted, one round of heads published, one running, one of officers."""
    office, leader = _fresh(city.users["office"]), _fresh(city.users["office_leader"])
    if office.organization is None:
        return
    rng = random.Random(124)  # noqa: S311 - invented data, no secret
    with as_of(at_hour(city.today - dt.timedelta(days=BEGUN + 2), 10)):
        heads = _sheet("enterprises", "云安〔2026〕11号", office, leader)
        officers = _sheet("officers", "云安〔2026〕12号", office, leader)
    _published(city, heads, office, leader, rng)
    _running(city, heads, office, rng)
    _officers(city, officers, office, rng)


def _fresh(user: User) -> User:
    return User.objects.get(pk=user.pk)


def _sheet(key: str, document: str, office: User, leader: User) -> Sheet:
    sheet = actions.start_sheet(key, by=office)
    terms = sheet.terms_given | {"least_base": "30", "grades": GRADES}
    actions.edit_sheet(sheet, by=office, terms=terms, weights={})
    actions.publish_sheet(sheet, by=leader, document=document)
    return sheet


def _round(sheet: Sheet, title: str, first: dt.date, last: dt.date, office: User) -> Assessment:
    return actions.create_assessment(
        sheet, title=title, year=first.year, period_from=first, period_to=last, by=office
    )


def _again(made: Assessment) -> Assessment:
    return Assessment.objects.select_related("sheet", "organization__region").get(pk=made.pk)


def _holder(body: Organization, role: Role) -> User | None:
    """Who holds the first such post of a body."""
    held = (
        Holding.objects.filter(post__organization=body, post__role=role, to_on=None)
        .select_related("user")
        .order_by("pk")
        .first()
    )
    return _fresh(held.user) if held else None


def _reports(made: Assessment) -> list[SelfReport]:
    rows = SelfReport.objects.filter(unit__assessment=made).select_related(
        "unit__assessment__sheet", "unit__assessment__organization__region", "unit__organization__region"
    )
    return list(rows.order_by("unit__organization__region_id", "unit__organization__name"))


def _hand_in(report: SelfReport, rng: random.Random) -> bool:
    head = _holder(report.unit.organization, Role.ENTERPRISE_MANAGER)
    if head is None:
        return False
    lines = {}
    for item in actions.reported_items(report.unit):
        if not item.is_computed:
            full = item.full(report.unit.tier)
            lines[item.pk] = actions.LineGiven(
                SAID[item.key], (full * rng.randint(16, 20) / 20).quantize(Decimal("0.5"))
            )
    actions.save_report(report, text="全年没有发生事故，主要不足是培训档案不够规范。", lines=lines, by=head)
    actions.submit_report(report, by=head)
    return True


def _judge(
    made: Assessment, body: Organization, reports: list[SelfReport], judge: User, rng: random.Random
) -> None:
    """Everything a body judges of these heads; without a report handed in there is less to be said for them."""
    seat = Assessor.objects.select_related("assessment__sheet", "organization", "user").get(
        assessment=made, organization=body, user=None
    )
    items = list(made.sheet.items.filter(measure="", kind=ItemKind.BASIC))
    for report in reports:
        missing = SelfReport.objects.get(pk=report.pk).signed_at is None
        for item in items:
            full = item.full(report.unit.tier)
            weak = missing or rng.random() < 0.3
            points = full * (rng.randint(4, 9) if missing else rng.randint(11, 14) if weak else 19) / 20
            actions.judge(
                seat, report.unit, item, points=points.quantize(Decimal("0.5")), how=item.how[0],
                text=("没有提交自评，按现场评定：" if missing else "") + SEEN[item.key][weak], by=judge,
            )  # fmt: skip


def _published(city: City, sheet: Sheet, office: User, leader: User, rng: random.Random) -> None:
    """The street's restaurants: all judged, two of them without a report; the result waits to be signed for."""
    street = city.users["jiedao_officer"].posts[0].organization
    own = city.users["qiye"].posts[0].organization
    first, last = city.today - dt.timedelta(days=150), city.today - dt.timedelta(days=FROZEN + 1)
    with as_of(at_hour(city.today - dt.timedelta(days=BEGUN), 9)):
        made = _round(
            sheet, f"青石街道餐饮场所主要负责人履职考核（{first.year}年集中整治阶段）", first, last, office
        )
        actions.add_chosen(
            made,
            actions.Selection(kinds=["restaurant"], localities=[street.region_id]),
            review_by="locality",
            by=office,
        )
        units = made.units.select_related("organization").order_by("organization__name")
        spare = [unit.pk for unit in units.exclude(organization=own)][MOST_HEADS - 1 :]
        made.units.filter(pk__in=spare).delete()
        actions.start_assessment(made, by=office)
    made = _again(made)
    reports = _reports(made)
    for number, report in enumerate(reports):
        if number % 4 == 2 and report.unit.organization_id != own.pk:
            continue  # never hands in
        with as_of(at_hour(city.today - dt.timedelta(days=BEGUN - 4 - number % 8), 15, number)):
            _hand_in(report, rng)
    with as_of(at_hour(city.today - dt.timedelta(days=JUDGED), 15)):
        _judge(made, street, reports, _fresh(city.users["jiedao_officer"]), rng)
    with as_of(at_hour(city.today - dt.timedelta(days=FROZEN), 10)):
        actions.freeze(made, by=office)
    with as_of(at_hour(city.today - dt.timedelta(days=OUT), 9)):
        actions.adopt(_again(made), by=leader)
        actions.publish(_again(made), by=office)
    for unit in made.units.select_related("assessment", "organization", "paper").order_by(
        "organization__name"
    )[:2]:
        head = _holder(unit.organization, Role.ENTERPRISE_MANAGER)
        if head is not None and unit.organization_id != own.pk:
            with as_of(at_hour(city.today - dt.timedelta(days=OUT - 1), 10)):
                actions.sign_for_result(unit, by=head)


def _running(city: City, sheet: Sheet, office: User, rng: random.Random) -> None:
    """Gas and chemicals all over the city: started last week, half have handed in, one was sent back, the
    others are judged and scored so far."""
    year = city.today.year
    with as_of(at_hour(city.today - dt.timedelta(days=RUNNING), 9)):
        made = _round(
            sheet,
            f"{year}年度燃气、危化企业主要负责人履职考核",
            dt.date(year, 1, 1),
            dt.date(year, 12, 31),
            office,
        )
        kinds = ["chemical_plant", "lpg_filling", "gas_station"]
        actions.add_chosen(made, actions.Selection(kinds=kinds), review_by="department", by=office)
        actions.start_assessment(made, by=office)
    with as_of(at_hour(city.today - dt.timedelta(days=2), 16)):
        handed = [report for report in _reports(_again(made))[::2][:20] if _hand_in(report, rng)]
    if handed:
        back = SelfReport.objects.select_related(
            "unit__assessment__organization__region", "unit__organization__region"
        ).get(pk=handed[0].pk)
        with as_of(at_hour(city.today - dt.timedelta(days=1), 10)):
            actions.return_report(back, reason="培训和投入两项没有附证明材料，请补传", by=office)
    made = _again(made)
    with as_of(at_hour(city.today - dt.timedelta(days=1), 15)):
        for seat in made.assessors.select_related("organization").order_by("organization__name"):
            officer = _holder(seat.organization, Role.DEPARTMENT_OFFICER)
            if officer is not None:
                own = [each for each in handed[1:] if each.unit.reviewer_id == seat.organization_id]
                _judge(made, seat.organization, own, officer, rng)
    with as_of(at_hour(city.today - dt.timedelta(days=1), 17)):
        actions.take_interim(made, by=office)


def _officers(city: City, sheet: Sheet, office: User, rng: random.Random) -> None:
    """The inspectors of two streets; three files of each, half of them looked through."""
    first, last = city.today - dt.timedelta(days=150), city.today + dt.timedelta(days=30)
    names = ("jiedao", "jiedao2")
    people = [_fresh(city.users[name]) for name in names if name in city.users]
    judge = _fresh(city.users["ducha"])
    with as_of(at_hour(city.today - dt.timedelta(days=OFFICERS), 9)):
        made = _round(sheet, f"{last.year}年检查执法人员考核", first, last, office)
        actions.add_units(made, [], people=[(each, each.posts[0].organization) for each in people], by=office)
        seat = actions.name_assessor(made, judge, by=office)
        actions.start_assessment(made, by=office)
    made = _again(made)
    with as_of(at_hour(city.today - dt.timedelta(days=OFFICERS - 2), 10)):
        actions.draw_files(made, per_person=3, by=office)
    files = CaseFile.objects.filter(draw__assessment=made).select_related(
        "draw__assessment", "unit", "inspection"
    )
    with as_of(at_hour(city.today - dt.timedelta(days=REVIEWED), 15)):
        for number, file in enumerate(files.order_by("position")):
            if number % 2:
                continue
            points = {line.key: line.points for line in lines_of(file.draw.form)}
            points["basis"] -= Decimal(rng.choice((0, 3, 5)))
            points["papers"] -= Decimal(rng.choice((0, 0, 4)))
            lost = {line.key for line in lines_of(file.draw.form) if points[line.key] < line.points}
            words = {"basis": "一处依据条款没有写明", "papers": "送达日期没有填写"}
            remarks = {key: said for key, said in words.items() if key in lost}
            actions.review_file(
                file,
                points=points,
                remarks=remarks,
                text="程序合法、事实清楚，填写有瑕疵" if lost else "程序合法、事实清楚、文书齐全",
                by=judge,
            )
        item = sheet.items.get(key="conduct")
        unit = made.units.select_related("organization", "assessment__sheet").order_by("person_name").first()
        if unit is not None:
            actions.judge(
                seat, unit, item, points=Decimal(9), how="work", text="走访三家企业，反映良好", by=judge
            )
    with as_of(at_hour(city.today - dt.timedelta(days=1), 17)):
        actions.take_interim(made, by=office)
