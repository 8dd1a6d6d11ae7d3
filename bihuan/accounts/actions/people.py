"""Accounts and who sits where: creating, handing over, standing in, leaving (invariant 8)."""

from __future__ import annotations

import datetime as dt
import secrets
import string
from collections.abc import Mapping

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from bihuan.audit.actions import record
from bihuan.core.errors import IllegalMove, Refused

from .. import sessions
from ..models import Holding, Post, User
from ..permissions import Permission
from . import rights

SIGNS = "!@#%*-+="
INITIAL_LENGTH = 14
DAY = dt.timedelta(days=1)


def initial_password() -> str:
    """A random first password that satisfies the policy; without signs that look alike."""
    alphabets = [
        "ABCDEFGHJKLMNPQRSTUVWXYZ",
        "abcdefghijkmnpqrstuvwxyz",
        string.digits.replace("0", "").replace("1", ""),
        SIGNS,
    ]
    signs = [secrets.choice(alphabet) for alphabet in alphabets]
    signs += [secrets.choice("".join(alphabets[:3])) for _ in range(INITIAL_LENGTH - len(signs))]
    secrets.SystemRandom().shuffle(signs)
    return "".join(signs)


@transaction.atomic
def create_user(
    *,
    username: str,
    full_name: str,
    phone: str = "",
    email: str = "",
    certificate_no: str = "",
    post: Post | None = None,
    from_on: dt.date | None = None,
    by: User,
) -> tuple[User, str]:
    """Open an account and return it with its first password, which is shown once and must be changed at login."""
    rights.need(by, Permission.MANAGE_USERS)
    if User.objects.filter(username__iexact=username).exists():
        raise Refused(f"用户名“{username}”已被使用，请换一个")
    password = initial_password()
    user = User.objects.create_user(
        username, password, full_name=full_name, phone=phone, email=email, certificate_no=certificate_no,
        must_change_password=True, password_changed_at=timezone.now(),
    )  # fmt: skip
    record("accounts.create_user", user, by=by, summary=f"建立账号 {username}（{full_name}）")
    if post is not None:
        appoint(user, post, from_on=from_on or timezone.localdate(), reason="新建账号", by=by)
    return user, password


@transaction.atomic
def edit_user(user: User, *, full_name: str, phone: str, email: str, certificate_no: str, by: User) -> None:
    """Correct a person's particulars; what changed is named in the record, phone numbers are not."""
    rights.need(by, Permission.MANAGE_USERS)
    new = {"full_name": full_name, "phone": phone, "email": email, "certificate_no": certificate_no}
    changed = [name for name, value in new.items() if getattr(user, name) != value]
    if not changed:
        return
    for name in changed:
        setattr(user, name, new[name])
    user.save(update_fields=changed)
    labels = "、".join(str(User._meta.get_field(name).verbose_name) for name in changed)  # type: ignore[union-attr]
    record("accounts.edit_user", user, by=by, summary=f"修改 {user.full_name} 的{labels}")


@transaction.atomic
def edit_own(user: User, *, phone: str, email: str) -> None:
    """People keep their own phone and e-mail up to date."""
    changed = [name for name, value in (("phone", phone), ("email", email)) if getattr(user, name) != value]
    if changed:
        user.phone, user.email = phone, email
        user.save(update_fields=changed)
        record("accounts.edit_own", user, by=user, summary=f"{user.full_name} 更新了自己的联系方式")


@transaction.atomic
def reset_password(user: User, *, by: User) -> str:
    """Give a person a new first password and end their sessions; returns it once.

    Administrators' passwords are reset by the security administrator only, never by themselves: nobody becomes
    another administrator by resetting a password.
    """
    needed = (
        Permission.UNLOCK_USERS
        if rights.is_administrator(user, timezone.localdate())
        else Permission.MANAGE_USERS
    )
    rights.need(by, needed)
    if user.pk == by.pk:
        raise Refused("自己的口令请在“个人设置”里修改")
    if user.is_service:
        raise Refused("服务账号没有口令")
    password = initial_password()
    user.set_password(password)
    user.must_change_password = True
    user.password_changed_at = timezone.now()
    user.save(update_fields=["password", "must_change_password", "password_changed_at"])
    sessions.end_all(user)
    record("accounts.reset_password", user, by=by, summary=f"重置 {user.full_name} 的口令")
    return password


@transaction.atomic
def appoint(
    user: User,
    post: Post,
    *,
    from_on: dt.date,
    to_on: dt.date | None = None,
    kind: str = Holding.Kind.HOLDER,
    reason: str = "",
    by: User,
) -> Holding:
    """Seat a person in a post, as holder or as stand-in (代理, which needs an end and a reason).

    Raises Refused when the three administrators would mix, the dates are impossible, or the person sits there already.
    """
    rights.need_staffing(by, post)
    if not user.is_active or user.is_service:
        raise Refused(f"{user.full_name}的账号已停用，不能任职")
    if not post.is_active or not post.organization.is_current(from_on):
        raise Refused(f"岗位“{post}”已停用，不能任职")
    if not (by.is_service or by.has_perm(Permission.MANAGE_USERS)) and not _is_colleague(user, post):
        raise Refused("只能在本单位人员之间办理交接，外单位人员请联系系统管理员")
    if kind == Holding.Kind.STAND_IN:
        reason = rights.need_reason(reason, "代理")
        if to_on is None:
            raise Refused("代理须填写截止日期")
    if to_on is not None and to_on < from_on:
        raise Refused("截止日期不能早于开始日期")
    rights.refuse_conflict(user, post.role, from_on)
    overlapping = Holding.objects.filter(Q(to_on=None) | Q(to_on__gte=from_on), user=user, post=post)
    if to_on is not None:
        overlapping = overlapping.filter(from_on__lte=to_on)
    if overlapping.exists():
        raise Refused(f"{user.full_name}在这段时间已经任“{post}”")
    holding = Holding.objects.create(
        user=user, post=post, kind=kind, from_on=from_on, to_on=to_on, reason=reason.strip()[:120]
    )
    until = f"至 {to_on}" if to_on else ""
    record(
        "accounts.appoint",
        holding,
        by=by,
        summary=f"{user.full_name} 自 {from_on}{until} {holding.get_kind_display()} {post}",
        payload={
            "user": user.pk,
            "post": post.pk,
            "kind": kind,
            "from": str(from_on),
            "to": str(to_on or ""),
        },
    )
    return holding


def _is_colleague(user: User, post: Post) -> bool:
    return Holding.objects.filter(user=user, post__organization=post.organization).exists()


@transaction.atomic
def hand_over(
    holding: Holding, *, last_day: dt.date, successor: User | None, reason: str, by: User
) -> Holding | None:
    """End a holding on its last day; `successor` sits there from the next day, None leaves the post empty.

    An empty post's duties show as unheld to the office. Raises Refused for impossible dates.
    """
    rights.need_staffing(by, holding.post)
    reason = rights.need_reason(reason, "交接")
    if last_day < holding.from_on:
        raise Refused(f"最后任职日不能早于任职日期 {holding.from_on}")
    if successor is not None and successor.pk == holding.user_id:
        raise Refused("接任的人不能是本人")
    if holding.kind == Holding.Kind.HOLDER:
        rights.refuse_last_administrator(holding.user, last_day + DAY, roles={holding.post.role})
    ended = Holding.objects.filter(Q(to_on=None) | Q(to_on__gt=last_day), pk=holding.pk).update(
        to_on=last_day
    )
    if not ended:
        raise IllegalMove("这项任职已经结束，请刷新页面")
    holding.refresh_from_db()
    heir = f"，由 {successor.full_name} 接任" if successor else "，暂无人接任"
    record(
        "accounts.hand_over",
        holding,
        by=by,
        summary=f"{holding.user.full_name} 于 {last_day} 离任 {holding.post}{heir}：{reason}",
        payload={"successor": successor.pk if successor else None, "reason": reason},
    )
    return _seat(successor, holding.post, last_day + DAY, f"接替{holding.user.full_name}：{reason}", by)


def _seat(successor: User | None, post: Post, from_on: dt.date, reason: str, by: User) -> Holding | None:
    if successor is None:
        return None
    sits = Holding.objects.filter(user=successor, post=post, to_on=None).first()
    return sits or appoint(successor, post, from_on=from_on, reason=reason, by=by)


@transaction.atomic
def deactivate_user(user: User, successors: Mapping[int, User | None], *, reason: str, by: User) -> None:
    """Close an account today and hand over every post it holds (invariant 8).

    `successors` maps each post's id to who takes it over, or to None where the office shall see it unheld; a post
    that is not named is refused. Sessions end and tokens are revoked. Raises Refused, ReasonRequired.
    """
    today = timezone.localdate()
    reason = rights.need_reason(reason, "停用账号")
    holdings = open_holdings(user, today)
    if not by.has_perm(Permission.MANAGE_USERS) and not (
        holdings and all(rights.may_staff(by, holding.post.organization) for holding in holdings)
    ):
        raise PermissionDenied
    if user.pk == by.pk:
        raise Refused("不能停用自己的账号")
    if user.is_service:
        raise Refused("服务账号不能停用，定时任务以它的名义执行")
    unnamed = [str(holding.post) for holding in holdings if holding.post_id not in successors]
    if unnamed:
        raise Refused(f"请先指定以下岗位由谁接任：{'、'.join(unnamed)}")
    rights.refuse_last_administrator(user, today)
    if not User.objects.filter(pk=user.pk, is_active=True).update(is_active=False):
        raise IllegalMove("这个账号已经停用")
    user.refresh_from_db(fields=["is_active"])
    for holding in holdings:
        holding.to_on = max(holding.from_on, today - DAY)
        holding.save(update_fields=["to_on"])
        successor = successors[holding.post_id]
        heir = successor.full_name if successor else "暂无人接任"
        record(
            "accounts.hand_over",
            holding,
            by=by,
            summary=f"{user.full_name} 离任 {holding.post}，接任：{heir}",
        )
        _seat(successor, holding.post, today, f"接替{user.full_name}：{reason}", by)
    sessions.end_all(user)
    user.api_tokens.filter(revoked_at=None).update(revoked_at=timezone.now())
    record(
        "accounts.deactivate_user",
        user,
        by=by,
        summary=f"停用账号 {user.username}（{user.full_name}）：{reason}",
    )


def open_holdings(user: User, on: dt.date) -> list[Holding]:
    """What a person holds on that day or will hold later."""
    return list(
        user.holdings.filter(Q(to_on=None) | Q(to_on__gte=on), post__is_active=True)
        .select_related("post__organization", "user")
        .order_by("id")
    )


@transaction.atomic
def reactivate_user(user: User, *, reason: str, by: User) -> str:
    """Open a closed account again, without posts; returns its new first password."""
    rights.need(by, Permission.MANAGE_USERS)
    reason = rights.need_reason(reason, "恢复账号")
    if not User.objects.filter(pk=user.pk, is_active=False).update(is_active=True):
        raise IllegalMove("这个账号没有停用")
    user.refresh_from_db(fields=["is_active"])
    password = initial_password()
    user.set_password(password)
    user.must_change_password, user.password_changed_at = True, timezone.now()
    user.save(update_fields=["password", "must_change_password", "password_changed_at"])
    record(
        "accounts.reactivate_user",
        user,
        by=by,
        summary=f"恢复账号 {user.username}（{user.full_name}）：{reason}",
    )
    return password
