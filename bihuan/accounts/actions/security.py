"""Passwords, second factors, tokens, locks and the roles of posts."""

from __future__ import annotations

import datetime as dt
import secrets

from axes.models import AccessAttempt
from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils import timezone
from django_otp import devices_for_user
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from bihuan.audit.actions import record
from bihuan.core.digest import hash_bytes
from bihuan.core.errors import IllegalMove, Refused

from .. import sessions
from ..models import ApiToken, FormerPassword, Holding, LoginSession, Post, User
from ..passwords import KEPT
from ..permissions import Permission
from ..roles import ROLES, ROLES_BY_KIND, Role, conflict_of
from . import rights

RECOVERY_CODES = 10
TOKEN_PREFIX = "bh_"  # noqa: S105 - a marker that makes leaked keys findable, not a secret
TOKEN_MAX_DAYS = 366
TOKEN_SEEN_EVERY = dt.timedelta(minutes=1)


# --- own password ------------------------------------------------------------------------------------


@transaction.atomic
def change_password(user: User, new: str, *, session_key: str | None) -> None:
    """Set a person's own, already validated password; all their other sessions end."""
    FormerPassword.objects.create(user=user, password=user.password)
    kept = user.former_passwords.order_by("-at", "-id").values_list("pk", flat=True)[:KEPT]
    user.former_passwords.exclude(pk__in=list(kept)).delete()
    user.password = make_password(new)
    user.password_changed_at = timezone.now()
    user.must_change_password = False
    user.save(update_fields=["password", "password_changed_at", "must_change_password"])
    sessions.end_all(user, except_key=session_key)
    record("accounts.change_password", user, by=user, summary=f"{user.full_name} 修改了口令")


# --- second factor -----------------------------------------------------------------------------------


def totp_device(user: User) -> TOTPDevice | None:
    """The confirmed device that shows this person's codes."""
    return TOTPDevice.objects.filter(user=user, confirmed=True).first()


@transaction.atomic
def pending_device(user: User) -> TOTPDevice:
    """The device being set up: its secret is shown until a first code proves that it was taken over."""
    device, _ = TOTPDevice.objects.get_or_create(user=user, confirmed=False, defaults={"name": "手机令牌"})
    return device


@transaction.atomic
def confirm_device(user: User, device: TOTPDevice, code: str) -> list[str] | None:
    """Confirm a device by its first code; returns ten recovery codes, shown once, or None for a wrong code."""
    device = TOTPDevice.objects.select_for_update().get(pk=device.pk, user=user, confirmed=False)
    if not device.verify_token(code):
        return None
    device.confirmed = True
    device.save(update_fields=["confirmed"])
    codes = _new_recovery_codes(user)
    record("accounts.second_factor", user, by=user, summary=f"{user.full_name} 启用了动态口令")
    return codes


def _new_recovery_codes(user: User) -> list[str]:
    StaticDevice.objects.filter(user=user).delete()
    device = StaticDevice.objects.create(user=user, name="恢复码")
    codes = [StaticToken.random_token() for _ in range(RECOVERY_CODES)]
    StaticToken.objects.bulk_create([StaticToken(device=device, token=code) for code in codes])
    return codes


@transaction.atomic
def renew_recovery_codes(user: User) -> list[str]:
    """Ten new recovery codes; the old ones no longer work."""
    codes = _new_recovery_codes(user)
    record("accounts.second_factor", user, by=user, summary=f"{user.full_name} 换发了恢复码")
    return codes


@transaction.atomic
def verify_code(user: User, code: str) -> TOTPDevice | StaticDevice | None:
    """The device that accepts the code: the phone's (each code once only) or a recovery code (then used up)."""
    code = code.replace(" ", "").strip().lower()
    for device in devices_for_user(user, confirmed=True, for_verify=True):
        digits_only = isinstance(device, TOTPDevice)
        if digits_only == code.isdigit() and device.verify_token(code):
            if isinstance(device, StaticDevice):
                left = device.token_set.count()
                record(
                    "accounts.recovery_code",
                    user,
                    by=user,
                    summary=f"{user.full_name} 用恢复码登录，余 {left} 个",
                )
            return device
    return None


@transaction.atomic
def reset_second_factor(user: User, *, reason: str, by: User) -> None:
    """Remove a person's devices so that they set up a new one at the next login; their sessions end."""
    rights.need(by, Permission.UNLOCK_USERS)
    reason = rights.need_reason(reason, "重置动态口令")
    if user.pk == by.pk:
        raise Refused("不能重置自己的动态口令，请由另一位安全管理员办理，或使用恢复码")
    TOTPDevice.objects.filter(user=user).delete()
    StaticDevice.objects.filter(user=user).delete()
    sessions.end_all(user)
    record("accounts.reset_second_factor", user, by=by, summary=f"重置 {user.full_name} 的动态口令：{reason}")


# --- locks and sessions ------------------------------------------------------------------------------


@transaction.atomic
def unlock_user(user: User, *, by: User) -> int:
    """Forget failed logins of an account, so that it may log in at once; returns how many rows were cleared."""
    rights.need(by, Permission.UNLOCK_USERS)
    cleared, _ = AccessAttempt.objects.filter(username=user.username).delete()
    record("accounts.unlock", user, by=by, summary=f"解锁账号 {user.username}")
    return cleared


@transaction.atomic
def end_session(session: LoginSession, *, by: User) -> None:
    """End a session: one's own, or anybody's for the security administrator."""
    if session.user_id != by.pk:
        rights.need(by, Permission.UNLOCK_USERS)
    user, place = session.user, session.ip or "未知地址"
    sessions.end(session)
    record("accounts.end_session", user, by=by, summary=f"终止 {user.full_name} 在 {place} 的会话")


# --- roles of posts ----------------------------------------------------------------------------------


@transaction.atomic
def assign_role(post: Post, role: str, *, reason: str, by: User) -> None:
    """Decide what a post may do. Only the security administrator, and never for a post of their own.

    Raises Refused when the role does not belong to this kind of organization, or a holder would become two
    administrators, or an administrator and something else.
    """
    rights.need(by, Permission.GRANT_ROLES)
    reason = rights.need_reason(reason, "授权")
    today = timezone.localdate()
    if role not in ROLES:
        raise Refused("没有这种权限，请刷新页面")
    allowed = (*ROLES_BY_KIND[post.organization.kind], Role.UNASSIGNED)
    if role not in allowed:
        raise Refused(f"{post.organization.get_kind_display()}的岗位不能授予“{Role(role).label}”")
    if any(own.pk == post.pk for own in by.posts):
        raise Refused("不能给自己的岗位授权，请由另一位安全管理员办理")
    holdings = post.holdings.exclude(to_on__lt=today).select_related("user")
    for holding in holdings:
        others = rights.open_roles(holding.user, today, without=_holdings_of(holding.user, post))
        conflict = conflict_of(others | {role})
        if conflict:
            raise Refused(f"{holding.user.full_name}正任这个岗位：{conflict}")
        if post.role != role:
            rights.refuse_last_administrator(holding.user, today, roles={post.role})
    before = post.role
    if not Post.objects.filter(pk=post.pk, role=before).exclude(role=role).update(role=role):
        raise IllegalMove("岗位权限没有变化，或刚被别人改过，请刷新页面")
    post.refresh_from_db()
    record(
        "accounts.assign_role",
        post,
        by=by,
        summary=f"{post} 的权限由“{Role(before).label}”改为“{Role(role).label}”：{reason}",
        payload={"from": before, "to": role, "reason": reason},
    )


def _holdings_of(user: User, post: Post) -> list[int]:
    return list(Holding.objects.filter(user=user, post=post).values_list("pk", flat=True))


# --- tokens for programs -----------------------------------------------------------------------------


@transaction.atomic
def create_token(user: User, *, name: str, expires_on: dt.date) -> tuple[ApiToken, str]:
    """Make a key for a program, as strong as its owner; the key itself is returned once and never stored."""
    rights.need(user, Permission.USE_API)
    today = timezone.localdate()
    if not today < expires_on <= today + dt.timedelta(days=TOKEN_MAX_DAYS):
        raise Refused("有效期须在明天至一年之内")
    raw = TOKEN_PREFIX + secrets.token_urlsafe(32)
    token = ApiToken.objects.create(user=user, name=name, digest=token_digest(raw), expires_on=expires_on)
    record("accounts.create_token", user, by=user, summary=f"建立接口令牌“{name}”，有效期至 {expires_on}")
    return token, raw


@transaction.atomic
def revoke_token(token: ApiToken, *, by: User) -> None:
    """Stop a key: the owner's own, or anybody's for the security administrator."""
    if token.user_id != by.pk:
        rights.need(by, Permission.UNLOCK_USERS)
    if not ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now()):
        raise IllegalMove("这个令牌已经停用")
    record("accounts.revoke_token", token.user, by=by, summary=f"停用接口令牌“{token.name}”")


def token_digest(raw: str) -> str:
    """What is stored of a key: SHA-256, whatever the setting of the day, so that keys survive a change of it."""
    return hash_bytes(raw.encode(), "sha256")
