"""Pages of assessments."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.core.exceptions import BadRequest
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.datastructures import MultiValueDict

from bihuan.accounts.models import User
from bihuan.attachments.actions import received
from bihuan.attachments.models import Attachment
from bihuan.core.http import Request
from bihuan.core.paging import BadCursor, KeysetPage, paginate


def user_of(request: HttpRequest) -> User:
    """The signed-in person, typed."""
    assert isinstance(request.user, User)
    return request.user


def page_of(
    request: Request, rows: QuerySet[Any], order: Sequence[str] = ("-id",), size: int = 50
) -> KeysetPage[Any]:
    """The page the address asks for; a bad cursor is a bad request."""
    try:
        return paginate(rows, order=tuple(order), cursor=request.GET.get("cursor"), size=size)
    except BadCursor as error:
        raise BadRequest(str(error)) from error


def slice_of(request: Request, rows: Sequence[Any], size: int = 100) -> KeysetPage[Any]:
    """A page of a list that is at hand whole, by its number."""
    text = request.GET.get("cursor", "1")
    if not text.isdecimal() or not int(text[:6]) >= 1 or len(text) > 6:
        raise BadRequest("翻页位置无效，请回到第一页重新浏览")
    number = int(text)
    begin = (number - 1) * size
    return KeysetPage(
        list(rows[begin : begin + size]),
        str(number + 1) if begin + size < len(rows) else None,
        str(number - 1) if number > 1 else None,
        size,
    )


def files_in(request: Request, name: str) -> list[Any]:
    """What a form brought as evidence: pictures, sent ahead or with it, and documents (pdf, docx, xlsx)."""
    files: MultiValueDict[str, Any] = request.FILES
    user = user_of(request)
    pictures = received(request.POST.getlist(name), files.getlist(f"{name}_files"), by=user)
    return pictures + received([], files.getlist(f"{name}_documents"), by=user, kind=None)


def documents(evidence: Iterable[Attachment]) -> list[Attachment]:
    """Those of the evidence that are no pictures, to be listed by name."""
    return [each for each in evidence if not each.is_image]
