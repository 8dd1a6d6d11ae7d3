"""What every page's shell needs: navigation, region, counts. Two small queries a page."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from bihuan.duties.models import Duty
from bihuan.notifications.models import Message

from .navigation import navigation_html


def shell(request: HttpRequest) -> dict[str, Any]:
    """Context of `base.html`; nothing for people who are not signed in, for fragments, or before the second factor."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated or getattr(request, "htmx", False):
        return {}
    if user.needs_second_factor and not user.is_verified():
        return {"current_user_name": user.full_name}
    duties = Duty.objects.of(user).open().count()
    unread = Message.objects.filter(recipient=user, read_at=None).count()
    post = user.main_post
    return {
        "navigation": navigation_html(
            user, request.path, {"duties:inbox": duties, "notifications:list": unread}
        ),
        "inbox_count": duties,
        "live_url": settings.LIVE_URL,
        "current_region_name": post.organization.region.name if post else "",
        "current_user_name": user.full_name,
        "current_post_name": f"{post.organization.short_name} · {post.title}" if post else "",
    }
