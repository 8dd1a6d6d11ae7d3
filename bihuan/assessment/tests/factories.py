"""An assessment of the fictional city: a sheet of four items, three localities, two assessors."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from django.utils import timezone

from bihuan.accounts.tests.world import World
from bihuan.assessment import actions
from bihuan.assessment.models import (
    AssessedUnit,
    Assessment,
    Assessor,
    CaseFile,
    Letter,
    LetterForm,
    SelfReport,
    Sheet,
    SheetItem,
)
from bihuan.rules.filereviews import lines_of

TERMS: dict[str, Any] = {
    "grades": [["优秀", "95"], ["良好", "90"], ["达标", "80"], ["不达标", "0"]],
    "plus_cap": "5",
    "minus_cap": "20",
    "veto_grade": "不达标",
    "least_base": "30",
}
HALF = Decimal(50)


def make_sheet(world: World, *, published: bool = True, audience: str = "localities", **fields: Any) -> Sheet:
    """60 points by on-time rectification, 40 judged on the spot by two; half a point off for each overdue hazard on
    top, a veto that the office records."""
    sheet = Sheet.objects.create(
        organization=world.organizations.office, city=world.city, audience=audience,
        title=fields.pop("title", "乡镇街道考核细则"), effective_from=dt.date(2026, 1, 1), terms_given=TERMS, judges=2,
        tolerance=Decimal(20), made_by=world.people.office, made_at=timezone.now(), **fields,
    )  # fmt: skip
    rows: list[dict[str, Any]] = [
        {"key": "on-time", "section": "隐患治理", "name": "隐患按期整改率", "measure": "hazard.on_time", "points_key": 60,
         "points_general": 40, "rule_given": {"kind": "proportional", "full": "100", "zero": "0"}, "how": ["ledger"]},
        {"key": "quality", "section": "基础工作", "name": "检查质量", "points_key": 40, "points_general": 60,
         "how": ["archive", "scene"]},
        {"key": "overdue", "section": "减分", "kind": "minus", "name": "逾期未整改", "measure": "hazard.overdue",
         "rule_given": {"kind": "count", "each": "0.5", "cap": "5"}, "how": ["ledger"]},
        {"key": "conceal", "section": "一票否决", "kind": "veto", "name": "瞒报事故", "how": ["archive"]},
    ]  # fmt: skip
    SheetItem.objects.bulk_create(
        SheetItem(sheet=sheet, position=position, **row) for position, row in enumerate(rows, start=1)
    )
    if published:
        actions.publish_sheet(sheet, by=world.people.office_leader, document="云安〔2026〕3号")
    return Sheet.objects.get(pk=sheet.pk)


def make_assessment(
    world: World, *, sheet: Sheet | None = None, units: tuple[str, ...] = ("qingshi", "baita"), **fields: Any
) -> Assessment:
    """Arranged for this year up to today, with two assessors; not yet begun."""
    today = timezone.localdate()
    given: dict[str, Any] = {
        "title": "2026年度乡镇街道考核",
        "year": today.year,
        "period_from": today - dt.timedelta(days=300),
        "period_to": today,
    }
    made = actions.create_assessment(sheet or make_sheet(world), by=world.people.office, **(given | fields))
    bodies = [getattr(world.organizations, name) for name in units]
    actions.add_units(made, bodies, by=world.people.office)
    for name in ("housing", "market"):
        actions.name_assessor(made, getattr(world.people, name), by=world.people.office)
    return made  # fmt: skip


def begin(world: World, **fields: Any) -> Assessment:
    """The same, running."""
    made = make_assessment(world, **fields)
    actions.start_assessment(made, by=world.people.office)
    return made


def unit_of(assessment: Assessment, name: str) -> AssessedUnit:
    """A unit by its organization's short name, with all an action needs."""
    return AssessedUnit.objects.select_related("assessment__sheet", "assessment__organization", "organization").get(
        assessment=assessment, organization__short_name=name
    )  # fmt: skip


def judge(
    assessment: Assessment, world: World, who: str, unit: str, points: int | str, *, key: str = "quality"
) -> None:
    """One judgement on the spot."""
    seat = assessment.assessors.select_related("assessment__sheet", "user").get(
        user=getattr(world.people, who)
    )
    actions.judge(
        seat, unit_of(assessment, unit), assessment.sheet.items.get(key=key), points=Decimal(points), how="scene",
        text="现场抽查三家", by=getattr(world.people, who),
    )  # fmt: skip


def judge_all(assessment: Assessment, world: World, points: int = 36) -> None:
    """Both assessors give every unit the same."""
    for who in ("housing", "market"):
        for unit in assessment.units.select_related("organization"):
            judge(assessment, world, who, unit.organization.short_name, points)


def publish(world: World, **fields: Any) -> Assessment:
    """All the way to publication: frozen by the office, adopted by its leader."""
    made = begin(world, **fields)
    judge_all(made, world)
    actions.freeze(made, by=world.people.office)
    actions.adopt(made, by=world.people.office_leader)
    actions.publish(made, by=world.people.office)
    return Assessment.objects.select_related("sheet", "organization__region").get(pk=made.pk)


def make_letters(world: World, *lower: str) -> list[Letter]:
    """A letter of the office to bodies, waiting for the side below."""
    form = make_form(world)
    bodies = [getattr(world.organizations, name) for name in lower or ("qingshi",)]
    return actions.issue_letters(form, bodies=bodies, by=world.people.office)


def make_form(world: World, **fields: Any) -> LetterForm:
    given: dict[str, Any] = {
        "kind": "responsibility", "year": timezone.localdate().year, "title": "安全生产目标责任书",
        "text": "一、落实属地责任。\n二、按期整改隐患。", "targets": [["死亡人数", "不超过 2 人"]],
    }  # fmt: skip
    return actions.write_form(world.organizations.office, by=world.people.office, **(given | fields))


def heads_sheet(world: World) -> Sheet:
    """A sheet for heads of enterprises: 60 points from the ledger, 40 judged by one body."""
    sheet = make_sheet(world, published=False, audience="enterprises", title="主要负责人履职考核细则")
    Sheet.objects.filter(pk=sheet.pk).update(judges=1)
    sheet.items.filter(key="on-time").update(duty="head-5")
    sheet.items.filter(key="quality").update(duty="head-1", name="全员责任制")
    sheet.refresh_from_db()
    actions.publish_sheet(sheet, by=world.people.office_leader, document="云安〔2026〕5号")
    return Sheet.objects.get(pk=sheet.pk)


def heads_round(world: World, *, started: bool = True, **fields: Any) -> Assessment:
    """The noodle shop (judged by Qingshi street) and the filling station (judged by Baita town)."""
    today = timezone.localdate()
    given: dict[str, Any] = {
        "title": "2026年度主要负责人履职考核", "year": today.year, "period_from": today - dt.timedelta(days=300),
        "period_to": today,
    }  # fmt: skip
    made = actions.create_assessment(
        fields.pop("sheet", None) or heads_sheet(world), by=world.people.office, **(given | fields)
    )
    actions.add_chosen(made, actions.Selection(), review_by="locality", by=world.people.office)
    if started:
        actions.start_assessment(made, by=world.people.office)
    return Assessment.objects.select_related("sheet", "organization__region").get(pk=made.pk)


def report_of(assessment: Assessment, name: str = "好味来面馆") -> SelfReport:
    return SelfReport.objects.select_related(
        "unit__assessment__sheet", "unit__assessment__organization__region", "unit__organization__region"
    ).get(unit__assessment=assessment, unit__organization__short_name=name)


def hand_in(world: World, assessment: Assessment, *, claimed: int = 36) -> SelfReport:
    """The noodle shop's head writes of the judged item and signs."""
    report = report_of(assessment)
    item = assessment.sheet.items.get(key="quality")
    line = actions.LineGiven("责任制上墙，人人签字", Decimal(claimed))
    actions.save_report(report, text="总体较好", lines={item.pk: line}, by=world.people.shop)
    actions.submit_report(report, by=world.people.shop)
    return report_of(assessment)


def body_seat(assessment: Assessment, world: World, where: str = "qingshi") -> Assessor:
    return assessment.assessors.select_related("assessment__sheet", "organization", "user").get(
        user=None, organization=getattr(world.organizations, where)
    )


def judge_head(
    assessment: Assessment,
    world: World,
    who: str = "qingshi_officer",
    points: int = 30,
    unit: str = "好味来面馆",
) -> None:
    person = getattr(world.people, who)
    place = "qingshi" if unit == "好味来面馆" else "baita"
    actions.judge(
        body_seat(assessment, world, place), unit_of(assessment, unit), assessment.sheet.items.get(key="quality"),
        points=Decimal(points), how="scene", text="看现场、查档案", by=person,
    )  # fmt: skip


def officers_sheet(world: World) -> Sheet:
    """60 points of drawn case files, 40 judged by one."""
    sheet = make_sheet(world, published=False, audience="officers", title="检查执法人员考核细则")
    Sheet.objects.filter(pk=sheet.pk).update(judges=1)
    sheet.items.filter(key="on-time").update(measure="officer.files", name="案卷评查")
    sheet.items.filter(key="overdue").update(measure="officer.doubtful", name="佐证提示属实")
    sheet.refresh_from_db()
    actions.publish_sheet(sheet, by=world.people.office_leader, document="云安〔2026〕6号")
    return Sheet.objects.get(pk=sheet.pk)


def officers_round(world: World, *, started: bool = True) -> Assessment:
    """Two inspectors of Qingshi street; what is judged is judged by the housing bureau's officer."""
    sheet = officers_sheet(world)
    today = timezone.localdate()
    made = actions.create_assessment(
        sheet, title="2026年执法考核", year=today.year, period_from=today - dt.timedelta(days=300), period_to=today,
        by=world.people.office,
    )  # fmt: skip
    street = world.organizations.qingshi
    people = [(world.people.inspector, street), (world.people.inspector2, street)]
    actions.add_units(made, [], people=people, by=world.people.office)
    actions.name_assessor(made, world.people.housing, by=world.people.office)
    if started:
        actions.start_assessment(made, by=world.people.office)
    return Assessment.objects.select_related("sheet", "organization__region").get(pk=made.pk)


def officer_of(assessment: Assessment, user: Any) -> AssessedUnit:
    return AssessedUnit.objects.select_related(
        "assessment__sheet", "assessment__organization", "organization", "person"
    ).get(assessment=assessment, person=user)


def full_marks(file: CaseFile, **lost: str) -> tuple[dict[str, Decimal], dict[str, str]]:
    """All points of the kept form, but for the lines named: points as text."""
    lines = lines_of(file.draw.form)
    points = {line.key: Decimal(lost.get(line.key, str(line.points))) for line in lines}
    return points, dict.fromkeys(lost, "没有写明依据条款")
