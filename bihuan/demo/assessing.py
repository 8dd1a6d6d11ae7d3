"""An assessment of the localities finished with an appeal upheld, one of the departments under way, and this year's
letters of responsibility, most of them signed. All through the real actions."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterable
from decimal import Decimal

from bihuan.accounts.models import Organization, User
from bihuan.accounts.queries import leaders_of
from bihuan.assessment import actions
from bihuan.assessment.models import (
    AssessedUnit,
    Assessment,
    Assessor,
    ItemScore,
    Recommendation,
    Sheet,
    SheetItem,
)
from bihuan.assessment.workflow import Tier

from .city import City
from .moments import as_of, at_hour

BEGUN, JUDGED, FROZEN, OUT, APPEALED, ANSWERED, FINAL = 24, 20, 18, 17, 15, 12, 3  # days ago
GENERAL = ("教育", "文化", "农业", "文旅")
DUTIES = (
    "一、落实党政领导干部安全生产责任制，定期研究安全生产，带队检查。\n"
    "二、组织开展隐患排查治理，隐患按期整改，重大隐患挂牌督办、按期摘牌。\n"
    "三、按要求报送报表，督办文书按期回复。\n"
    "四、把责任层层分解到辖区（所管）企业和岗位，签订责任书。"
)
TARGETS = [
    ["生产安全事故死亡人数", "不超过控制数"],
    ["隐患按期整改率", "不低于 95%"],
    ["检查计划完成率", "100%"],
]


def assess(city: City) -> None:
    """Do it all: two sheets adopted, one assessment final, one running, letters."""
    office, leader = _fresh(city.users["office"]), _fresh(city.users["office_leader"])
    rng = random.Random(115)  # noqa: S311 - invented data, no secret
    body = office.organization
    if body is None:
        return
    bodies = [each for each in city.organizations.values() if each.region_id.startswith(body.region_id)]
    localities = [each for each in bodies if each.kind == Organization.Kind.LOCALITY]
    departments = [
        each
        for each in bodies
        if each.kind == Organization.Kind.DEPARTMENT and each.region_id == body.region_id
    ]
    with as_of(at_hour(city.today - dt.timedelta(days=BEGUN + 3), 10)):
        places = _sheet("localities", "云安〔2026〕3号", office, leader, judges=1)
        lines = _sheet("departments", "云安〔2026〕4号", office, leader, judges=2)
    _finished(city, places, localities, office, leader, rng)
    _running(city, lines, departments, office, rng)
    _letters(city, localities, departments, office, leader)


def _fresh(user: User) -> User:
    return User.objects.get(pk=user.pk)


def _sheet(key: str, document: str, office: User, leader: User, *, judges: int) -> Sheet:
    sheet = actions.start_sheet(key, by=office)
    # A young city: much has not happened often enough to count, and would leave most of them without a grade.
    terms = sheet.terms_given | {"least_base": "30"}
    actions.edit_sheet(sheet, by=office, terms=terms, weights={}, judges=judges)
    actions.publish_sheet(sheet, by=leader, document=document)
    return sheet


def _units(assessment: Assessment) -> list[AssessedUnit]:
    rows = assessment.units.select_related(
        "organization__region", "assessment__sheet", "assessment__organization__region"
    )
    return list(rows.order_by("organization__region_id", "organization__name"))  # fmt: skip


def _judges(office: User) -> list[User]:
    """Two who may judge: of the inspectorate and the offices."""
    kinds = [Organization.Kind.INSPECTORATE, Organization.Kind.OFFICE]
    rows = User.objects.filter(holdings__to_on=None, holdings__post__organization__kind__in=kinds)
    return list(
        rows.exclude(pk=office.pk)
        .exclude(holdings__post__role="office_leader")
        .distinct()
        .order_by("username")[:2]
    )


def _finished(
    city: City,
    sheet: Sheet,
    localities: list[Organization],
    office: User,
    leader: User,
    rng: random.Random,
) -> None:
    first, last = city.today - dt.timedelta(days=60), city.today - dt.timedelta(days=FROZEN + 1)
    judges = _judges(office)
    with as_of(at_hour(city.today - dt.timedelta(days=BEGUN), 9)):
        made = actions.create_assessment(
            sheet, title=f"{first:%Y}年集中整治阶段乡镇（街道）考核", year=first.year, period_from=first, period_to=last,
            by=office,
        )  # fmt: skip
        actions.add_units(made, localities, by=office)
        seat = actions.name_assessor(made, judges[0], by=office)
        actions.start_assessment(made, by=office)
    items = list(sheet.items.filter(measure="", kind="basic"))
    with as_of(at_hour(city.today - dt.timedelta(days=JUDGED), 15)):
        for unit in _units(made):
            for item in items:
                _judge(seat, unit, item, rng, by=judges[0])
    with as_of(at_hour(city.today - dt.timedelta(days=FROZEN), 10)):
        actions.freeze(made, by=office)
    with as_of(at_hour(city.today - dt.timedelta(days=OUT), 9)):
        actions.adopt(made, by=leader)
        actions.publish(made, by=office)
    made = Assessment.objects.select_related("sheet", "organization__region").get(pk=made.pk)
    _appeal(city, made, leader)
    made.refresh_from_db()
    if made.appeal_by is not None and city.today - dt.timedelta(days=FINAL) > made.appeal_by:
        with as_of(at_hour(city.today - dt.timedelta(days=FINAL), 16)):
            actions.finalize(made, by=office)
    for row in list(_first_advice(made))[:2]:
        actions.decide_recommendation(row, "accepted", by=leader)


def _first_advice(made: Assessment) -> Iterable[Recommendation]:
    rows = Recommendation.objects.filter(unit__assessment=made).select_related("unit__assessment")
    return rows.order_by("unit__rank", "key", "pk")


def _judge(seat: Assessor, unit: AssessedUnit, item: SheetItem, rng: random.Random, *, by: User) -> None:
    full = item.full(unit.tier)
    points = (full * rng.randint(14, 20) / 20).quantize(Decimal("0.1"))
    said = rng.choice(
        ("档案齐全，会议和带队检查记录可查", "现场抽查三家，问题与记录相符", "查阅台账，个别记录不完整")
    )
    actions.judge(seat, unit, item, points=points, how=item.how[0], text=said, by=by)


def _appeal(city: City, made: Assessment, leader: User) -> None:
    """The worst in on-time rectification appeals, and is granted a part."""
    score = (
        ItemScore.objects.filter(unit_score__unit__assessment=made, item__kind="basic", applies=True)
        .exclude(item__measure="")
        .select_related("item", "unit_score__unit__organization")
        .order_by("got", "item__position", "unit_score__unit__organization__name")
    )
    for row in score[:40]:
        unit = AssessedUnit.objects.select_related(
            "assessment__sheet", "assessment__organization__region", "organization"
        ).get(pk=row.unit_score.unit_id)
        speakers = [_fresh(each) for each in leaders_of(unit.organization)]
        if row.got >= row.full or not speakers:
            continue
        with as_of(at_hour(city.today - dt.timedelta(days=APPEALED), 11)):
            appeal = actions.appeal(
                unit, row.item, asked=row.full, by=speakers[0],
                text="其中两家企业在期限内已停业，属地已登记停业并核验，不应计为逾期，请予核减。",
            )  # fmt: skip
        granted = (row.got + (row.full - row.got) / 2).quantize(Decimal("0.1"))
        with as_of(at_hour(city.today - dt.timedelta(days=ANSWERED), 16)):
            actions.uphold(
                appeal, granted=granted, by=leader, answer="经核对停业登记，两家停业属实，其余逾期成立，按核减后的比例计分。"
            )  # fmt: skip
        return


def _running(
    city: City, sheet: Sheet, departments: list[Organization], office: User, rng: random.Random
) -> None:
    year = city.today.year
    judges = _judges(office)
    if len(judges) < 2:
        return
    with as_of(at_hour(city.today - dt.timedelta(days=BEGUN - 2), 9)):
        made = actions.create_assessment(
            sheet, title=f"{year}年度安委会成员单位考核", year=year, period_from=dt.date(year, 1, 1),
            period_to=dt.date(year, 12, 31), by=office,
        )  # fmt: skip
        actions.add_units(made, departments, by=office)
        for unit in _units(made):
            if any(word in unit.organization.name for word in GENERAL):
                actions.set_unit(unit, tier=Tier.GENERAL, exclusion="", by=office)
        seats = [actions.name_assessor(made, each, by=office) for each in judges]
        actions.start_assessment(made, by=office)
    items = list(sheet.items.filter(measure="", kind="basic"))
    units = _units(made)
    with as_of(at_hour(city.today - dt.timedelta(days=5), 15)):
        for unit in units[:5]:
            for seat, judge in zip(seats, judges, strict=True):
                for item in items:
                    _judge(seat, unit, item, rng, by=judge)
        # Two see the first unit's first item quite differently: the office has to settle it.
        if len(units) > 5:
            item = items[0]
            full = item.full(units[5].tier)
            for seat, judge, points in zip(seats, judges, (full, full * Decimal("0.4")), strict=True):
                actions.judge(
                    seat,
                    units[5],
                    item,
                    points=points,
                    how=item.how[0],
                    text="查阅会议记录和分工文件",
                    by=judge,
                )
    before = city.today.replace(day=1) - dt.timedelta(days=1)
    if before >= made.period_from:
        with as_of(at_hour(before + dt.timedelta(days=1), 1)):
            actions.take_interim(made, by=office, on=before)
    with as_of(at_hour(city.today - dt.timedelta(days=1), 17)):
        actions.take_interim(made, by=office)


def _letters(
    city: City,
    localities: list[Organization],
    departments: list[Organization],
    office: User,
    leader: User,
) -> None:
    """Issued three weeks ago; most have signed below and above, some only below, a few not at all."""
    body = office.organization
    if body is None:
        return
    with as_of(at_hour(city.today - dt.timedelta(days=BEGUN), 10)):
        form = actions.write_form(
            body, kind="responsibility", year=city.today.year, title=f"{city.today.year}年安全生产目标责任书", text=DUTIES,
            targets=TARGETS, by=office,
        )  # fmt: skip
        letters = actions.issue_letters(form, bodies=[*localities, *departments], by=office)
    letters.sort(key=lambda each: (each.lower.region_id, each.lower.name))
    for number, letter in enumerate(letters):
        signers = leaders_of(letter.lower)
        if number % 7 == 3 or not signers:
            continue
        with as_of(at_hour(city.today - dt.timedelta(days=BEGUN - 3 - number % 9), 14)):
            actions.sign_letter(letter, "sign_lower", by=_fresh(signers[0]))
        if number % 7 != 5:
            with as_of(at_hour(city.today - dt.timedelta(days=BEGUN - 4 - number % 9), 9)):
                actions.sign_letter(letter, "sign_upper", by=leader)
