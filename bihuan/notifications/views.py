"""The inbox of messages: what one should know, and a link to where it is done."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_POST

from bihuan.accounts.models import User
from bihuan.core.http import Request, row_number
from bihuan.core.paging import BadCursor, paginate

from . import queries
from .actions import mark_read
from .models import Message

ORDER = ("-id",)
TONES = {
    Message.Category.URGE: "orange",
    Message.Category.ESCALATION: "red",
    Message.Category.REMINDER: "yellow",
    Message.Category.RESULT: "green",
    Message.Category.DUTY: "blue",
}


def _user(request: Request) -> User:
    assert isinstance(request.user, User)
    return request.user


@require_GET
def message_list(request: Request) -> HttpResponse:
    """Unread messages, or all of them with ?show=all; newest first."""
    user = _user(request)
    show_all = request.GET.get("show") == "all"
    rows = queries.inbox(user) if show_all else queries.inbox(user).filter(read_at=None)
    category = request.GET.get("category", "")
    if category in Message.Category.values:
        rows = rows.filter(category=category)
    try:
        page = paginate(rows, order=ORDER, cursor=request.GET.get("cursor"))
    except BadCursor as error:
        messages.warning(request, str(error))
        return redirect("notifications:list")
    return render(
        request,
        "notifications/list.html",
        {
            "page": page,
            "items": [
                {"message": each, "tone": TONES.get(Message.Category(each.category), "")}
                for each in page.items
            ],
            "show_all": show_all,
            "unread": queries.unread_count(user),
            "category": category,
            "categories": Message.Category.choices,
        },
    )


@require_POST
def open_message(request: Request, pk: int) -> HttpResponse:
    """Mark one message as read and go where it points."""
    message = get_object_or_404(queries.inbox(_user(request)), pk=pk)
    mark_read(_user(request), [message.pk])
    safe = message.url.startswith("/") and url_has_allowed_host_and_scheme(message.url, allowed_hosts=None)
    return redirect(message.url if safe else "notifications:list")


@require_POST
def read_all(request: Request) -> HttpResponse:
    """Mark everything as read, or the picked messages."""
    picked = [number for each in request.POST.getlist("pick") if (number := row_number(each))]
    count = mark_read(_user(request), picked or None)
    messages.success(request, f"{count} 条消息已标为已读" if count else "没有未读消息")
    return redirect("notifications:list")
