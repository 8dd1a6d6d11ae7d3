"""Pages of supervision, meetings and districts: what they have in common."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import BadRequest
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from bihuan.accounts.models import User
from bihuan.attachments import actions as attachments
from bihuan.audit.moves import Transition
from bihuan.core.http import Request
from bihuan.core.markup import cn_date
from bihuan.core.paging import BadCursor, KeysetPage, paginate

from ..rhythm import Period, period_of


def user_of(request: HttpRequest) -> User:
    """The signed-in person, typed."""
    assert isinstance(request.user, User)
    return request.user


@dataclass
class Panel:
    """One thing that can be done on a page: a form of its own that posts to the page's own address of acts."""

    key: str
    title: str
    button: str
    form: forms.Form | None = None
    photos: bool = False
    documents: bool = False
    danger: bool = False
    is_open: bool = False
    note: str = ""

    def __post_init__(self) -> None:
        self._name_fields()

    def _name_fields(self) -> None:
        """Several forms on one page ask for the same: each label must lead to its own field."""
        if self.form is not None:
            self.form.auto_id = f"id_{self.key}_%s"

    def told(self, wrong: tuple[str, forms.Form | str] | None) -> Panel:
        """The same with what was wrong about it."""
        if wrong is None or wrong[0] != self.key:
            return self
        self.is_open = True
        if isinstance(wrong[1], forms.Form):
            self.form = wrong[1]
            self._name_fields()
        else:
            self.note = str(wrong[1])
        return self


def page_of(
    request: Request, rows: QuerySet[Any], order: tuple[str, ...], *, size: int = 50
) -> KeysetPage[Any]:
    """The page the address asks for. Raises BadRequest for a broken cursor."""
    try:
        return paginate(rows, order=order, cursor=request.GET.get("cursor"), size=size)
    except BadCursor as error:
        raise BadRequest(str(error)) from error


def month_of(request: Request) -> Period:
    """The month in the address, this one without."""
    text = request.GET.get("month", "")
    try:
        day = dt.date.fromisoformat(f"{text}-01")
    except ValueError:
        day = timezone.localdate()
    return period_of("month", day if 2000 <= day.year <= 2100 else timezone.localdate())


def photos_of(request: Request, name: str = "photos") -> list[UUID]:
    """The photos a form brought. Raises Refused (UploadRefused)."""
    return attachments.received(
        request.POST.getlist(name), request.FILES.getlist(f"{name}_files"), by=user_of(request)
    )


def events_of(row: Model, lines: Iterable[Transition], moves: type[Any]) -> list[dict[str, Any]]:
    """The moves of a record as components/timeline.html takes them, newest first."""
    words = dict(moves.choices)
    return [
        {
            "at": cn_date(each.at),
            "what": words.get(each.move, each.move),
            "who": each.by.full_name,
            "note": each.reason,
        }
        for each in lines
    ][::-1]


def said(form: forms.Form) -> str:
    """The first thing wrong with a form, in words."""
    for name, errors in form.errors.items():
        label = form.fields[name].label if name in form.fields else ""
        return f"{label}：{errors[0]}" if label else str(errors[0])
    return ""
