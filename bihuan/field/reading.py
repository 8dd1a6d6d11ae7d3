"""A visit as a phone hands it in becomes the Submission the form makes. Shape here; the world is judged by `checks`."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404

from bihuan.accounts.models import User
from bihuan.campaigns.models import Campaign, Checklist, Task
from bihuan.hazards.workflow import Level
from bihuan.inspections.queries import inspecting_organization
from bihuan.inspections.submission import (
    AnswerGiven,
    Finding,
    InspectionRefused,
    MemberGiven,
    Outcome,
    Problem,
    SignatureGiven,
    Submission,
)
from bihuan.registry.models import Enterprise, Premises

from .syncing import SCHEMA

MOST_ANSWERS, MOST_OTHERS, MOST_PEOPLE, MOST_PHOTOS = 500, 50, 20, 30


class Unreadable(ValueError):
    """A value of another kind than agreed; `where` is its place on the form."""

    def __init__(self, where: str, message: str) -> None:
        self.where = where
        super().__init__(message)


def submission_of(sent: Any, *, by: User) -> Submission:
    """The visit `sent` (decoded JSON) as plain data. Members nobody knows are ignored.

    Raises Http404 for an enterprise out of sight, PermissionDenied where `by` does not inspect, InspectionRefused for
    what cannot be read.
    """
    try:
        return _submission(sent, by)
    except Unreadable as error:
        raise InspectionRefused([Problem(error.where, str(error))]) from error


def _submission(sent: Any, by: User) -> Submission:
    if not isinstance(sent, dict):
        raise Unreadable("schema", "提交的内容不是一份检查，请更新程序后重试")
    if _whole(sent.get("schema", SCHEMA), "schema") > SCHEMA:
        raise Unreadable("schema", "手机程序比服务器新，请等服务器升级后再上传，草稿留在本机")
    enterprise = get_object_or_404(
        Enterprise.objects.visible_to(by).select_related("organization", "department"),
        pk=_whole(sent.get("enterprise"), "enterprise"),
    )
    if inspecting_organization(by, enterprise) is None:
        raise PermissionDenied
    task = _task(sent.get("task"), by)
    accompanying = _record(sent.get("accompanying"), "sign")
    return Submission(
        client_id=_id(sent.get("client_id"), "client_id"),
        kind=_text(sent.get("kind"), "kind"),
        enterprise=enterprise,
        premises=_premises(sent.get("premises"), enterprise),
        task=task,
        checklist=_checklist(sent.get("checklist")),
        started_at=_moment(sent.get("started_at")),
        finished_at=_moment(sent.get("finished_at")),
        members=_members(sent.get("members")),
        accompanying_name=_text(accompanying.get("name"), "sign"),
        accompanying_title=_text(accompanying.get("title"), "sign"),
        accompanying_signature=_signature(accompanying.get("signature")),
        answers=tuple(_answer(each) for each in _list(sent.get("answers"), "answers", MOST_ANSWERS)),
        others=tuple(
            _finding(each, f"o{no}")
            for no, each in enumerate(_list(sent.get("others"), "answers", MOST_OTHERS), start=1)
        ),
        is_joint=sent.get("is_joint") is True,
        longitude=_degree(sent.get("longitude"), 180),
        latitude=_degree(sent.get("latitude"), 90),
        accuracy=_metres(sent.get("accuracy")),
        opinion=_text(sent.get("opinion"), "sign"),
        photos=_photos(sent.get("photos"), "scene"),
        clock_skew=_seconds(sent.get("clock_skew")),
    )


# --- what it refers to ------------------------------------------------------------------------


def _task(given: Any, by: User) -> Task | None:
    """A task in sight, running or not: whether the visit still counts for it is for `checks` to say."""
    if given is None:
        return None
    found = (
        Task.objects.select_related("campaign")
        .filter(pk=_whole(given, "task"), campaign__in=Campaign.objects.visible_to(by))
        .first()
    )
    if found is None:
        raise Unreadable("task", "这项任务已不在可见范围内，请改做日常检查")
    return found


def _checklist(given: Any) -> Checklist | None:
    if given is None:
        return None
    found = Checklist.objects.filter(pk=_whole(given, "checklist")).first()
    if found is None:
        raise Unreadable("checklist", "检查表已不存在，请同步后重新选择")
    return found


def _premises(given: Any, enterprise: Enterprise) -> Premises | None:
    if given is None:
        return None
    found = enterprise.premises.filter(pk=_whole(given, "premises")).first()
    if found is None:
        raise Unreadable("premises", "所选场所不属于这家企业，请重新选择")
    return found


def _members(given: Any) -> tuple[MemberGiven, ...]:
    rows = [_record(each, "members") for each in _list(given, "members", MOST_PEOPLE)]
    wanted = [_whole(row["user"], "members") for row in rows if row.get("user") is not None]
    users = {user.pk: user for user in User.objects.filter(pk__in=wanted, is_service=False)}
    if set(wanted) - users.keys():
        raise Unreadable("members", "检查人员中有不存在的账号，请同步后重新选择")
    found = []
    for row in rows:
        user = users.get(row["user"]) if row.get("user") is not None else None
        name = user.full_name if user else _text(row.get("name"), "members")
        number = _text(row.get("certificate_no"), "members") or (user.certificate_no if user else "")
        found.append(MemberGiven(name, user, number, _signature(row.get("signature"))))
    return tuple(found)


def _signature(given: Any) -> SignatureGiven | None:
    if given is None:
        return None
    row = _record(given, "sign")
    return SignatureGiven(
        _text(row.get("method"), "sign"), _text(row.get("image"), "sign"), _text(row.get("remark"), "sign")
    )


# --- answers ----------------------------------------------------------------------------------


def _answer(given: Any) -> AnswerGiven:
    row = _record(given, "answers")
    position = _whole(row.get("position"), "answers")
    where = f"q{position}"
    return AnswerGiven(
        position=position,
        verdict=_text(row.get("verdict"), where),
        note=_text(row.get("note"), where),
        measured=_text(row.get("measured"), where),
        finding=_finding(row["finding"], where) if row.get("finding") is not None else None,
        photos=_photos(row.get("photos"), where),
    )


def _finding(given: Any, where: str) -> Finding:
    row = _record(given, where)
    outcome = _text(row.get("outcome"), where)
    level = _text(row.get("level"), where) or Level.GENERAL
    return Finding(
        description=_text(row.get("description"), where),
        outcome=outcome,
        location=_text(row.get("location"), where),
        basis=_text(row.get("basis"), where),
        level=level,
        criterion_code=_text(row.get("criterion_code"), where) if level == Level.MAJOR else "",
        photos=_photos(row.get("photos"), where),
        after_photos=_photos(row.get("after_photos"), where) if outcome == Outcome.FIXED else (),
        fix_text=_text(row.get("fix_text"), where),
        due_on=_day(row.get("due_on"), where),
        responsible_person=_text(row.get("responsible_person"), where),
        measures=_text(row.get("measures"), where),
        funds=_money(row.get("funds"), where),
        contingency=_text(row.get("contingency"), where),
        interim_measures=_text(row.get("interim_measures"), where),
    )


# --- single values ----------------------------------------------------------------------------


def _text(given: Any, where: str) -> str:
    if given is None:
        return ""
    if not isinstance(given, str) or "\x00" in given:
        raise Unreadable(where, "有一栏的内容不是文字，请重新填写")
    return given.strip()


def _record(given: Any, where: str) -> dict[str, Any]:
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise Unreadable(where, "有一栏的内容读不出来，请更新程序后重试")
    return given


def _list(given: Any, where: str, most: int) -> list[Any]:
    if given is None:
        return []
    if not isinstance(given, list) or len(given) > most:
        raise Unreadable(where, f"有一栏的内容读不出来或超过 {most} 条，请核对")
    return given


def _whole(given: Any, where: str) -> int:
    if isinstance(given, bool) or not isinstance(given, int) or not 0 <= given < 2**63:
        raise Unreadable(where, "有一个编号读不出来，请同步后重新选择")
    return given


def _id(given: Any, where: str) -> uuid.UUID:
    try:
        return uuid.UUID(given)
    except (ValueError, TypeError, AttributeError) as error:
        raise Unreadable(where, "设备编号不正确，请更新程序后重试") from error


def _photos(given: Any, where: str) -> tuple[str, ...]:
    return tuple(str(_id(each, where)) for each in _list(given, where, MOST_PHOTOS))


def _moment(given: Any) -> dt.datetime:
    try:
        found = dt.datetime.fromisoformat(_text(given, "started_at"))
    except ValueError as error:
        raise Unreadable("started_at", "检查时间读不出来，请核对手机时间") from error
    if found.tzinfo is None or not 2000 <= found.year <= 2100:
        raise Unreadable("started_at", "检查时间读不出来，请核对手机时间")
    return found


def _day(given: Any, where: str) -> dt.date | None:
    text = _text(given, where)
    if not text:
        return None
    try:
        found = dt.date.fromisoformat(text)
    except ValueError as error:
        raise Unreadable(where, "整改期限不是日期，请重新选择") from error
    if not 2000 <= found.year <= 2100:
        raise Unreadable(where, "整改期限超出可计算范围，请重新选择")
    return found


def _money(given: Any, where: str) -> Decimal | None:
    text = _text(given, where)
    if not text:
        return None
    try:
        found = Decimal(text)
    except InvalidOperation as error:
        raise Unreadable(where, "整改资金不是金额，请填数字（元）") from error
    exponent = found.as_tuple().exponent
    if not found.is_finite() or not isinstance(exponent, int) or exponent < -2:
        raise Unreadable(where, "整改资金最多两位小数，请重新填写")
    return found


def _seconds(given: Any) -> int | None:
    if isinstance(given, bool) or not isinstance(given, int) or abs(given) >= 2**31:
        return None
    return given


def _metres(given: Any) -> int | None:
    if isinstance(given, bool) or not isinstance(given, int | float) or not 0 <= given < 100_000_000:
        return None
    return round(given)


def _degree(given: Any, limit: int) -> float | None:
    if isinstance(given, bool) or not isinstance(given, int | float):
        return None
    return float(given) if -limit <= given <= limit else None
