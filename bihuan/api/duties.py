"""Duties, read: one's own inbox, or everything owed that one may see."""

from __future__ import annotations

import datetime as dt
from typing import Any, Literal

import ninja
from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Path, Router, Schema
from pydantic import Field

from bihuan.accounts.permissions import Permission
from bihuan.duties.models import Duty, DutyStep
from bihuan.duties.queries import narrow

from .auth import caller
from .choices import DutyKind, DutyStatus, Instrument
from .fields import Id, Label, PageQuery
from .paging import Page, page_of
from .problems import LIST_ERRORS, READ_ERRORS, check_names

router = Router(tags=["待办"])


class DutyRow(Schema):
    """待办"""

    id: int = Field(description="编号")
    kind: DutyKind = Field(description="类别")
    title: str = Field(description="事项")
    subject: str = Field(description="所属记录，模型标签:主键")
    url: str = Field(description="办理页面")
    organization: Label = Field(description="责任单位")
    post: str | None = Field(description="责任岗位，无人承办为 null")
    locality: str | None = Field(description="乡镇街道代码")
    status: DutyStatus = Field(description="状态")
    opened_at: dt.datetime = Field(description="产生时间")
    due_on: dt.date | None = Field(description="期限")
    overdue: bool = Field(description="已逾期（期限当日不算）")
    closed_at: dt.datetime | None = Field(description="办结时间")
    steps_taken: int = Field(description="已催办次数")

    @staticmethod
    def resolve_post(duty: Duty) -> str | None:
        return duty.post.title if duty.post else None

    @staticmethod
    def resolve_locality(duty: Duty) -> str | None:
        return duty.locality_id

    @staticmethod
    def resolve_overdue(duty: Duty) -> bool:
        late = duty.due_on is not None and duty.due_on < timezone.localdate()
        return late and duty.status == Duty.Status.OPEN and duty.paused_since is None


class StepOut(Schema):
    """一次催办"""

    instrument: Instrument = Field(description="方式")
    on: dt.date = Field(description="日期")
    note: str = Field(description="说明")


class DutyOut(DutyRow):
    """待办、期限说明与催办记录"""

    clock: dict[str, Any] = Field(description="期限说明：从哪一事件起、按什么日历、如何得出")
    steps: list[StepOut] = Field(description="催办记录")

    @staticmethod
    def resolve_steps(duty: Duty) -> list[DutyStep]:
        return list(duty.steps.all())


class DutyPage(Page[DutyRow]):
    """待办列表的一页"""


class DutyQuery(PageQuery):
    scope: Literal["own", "visible"] = Field("own", description="own 本人待办，visible 全部可见的待办")
    status: DutyStatus = Field(Duty.Status.OPEN, description="状态")
    kind: DutyKind | None = Field(None, description="类别")
    state: Literal["overdue", "approaching"] | None = Field(None, description="逾期或临期，只用于未办")
    organization: Id | None = Field(None, description="责任单位编号")


@router.get(
    "/duties",
    response={200: DutyPage, **LIST_ERRORS},
    operation_id="listDuties",
    summary="列出待办",
    description="默认为本人未办的待办，期限近的在前。",
)
def list_duties(request: HttpRequest, query: ninja.Query[DutyQuery]) -> dict[str, Any]:
    user = caller(request, Permission.USE_API)
    check_names(request, DutyQuery)
    rows = Duty.objects.of(user) if query.scope == "own" else Duty.objects.visible_to(user)
    rows = rows.filter(status=query.status)
    if query.organization:
        rows = rows.filter(organization=query.organization)
    rows = narrow(rows, state=query.state or "", kind=query.kind or "", on=timezone.localdate())
    return page_of(rows, query, "due_on", "id")


@router.get(
    "/duties/{duty_id}",
    response={200: DutyOut, **READ_ERRORS},
    operation_id="getDuty",
    summary="读取一项待办",
    description="待办、期限如何得出、催办记录。",
)
def get_duty(request: HttpRequest, duty_id: Path[Id]) -> Duty:
    user = caller(request, Permission.USE_API)
    check_names(request)
    rows = Duty.objects.visible_to(user).select_related("organization", "post").prefetch_related("steps")
    return get_object_or_404(rows, pk=duty_id)
