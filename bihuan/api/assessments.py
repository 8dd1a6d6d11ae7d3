"""Assessments, read: how units stand as it was frozen, and one unit's card with the address of the rows behind each point."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import ninja
from django.db.models import QuerySet
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import reverse
from ninja import Path, Router, Schema
from pydantic import Field

from bihuan.accounts.permissions import Permission
from bihuan.assessment.exporting import counting
from bihuan.assessment.models import AssessedUnit, Assessment, UnitScore
from bihuan.assessment.workflow import OUT

from .auth import caller
from .choices import AssessmentAudience, AssessmentStatusName
from .fields import Id, Label, PageQuery
from .paging import Page, page_of
from .problems import LIST_ERRORS, READ_ERRORS, check_names

router = Router(tags=["考核"])


class AssessmentRow(Schema):
    """考核概况"""

    id: int = Field(description="编号")
    title: str = Field(description="名称")
    organization: Label = Field(description="考核单位")
    audience: AssessmentAudience = Field(description="考核对象")
    year: int = Field(description="年度")
    period_from: dt.date = Field(description="考核期起")
    period_to: dt.date = Field(description="考核期止")
    status: AssessmentStatusName = Field(description="状态")
    published_on: dt.date | None = Field(description="公布日期")
    appeal_by: dt.date | None = Field(description="申辩截止")
    final_on: dt.date | None = Field(description="定稿日期")


class AssessmentPage(Page[AssessmentRow]):
    """考核列表的一页"""


class AssessmentQuery(PageQuery):
    status: AssessmentStatusName | None = Field(None, description="状态")
    audience: AssessmentAudience | None = Field(None, description="考核对象")
    year: int | None = Field(None, ge=2000, le=2100, description="年度")


class UnitOut(Schema):
    """一个考核对象的得分"""

    id: int = Field(description="考核对象编号")
    organization: Label = Field(description="单位")
    person: str = Field(description="人员或负责人，单位考核为空")
    tier: str = Field(description="层级")
    score: Decimal | None = Field(description="总分，没有计过分为空")
    grade: str = Field(description="等次")
    rank: int | None = Field(description="同层级名次，不参加排名为空")
    vetoed: bool = Field(description="一票否决")
    exclusion: str = Field(description="不参加排名的理由")
    words: str = Field(description="怎么算的")


class AssessmentOut(AssessmentRow):
    """考核和各对象的得分；公布前只有看得到的那些"""

    until: dt.date | None = Field(description="得分计到哪一天，没有计过分为空")
    taken_at: dt.datetime | None = Field(description="定格时间")
    units: list[UnitOut] = Field(description="考核对象")


class ItemOut(Schema):
    """一个项目的得分"""

    section: str = Field(description="类别")
    name: str = Field(description="考核内容")
    kind: str = Field(description="性质")
    full: Decimal = Field(description="分值")
    got: Decimal = Field(description="得分，申辩改过的为现得分")
    frozen: Decimal = Field(description="定格得分")
    applies: bool = Field(description="是否计入")
    value: Decimal | None = Field(description="测得")
    counted: int = Field(description="计算件数")
    against: int = Field(description="失分记录条数")
    words: str = Field(description="怎么算的")
    url: str = Field(description="失分记录的页面地址，没有为空")


class CardOut(UnitOut):
    """一个考核对象的每一项得分"""

    assessment: int = Field(description="考核编号")
    items: list[ItemOut] = Field(description="各项得分")


def _rows(request: HttpRequest) -> QuerySet[Assessment]:
    user = caller(request, Permission.VIEW_ASSESSMENT)
    return Assessment.objects.visible_to(user).select_related("organization", "sheet")


def _unit(unit: AssessedUnit, score: UnitScore | None, *, is_out: bool) -> dict[str, Any]:
    """The standing result once it is out, before that the frozen score."""
    held: Any = unit if is_out and unit.score is not None else score
    return {
        "id": unit.pk, "organization": unit.organization, "person": unit.person_name, "tier": unit.get_tier_display(),
        "score": held.score if held else None, "grade": held.grade if held else "", "rank": held.rank if held else None,
        "vetoed": bool(held and held.vetoed), "exclusion": unit.exclusion, "words": held.words if held else "",
    }  # fmt: skip


@router.get(
    "/assessments",
    response={200: AssessmentPage, **LIST_ERRORS},
    operation_id="listAssessments",
    summary="列出考核",
    description="可见的考核，新建的在前。",
)
def list_assessments(request: HttpRequest, query: ninja.Query[AssessmentQuery]) -> dict[str, Any]:
    rows = _rows(request)
    check_names(request, AssessmentQuery)
    if query.status:
        rows = rows.filter(status=query.status)
    if query.audience:
        rows = rows.filter(audience=query.audience)
    if query.year:
        rows = rows.filter(year=query.year)
    return page_of(rows, query, "-id")


@router.get(
    "/assessments/{assessment_id}",
    response={200: AssessmentOut, **READ_ERRORS},
    operation_id="getAssessment",
    summary="读取一次考核",
    description="考核和各对象最近一次定格的得分；结果公布后为现行结果，申辩改动已经计入。",
)
def get_assessment(request: HttpRequest, assessment_id: Path[Id]) -> dict[str, Any]:
    rows = _rows(request)
    check_names(request)
    assessment = get_object_or_404(rows, pk=assessment_id)
    snapshot = counting(assessment)
    units = AssessedUnit.objects.filter(assessment=assessment).select_related("organization")
    if assessment.status not in OUT:
        user = caller(request, Permission.VIEW_ASSESSMENT)
        units = units.filter(pk__in=AssessedUnit.objects.visible_to(user).filter(assessment=assessment))
    scores = {each.unit_id: each for each in UnitScore.objects.filter(snapshot=snapshot)} if snapshot else {}
    return {
        **AssessmentRow.from_orm(assessment).dict(),
        "until": snapshot.until if snapshot else None,
        "taken_at": snapshot.taken_at if snapshot else None,
        "units": [_unit(each, scores.get(each.pk), is_out=assessment.status in OUT) for each in units],
    }


@router.get(
    "/assessed-units/{assessed_unit_id}",
    response={200: CardOut, **READ_ERRORS},
    operation_id="getAssessedUnit",
    summary="读取一个考核对象的得分",
    description="每一项的得分、怎么算的和失分记录的地址。",
)
def get_assessed_unit(request: HttpRequest, assessed_unit_id: Path[Id]) -> dict[str, Any]:
    user = caller(request, Permission.VIEW_ASSESSMENT)
    check_names(request)
    unit = get_object_or_404(
        AssessedUnit.objects.visible_to(user).select_related("organization", "assessment"),
        pk=assessed_unit_id,
    )
    is_out = unit.assessment.status in OUT
    snapshot = counting(unit.assessment)
    score = UnitScore.objects.filter(snapshot=snapshot, unit=unit).first() if snapshot else None
    changes = {each.item_id: each.new for each in unit.changes.all()} if is_out else {}
    items = [
        {
            "section": row.item.section, "name": row.item.name, "kind": row.item.kind, "full": row.full,
            "got": changes.get(row.item_id, row.got), "frozen": row.got, "applies": row.applies, "value": row.value,
            "counted": row.counted, "against": row.against, "words": row.words,
            "url": reverse("assessment:rows", args=[row.pk]) if row.against else "",
        }
        for row in (score.items.select_related("item") if score else [])
    ]  # fmt: skip
    return {**_unit(unit, score, is_out=is_out), "assessment": unit.assessment_id, "items": items}
