"""The words of minutes, and of what supervision tells each level (R065), built from plain facts."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from bihuan.core.dates import day_words
from bihuan.papers import documents as d

from .models import Attendance, Meeting


def minutes(meeting: Meeting) -> dict[str, Any]:
    """会议纪要: when and where, what was said, what was decided by whom until when, who came and who did not."""
    when = timezone.localtime(meeting.held_at)
    chair = f"{meeting.chair_title}{meeting.chair_name}"
    rows = list(meeting.attendances.select_related("organization").order_by("position"))
    resolutions = list(meeting.resolutions.standing().select_related("lead").order_by("position"))
    blocks = [
        d.text(
            f"{day_words(when)}，{chair}在{meeting.place}主持召开{meeting.title}。现将会议议定事项纪要如下。"
        ),
        d.heading("一、会议议题"),
        d.items([(each.title, []) for each in meeting.agenda.order_by("position")]),
        d.heading("二、会议情况"),
        *[d.text(words) for words in meeting.minutes.splitlines() if words.strip()],
    ]
    if resolutions:
        blocks += [
            d.heading("三、议定事项"),
            d.table(
                ["序号", "议定事项", "牵头单位", "配合单位", "办结期限"],
                [
                    [
                        str(no),
                        each.text,
                        each.lead.short_name,
                        "、".join(
                            share.organization.short_name
                            for share in each.shares.select_related("organization")
                        )
                        or "无",
                        day_words(each.due_on),
                    ]
                    for no, each in enumerate(resolutions, start=1)
                ],
            ),
        ]
    blocks += [
        d.facts(
            ("主持人", chair),
            ("出席", _named(rows, Attendance.State.PRESENT)),
            ("委托参会", _named(rows, Attendance.State.DEPUTY)),
            ("请假", _named(rows, Attendance.State.LEAVE)),
            ("缺席", _named(rows, Attendance.State.ABSENT)),
        ),
        d.closing(meeting.organization.name, day_words(timezone.localdate())),
    ]
    return {"title": f"{meeting.title}纪要", "blocks": blocks}


def _named(rows: list[Attendance], state: str) -> str:
    words = []
    for each in rows:
        if each.state != state:
            continue
        name = each.deputy_name if state == Attendance.State.DEPUTY else each.name
        instead = f"（代{each.name}）" if state == Attendance.State.DEPUTY and each.name else ""
        words.append(f"{each.organization.short_name}{name}{instead}")
    return "、".join(words)


def draft(meeting: Meeting) -> str:
    """A first draft of the minutes: what was heard, by item; the officer goes on from there."""
    parts = []
    for each in meeting.agenda.select_related("presenter").order_by("position"):
        who = each.presenter.short_name if each.presenter else "会议"
        parts.append(
            f"会议听取了{who}关于“{each.title}”的汇报，进行了讨论。"
            if each.presenter
            else f"会议研究了“{each.title}”。"
        )
    absent = [
        row.organization.short_name
        for row in meeting.attendances.select_related("organization")
        if row.state == Attendance.State.ABSENT
    ]
    if absent:
        parts.append(f"{'、'.join(absent)}未到会，由召集单位另行了解原因。")
    return "\n".join(parts)
